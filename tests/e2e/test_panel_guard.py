"""What OWASP's ASVS asks of such a panel and no other test looks at, over https as in production:
every answer's headers, every page's links against the roles, what is kept and what is logged.
ARCHITECTURE.md has the list, line by line, with the test of each."""

import csv
import io
import json
import re
import subprocess
import threading

import pytest

from panel import PASSWORD, Browser, offers, route_of, routes, totp, walk
from stack import Stack, http, until

ROLES = ["viewer", "support", "manager", "owner"]
PUBLIC = "https://shop.example"


@pytest.fixture(scope="module")
def shop():
    with Stack(ADMIN_TOTP="required", RESPONDERS=4, PUBLIC_URL=PUBLIC) as stack:
        things_make(stack)
        yield stack


def things_make(shop):
    """One of everything that a page is about."""
    shop.catalogue("guard", codes=3, title={"uk": "=HYPERLINK(\"x\")", "en": "@en", "ru": "+7"})
    shop.sql("INSERT INTO users (id, first_name, username, lang, created_at) "
             "VALUES (77, '=1+1', '-user', 'uk', UTC_TIMESTAMP(6))")
    shop.sql("INSERT INTO orders (number, nonce, user_id, value_id, quantity, unit_price_kop, total_kop, "
             "gateway, state, chat_id, message_id, lang, created_at, expires_at, paid_at) "
             "SELECT 'KGRD-0001', UNHEX(MD5('guard')), 77, id, 1, price_kop, price_kop, 'portmone', "
             "'expired', 77, 0, 'uk', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), NULL "
             "FROM card_values WHERE slug = 'guard'")
    shop.sql("INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, amount_kop, applied, "
             "state, reason, received_at) SELECT 'portmone', 'G1', id, 'payment', 5000, 0, 'review', "
             "'short', UTC_TIMESTAMP(6) FROM orders WHERE number = 'KGRD-0001'")
    shop.sql("UPDATE code_batches SET name = '=cmd|calc', supplier = '@sum'")
    shop.sql("UPDATE card_codes SET serial = '+serial'")
    shop.sql("INSERT INTO tickets (user_id, order_id, state, created_at, updated_at) SELECT 77, id, "
             "'open', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) FROM orders WHERE number = 'KGRD-0001'")
    shop.sql("INSERT INTO ticket_messages (ticket_id, fact, text, created_at) "
             "SELECT id, 'guard', '=2+2', UTC_TIMESTAMP(6) FROM tickets")


@pytest.fixture(scope="module")
def people(shop):
    return {role: Browser(shop, f"a-{role}", role).sign_in() for role in ROLES}


def concrete(path):
    return path.replace("{}", "1")


def gets():
    return [row for row in routes() if row[0] == "GET"]


# ---- who may what (8.2, 8.3) ----


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_offered_that_is_refused(people, role):
    """A page's links and forms are those that its reader may use."""
    wrong = set()
    pages = walk(people[role])
    assert len(pages) > 5
    for way, answer in pages.items():
        if answer.status not in (200, 303):
            wrong.add(f"{way}: {answer.status}")
        for method, link in offers(answer.text):
            row = route_of(method, link)
            if not row:
                wrong.add(f"{way} → {method} {link}: no such row")
            elif row[2] in ROLES and ROLES.index(row[2]) > ROLES.index(role):
                wrong.add(f"{way} → {method} {row[1]}: for {row[2]}")
    assert not wrong, "\n".join(sorted(wrong))


def test_owner_comes_everywhere(people):
    """Every page that needs no form before it can be reached by links."""
    rows = {(route_of("GET", way) or ("", way))[1] for way in walk(people["owner"])}
    missing = {path for _, path, need, _ in gets() if need in ROLES and not path.endswith(".csv")} - rows
    assert missing <= NOT_LINKED, missing


# Where one comes by what the shop does, not by a link.
NOT_LINKED = {"/admin/uploads/{}", "/admin/step-up", "/admin/codes/search"}


# ---- every answer (3.4, 14.3) ----


@pytest.mark.parametrize("who", ["nobody", "owner"])
def test_every_answer_is_guarded(shop, people, who):
    person = people["owner"] if who == "owner" else Browser(shop)
    ways = [concrete(path) for _, path, _, _ in gets()] + ["/admin/nothing", "/admin/audit?a=1&a=2"]
    for way in ways:
        answer = person.get(way, follow=False)
        policy = answer.headers["Content-Security-Policy"] or ""
        assert "default-src 'none'" in policy and "unsafe" not in policy, way
        assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy, way
        # Neither the back button nor a shared computer's cache has it after signing out.
        assert answer.headers["Cache-Control"] == "no-store", way
        assert answer.headers["X-Content-Type-Options"] == "nosniff", way
        assert answer.headers["Referrer-Policy"] == "no-referrer", way
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"], way
        assert not [h for h in answer.headers if h.lower().startswith("access-control-")], way
        assert "nginx/" not in (answer.headers["Server"] or ""), way


def test_other_methods(shop, people):
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert people["owner"].request(method, "/admin/profile").status == 405, method
    # A change is a POST: the same address by GET changes nothing.
    for method, path, need, flags in routes():
        if method == "POST" and not [r for r in gets() if r[1] == path]:
            assert people["owner"].get(concrete(path), follow=False).status in (404, 405), path


# ---- cookies and sessions (3.3, 7) ----


def test_cookies_of_https(shop):
    browser = Browser(shop, "cookie", "viewer")
    lines = []
    for answer in (browser.get("/admin/login"),
                   browser.post("/admin/login", {"login": "cookie", "password": PASSWORD, "to": ""}, follow=False)):
        lines += answer.headers.get_all("Set-Cookie") or []
    assert {line.split("=")[0] for line in lines} == {"__Host-pre", "__Host-sid"}
    for line in lines:
        assert all(word in line for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"))
        assert "Domain" not in line
    # Without the prefix it is nobody's.
    plain = Browser(shop)
    plain.cookies["sid"] = browser.cookies["__Host-sid"]
    assert plain.get("/admin/login/code", follow=False).headers["Location"].startswith("/admin/login?")


def test_what_is_kept_opens_nothing(shop, people):
    owner = people["owner"]
    kept = json.dumps(shop.sql("SELECT HEX(token_hash), flash, agent FROM sessions")) + \
        json.dumps(shop.sql("SELECT login, HEX(totp_seed), HEX(recovery_codes), password_hash FROM staff"))
    for secret in (owner.cookies["__Host-sid"], owner.secret.replace(" ", ""), PASSWORD,
                   owner.secret.replace(" ", "").encode().hex().upper(), *owner.recovery):
        assert secret not in kept
    assert "scrypt$17$8$1$" in kept  # OWASP's least


def test_after_the_absolute_end(shop):
    late = Browser(shop, "late", "viewer").sign_in()
    shop.sql("UPDATE sessions s JOIN staff t ON t.id = s.staff_id SET "
             "s.created_at = s.created_at - INTERVAL 13 HOUR WHERE t.login = 'late'")
    assert not late.is_in


def test_back_button_after_signing_out(shop):
    """Scenario 42."""
    guest = Browser(shop, "guest", "viewer").sign_in()
    guest.get("/admin/orders")
    sid = dict(guest.cookies)
    guest.post("/admin/logout")
    guest.cookies = sid  # the cookie of a copied browser
    for way in ("/admin/orders", "/admin/profile", "/admin/"):
        assert guest.get(way, follow=False).headers["Location"].startswith("/admin/login")


def test_step_up_code_in_parallel(shop):
    """One code proves it once, also the second time it is asked for."""
    person = Browser(shop, "fifty", "manager").sign_in()
    person.let_step_up_pass()
    person.get("/admin/step-up")
    person.forget_steps()
    fields = {**person.hidden(), "step_up": totp(person.secret)}
    token, cookies, passed, gate = person.token, dict(person.cookies), [], threading.Barrier(50)

    def use():
        gate.wait()
        other = Browser(shop)
        other.cookies = dict(cookies)
        if other.post("/admin/step-up", fields, csrf=token, follow=False).status == 303 and \
                other.cookies.get("__Host-sid") not in (None, cookies["__Host-sid"]):
            passed.append(other)

    threads = [threading.Thread(target=use) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 1 and passed[0].is_in


# ---- where one comes from (4.1, 15.3) ----


def test_addresses_are_not_believed(shop):
    """Nobody stands in the trail under an address of their choice, or guesses from many."""
    shop.sql("DELETE FROM attempts")
    Browser(shop, "masked", "viewer")
    for n in range(3):
        guesser = Browser(shop)
        guesser.get("/admin/login")
        guesser.post("/admin/login", {"login": "masked", "password": "wrong again", "to": ""},
                     headers={"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": "198.51.100.9",
                              "Forwarded": "for=198.51.100.8"})
    assert shop.sql("SELECT name, failures FROM attempts WHERE name LIKE 'address %'") == \
        [["address 127.0.0.1", "3"]]
    rows = shop.sql("SELECT DISTINCT address FROM audit WHERE object = 'staff masked' AND "
                    "action = 'sign_in_failed'")
    assert rows == [["127.0.0.1"]]
    shop.sql("DELETE FROM attempts")


def test_other_sites_origin(shop, people):
    owner = people["owner"]
    for origin, status in ((PUBLIC, 200), ("http://shop.example", 403), (shop.shop_url, 403)):
        owner.get("/admin/profile")
        answer = owner.post("/admin/profile/sessions/end-others", headers={"Origin": origin})
        assert answer.status == status, origin


# ---- what is written elsewhere (16.2, 14.2, 1.2) ----


def test_no_secret_in_the_log(shop, people):
    owner = people["owner"]
    owner.get("/admin/profile")
    Browser(shop).enter("a password that is wrong", "x\r\nfake event=sign_in")
    log = "".join(shop.output)
    for secret in (PASSWORD, "a password that is wrong", owner.cookies["__Host-sid"],
                   owner.secret.replace(" ", ""), owner.token):
        assert secret not in log
    assert "\nfake event" not in log


def exports():
    return [path for _, path, _, _ in gets() if path.endswith(".csv")]


@pytest.mark.parametrize("lang, separator", [("uk", ";"), ("en", ",")])
@pytest.mark.parametrize("path", exports())
def test_exports_are_only_text(shop, people, path, lang, separator):
    """Every export: asked for anew, recorded, a mark for Excel, and nothing that runs."""
    owner = people["owner"]
    way = path.replace("{}", shop.sql("SELECT id FROM card_values WHERE slug = 'guard'")[0][0])
    owner.cookies["__Host-lang"] = owner.cookies["lang"] = lang
    if lang == "uk":
        owner.let_step_up_pass()
        assert owner.get(way, follow=False).headers["Location"].startswith("/admin/step-up")
        owner.step_up()
    before = int(shop.sql("SELECT COUNT(*) FROM audit WHERE action = 'export'")[0][0])
    answer = owner.get(way, follow=False)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    assert int(shop.sql("SELECT COUNT(*) FROM audit WHERE action = 'export'")[0][0]) == before + 1
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""), delimiter=separator))
    assert len(rows) > 1 and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1, rows[:3]
    for row in rows:
        for cell in row:
            assert not re.match(r"[=+@\t\r\n]|-(?![0-9.,]+$)", cell), cell
    # A code is never in one.
    assert "T-guard-" not in answer.text
    for secret in ("password_hash", owner.secret.replace(" ", "")):
        assert secret not in answer.text


def test_exports_keep_their_filter(shop, people):
    owner = people["owner"]
    owner.step_up()
    value = shop.sql("SELECT id FROM card_values WHERE slug = 'guard'")[0][0]
    for way, rows in ((f"/admin/stock/{value}/codes.csv?state=available", 3),
                      (f"/admin/stock/{value}/codes.csv?state=sold", 0),
                      ("/admin/payments.csv?state=review", 1), ("/admin/payments.csv?state=ok", 0),
                      ("/admin/orders.csv?state=expired", 1), ("/admin/orders.csv?state=pending", 0),
                      (f"/admin/orders.csv?value={value}", 1), ("/admin/orders.csv?value=999999", 0)):
        assert owner.get(way).text.count("\r\n") == rows + 1, way
