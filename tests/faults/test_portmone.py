"""Portmone's connection is cut, reset or silent, in each of the three things it is asked for."""

import time

import pytest

from proxy import Drop, Hang, Hold, Lose, commit_after, holds
from shop import FaultShop, at_once
from stack import http, until

WAYS = {
    "never arrived": lambda fits: Drop(fits),
    "cut in the request": lambda fits: Drop(fits, after=40),
    "reset": lambda fits: Drop(fits, reset=True),
    "answer lost": lambda fits: Lose(fits),
    "answer reset": lambda fits: Lose(fits, reset=True),
    "cut in the answer's head": lambda fits: Lose(fits, after=30),
    "cut in the answer's body": lambda fits: Lose(fits, after=-3),
    "half-open": lambda fits: Hang(fits),
}


@pytest.fixture(scope="module")
def module_shop():
    with FaultShop() as stack:
        stack.catalogue("pm", codes=200)
        yield stack


# ---- the three questions ----


@pytest.mark.parametrize("way", WAYS)
def test_scenario_30_link(shop, way):
    """createLinkPayment: a page with a retry button in time; then one order, one page."""
    buyer = shop.buyer()
    url = buyer.offer("pm")
    fault = shop.portmone.add(WAYS[way](holds("createLinkPayment")))
    began = time.monotonic()
    answer = http("GET", url)
    assert time.monotonic() - began < 5
    fault.wait()
    # libcurl repeats by itself what a kept connection has left unanswered.
    assert answer.status == 303 or (answer.status == 503 and 'href="/pay/' in answer.text)
    number, bill = shop.follow(url)
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]
    shop.pay(bill)
    shop.served(buyer, number)


@pytest.mark.parametrize("way", WAYS)
def test_scenario_11_result(shop, way):
    """A question whose answer does not come is asked again; a hint makes it soon."""
    buyer = shop.buyer()
    number, bill = buyer.open_order("pm")
    fault = shop.portmone.add(WAYS[way](holds('"result"', number)))
    shop.pay(bill, **{"return": False})
    fault.wait()
    until(lambda: shop.notify(number).status == 200 and shop.state(number) == "delivered")
    shop.served(buyer, number, seconds=20)


@pytest.mark.parametrize("way", WAYS)
def test_scenario_30_return(shop, way):
    """The money goes back once, whatever became of the words that said so."""
    buyer, number, _ = shop.bought("back-" + "".join(c for c in way if c.isalpha()))
    fault = shop.portmone.add(WAYS[way](holds('"return"', number)))
    shop.kartka("order", "refund", number, "--why", "to see")
    fault.wait()

    def over():
        # What takes the real shop a minute, so that it is sure.
        shop.sql("UPDATE refunds SET not_before = UTC_TIMESTAMP(6), sent_at = sent_at - INTERVAL "
                 "60 SECOND WHERE open_order_id IS NOT NULL AND lease_owner IS NULL")
        return shop.state(number) == "refunded"

    until(over, 40, f"the refund of {number}")
    assert shop.returned(number) == [10000]
    buyer.wait("Гроші повернуто")


# ---- what arrives, and when ----


def test_scenario_02_again_after_days(shop):
    """The same notification after the delivery, and after three days: OK, counted, no effect."""
    buyer, number, _ = shop.bought("again")
    paid = shop.sql("SELECT p.gateway_payment_id FROM payments p JOIN orders o ON o.id = "
                    f"p.order_id WHERE o.number = '{number}'")[0][0]
    times = (f"SELECT COALESCE(SUM(h.times), 0) FROM payment_hints h JOIN orders o ON o.id = "
             f"h.order_id WHERE o.number = '{number}' AND h.source = 'notify'")
    for days in (0, 3):
        shop.sql("UPDATE orders SET created_at = created_at - INTERVAL {0} DAY, expires_at = "
                 "expires_at - INTERVAL {0} DAY, paid_at = paid_at - INTERVAL {0} DAY, "
                 "delivered_at = delivered_at - INTERVAL {0} DAY WHERE number = '{1}'".format(
                     days, number))
        before, asked = shop.number(times), len(shop.events("result", number))
        said = len(buyer.messages())
        assert [shop.notify(number, paid).status for _ in range(5)] == [200] * 5
        assert shop.number(times) == before + 5
        until(lambda: len(shop.events("result", number)) > asked, what="a question")
        shop.outbox_empty()
        assert shop.state(number) == "delivered" and len(buyer.messages()) == said
    shop.served(buyer, number)


def test_scenario_03_before_the_commit(shop):
    """Nobody outside hears of an order before it is committed; money before its link is stored."""
    buyer = shop.buyer()
    url = buyer.offer("pm")
    held = shop.database.add(Hold(commit_after("INSERT INTO orders")))
    stored = shop.database.add(Hold(holds("SET link_url")))
    links = len(shop.events("createLinkPayment"))
    results = []

    def browse():
        results.append(http("GET", url))

    def look():
        held.wait()
        assert shop.sql(f"SELECT 1 FROM orders WHERE user_id = {buyer.id}") == []
        assert len(shop.events("createLinkPayment")) == links
        held.release()
        stored.wait()
        # The gateway's page is there, the shop does not know of it yet: paid at once.
        number = shop.sql(f"SELECT number FROM orders WHERE user_id = {buyer.id}")[0][0]
        shop.pay(shop.api("GET", f"/api/bills?order={number}")[0]["bill"], **{"return": False})
        until(lambda: shop.state(number) == "delivered", what="the settlement")
        stored.release()
        results.append(number)

    at_once([browse, look])
    number = next(r for r in results if isinstance(r, str))
    shop.served(buyer, number)
    assert len(results) == 2


def test_scenario_05_unknown_order(shop):
    """Counted, answered OK, and nothing else."""
    before = shop.metric("payments_unknown_order")
    orders = shop.sql("SELECT COUNT(*), MAX(id) FROM orders")
    for number in ("2345-6789", "ABCD-EFGH"):
        assert shop.notify(number, "867000001").status == 200
    assert shop.metric("payments_unknown_order") == before + 2
    assert shop.sql("SELECT COUNT(*), MAX(id) FROM orders") == orders
    assert shop.sql("SELECT COUNT(*) FROM payments WHERE gateway_payment_id = '867000001'") == [
        ["0"]]


def test_scenario_08_two_payments_at_once(shop):
    """Two that both succeeded: codes once, the second is for a person."""
    buyer = shop.buyer()
    number, bill = buyer.open_order("pm")
    shop.portmone.silent = True
    shop.pay_quietly(bill)
    shop.pay_quietly(bill, force=True)
    shop.portmone.silent = False
    at_once([lambda: shop.notify(number)] * 8)
    shop.served(buyer, number)
    assert shop.sql("SELECT p.applied, p.state, p.reason FROM payments p JOIN orders o ON o.id = "
                    f"p.order_id WHERE o.number = '{number}' ORDER BY p.applied DESC") == [
                        ["1", "ok", ""], ["0", "review", "second"]]
    until(lambda: any(number in text and "вдруге" in text or "second" in text
                      for text in shop.admin_chat()), what="an alert")


def test_scenario_09_failed_after_paid(shop):
    """What comes in a wrong order: it stays paid.  Money taken back is a dispute, codes stay."""
    buyer, number, bill = shop.bought("reordered")
    for status in ("REJECTED", "PAYED"):
        asked = len(shop.events("result", number))
        assert shop.notify(number, status=status).status == 200
        until(lambda n=asked: len(shop.events("result", number)) > n, what="a question")
    assert shop.state(number) == "delivered"
    shop.api("POST", f"/api/bills/{bill}/decline", {}, check=False)
    shop.kartka("order", "settle", number)
    assert shop.state(number) == "delivered"
    shop.served(buyer, number)
    shop.api("POST", f"/api/bills/{bill}/chargeback", {})
    shop.kartka("order", "settle", number)
    assert shop.state(number) == "disputed" and len(set(buyer.codes())) == 1
    assert shop.sold_to(number) == 1
    until(lambda: any(number in text and "disput" in text.lower() for text in shop.admin_chat()),
          what="an alert")


def test_scenario_12_price_edited(shop):
    """The price in the order rules: what was shown is what is paid, whatever it is now."""
    shop.catalogue("edited", price="100.00", codes=2)
    buyer = shop.buyer()
    number, bill = buyer.open_order("edited")
    shop.catalogue("edited", price="300.00", codes=0)
    assert float(shop.api("GET", f"/api/bills/{bill}")["amount"]) == 100
    shop.pay(bill)
    shop.served(buyer, number)
    assert shop.sql(f"SELECT total_kop FROM orders WHERE number = '{number}'") == [["10000"]]


@pytest.mark.parametrize("stock", ["there", "gone"])
def test_scenario_13_withdrawn_from_sale(shop, stock):
    """Hidden after the order: delivered if its codes are there, else paid, waiting, and told."""
    slug = f"hidden-{stock}"
    shop.catalogue(slug, codes=1)
    buyer = shop.buyer()
    number, bill = buyer.open_order(slug)
    shop.sql(f"UPDATE card_values SET hidden_at = UTC_TIMESTAMP(6) WHERE slug = '{slug}'")
    if stock == "gone":
        shop.sql("UPDATE card_codes c JOIN orders o ON o.id = c.order_id SET c.state = "
                 f"'withdrawn', c.order_id = NULL, c.slot = NULL WHERE o.number = '{number}'")
    shop.pay(bill)
    if stock == "there":
        shop.served(buyer, number)
        return
    shop.wait_state(number, "paid")
    buyer.wait("Оплату отримано, код ще ні")
    until(lambda: any(number in text for text in shop.admin_chat()), what="an alert")
    buyer.press("Повернути гроші")
    shop.wait_state(number, "refunded")
    assert shop.returned(number) == [10000] and buyer.codes() == []
