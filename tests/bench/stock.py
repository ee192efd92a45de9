"""What the benchmark's shop has on its shelves, put there by SQL: a million codes in seconds."""

import json

PRICE = "100.00"
COUNTS = {  # category → (values, codes of each) for a full run, for a quick one
    "small": (5, (1000, 1000)),
    "large": (5, (1_000_000, 100_000)),
    "twenty": (20, (15_000, 5_000)),
    "single": (1, (250_000, 60_000)),
    "paid": (1, (0, 0)),
    "arrivals": (1, (1_000_000, 200_000)),
    "ledger": (21, (0, 0)),  # its codes come with their orders
}


def catalogue(path):
    categories = []
    for slug, (values, _) in COUNTS.items():
        categories.append({
            "slug": slug, "title": {"uk": f"Картки {slug}"},
            "values": [{"slug": f"{slug}-{n}", "title": {"uk": f"Поповнення {slug} {n}"},
                        "price": PRICE} for n in range(values)],
        })
    path.write_text(json.dumps({"categories": categories}))


def values_of(rig, slug):
    return [int(row[0]) for row in rig.sql(
        f"SELECT id FROM card_values WHERE slug LIKE '{slug}-%' ORDER BY id")]


def category_of(rig, slug):
    return int(rig.sql(f"SELECT id FROM categories WHERE slug = '{slug}'")[0][0])


# Fingerprints are random, as an HMAC's are; put in by their order, which fills the index at
# the speed of a sorted file.  The ciphertext has the length of a code of 16 characters.
CODES = """
INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, fingerprint, expires_at, state)
SELECT v.id, b.id, CONCAT(s.print, LEFT(s.print, 12)), 1, s.print, '9999-12-31 00:00:00',
       'available'
FROM (SELECT UNHEX(SHA2(CONCAT('{slug}', seq), 256)) print, seq FROM seq_1_to_{total}) s
JOIN card_values v ON v.slug = CONCAT('{slug}-', s.seq % {values})
JOIN code_batches b ON b.value_id = v.id
ORDER BY s.print;
"""


def fill(rig, slugs, quick):
    """Codes for every value of these categories; how many."""
    total = 0
    for slug in slugs:
        values, counts = COUNTS[slug]
        count = values * counts[1 if quick else 0]
        total += count
        rig.sql("SET unique_checks = 0, foreign_key_checks = 0;" + f"""
            INSERT IGNORE INTO code_batches (value_id, name, created_at)
            SELECT id, 'bench', UTC_TIMESTAMP(6) FROM card_values WHERE slug LIKE '{slug}-%';
            """ + CODES.format(slug=slug, total=count, values=values))
    rig.sql("ANALYZE TABLE card_codes")
    rig.settle()
    return total


def fill_users(rig, count):
    rig.sql(f"""INSERT INTO users (id, first_name, username, lang, created_at)
        SELECT seq, 'Оксана', CONCAT('bench', seq), 'uk', UTC_TIMESTAMP(6)
        FROM seq_1_to_{count}""")


def fill_bare(rig, quick):
    """The tables of ceiling C without the shop's keys: the value 1 is half of the stock."""
    count = 400_000 if not quick else 120_000
    rig.sql(f"""
        CREATE TABLE bench_orders (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            number CHAR(9) CHARACTER SET ascii NOT NULL, nonce BINARY(16) NOT NULL,
            user_id BIGINT NOT NULL, value_id BIGINT NOT NULL,
            created_at DATETIME(6) NOT NULL) ENGINE=InnoDB;
        CREATE TABLE bench_codes (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            value_id BIGINT NOT NULL, order_id BIGINT NOT NULL DEFAULT 0,
            ciphertext VARBINARY(80) NOT NULL,
            KEY shelf (value_id, order_id, id)) ENGINE=InnoDB;
        INSERT INTO bench_codes (value_id, ciphertext)
        SELECT IF(seq % 2, 1, seq DIV 2 % 20 + 1), REPEAT('c', 44) FROM seq_1_to_{count};
        """)
