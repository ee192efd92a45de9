"""Every page of the panel in a real browser, over the demo's month and empty: with a script and
without, on a phone and a desk, in light and dark.  The pictures are left in
build/pictures/panel-….png, to be looked at."""

import contextlib
import re
import time

import pytest

from panel import PASSWORD, Browser, routes, totp
from stack import Stack, until
from window import DESK, PHONE, Window, needs_chromium

pytestmark = needs_chromium

LOOKS = [("desk-light", DESK, "light"), ("desk-dark", DESK, "dark"),
         ("phone-light", PHONE, "light"), ("phone-dark", PHONE, "dark")]


@pytest.fixture(scope="module")
def shop():
    with Stack(ADMIN_TOTP="required", RESPONDERS=3) as stack:
        yield stack


@pytest.fixture(scope="module")
def owner(shop):
    person = Browser(shop, "olena").sign_in()
    Browser(shop, "maria", "manager").sign_in()
    Browser(shop, "taras", "support")
    return person


@pytest.fixture(scope="module")
def month():
    """The demo, with what is on its way when one looks."""
    with Stack(SANDBOX_HISTORY="yes", ADMIN_TOTP="required", RESPONDERS=3) as stack:
        yield stack


def lend(window, shop, person):
    """The window is signed in as the person is."""
    window.open(shop.shop_url + "/admin/login")
    for name, value in person.cookies.items():
        window.driver.add_cookie({"name": name, "value": value, "path": "/"})


def slug(path):
    return re.sub(r"[^a-z0-9]+", "-", path.removeprefix("/admin/").lower()).strip("-") or "home"


def shown_paths(person):
    """Addresses of pages that show something: of rows with {} the first link to one."""
    rows = [path for method, path, need, flags in routes()
            if method == "GET" and need not in ("nobody", "password") and not path.endswith(".csv")]
    found, links = [], set()
    for path in sorted(rows, key=lambda p: p.count("{}")):
        if "{}" in path:
            pattern = re.compile(re.escape(path).replace(r"\{\}", r"[^/?]+") + "$")
            path = next((link for link in sorted(links) if pattern.match(link) and link not in found), None)
            if not path:
                continue
        answer = person.get(path)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            links |= set(re.findall(r'(?:href|action)="(/admin/[^"?]*)', answer.text))
            found.append(path)
    return found


def look(window, where, problems):
    with contextlib.suppress(AssertionError):  # said below, with what stands there instead
        until(lambda: "<h1" in window.html, 5)
    text = window.html
    for what, bad in [("wider than the window", window.width_needed() > where[1][0]),
                      ("a phrase's key", re.search(r">\s*admin\.[a-z_.]+\s*<", text)),
                      ("a template's tag", "{{" in text),
                      (f"no heading in {text[:300]}", "<h1" not in text)]:
        if bad:
            problems.append(f"{where[0]} {where[2]}: {what}")
    problems.extend(f"{where[0]}: {line}" for line in window.complaints())


def shoot(window, shop, names, problems, pictures):
    """Every look of the pages: address → the picture's name."""
    for look_name, size, theme in LOOKS:
        window.size(*size)
        window.theme(theme)
        for path, name in names.items():
            window.open(shop.shop_url + path)
            look(window, (path, size, look_name), problems)
            if pictures:
                window.picture(f"panel-{name}-{look_name}", size)


# One order of each kind: what its page offers differs.
KINDS = {
    "waiting": "SELECT id FROM orders WHERE state = 'paid' LIMIT 1",
    "refunded": "SELECT id FROM orders WHERE state = 'refunded' LIMIT 1",
    "review": "SELECT order_id FROM payments WHERE state = 'review' LIMIT 1",
    "complaint": "SELECT order_id FROM tickets WHERE state = 'open' LIMIT 1",
    "expired": "SELECT id FROM orders WHERE state = 'expired' LIMIT 1",
}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_every_page(month, script):
    problems = []
    person = Browser(month, "olena" if script else "oksana").sign_in()
    names = {path: re.sub(r"[0-9]+", "one", slug(path)) for path in shown_paths(person)}
    names |= {f"/admin/orders/{month.sql(sql)[0][0]}": f"orders-{kind}" for kind, sql in KINDS.items()}
    value = month.sql("SELECT id FROM card_values LIMIT 1")[0][0]
    person.get(f"/admin/stock/{value}")
    names[person.upload(f"/admin/stock/{value}/upload", {"codes": "", "batch": "грудень", "supplier": "", "cost": ""},
                        b"NEW-1\nNEW-2\nNEW-1\n" + b"x" * 300).headers["Location"]] = "upload"
    missing = [path for method, path, need, _ in routes()
               if method == "GET" and need not in ("nobody", "password") and not path.endswith(".csv")
               and not any(re.fullmatch(path.replace("{}", "[^/]+"), way) for way in names)]
    assert missing == []
    with Window(script) as window:
        lend(window, month, person)
        shoot(window, month, names, problems, script)
    assert problems == []


def test_empty_pages(shop, owner):
    """Where there is nothing yet, the page says what to do."""
    problems = []
    with Window() as window:
        lend(window, shop, owner)
        shoot(window, shop, {f"/admin/{place}": f"empty-{place}" for place in
                             ("orders", "payments", "cases", "buyers", "stock")}, problems, True)
    assert problems == []


def take(window, name):
    for look_name, size, theme in LOOKS:
        window.size(*size)
        window.theme(theme)
        time.sleep(0.2)  # colours fade for 120 ms
        window.picture(f"panel-{name}-{look_name}", size)
    window.size(*DESK)
    window.theme("light")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_way_in(shop, script):
    """From the first sign-in to the second, by what is on the pages alone."""
    login = f"nova-{'a' if script else 'b'}"
    person = Browser(shop, login, "manager")
    with Window(script) as window:
        window.size(*DESK)
        window.open(shop.shop_url + "/admin/")
        window.fill(login=login, password="not the password")
        window.press("button.main")
        assert window.find("[role=alert]").is_displayed()
        assert window.find("[name=login]").get_attribute("value") == login
        take(window, "login-wrong")
        window.fill(password=PASSWORD)
        window.press("button.main")
        assert window.find("svg.qr").is_displayed()
        take(window, "login-enrol")
        secret = window.find("code.secret").text
        window.fill(code=totp(secret))
        window.press("button.main")
        codes = window.driver.find_elements("css selector", ".recovery code")
        assert len(codes) == 10
        take(window, "login-recovery")
        window.press("a.button.main")
        window.size(*DESK)
        window.press('.side > .person form[action="/admin/logout"] button')
        window.fill(login=login, password=PASSWORD)
        window.press("button.main")
        take(window, "login-code")
        person.forget_steps()
        window.fill(code=totp(secret))
        window.press("button.main")
        assert window.find(".menu").is_displayed()
        assert [line for line in window.complaints() if "422" not in line] == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_changing_the_look(shop, owner, script):
    with Window(script) as window:
        lend(window, shop, owner)
        window.size(*DESK)
        window.open(shop.shop_url + "/admin/profile")
        side = ".side > .person "
        # A page comes of it only where there is no script.
        choose = (lambda css: window.find(css).click()) if script else window.press
        choose(side + 'button[value="dark"]')
        assert window.find("html").get_attribute("data-theme") == "dark"
        window.open(shop.shop_url + "/admin/may")
        assert window.find("html").get_attribute("data-theme") == "dark"
        window.press(side + 'button[value="ru"]')
        assert window.driver.current_url.endswith("/admin/may")
        assert window.find("html").get_attribute("lang") == "ru"
        choose(side + 'button[value="auto"]')
        assert not window.find("html").get_attribute("data-theme")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_destruction_is_understood_first(shop, owner, script):
    """A dialog where there is a script, unfolded in place where there is none."""
    target = shop.sql("SELECT id FROM staff WHERE login = 'taras'")[0][0]
    with Window(script) as window:
        lend(window, shop, owner)
        window.size(*DESK)
        window.open(f"{shop.shop_url}/admin/staff/{target}")
        form = f'form[action="/admin/staff/{target}/disable"]'
        assert not window.find(form).is_displayed()
        window.find("details.confirm summary.danger").click()
        until(lambda: window.find(form).is_displayed(), what="the question")
        assert "taras" in window.find(form + " h2").text
        take(window, "confirm" if script else "confirm-plain")
        owner.let_step_up_pass()
        window.press(form + " button.main")
        take(window, "step-up")
        owner.forget_steps()
        window.fill(step_up=totp(owner.secret))
        window.press("button.main")
        until(lambda: window.find(".flash.done").is_displayed(), what="the word that it is done")
        take(window, "flash")
        window.press(f'form[action="/admin/staff/{target}/enable"] button')
        owner.cookies["sid"] = window.driver.get_cookie("sid")["value"]


def test_sheet_of_the_phone(shop, owner):
    for script in (True, False):
        with Window(script) as window:
            lend(window, shop, owner)
            window.size(*PHONE)
            window.open(shop.shop_url + "/admin/profile")
            assert not window.find(".sheet").is_displayed()

            def opened():
                if not window.find(".sheet").is_displayed():
                    window.find(".more summary").click()
                return window.find(".sheet").is_displayed()

            until(opened, what="the open sheet")
            if script:
                window.picture("panel-sheet", PHONE)
