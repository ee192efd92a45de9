"""Signing in to the panel: the two steps, guessing, sessions, and what is recorded of them."""

import re
import threading
import time
import urllib.parse

import pytest

from panel import PASSWORD, Browser, totp
from panel_roles import audit, panel_shop, people, shop
from stack import until


# ---- the two steps ----


def test_first_sign_in_enrols(shop):
    anna = Browser(shop, "anna")
    page = anna.enter()
    assert 'class="qr"' in page.text and "<path d=" in page.text
    assert not anna.is_in  # the password alone opens nothing
    page = anna.enrol()
    assert len(anna.recovery) == 10 and len(set(anna.recovery)) == 10
    assert anna.is_in
    # Shown once, and kept as hashes.
    assert anna.recovery[0] not in anna.get("/admin/profile").text
    kept = shop.sql("SELECT HEX(recovery_codes), HEX(totp_seed) FROM staff WHERE login = 'anna'")[0]
    assert len(kept[0]) == 10 * 32
    assert audit(shop, "second_factor_enrolled", actor="anna") == 1
    assert audit(shop, "sign_in", actor="anna") == 1


def test_second_sign_in_asks_the_code(shop):
    boris = Browser(shop, "boris").sign_in()
    again = Browser(shop)
    again.login, again.secret = "boris", boris.secret
    page = again.enter()
    assert 'action="/admin/login/code"' in page.text
    assert 'class="qr"' not in again.get("/admin/login/enrol").text  # no second seed
    assert again.post("/admin/login/code", {"code": "000000", "to": ""}).status == 422
    assert not again.is_in
    boris.forget_steps()
    again.get("/admin/login/code")
    again.post("/admin/login/code", {"code": totp(boris.secret), "to": ""})
    assert again.is_in


def test_recovery_codes_once(shop):
    carl = Browser(shop, "carl").sign_in()
    for code, works in [(carl.recovery[3].upper().replace("-", " "), True),
                        (carl.recovery[3], False), (carl.recovery[4], True)]:
        other = Browser(shop)
        other.enter(login="carl", password=PASSWORD)
        answer = other.post("/admin/login/code", {"code": code, "to": ""})
        assert other.is_in == works, answer.text
    assert audit(shop, "recovery_code_used", actor="carl") == 2


def test_returns_to_where_one_was(shop, people):
    stranger = Browser(shop)
    answer = stranger.get("/admin/audit?actor=anna&action=sign_in", follow=False)
    assert answer.status == 303
    stranger.get(answer.headers["Location"])
    to = stranger.hidden()["to"]
    assert to == "/admin/audit?actor=anna&action=sign_in"
    owner = people["owner"]
    answer = stranger.post("/admin/login", {"login": owner.login, "password": PASSWORD, "to": to})
    owner.forget_steps()
    answer = stranger.post("/admin/login/code", {"code": totp(owner.secret), **stranger.hidden()},
                           follow=False)
    assert answer.headers["Location"] == to


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/admin/", "/admin//evil",
                                "/admin/\\evil.example", "/admin/..//x", "/pay/x", "javascript:1"])
def test_returns_nowhere_else(shop, to):
    browser = Browser(shop)
    browser.get("/admin/login?" + urllib.parse.urlencode({"to": to}))
    assert browser.hidden() == {}
    answer = browser.post("/admin/look", {"lang": "en", "to": to}, follow=False)
    assert answer.headers["Location"] == "/admin/"


# ---- guessing ----


def test_guessing_is_held_back(shop):
    """Scenario 42."""
    dora = Browser(shop, "dora", "viewer")
    guesser = Browser(shop)
    statuses = [guesser.enter(f"wrong password {n}", "dora").status for n in range(5)]
    assert statuses == [422] * 5
    assert shop.sql("SELECT TIMESTAMPDIFF(SECOND, last_at, until_at) FROM attempts "
                    "WHERE failures = 5 AND name LIKE 'login%'") == [["2"]]
    # Two seconds are over before a busy machine has hashed the next one.
    shop.sql("UPDATE attempts SET until_at = until_at + INTERVAL 1 HOUR WHERE failures = 5")
    assert guesser.enter("wrong password", "dora").status == 429
    # The right one has to wait as well, or waiting would tell that it is right.
    assert guesser.enter(PASSWORD, "dora").status == 429
    assert audit(shop, "sign_in_failed", object="staff dora") == 5
    shop.sql("UPDATE attempts SET until_at = UTC_TIMESTAMP(6)")
    assert dora.enter().status == 200


def test_same_words_for_unknown_logins(shop):
    Browser(shop, "emil", "viewer")

    def sentence(login):
        browser = Browser(shop)
        browser.cookies["lang"] = "en"
        began = time.monotonic()
        answer = browser.enter("a wrong password", login)
        return answer.status, re.search(r'role="alert">.*?<p>(.*?)</p>', answer.text, re.S)[1], \
            time.monotonic() - began

    known, unknown = sentence("emil"), sentence("nobody-of-that-name")
    assert known[:2] == unknown[:2]
    assert unknown[2] > known[2] / 3  # the hash is made all the same
    for n in range(5):
        sentence("nobody-of-that-name")
    assert sentence("nobody-of-that-name")[0] == 429  # and counted


def test_typed_password_in_the_login_field_is_not_kept(shop):
    Browser(shop).enter("x" * 12, "my secret password!")
    trail = shop.sql("SELECT COUNT(*) FROM audit WHERE object LIKE '%secret%' OR detail LIKE '%secret%'")
    assert trail[0][0] == "0"


def test_many_guesses_at_once(shop):
    Browser(shop, "fred", "viewer")
    statuses = []

    def guess(n):
        browser = Browser(shop)
        statuses.append(browser.enter(f"wrong password {n}", "fred").status)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {422, 429}
    assert statuses.count(422) <= 7  # five, and one or two whose wait was over meanwhile


def test_one_code_in_parallel_is_one_session(shop):
    """Scenario 42."""
    greg = Browser(shop, "greg").sign_in()
    half = Browser(shop)
    half.enter(login="greg", password=PASSWORD)
    greg.forget_steps()
    body = urllib.parse.urlencode({"csrf": half.token, "code": totp(greg.secret), "to": ""}).encode()
    cookies = "; ".join(f"{k}={v}" for k, v in half.cookies.items())
    answers, gate = [], threading.Barrier(50)

    def use():
        gate.wait()
        browser = Browser(shop)
        answers.append(browser.request("POST", "/admin/login/code", body, {
            "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}))

    threads = [threading.Thread(target=use) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    inside = [a for a in answers
              if a.status == 303 and not a.headers["Location"].startswith("/admin/login")]
    assert len(inside) == 1
    assert shop.sql("SELECT COUNT(*) FROM sessions s JOIN staff t ON t.id = s.staff_id "
                    "WHERE t.login = 'greg' AND s.stage = 'full'")[0][0] == "2"


def test_used_code_is_refused_and_recorded(shop):
    hugo = Browser(shop, "hugo").sign_in()
    code = totp(hugo.secret)
    step = int(time.time() // 30)
    shop.sql(f"UPDATE staff SET totp_step = {step} WHERE login = 'hugo'")
    other = Browser(shop)
    other.enter(login="hugo", password=PASSWORD)
    answer = other.post("/admin/login/code", {"code": code, "to": ""})
    assert not other.is_in and answer.status == 422
    assert audit(shop, "second_factor_replayed", object="staff hugo") == 1


# ---- sessions ----


def test_cookie_is_new_at_each_step(shop):
    """Scenario 42."""
    ivan = Browser(shop, "ivan")
    planted = "A" * 43
    ivan.cookies["sid"] = planted
    ivan.enter()
    half = ivan.cookies["sid"]
    assert half != planted
    ivan.enrol()
    full = ivan.cookies["sid"]
    assert full not in (planted, half)
    for old in (planted, half):
        other = Browser(shop)
        other.cookies["sid"] = old
        assert not other.is_in
    assert ivan.is_in


def test_signing_out(shop):
    """Scenario 42."""
    jana = Browser(shop, "jana").sign_in()
    sid = jana.cookies["sid"]
    jana.get("/admin/profile")
    jana.post("/admin/logout")
    assert "sid" not in jana.cookies
    jana.cookies["sid"] = sid
    assert not jana.is_in


def test_sessions_end(shop):
    karl = Browser(shop, "karl").sign_in()
    other = Browser(shop)
    other.login, other.secret = "karl", karl.secret
    other.sign_in()
    karl.get("/admin/profile")
    assert karl.page.count("/end\"") == 1  # the other one
    karl.post("/admin/profile/sessions/end-others")
    assert karl.is_in and not other.is_in
    shop.sql("UPDATE sessions s JOIN staff t ON t.id = s.staff_id "
             "SET s.seen_at = s.seen_at - INTERVAL 31 MINUTE WHERE t.login = 'karl'")
    assert not karl.is_in


def test_somebody_elses_session_is_not_ended(shop, people):
    lena = Browser(shop, "lena", "viewer").sign_in()
    owner = shop.sql("SELECT s.id FROM sessions s JOIN staff t ON t.id = s.staff_id "
                     "WHERE t.login = 'the-owner' ORDER BY s.id DESC")[0][0]
    lena.get("/admin/profile")
    lena.post(f"/admin/profile/sessions/{owner}/end")
    assert people["owner"].is_in


def test_new_password_ends_other_sessions(shop):
    mira = Browser(shop, "mira", "viewer").sign_in()
    other = Browser(shop)
    other.login, other.secret = "mira", mira.secret
    other.sign_in()
    new = "another long password"
    mira.get("/admin/profile/password")
    form = {"old": PASSWORD, "new": new, "again": new}
    for bad in ({"old": "not the old one"}, {"new": "short", "again": "short"},
                {"new": "password1234", "again": "password1234"}, {"again": "something else"},
                {"new": PASSWORD, "again": PASSWORD}):
        answer = mira.post("/admin/profile/password", {**form, **bad})
        assert answer.status == 422, bad
        assert PASSWORD not in answer.text and new not in answer.text
    assert other.is_in
    assert mira.post("/admin/profile/password", form).status == 200
    assert mira.is_in and not other.is_in
    assert Browser(shop).enter(login="mira", password=PASSWORD).status == 422
    assert Browser(shop).enter(login="mira", password=new).status == 200


def test_disabled_at_once(shop, people):
    nina = Browser(shop, "nina", "viewer").sign_in()
    shop.kartka("admin", "disable", "nina")
    assert not nina.is_in
    assert Browser(shop).enter(login="nina", password=PASSWORD).status == 422


# ---- the trail ----


def test_trail_is_sealed(shop):
    until(lambda: shop.sql("SELECT COUNT(*) FROM audit WHERE seal_no IS NULL")[0][0] == "0", 30)
    assert "the chain holds" in shop.kartka("audit", "verify").stdout
    row = shop.sql("SELECT seal_no, HEX(seal) FROM audit ORDER BY seal_no LIMIT 1 OFFSET 3")[0]
    assert shop.kartka("audit", "verify", row[1]).returncode == 0
    assert shop.kartka("audit", "verify", "00" * 32, check=False).returncode == 1
    shop.sql(f"UPDATE audit SET object = CONCAT(object, '!') WHERE seal_no = {row[0]}")
    done = shop.kartka("audit", "verify", check=False)
    assert done.returncode == 1 and "altered" in done.stderr
    shop.sql(f"UPDATE audit SET object = TRIM(TRAILING '!' FROM object) WHERE seal_no = {row[0]}")
    assert shop.kartka("audit", "verify").returncode == 0


def test_optional_second_factor(own_shop):
    anna = Browser(own_shop, "anna")
    anna.enter()
    assert anna.is_in
    # What asks for the factor asks for the password where there is none.
    answer = anna.get("/admin/profile/totp")
    assert 'name="step_up" type="password"' in answer.text
    answer = anna.post("/admin/step-up", {**anna.hidden(), "step_up": PASSWORD})
    assert 'class="qr"' in answer.text
    anna.secret = re.search(r'class="secret">([^<]+)<', answer.text)[1]
    answer = anna.post("/admin/profile/totp", {"code": totp(anna.secret)})
    assert len(re.findall(r"<li><code>", answer.text)) == 10
    other = Browser(own_shop)
    assert 'action="/admin/login/code"' in other.enter(login="anna", password=PASSWORD).text
