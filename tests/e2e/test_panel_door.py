"""The panel's door, from outside: how far one gets, and what is refused and recorded."""

import re

import pytest

from panel import PASSWORD, Browser, routes, totp
from panel_roles import ROLES, audit, panel_shop, people, shop


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
    wrong = "y" if owner.token[0] == "x" else "x"
    assert owner.post(path, csrf=wrong + owner.token[1:]).status == 403
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
