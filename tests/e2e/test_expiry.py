"""The end of a reservation: asked first, and money that comes later is money all the same."""

import contextlib
import json
import time

import pytest
from stack import Stack, http, keys, pay_key, until

TTL = 5


@pytest.fixture(scope="module")
def module_shop():
    with Stack(ORDER_TTL=TTL, THROTTLE_RATE=1000, THROTTLE_BURST=8000) as stack:
        yield stack


@pytest.fixture
def shop(module_shop):
    seen = len(module_shop.violations())
    module_shop.faults(reset=True)
    yield module_shop
    module_shop.faults(reset=True)
    module_shop.check()
    assert module_shop.violations()[seen:] == []


# ---- helpers ----


def pay_quietly(shop, bill, **how):
    return shop.pay(bill, notify="none", **{"return": False}, **how)


def come_back(shop, number):
    return http("GET", f"{shop.shop_url}/portmone/return?order={number}&SHOPORDERNUMBER={number}")


def events(shop, number):
    """[(seq, what)] of what was said about this order."""
    return [(e["seq"], e["what"]) for e in shop.api("GET", "/api/events?after=0&limit=100000")
            if number in json.dumps([e["request"], e["response"]], ensure_ascii=False)]


def expire(shop, buyer, number):
    shop.wait_state(number, "expired", 2 * TTL)
    return buyer.wait("Час на оплату вийшов")


def take_all(shop, slug):
    """Somebody else buys what is left."""
    shop.sql("UPDATE card_codes c JOIN card_values v ON v.id = c.value_id SET c.state = "
             f"'withdrawn' WHERE v.slug = '{slug}' AND c.state = 'available'")


# ---- asked first ----


def test_asked_before_it_is_over(shop):
    shop.catalogue("e-asked", codes=3)
    buyers = [shop.buyer() for _ in range(3)]
    numbers = [buyer.open_order("e-asked")[0] for buyer in buyers]
    for buyer, number in zip(buyers, numbers):
        expire(shop, buyer, number)
        seen = events(shop, number)
        asked = [seq for seq, what in seen if what == "result"]
        told = [seq for seq, what in seen if "Message" in what]
        assert asked and told and min(asked) < min(told), seen
    assert shop.sql("SELECT COUNT(*) FROM card_codes c JOIN card_values v ON v.id = c.value_id "
                    "WHERE v.slug = 'e-asked' AND c.state = 'available'") == [["3"]]


def test_paid_at_the_last_moment_without_a_word(shop):
    """Money that nobody told of, just before the end (the bill ends with a whole second): never a word of expiry."""
    shop.catalogue("e-last", codes=1)
    buyer = shop.buyer()
    number, bill = buyer.open_order("e-last")
    until(lambda: float(shop.sql("SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), expires_at) "
                                 f"FROM orders WHERE number = '{number}'")[0][0]) < 1700000)
    pay_quietly(shop, bill)
    shop.wait_state(number, "delivered", TTL)
    until(buyer.codes, what="the code")
    assert not any("вийшов" in m["text"] for m in buyer.messages())


def test_the_opened_page_is_over_as_well(shop):
    """Bill and page: neither can be used, the link says so, and a new order is one tap away."""
    shop.catalogue("e-page", codes=1)
    buyer = shop.buyer()
    url = buyer.offer("e-page")
    bill = http("GET", url).headers["Location"].rsplit("/", 1)[1]
    number = shop.api("GET", f"/api/bills/{bill}")["order"]
    message = expire(shop, buyer, number)
    page = http("GET", url)
    assert page.status == 200 and "Location" not in page.headers and "Час на оплату" in page.text
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]
    again = next(k["callback_data"] for k in keys(message) if "Замовити знову" in k["text"])
    buyer.tap(message, again)
    shop.idle()
    offered = next(m for m in reversed(buyer.messages()) if pay_key(m))
    assert http("GET", pay_key(offered)["url"]).status == 303


def test_declined_then_paid_on_the_same_bill(shop):
    shop.catalogue("e-declined", codes=1)
    buyer = shop.buyer()
    number, bill = buyer.open_order("e-declined")
    shop.api("POST", f"/api/bills/{bill}/decline", {})
    come_back(shop, number)
    until(lambda: any(what == "result" for _, what in events(shop, number)), what="a question")
    assert shop.state(number) == "pending"  # rejected once is not over
    shop.pay(bill)
    until(buyer.codes, what="the code")
    assert shop.state(number) == "delivered"


# ---- late money ----


def late_bill(shop, slug, codes=1):
    """(buyer, number, bill): over for the shop, while the gateway would still take the money."""
    shop.catalogue(slug, codes=codes)
    buyer = shop.buyer()
    number, bill = buyer.open_order(slug)
    shop.api("POST", f"/api/bills/{bill}/decline", {})
    shop.sql("UPDATE orders SET expires_at = UTC_TIMESTAMP(6), ask_at = UTC_TIMESTAMP(6) "
             f"WHERE number = '{number}'")
    expire(shop, buyer, number)
    return buyer, number, bill


@pytest.mark.parametrize("told", ["json", "xml", "return", "nobody"])
def test_late_money_and_the_code_is_there(shop, told):
    """Scenario 6."""
    buyer, number, bill = late_bill(shop, f"e-late-{told}")
    if told in ("json", "xml"):
        shop.pay(bill, notify=told, **{"return": False})
    else:
        pay_quietly(shop, bill)
    if told == "return":
        come_back(shop, number)
    # Nobody told: it is asked about all the same, only not as often.
    until(buyer.codes, 25, "the code")
    assert shop.state(number) == "delivered" and len(buyer.codes()) == 1
    assert shop.sql("SELECT ended_at IS NULL, paid_at IS NOT NULL FROM orders WHERE number = "
                    f"'{number}'") == [["1", "1"]]


def test_late_money_and_the_code_is_gone(shop):
    """Scenario 7."""
    buyer, number, bill = late_bill(shop, "e-gone")
    take_all(shop, "e-gone")
    shop.pay(bill)
    message = buyer.wait("Оплату отримано, код ще ні")
    assert number in message["text"] and shop.state(number) == "paid"
    assert any("Повернути гроші" in k["text"] for k in keys(message))
    # Whoever paid comes first: a code that comes is not sold to the next one.
    other = shop.buyer()
    shop.stock("e-gone", 1, prefix="N")
    until(buyer.codes, what="the code")
    assert buyer.codes() == ["N-e-gone-000000"] and shop.state(number) == "delivered"
    other.say("/start v_e-gone")
    shop.idle()
    assert not pay_key(other.last())


def test_late_money_for_a_cancelled_order(shop):
    """A newer order from the same message took its place; both are paid."""
    shop.catalogue("e-cancelled", codes=2)
    buyer = shop.buyer()
    first, first_bill = buyer.open_order("e-cancelled")
    second, second_bill = buyer.open_order("e-cancelled")
    if shop.state(first) == "pending":
        shop.sql("UPDATE card_codes c JOIN orders o ON o.id = c.order_id SET c.state = "
                 "'available', c.order_id = NULL, c.slot = NULL WHERE o.number = "
                 f"'{first}'")
        shop.sql("UPDATE orders SET state = 'cancelled', ended_at = UTC_TIMESTAMP(6) WHERE "
                 f"number = '{first}'")
    shop.pay(second_bill)
    shop.pay(first_bill)
    until(lambda: len(buyer.codes()) == 2, what="both codes")
    assert {shop.state(first), shop.state(second)} == {"delivered"}
    assert len(set(buyer.codes())) == 2


def test_late_and_too_little(shop):
    buyer, number, bill = late_bill(shop, "e-little")
    shop.pay(bill, amount="99.00")
    buyer.wait("перевіряє людина")
    assert shop.state(number) == "expired" and buyer.codes() == []


# ---- Portmone does not answer at the end ----


def test_nothing_is_concluded_from_silence(shop):
    """
    No usable answer: kept for one more TTL, then the codes go back while the questions go on;
    the money that was there all the time buys a code in the end.
    """
    shop.catalogue("e-silent", codes=1)
    buyer = shop.buyer()
    number, bill = buyer.open_order("e-silent")
    opened = time.monotonic()
    shop.faults(portmone_html=True)
    pay_quietly(shop, bill)
    with contextlib.suppress(AssertionError):
        until(lambda: shop.state(number) != "pending", TTL + 2 - (time.monotonic() - opened))
    assert shop.state(number) == "pending"
    shop.wait_state(number, "expired", 3 * TTL)
    assert time.monotonic() - opened >= 2 * TTL - 0.5
    assert shop.sql(f"SELECT ask_at IS NOT NULL FROM orders WHERE number = '{number}'") == [["1"]]
    shop.faults(portmone_html=False)
    come_back(shop, number)  # sooner than by the schedule
    until(buyer.codes, what="the code")
    assert shop.state(number) == "delivered" and len(buyer.codes()) == 1


def test_somebody_is_paying_at_the_end(shop):
    """The gateway's page is open (CREATED): the codes are kept a tenth of the time longer."""
    shop.catalogue("e-open", codes=1)
    buyer = shop.buyer()
    url = buyer.offer("e-open")
    place = http("GET", url).headers["Location"]
    http("GET", place)
    number = shop.api("GET", "/api/bills/" + place.rsplit("/", 1)[1])["order"]
    shop.wait_state(number, "expired", 3 * TTL)
    row = shop.sql("SELECT TIMESTAMPDIFF(MICROSECOND, expires_at, ended_at) FROM orders WHERE "
                   f"number = '{number}'")
    assert 0 <= int(row[0][0]) < 2_500_000  # within 2 s of the end, and the tenth
