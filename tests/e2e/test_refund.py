"""Money back through Portmone: whole, in parts, at the buyer's wish, and when an answer is lost."""

import pytest

from stack import Stack, until

ADMIN = 900001


@pytest.fixture(scope="module")
def refund_shop():
    with Stack(ADMIN_CHAT_IDS=ADMIN) as stack:
        stack.admin = stack.buyer(first_name="Адмін", id=ADMIN)
        stack.admin.say("/start")
        yield stack


@pytest.fixture
def shop(refund_shop):
    seen = len(refund_shop.violations())
    refund_shop.faults(reset=True)
    yield refund_shop
    refund_shop.faults(reset=True)
    refund_shop.check()
    assert refund_shop.violations()[seen:] == []


def bought(shop, slug, quantity=1, codes=3):
    """(buyer, number, bill) of an order that was paid and delivered."""
    shop.catalogue(slug, codes=codes)
    buyer = shop.buyer()
    number, bill = buyer.open_order(slug, quantity)
    shop.pay(bill)
    shop.wait_state(number, "delivered")
    buyer.wait("Оплачено")
    return buyer, number, bill


def waiting(shop, slug):
    """(buyer, number) of an order that was paid when the last code had gone."""
    shop.catalogue(slug, codes=1)
    buyer, other = shop.buyer(), shop.buyer()
    number, bill = buyer.open_order(slug)
    shop.sql(f"UPDATE orders SET expires_at = UTC_TIMESTAMP(6), ask_at = UTC_TIMESTAMP(6) WHERE number = '{number}'")
    shop.wait_state(number, "expired")
    _, other_bill = other.open_order(slug)
    shop.pay(other_bill)
    other.wait("Оплачено")
    shop.pay(bill, force=True)
    shop.wait_state(number, "paid")
    return buyer, number


def returned(shop, number):
    """What Portmone gave back, in kopiykas."""
    return [round(-float(row["billAmount"]) * 100)
            for bill in shop.api("GET", f"/api/bills?order={number}") for row in bill["returned"]]


def codes_of(shop, number):
    return [row[0] for row in shop.sql(
        "SELECT c.state FROM card_codes c JOIN orders o ON o.id = c.order_id "
        f"WHERE o.number = '{number}' ORDER BY c.slot")]


def test_whole(shop):
    buyer, number, _ = bought(shop, "back-whole", 2)
    shop.kartka("order", "refund", number, "--why", "the supplier withdrew them")
    shop.wait_state(number, "refunded")
    assert returned(shop, number) == [20000]
    assert codes_of(shop, number) == ["defective", "defective"]
    assert "200 ₴" in buyer.wait("Гроші повернуто")["text"].replace("\u00a0", " ")
    again = shop.kartka("order", "refund", number, "--why", "again", check=False)
    assert again.returncode == 1 and "refunded" in again.stderr
    shown = shop.kartka("order", "show", number).stdout
    assert "200.00 done" in shown and "the supplier withdrew them" in shown
    # Portmone's rows are asked for again: nothing is in dispute.
    shop.kartka("order", "settle", number)
    assert shop.state(number) == "refunded" and returned(shop, number) == [20000]


def test_parts(shop):
    buyer, number, _ = bought(shop, "back-parts")
    for typed, exit_code in (("100.01", 1), ("0", 1), ("-5", 1), ("1e1", 1), ("30,50", 0)):
        done = shop.kartka("order", "refund", number, "--amount", typed, "--why", "half", check=False)
        assert done.returncode == exit_code, (typed, done.stderr)
    buyer.wait("Частину грошей повернуто")
    assert shop.state(number) == "delivered" and returned(shop, number) == [3050]
    shop.kartka("order", "refund", number, "--why", "the rest")
    shop.wait_state(number, "refunded")
    assert sorted(returned(shop, number)) == [3050, 6950]


def test_needs_a_reason(shop):
    _, number, _ = bought(shop, "back-why")
    assert shop.kartka("order", "refund", number, check=False).returncode == 1
    assert shop.state(number) == "delivered"


@pytest.mark.parametrize("fault", [
    {"portmone_lose_answer": {"method": "return", "count": 1}},
    {"portmone_lose_answer": {"method": "result", "count": 2}},
    {"portmone_status": {"method": "return", "status": 502, "count": 1}},
    {"portmone_snake": True}, {"portmone_object": True},
])
def test_lost_and_odd_answers(shop, fault):
    """What is not known is asked for: the money goes back once."""
    name = "-".join([*fault, *[v["method"] for v in fault.values() if isinstance(v, dict)]])
    _, number, _ = bought(shop, f"back-{name.replace('_', '-')}")
    shop.faults(**fault)
    shop.kartka("order", "refund", number, "--why", "to see")
    if "portmone_status" in fault:
        # Nothing arrived: after a minute without a trace it is told again.
        until(lambda: shop.sql("SELECT questions FROM refunds ORDER BY id DESC LIMIT 1") >= [["2"]])
        shop.sql("UPDATE refunds SET sent_at = sent_at - INTERVAL 60 SECOND ORDER BY id DESC LIMIT 1")
    shop.wait_state(number, "refunded", 40)
    assert returned(shop, number) == [10000]


def test_portmone_down(shop):
    _, number, _ = bought(shop, "back-down")
    shop.faults(portmone_down=True)
    shop.kartka("order", "refund", number, "--why", "to see")
    shop.wait_state(number, "refunding")
    until(lambda: shop.sql("SELECT claims > 1 FROM refunds ORDER BY id DESC LIMIT 1") == [["1"]])
    shop.faults(portmone_down=False)
    shop.wait_state(number, "refunded", 40)
    assert returned(shop, number) == [10000]


def test_given_back_in_the_cabinet(shop):
    """Somebody did it by hand while ours had not been told: once is enough."""
    _, number, bill = bought(shop, "back-cabinet")
    shop.faults(portmone_down=True)
    shop.kartka("order", "refund", number, "--why", "to see")
    shop.api("POST", f"/api/bills/{bill}/refund", {})
    shop.faults(portmone_down=False)
    shop.wait_state(number, "refunded", 40)
    assert returned(shop, number) == [10000]


def test_refused(shop):
    """Portmone says no: the order is as it was, and an administrator reads why."""
    buyer, number, _ = bought(shop, "back-refused")
    shop.faults(portmone_status={"method": "return", "status": 200, "count": 1, "body":
                                 '[{"status":null,"errorCode":"7","errorMessage":"Повернення заборонено"}]'})
    shop.kartka("order", "refund", number, "--why", "to see")
    alert = shop.admin.wait(f"Замовлення {number}")
    assert "Повернення заборонено" in alert["text"] and "100 ₴" in alert["text"].replace("\u00a0", " ")
    shop.wait_state(number, "delivered")
    assert codes_of(shop, number) == ["sold"] and len(buyer.codes()) == 1


@pytest.mark.parametrize("code_first", [False, True])
def test_buyer_of_a_waiting_order(shop, code_first):
    slug = f"back-wish-{int(code_first)}"
    buyer, number = waiting(shop, slug)
    buyer.wait("код ще ні")
    if code_first:
        message, key = buyer.wait_key("Повернути гроші")
        shop.stock(slug, 1, prefix="N")
        shop.wait_state(number, "delivered")
        buyer.tap(message, key["callback_data"])
        buyer.wait("вже оплачено")
        until(lambda: len(buyer.codes()) == 1, what="the code")
        assert returned(shop, number) == []
        return
    buyer.press("Повернути гроші")
    shop.wait_state(number, "refunded")
    buyer.wait("Гроші повернуто")
    assert returned(shop, number) == [10000]
    shop.stock(slug, 1, prefix="N")
    assert shop.state(number) == "refunded" and buyer.codes() == []


