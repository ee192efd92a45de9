"""Accessibility: axe-core over every page that people see: the panel's, the chat's, the payment
pages; light and dark, on a phone and a desk.  No serious and no critical fault.

axe-core comes from npm, in the version that tests/axe names, into build/axe.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from panel import PASSWORD, Browser, route_of, walk
from stack import ROOT, Stack, http, until
from window import DESK, PHONE, Window, needs_chromium

pytestmark = [needs_chromium, pytest.mark.long]

LOOKS = [(size, theme) for size in (DESK, PHONE) for theme in ("light", "dark")]
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(found => done(found.violations
    .filter(v => v.impact === "serious" || v.impact === "critical")
    .map(v => v.id + ": " + v.nodes.slice(0, 4).map(n => n.target.join(" ") + " " +
        n.any.map(a => a.message).join("; ")).join(" | "))), e => done(["axe failed: " + e]));
"""


@pytest.fixture(scope="module")
def axe():
    """The script, fetched once."""
    place = ROOT / "build/axe"
    script = place / "node_modules/axe-core/axe.min.js"
    wanted = (ROOT / "tests/axe/package-lock.json").read_text()
    if not script.exists() or (place / "package-lock.json").read_text() != wanted:
        place.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / "tests/axe" / name, place / name)
        npm = shutil.which("npm")
        assert npm, "npm is not installed: fcgi/deps.sh axe"
        done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=place,
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
    return script.read_text()


@pytest.fixture(scope="module")
def shop():
    with Stack(ADMIN_TOTP="required", ORDER_TTL="300") as stack:
        yield stack


def faults_of(window, axe, names, opened=None):
    """Open each address in each look; what axe finds, with where."""
    found = []
    for name, url in names:
        window.open(url)
        for size, theme in LOOKS:
            window.size(*size)
            window.theme(theme)
            if opened:
                opened(window)
            window.driver.execute_script(axe)
            found += [f"{name}, {size[0]} px, {theme}: {fault}"
                      for fault in window.driver.execute_async_script(RUN)]
    return found


def things_make(shop):
    """Something on every page, so that tables and badges are looked at as well."""
    shop.catalogue("axe", codes=5)
    buyer = shop.buyer()
    number, bill = buyer.open_order("axe")
    shop.pay(bill)
    buyer.wait("Оплачено")
    short, bill = buyer.open_order("axe")
    shop.pay(bill, amount="60.00")
    until(lambda: shop.sql("SELECT 1 FROM payments WHERE state = 'review'"), what="a review")
    shop.sql("INSERT INTO tickets (user_id, order_id, state, created_at, updated_at) SELECT user_id, id, "
             f"'open', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) FROM orders WHERE number = '{short}'")
    shop.sql("INSERT INTO ticket_messages (ticket_id, fact, text, created_at) "
             "SELECT id, CONCAT('axe:', id), 'Код не діє', UTC_TIMESTAMP(6) FROM tickets")


def test_panel(shop, axe):
    things_make(shop)
    owner = Browser(shop, "axe-owner").sign_in()
    value = shop.sql("SELECT id FROM card_values WHERE slug = 'axe'")[0][0]
    owner.get(f"/admin/stock/{value}")
    upload = owner.upload(f"/admin/stock/{value}/upload", {"codes": "", "batch": "axe", "supplier": "", "cost": ""},
                          b"NEW-1\n" + b"x" * 300).headers["Location"]
    ways = [*walk(owner, each=1), upload, "/admin/step-up", "/admin/nothing", "/admin/orders?q=zzz",
            "/admin/orders?state=paid"]
    assert len({(route_of("GET", way.split("?")[0]) or ("", way))[1] for way in ways}) > 20
    with Window() as window:
        window.open(shop.shop_url + "/admin/login")
        for name, value in owner.cookies.items():
            window.driver.add_cookie({"name": name, "value": value, "path": "/"})
        assert faults_of(window, axe, [(way, shop.shop_url + way) for way in ways]) == []


def test_the_way_in(shop, axe):
    login = "axe-new"
    Browser(shop, login, "viewer")
    with Window() as window:
        url = shop.shop_url + "/admin/login"
        found = faults_of(window, axe, [("login", url)])
        window.size(*DESK)
        window.fill(login=login, password="not the password")
        window.press("button.main")
        window.driver.execute_script(axe)
        found += window.driver.execute_async_script(RUN)
        window.fill(password=PASSWORD)
        window.press("button.main")
        found += faults_of(window, axe, [("enrol", window.driver.current_url)])
        assert found == []


def test_payment_pages(shop, axe):
    shop.catalogue("axe-pay", codes=1)
    shop.catalogue("axe-dear", codes=1)
    buyer, other = shop.buyer(), shop.buyer()
    dear = buyer.offer("axe-dear")
    sold_out = other.offer("axe-pay")
    number, bill = buyer.open_order("axe-pay")
    done = shop.pay(bill)
    buyer.wait("Оплачено")
    shop.sql("UPDATE card_values SET price_kop = 20000 WHERE slug = 'axe-dear'")
    shop.sql("UPDATE settings SET value = value + 1 WHERE name = 'catalog_version'")
    back = shop.shop_url + "/portmone/return?SHOPORDERNUMBER="
    names = [("sold out", sold_out), ("changed price", dear),
             ("forged", shop.shop_url + "/pay/nothing"), ("paid", back + number),
             ("unknown order", back + "K7F3-9QXA"), ("busy", shop.shop_url + "/portmone/none")]
    with Window() as window:
        assert faults_of(window, axe, names) == []


def test_sandbox_pages(shop, axe):
    shop.catalogue("axe-chat", codes=2)
    buyer = shop.buyer()
    url = buyer.offer("axe-chat")
    bill = http("GET", url).headers["Location"]
    with Window() as window:
        assert faults_of(window, axe, [("chat", shop.chat_url + "/"), ("bill", bill)]) == []
