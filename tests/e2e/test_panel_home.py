"""The panel's first page over the month that the demo has behind it, and before there is anything.
The pictures are left in build/pictures/panel-home-….png, to be looked at."""

import datetime
import re

import pytest

from panel import Browser
from stack import Stack, until
from test_panel_pictures import LOOKS, lend, look
from window import Window, needs_chromium


@pytest.fixture(scope="module")
def demo():
    with Stack(SANDBOX_HISTORY="yes") as stack:
        yield stack


@pytest.fixture(scope="module")
def owner(demo):
    return Browser(demo, "olena").sign_in()


def figure(page, label):
    """What stands under a label of the figures."""
    found = re.search(rf"<dt>{label}</dt><dd>([^<]*)", page)
    return found and found[1].replace("\u00a0", " ")


def number(text):
    return int(re.sub(r"[^0-9]", "", text.split(",")[0]))


def one(shop, sql):
    return int(shop.sql(sql)[0][0])


# ---- the demo ----

def test_the_month_is_whole(demo):
    demo.check()
    assert demo.violations() == []
    assert 300 < one(demo, "SELECT COUNT(*) FROM orders") < 1500
    assert one(demo, "SELECT COUNT(DISTINCT user_id) FROM orders WHERE paid_at IS NOT NULL") > 80
    states = dict(demo.sql("SELECT state, COUNT(*) FROM orders GROUP BY state"))
    assert {"delivered", "expired", "cancelled", "refunded", "paid"} <= set(states), states
    assert one(demo, "SELECT COUNT(*) FROM payments WHERE state = 'review'") == 1
    assert one(demo, "SELECT COUNT(*) FROM tickets WHERE state = 'open'") == 1
    assert one(demo, "SELECT COUNT(*) FROM code_batches WHERE supplier = '' OR cost_kop = 0") == 0
    assert one(demo, "SELECT COUNT(*) FROM orders WHERE created_at > UTC_TIMESTAMP()") == 0
    assert one(demo, "SELECT COUNT(*) FROM outbox WHERE state <> 'sent' AND kind = 'delivered'") == 0
    # The people of the month do not fill the chat's list.
    assert len(demo.api("GET", "/api/users")) == 3


def test_its_orders_can_be_dealt_with(demo):
    """Portmone and Telegram know them too."""
    number, user = demo.sql("SELECT number, user_id FROM orders WHERE state = 'delivered' "
                            "ORDER BY id DESC LIMIT 1")[0]
    demo.kartka("order", "refund", number, "--why", "as a test")
    demo.wait_state(number, "refunded")
    demo.kartka("order", "answer", demo.sql(
        "SELECT number FROM orders o JOIN tickets t ON t.order_id = o.id WHERE t.state = 'open'")[0][0],
        "--text", "Дивимося")
    until(lambda: demo.sql("SELECT COUNT(*) FROM outbox WHERE state = 'pending'") == [["0"]],
          what="an empty outbox")
    assert one(demo, "SELECT COUNT(*) FROM outbox WHERE state = 'dead'") == 0
    assert int(user) in {p["id"] for p in demo.api("GET", "/api/users")}
    assert demo.violations() == []
    demo.check()


# ---- the page ----

def test_numbers_are_those_of_the_orders(demo, owner):
    demo.kartka("stats", "rebuild")
    page = owner.get("/admin/?days=90").text
    sums = demo.sql("SELECT COUNT(*), SUM(o.quantity), SUM(p.amount_kop) DIV 100 FROM orders o "
                    "JOIN payments p ON p.order_id = o.id AND p.applied = 1")[0]
    assert number(figure(page, "Оплачено замовлень")) == int(sums[0])
    assert number(figure(page, "Продано кодів")) == int(sums[1])
    assert number(figure(page, "Виручка")) == int(sums[2])
    buyers = one(demo, "SELECT COUNT(DISTINCT user_id) FROM orders WHERE paid_at IS NOT NULL")
    assert number(figure(page, "Нові покупці")) == buyers
    assert number(figure(page, "Повторні покупці")) == 0
    assert re.search(r"станом на \d\d:\d\d", page)


def test_worker_keeps_them_fresh(demo, owner):
    before = number(figure(owner.get("/admin/?days=1").text, "Оплачено замовлень"))
    buyer = demo.buyer("Ганна")
    order, bill = buyer.open_order("kyivstar-100")
    demo.pay(bill)
    demo.wait_state(order, "delivered")
    until(lambda: number(figure(owner.get("/admin/?days=1").text, "Оплачено замовлень")) == before + 1,
          40, "the new order on the page")


def test_ranges(demo, owner):
    today = datetime.date.today()
    for query, expected in [
            (f"?from={today - datetime.timedelta(9)}&to={today - datetime.timedelta(3)}", 7),
            (f"?from={today}&to={today - datetime.timedelta(5)}", 6),
            ("?days=7", 7), ("?days=30", 30)]:
        page = owner.get("/admin/" + query).text
        table = page.split('figure-chart')[1]
        assert table.count('<tr><th scope="row">') == expected, query
    for query in ["?days=0", "?days=x", "?from=2026-02-31&to=2026-03-01", "?from=1&to=2",
                  "?from=0001-01-01&to=9999-12-31", "?days=99999"]:
        assert owner.get("/admin/" + query).status == 200, query


def test_needs_lead_to_their_lists(demo, owner):
    page = owner.get("/admin/").text
    needs = page.split('<ul class="needs">')[1].split("</ul>")[0]
    links = re.findall(r'href="([^"]+)"', needs)
    assert "/admin/orders?state=paid" in links
    for link in links:
        assert owner.get(link).status == 200, link
    waiting = owner.get("/admin/orders?state=paid").text
    assert waiting.count('class="row-link"') == 2


def test_a_viewer_sees_it_too(demo, owner):
    viewer = Browser(demo, "viktor", "viewer").sign_in()
    page = viewer.get("/admin/").text
    assert figure(page, "Виручка")
    for link in re.findall(r'href="(/admin/[^"]*)"', page.split("<main")[1]):
        assert viewer.get(link.replace("&amp;", "&")).status == 200, link


def test_every_language(demo, owner):
    for lang, words in [("en", ["Needs attention", "Revenue", "as of", "orders opened."]),
                        ("ru", ["Требует внимания", "Выручка", "на "]),
                        ("uk", ["Потребує уваги", "Виручка", "станом на"])]:
        owner.get("/admin/")
        page = owner.post("/admin/look", {"to": "/admin/?days=30", "lang": lang}).text
        for word in words:
            assert word in page, (lang, word)
        assert not re.search(r">\s*admin\.[a-z_.]+\s*<", page) and "{{" not in page


@needs_chromium
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_pictures(demo, owner, script):
    problems = []
    with Window(script) as window:
        lend(window, demo, owner)
        for name, size, theme in LOOKS:
            window.size(*size)
            window.theme(theme)
            for days in (1, 7, 30, 90):
                window.open(f"{demo.shop_url}/admin/?days={days}")
                look(window, (f"days={days}", size, name), problems)
                if script:
                    window.picture(f"panel-home-{days}-{name}", size)
    assert problems == []


# ---- before there is anything ----

@needs_chromium
def test_an_empty_shop_says_what_to_do():
    problems = []
    with Stack() as shop:
        owner = Browser(shop, "olena").sign_in()
        viewer = Browser(shop, "viktor", "viewer").sign_in()
        assert "За цей час нічого не продано" in owner.get("/admin/").text
        shop.sql("DELETE FROM card_codes")
        with Window() as window:
            lend(window, shop, owner)
            for step in ("codes", "values"):
                if step == "values":
                    shop.sql("DELETE FROM code_batches; DELETE FROM value_gateways; "
                             "DELETE FROM price_changes; DELETE FROM card_values; "
                             "DELETE FROM categories")
                for name, size, theme in LOOKS:
                    window.size(*size)
                    window.theme(theme)
                    window.open(shop.shop_url + "/admin/")
                    look(window, (step, size, name), problems)
                    window.picture(f"panel-home-begin-{step}-{name}", size)
            window.press("ol.begin li:first-child a.main")
            assert window.driver.current_url.endswith("/admin/catalog")
        assert 'class="button main"' not in viewer.get("/admin/").text
    assert problems == []
