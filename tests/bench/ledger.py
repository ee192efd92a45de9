"""A shop that has been open for a year: orders, sold codes, payments, cases, a trail; put there
by SQL, for the panel's pages."""

DAYS = 400
BATCHES = 40  # of a value
SIZES = {  # for a full run, for a quick one
    "orders": (1_000_000, 100_000),
    "codes": (2_000_000, 200_000),
    "audit": (1_000_000, 100_000),
    "users": (300_000, 50_000),
    "tickets": (100_000, 10_000),
}

# How orders end, in a hundred thousand: the rare ones are what a filter has to look for.
STATES = [("delivered", 71_000), ("expired", 22_000), ("cancelled", 5_500), ("refunded", 1_200),
          ("disputed", 100), ("refunding", 20), ("paid", 80), ("pending", 100)]


def state_sql(seq):
    cases, up_to = [], 0
    for state, share in STATES:
        up_to += share
        cases.append(f"WHEN {seq} * 7919 % 100000 < {up_to} THEN '{state}'")
    return f"CASE {' '.join(cases)} END"


def sizes(quick):
    return {name: both[1 if quick else 0] for name, both in SIZES.items()}


def fill_people(rig, n):
    rig.sql(f"""
        INSERT INTO users (id, first_name, last_name, username, lang, created_at, banned_at)
        SELECT 700000000 + seq, ELT(1 + seq % 5, 'Оксана', 'Тарас', 'Ганна', 'Ігор', 'Мар''яна'),
            ELT(1 + seq % 3, 'Коваль', 'Шевченко', ''), IF(seq % 4, CONCAT('buyer', seq), ''),
            ELT(1 + seq % 3, 'uk', 'ru', 'en'),
            UTC_TIMESTAMP(6) - INTERVAL {DAYS * 86400} * ({n} - seq) / {n} SECOND,
            IF(seq % 1000, NULL, UTC_TIMESTAMP(6))
        FROM seq_1_to_{n}""")


# The last value of all is rarely bought, so that a filter by it has far to go.
# Those that wait wait for a value that is sold out, or the worker would deliver to them.
def fill_orders(rig, n, values, users, sold_out):
    common = ",".join(str(v) for v in values[:-1])
    rig.sql(f"""
        INSERT INTO orders (number, nonce, user_id, value_id, quantity, unit_price_kop, total_kop,
            gateway, state, chat_id, message_id, lang, created_at, expires_at, paid_at,
            delivered_at, ended_at)
        SELECT CONCAT(LEFT(name, 4), '-', RIGHT(name, 4)), UNHEX(MD5(CONCAT('ledger', seq))),
            700000001 + POW(RAND(seq), 2) * {users - 1}, IF(state = 'paid', {sold_out}, value), 1, 10000, 10000, 'portmone',
            state, 700000001, 0, 'uk', at, at + INTERVAL 15 MINUTE,
            IF(state IN ('delivered', 'refunded', 'refunding', 'disputed', 'paid'), at, NULL),
            IF(state IN ('delivered', 'refunded', 'refunding', 'disputed'), at, NULL),
            IF(state IN ('expired', 'cancelled', 'refunded'), at, NULL)
        FROM (SELECT seq, TRANSLATED.name, {state_sql('seq')} state,
                IF(seq % 5000, ELT(1 + seq % {len(values) - 1}, {common}), {values[-1]}) value,
                UTC_TIMESTAMP(6) - INTERVAL {DAYS * 86400} * ({n} - seq) / {n} SECOND at
              FROM (SELECT seq, REPLACE(REPLACE(LPAD(CONV(seq, 10, 16), 8, 'K'), '0', 'R'), '1', 'S') name
                    FROM seq_1_to_{n}) TRANSLATED) o""")


def fill_codes(rig, n, orders, values):
    """One code for each order that got one; the rest on the shelf."""
    first = int(rig.sql("SELECT MIN(id) FROM orders WHERE number LIKE 'K%'")[0][0])
    names = ",".join(f"({v})" for v in values)
    rig.sql(f"""
        CREATE TEMPORARY TABLE ledger_values (n INT AUTO_INCREMENT PRIMARY KEY, id BIGINT);
        INSERT INTO ledger_values (id) VALUES {names};
        INSERT INTO code_batches (value_id, name, supplier, cost_kop, created_at)
        SELECT v.id, CONCAT('поставка ', seq), 'ТОВ Постачальник', 9000,
            UTC_TIMESTAMP(6) - INTERVAL {DAYS} - seq DAY
        FROM ledger_values v, seq_1_to_{BATCHES};
        CREATE TEMPORARY TABLE ledger_batches (value_id BIGINT, n INT, id BIGINT,
            PRIMARY KEY (value_id, n)) AS
        SELECT value_id, CAST(SUBSTRING(name, 10) AS SIGNED) n, id FROM code_batches
        WHERE name LIKE 'поставка %';
        SET unique_checks = 0, foreign_key_checks = 0;
        INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, fingerprint, expires_at,
            state, order_id, slot, sold_at)
        SELECT s.value_id, b.id, CONCAT(s.print, LEFT(s.print, 12)), 1, s.print,
            IF(s.seq % 3, '9999-12-31', UTC_TIMESTAMP(6) + INTERVAL s.seq % 700 DAY),
            s.state, s.order_id, IF(s.order_id IS NULL, NULL, 1), s.sold_at
        FROM (SELECT seq, UNHEX(SHA2(CONCAT('ledger', seq), 256)) print,
                COALESCE(o.value_id, v.id) value_id,
                IF(o.id IS NULL, IF(seq % 2000, 'available', 'withdrawn'), 'sold') state,
                o.id order_id, o.delivered_at sold_at
              FROM seq_1_to_{n}
              LEFT JOIN orders o ON o.id = {first} + seq - 1 AND seq <= {orders}
                AND o.state IN ('delivered', 'refunding')
              JOIN ledger_values v ON v.n = 1 + seq % {len(values)}) s
        STRAIGHT_JOIN ledger_batches b ON b.value_id = s.value_id AND b.n = 1 + s.seq % {BATCHES}""")


def fill_payments(rig):
    rig.sql("""
        INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, amount_kop, applied,
            state, reason, paid_at, received_at)
        SELECT 'portmone', CONCAT('L', id), id, 'payment', 10000, 1,
            IF(id % 5000, IF(id % 400, 'ok', 'resolved'), 'review'),
            IF(id % 5000, '', 'surplus'), paid_at, paid_at
        FROM orders WHERE paid_at IS NOT NULL AND number LIKE 'K%' ORDER BY id""")


def fill_tickets(rig, n, orders):
    rig.sql(f"""
        INSERT INTO tickets (user_id, order_id, state, created_at, updated_at)
        SELECT user_id, id, IF(id % 500, IF(id % 50, 'closed', 'answered'), 'open'), created_at,
            created_at
        FROM orders WHERE number LIKE 'K%' AND id % {orders // n} = 0 ORDER BY id;
        INSERT INTO ticket_messages (ticket_id, fact, text, created_at)
        SELECT id, CONCAT('ledger:', id), 'Не приймає код, перевірте, будь ласка.', created_at
        FROM tickets""")


# One person did most of it, one thing was done most: the rest is what a filter looks for.
def fill_audit(rig, n):
    rig.sql(f"""
        INSERT INTO audit (at, actor, address, action, object, detail)
        SELECT UTC_TIMESTAMP(6) - INTERVAL {DAYS * 86400} * ({n} - seq) / {n} SECOND,
            IF(seq % 10 < 7, 'olena', CONCAT('person', seq % 40)), '192.0.2.7',
            IF(seq % 10 < 6, 'sign_in', ELT(1 + seq % 9, 'price', 'order_send', 'code_reveal',
                'codes_upload', 'export', 'user_ban', 'sign_out', 'access_denied', 'value_edit')),
            IF(seq % 3, CONCAT('order ', seq % 50000), CONCAT('staff person', seq % 40)),
            '{{"price":["100.00","120.00"],"note":"узгоджено"}}'
        FROM seq_1_to_{n};
        UPDATE audit SET action = 'keys_rotate', actor = 'olena' WHERE id % 200000 = 7""")


def fill(rig, values, sold_out, quick):
    """All of it; how many of each."""
    n = sizes(quick)
    fill_people(rig, n["users"])
    fill_orders(rig, n["orders"], values, n["users"], sold_out)
    fill_codes(rig, n["codes"], n["orders"], values)
    fill_payments(rig)
    fill_tickets(rig, n["tickets"], n["orders"])
    fill_audit(rig, n["audit"])
    rig.kartka("stats", "rebuild")
    rig.sql("ANALYZE TABLE users, orders, card_codes, payments, tickets, audit")
    rig.settle()
    return n
