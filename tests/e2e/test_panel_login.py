"""The panel's door, from outside: who gets in, how far, and what is refused and recorded."""

import re
import threading
import time
import urllib.parse

import pytest

from panel import PASSWORD, Browser, routes, totp
from stack import Stack, until

ROLES = ["viewer", "support", "manager", "owner"]


@pytest.fixture(scope="module")
def panel_shop():
    with Stack(ADMIN_TOTP="required", RESPONDERS=4) as stack:
        yield stack


@pytest.fixture
def shop(panel_shop):
    panel_shop.sql("DELETE FROM attempts")
    return panel_shop


@pytest.fixture(scope="module")
def people(panel_shop):
    """One of each role, signed in."""
    return {role: Browser(panel_shop, f"the-{role}", role).sign_in() for role in ROLES}


def audit(shop, action, **where):
    more = "".join(f" AND {k} = '{v}'" for k, v in where.items())
    return int(shop.sql(f"SELECT COUNT(*) FROM audit WHERE action = '{action}'{more}")[0][0])


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
    statuses = [guesser.enter(f"wrong password {n}", "dora").status for n in range(6)]
    assert statuses == [422] * 5 + [429]
    # The right one has to wait as well, or waiting would tell that it is right.
    assert guesser.enter(PASSWORD, "dora").status == 429
    assert audit(shop, "sign_in_failed", object="staff dora") == 5
    time.sleep(2.5)
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


# ---- forms ----


def test_forms_of_others(shop, people):
    """Scenario 42."""
    owner, viewer = people["owner"], people["viewer"]
    owner.get("/admin/profile")
    viewer.get("/admin/profile")
    before = audit(shop, "form_refused")
    path = "/admin/profile/sessions/end-others"
    assert owner.post(path, csrf="").status == 403
    owner.get("/admin/profile")
    assert owner.post(path, csrf=viewer.token).status == 403
    owner.get("/admin/profile")
    assert owner.post(path, csrf="x" + owner.token[1:]).status == 403
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                    {"Sec-Fetch-Site": "none"}, {"Origin": "https://evil.example"}):
        owner.get("/admin/profile")
        assert owner.post(path, headers=headers).status == 403, headers
    assert audit(shop, "form_refused") == before + 7
    owner.get("/admin/profile")
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": shop.shop_url},
                    {"Origin": "null", "Sec-Fetch-Site": "same-origin"}):
        assert owner.post(path, headers=headers).status == 200, headers


def test_sign_in_form_has_a_token_too(shop):
    browser = Browser(shop, "olga", "viewer")
    browser.get("/admin/login")
    fields = {"login": "olga", "password": PASSWORD, "to": ""}
    assert browser.post("/admin/login", fields, csrf="").status == 403
    token = browser.get("/admin/login") and browser.token
    other = Browser(shop)
    other.get("/admin/login")
    assert other.post("/admin/login", fields, csrf=token).status == 403


@pytest.mark.parametrize("body", [
    "login=a&login=b", "login=%zz", "login=%00", "login=%ff", "=&=",
])
def test_malformed_forms(shop, body):
    browser = Browser(shop)
    browser.get("/admin/login")
    raw = f"csrf={browser.token}&password=x&{body}".encode()
    answer = browser.request("POST", "/admin/login", raw,
                             {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 400


def test_malformed_requests(shop, people):
    owner = people["owner"]
    owner.get("/admin/profile")
    assert owner.get("/admin/audit?actor=a&actor=b").status == 400
    assert owner.request("POST", "/admin/logout", b"{}", {"Content-Type": "application/json"}).status == 400
    assert owner.request("POST", "/admin/logout", b"x", {"Content-Type": "multipart/form-data; boundary=x"}).status == 400
    assert owner.request("PUT", "/admin/profile").status == 405
    assert owner.request("DELETE", "/admin/logout").headers["Allow"] == "POST"
    assert owner.get("/admin/nothing-of-that-name").status == 404
    assert owner.get("/admin/staff/999999999").status == 404
    assert owner.get("/admin/staff/1%3Cscript%3E").status == 404
    assert owner.is_in


def test_two_cookies_of_a_name_are_none(shop, people):
    sid = people["owner"].cookies["sid"]
    stranger = Browser(shop)
    for cookies in (f"sid={sid}; sid={'A' * 43}", f"sid={'A' * 43}; sid={sid}"):
        assert stranger.request("GET", "/admin/profile", headers={"Cookie": cookies}).status == 303


# ---- who may what ----


def concrete(path):
    return path.replace("{}", "1")


@pytest.mark.parametrize("method,path,need,flags", routes())
def test_role_by_address(shop, people, method, path, need, flags):
    """Scenario 42: What a role may not do is refused by its address, whatever the menu shows."""
    stranger = Browser(shop)
    stranger.get("/admin/login")
    if need not in ("nobody", "password"):
        answer = stranger.get(concrete(path), follow=False) if method == "GET" else \
            stranger.post(concrete(path), follow=False)
        assert answer.status == (400 if "upload" in flags else 303)
        if answer.status == 303:
            assert answer.headers["Location"].startswith("/admin/login")
    for role, person in people.items():
        if need in ROLES and ROLES.index(role) < ROLES.index(need):
            if "upload" in flags:
                body = (f"--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n"
                        f"{(person.get('/admin/profile'), person.token)[1]}\r\n--b--\r\n").encode()
                answer = person.request("POST", concrete(path), body,
                                        {"Content-Type": "multipart/form-data; boundary=b"})
            elif method == "POST":
                person.get("/admin/profile")
                answer = person.post(concrete(path), follow=False)
            else:
                answer = person.get(concrete(path), follow=False)
            assert answer.status == 403, role
        elif method == "GET" and need in ROLES:
            assert person.get(concrete(path), follow=False).status in (200, 303, 404), role


def test_refusals_are_recorded(shop, people):
    before = audit(shop, "access_denied", actor="the-viewer")
    people["viewer"].get("/admin/staff")
    assert audit(shop, "access_denied", actor="the-viewer") == before + 1


def test_half_way_opens_nothing(shop):
    half = Browser(shop, "petr", "owner")
    half.enter()
    for method, path, need, flags in routes():
        if need not in ("nobody", "password") and method == "GET":
            answer = half.get(concrete(path), follow=False)
            assert answer.status == 303 and answer.headers["Location"] == "/admin/login/code"


def test_menu_shows_what_opens(shop, people):
    for role, person in people.items():
        person.get("/admin/profile")
        menu = set(re.findall(r'<li><a href="(/admin/[^"]*)"', person.page))
        for path in menu:
            assert person.get(path).status == 200, (role, path)
        needs = {p: need for m, p, need, _ in routes() if m == "GET"}
        for path in menu:
            assert ROLES.index(needs[path]) <= ROLES.index(role)


# ---- the second factor anew ----


def test_step_up_keeps_the_form(shop, people):
    owner = people["owner"]
    owner.let_step_up_pass()
    owner.get("/admin/staff/add")
    sid = owner.cookies["sid"]
    answer = owner.post("/admin/staff/add", {"login": "quentin", "role": "support"})
    assert 'name="step_up"' in answer.text
    assert not shop.sql("SELECT 1 FROM staff WHERE login = 'quentin'")
    kept = owner.hidden()
    assert kept == {"login": "quentin", "role": "support"}
    assert owner.post("/admin/staff/add", {**kept, "step_up": "000000"}).status == 422
    owner.forget_steps()
    answer = owner.post("/admin/staff/add", {**owner.hidden(), "step_up": totp(owner.secret)})
    password = re.findall(r'class="secret">([^<]+)<', answer.text)[1]
    assert owner.cookies["sid"] != sid
    stranger = Browser(shop)
    stranger.cookies["sid"] = sid
    assert not stranger.is_in
    # One-time: the first thing to do is to choose another.
    quentin = Browser(shop)
    quentin.login, quentin.password = "quentin", password
    quentin.enter()
    quentin.enrol()
    assert quentin.get("/admin/may", follow=False).headers["Location"] == "/admin/profile/password"
    quentin.get("/admin/profile/password")
    answer = quentin.post("/admin/profile/password", {"old": password, "new": PASSWORD, "again": PASSWORD})
    assert quentin.get("/admin/may").status == 200
    assert password not in quentin.page


def test_export_asks_and_comes_back(shop, people):
    owner = people["owner"]
    owner.let_step_up_pass()
    answer = owner.get("/admin/audit.csv?actor=the-owner", follow=False)
    assert answer.headers["Location"].startswith("/admin/step-up?to=")
    owner.get(answer.headers["Location"])
    owner.forget_steps()
    answer = owner.post("/admin/step-up", {**owner.hidden(), "step_up": totp(owner.secret)})
    assert 'content="1;url=/admin/audit.csv?actor=the-owner"' in answer.text
    answer = owner.get("/admin/audit.csv?actor=the-owner")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = answer.body.decode("utf-8-sig").splitlines()
    assert len(rows) > 3 and all("the-owner" in row for row in rows[1:])
    assert audit(shop, "export", actor="the-owner", object="audit") >= 1


def test_trail_pages_by_key(shop, people):
    owner = people["owner"]
    shop.sql("INSERT INTO audit (at, actor, action, object, detail) "
             "SELECT UTC_TIMESTAMP(6), 'pager', 'x', CONCAT('=cmd ', seq), '{}' FROM seq_1_to_120")
    seen, path = [], "/admin/audit?actor=pager"
    while path:
        page = owner.get(path).text
        seen += re.findall(r"=cmd (\d+)</a>", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = following and following[1].replace("&amp;", "&")
    assert seen == [str(n) for n in range(120, 0, -1)]
    owner.let_step_up_pass()
    owner.get("/admin/step-up?to=/admin/audit")
    owner.forget_steps()
    owner.post("/admin/step-up", {"to": "/admin/audit", "step_up": totp(owner.secret)})
    table = owner.get("/admin/audit.csv?actor=pager").body.decode("utf-8-sig")
    assert table.count("\"'=cmd ") == 120 and "\"=cmd" not in table


def test_last_owner_stays(shop):
    with_one = shop.sql("SELECT login FROM staff WHERE role = 'owner' AND disabled_at IS NULL")
    assert len(with_one) > 1
    ruth = Browser(shop, "ruth").sign_in()
    target = shop.sql("SELECT id FROM staff WHERE login = 'ruth'")[0][0]
    others = ",".join(f"'{row[0]}'" for row in with_one)
    shop.sql(f"UPDATE staff SET role = 'manager' WHERE login IN ({others})")
    try:
        ruth.get(f"/admin/staff/{target}")
        ruth.post(f"/admin/staff/{target}/disable")
        ruth.post(f"/admin/staff/{target}/role", {"role": "viewer"})
        assert ruth.is_in
        assert shop.sql("SELECT role, disabled_at IS NULL FROM staff WHERE login = 'ruth'")[0] == ["owner", "1"]
    finally:
        shop.sql(f"UPDATE staff SET role = 'owner' WHERE login IN ({others})")


# ---- what goes over the wire ----


def test_headers(shop, people):
    owner = people["owner"]
    for path in ("/admin/login", "/admin/profile", "/admin/nothing", "/admin/audit.csv", "/admin/"):
        for browser in (owner, Browser(shop)):
            answer = browser.get(path, follow=False)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'")
            for part in ("style-src 'self'", "script-src 'self'", "form-action 'self'", "base-uri 'none'",
                         "object-src 'none'", "frame-ancestors 'none'"):
                assert part in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Strict-Transport-Security" not in answer.headers  # http here


def test_cookies(shop):
    browser = Browser(shop, "sara", "viewer")
    lines = []

    def note(answer):
        lines.extend(answer.headers.get_all("Set-Cookie") or [])
        return answer

    note(browser.get("/admin/login"))
    note(browser.post("/admin/login", {"login": "sara", "password": PASSWORD, "to": ""}, follow=False))
    names = {line.split("=")[0] for line in lines}
    assert names == {"pre", "sid"}
    for line in lines:
        assert "HttpOnly" in line and "SameSite=Strict" in line and "Path=/" in line
        assert "Secure" not in line and "Domain" not in line and "Max-Age" not in line


def test_no_inline_script_or_style(shop, people):
    owner = people["owner"]
    for method, path, need, flags in routes():
        if method != "GET":
            continue
        page = owner.get(concrete(path)).text
        assert not re.search(r"<script(?![^>]*src=)|<style| style=| on[a-z]+=|javascript:", page), path


def test_look_is_remembered(shop):
    browser = Browser(shop)
    assert '<html lang="uk">' in browser.get("/admin/login").text
    assert '<html lang="ru">' in browser.get("/admin/login", headers={"Accept-Language": "ru-UA, en"}).text
    browser.get("/admin/login")
    browser.post("/admin/look", {"lang": "en", "to": "/admin/login"})
    assert '<html lang="en">' in browser.page
    browser.post("/admin/look", {"theme": "dark", "to": "/admin/login"})
    assert '<html lang="en" data-theme="dark">' in browser.page
    browser.post("/admin/look", {"theme": "auto", "to": "/admin/login"})
    assert "data-theme" not in browser.page


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
