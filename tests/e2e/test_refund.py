"""Money back through Portmone: whole, in parts, at the buyer's wish, and when an answer is lost."""

from urllib.parse import urlencode

import pytest

from stack import Stack, http, keys, until

ADMIN = 900001


@pytest.fixture(scope="module")
def refund_shop():
    with Stack(ADMIN_CHAT_IDS=ADMIN) as stack:
        stack.quiet()
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


def test_without_a_reason(shop):
    buyer, number, _ = bought(shop, "back-why")
    shop.kartka("order", "refund", number)
    buyer.wait("Гроші повернуто")
    assert f"refund of {number}" in shop.kartka("order", "show", number).stdout


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
    """Scenario 7."""
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




# ---- money that did not fit ----


def case_of(shop, number, reason):
    """The payment of this order that waits for a decision, as `order review` names it."""
    def line():
        for text in shop.kartka("order", "review", number).stdout.splitlines():
            if number in text and reason in text:
                return text.split()[0]
        return None
    return until(line, what=f"a case of {number}: {reason}")


def resolve(shop, number, payment, choice, *more, check=True):
    return shop.kartka("order", "resolve", number, "--payment", payment, choice, *more,
                       "--why", "decided in a test", check=check)


def test_second_payment_is_refunded(shop):
    """Scenario 8."""
    _, number, bill = bought(shop, "back-second")
    shop.pay(bill, force=True)
    shop.admin.wait("оплачено вдруге")
    payment = case_of(shop, number, "second")
    assert resolve(shop, number, payment, "deliver", check=False).returncode == 1
    resolve(shop, number, payment, "refund")
    until(lambda: returned(shop, number) == [10000], what="the second payment's return")
    until(lambda: "no payment waits" in shop.kartka("order", "review", number).stdout)
    assert shop.state(number) == "delivered" and codes_of(shop, number) == ["sold"]


@pytest.mark.parametrize("choice", ["deliver", "refund", "dismiss"])
def test_short_payment(shop, choice):
    shop.catalogue(f"short-{choice}", codes=2)
    buyer = shop.buyer()
    number, bill = buyer.open_order(f"short-{choice}")
    shop.pay(bill, amount="99.99")
    buyer.wait("перевіряє людина")
    payment = case_of(shop, number, "short")
    resolve(shop, number, payment, choice)
    if choice == "deliver":
        buyer.wait("Оплачено")
        assert len(buyer.codes()) == 1 and codes_of(shop, number) == ["sold"]
    elif choice == "refund":
        until(lambda: returned(shop, number) == [9999])
        buyer.wait("грошей повернуто")
    assert resolve(shop, number, payment, "refund", check=False).returncode == 1
    trail = shop.sql(f"SELECT action, actor FROM audit WHERE object = 'order {number}'")
    assert len(trail) == 1 and trail[0][1] == "command line"


def test_surplus(shop):
    shop.catalogue("surplus", codes=2)
    buyer = shop.buyer()
    number, bill = buyer.open_order("surplus")
    shop.pay(bill, amount="107.00")
    buyer.wait("Оплачено")
    resolve(shop, number, case_of(shop, number, "surplus"), "refund")
    until(lambda: returned(shop, number) == [700])
    assert shop.state(number) == "delivered"


@pytest.mark.parametrize("how", ["chargeback", "refund"])
def test_dispute(shop, how):
    """Scenario 9: Money taken back without us: the buyer is kept out until somebody decides."""
    buyer, number, bill = bought(shop, f"dispute-{how}")
    shop.api("POST", f"/api/bills/{bill}/{how}", {})
    shop.kartka("order", "settle", number)
    assert shop.state(number) == "disputed"
    shop.admin.wait("тепер воно у спорі".capitalize())
    assert "Location" not in http("GET", buyer.offer(f"dispute-{how}")).headers
    assert shop.kartka("order", "dispute", number, "lift", check=False).returncode == 1
    shop.kartka("order", "dispute", number, "keep", "--why", "we lost")
    assert "Location" not in http("GET", buyer.offer(f"dispute-{how}")).headers
    shop.kartka("order", "dispute", number, "lift", "--why", "we won")
    assert shop.state(number) == ("delivered" if how == "chargeback" else "refunded")
    assert "Location" in http("GET", buyer.offer(f"dispute-{how}")).headers
    shop.kartka("order", "settle", number)
    assert shop.state(number) == ("delivered" if how == "chargeback" else "refunded")


# ---- codes that do not work ----


def complain(shop, buyer, words, slot=None):
    buyer.press("Проблема з кодом")
    if slot:
        buyer.press(slot)
    buyer.wait("Що не так")
    buyer.say(words)
    buyer.wait("прийнято")


def test_bad_code_is_replaced(shop):
    buyer, number, _ = bought(shop, "bad-one")
    old = buyer.codes()[0]
    complain(shop, buyer, f"каже <вже> використано: {old}")
    alert = shop.admin.wait("скаржаться на код")
    assert number in alert["text"] and "каже <вже> використано: •••" in alert["text"]
    # The question and its case outlive everything: nothing but the database holds them.
    shop.kartka("order", "replace", number, "--why", "the supplier sold it twice")
    message = buyer.wait("Замінили")
    new = [code for code in buyer.codes() if code != old]
    assert len(new) == 1 and new[0] in message["text"]
    assert any(k.get("copy_text", {}).get("text") == new[0] for k in keys(message))
    assert "closed" in {row[0] for row in shop.sql("SELECT state FROM tickets")}
    counted = shop.kartka("codes", "count", "bad-one").stdout.splitlines()[-1].split()
    assert counted[-3:] == ["1", "0", "1"]  # defective, withdrawn, replaced
    # My purchases shows the new one.
    buyer.say("🧾 Мої покупки")
    buyer.press("Картка bad-one × 1")
    until(lambda: buyer.codes().count(new[0]) == 2)
    assert buyer.codes().count(old) == 1


def test_one_of_many_and_all(shop):
    buyer, number, _ = bought(shop, "bad-many", 3, codes=8)
    first = buyer.codes()
    complain(shop, buyer, "другий порожній", "Код 2")
    shop.admin.wait("код № 2 із 3")
    assert shop.kartka("order", "replace", number, "--code", "4", check=False).returncode == 1
    shop.kartka("order", "replace", number)
    until(lambda: len(set(buyer.codes())) == 4, what="the new code")
    buyer.wait("Замінили")
    complain(shop, buyer, "тепер усі", "Усі коди")
    shop.admin.wait("скаржаться на всі коди")
    assert "say --code" in shop.kartka("order", "replace", number, check=False).stderr
    shop.kartka("order", "replace", number, "--code", "all")
    until(lambda: len(set(buyer.codes())) == 7, what="three new codes")
    none_left = shop.kartka("order", "replace", number, "--code", "all", check=False)
    assert none_left.returncode == 1 and "no code left" in none_left.stderr
    # The last one that there was: one of the three.
    until(lambda: len(set(buyer.codes()) - set(first)) == 5, what="the last code")


def test_answer_and_refund(shop):
    buyer, number, _ = bought(shop, "bad-answer")
    buyer.press("Проблема з кодом")
    buyer.press("Надіслати без пояснень")
    buyer.wait("прийнято")
    shop.kartka("order", "answer", number, "--text", "Код <чинний> & працює: введіть його без пробілів.")
    answer = buyer.wait("Відповідь щодо замовлення")
    assert "Код <чинний> & працює" in answer["text"]
    complain(shop, buyer, "все одно ні")
    shop.kartka("order", "refund", number, "--why", "it was used by somebody")
    shop.wait_state(number, "refunded")
    buyer.press("Проблема залишилася")
    buyer.wait("повернуто")
    assert shop.sql("SELECT COUNT(*) FROM tickets t JOIN orders o ON o.id = t.order_id "
                    f"WHERE o.number = '{number}'") == [["1"]]


# ---- the receipt, and its fiscal lines ----


def test_receipt_reaches_the_buyer(shop):
    """Brought by the browser before or after the codes were sent: it is in the chat."""
    shop.catalogue("receipt", codes=4)
    buyer = shop.buyer()
    # Nothing but the return tells of the payment: the codes come with the link.
    _, bill = buyer.open_order("receipt")
    shop.pay(bill, notify="none", **{"return": True})
    message = buyer.wait("Оплачено")
    assert f"/portmone/pay/{bill}/receipt" in message["html"]
    # The codes first.
    number, bill = buyer.open_order("receipt")
    back = shop.pay(bill)["return"]
    until(lambda: len(buyer.codes()) == 2)
    until(lambda: shop.sql("SELECT m.state FROM outbox m JOIN orders o ON o.id = m.order_id "
                           f"WHERE m.kind = 'delivered' AND o.number = '{number}'") == [["sent"]])
    http("POST", back["url"], urlencode(back["fields"]).encode(),
         {"Content-Type": "application/x-www-form-urlencoded"})
    assert f"/portmone/pay/{bill}/receipt" in buyer.wait("Квитанція за замовлення")["html"]


def asked(shop, method):
    return [event["request"] for event in shop.api("GET", "/api/events?after=-1&limit=300")
            if event["what"] == method]


@pytest.mark.settings(PORTMONE_GOODS="on")
def test_fiscal_lines(own_shop):
    shop = own_shop
    _, number, _ = bought(shop, "fiscal", 3)
    line = asked(shop, "createLinkPayment")[-1]["goods"]
    code = shop.sql("SELECT id FROM card_values WHERE slug = 'fiscal'")[0][0]
    assert line == [{"internalCode": code, "name": "Категорія fiscal, Картка fiscal",
                     "price": "100.00", "quantity": "3", "amount": "300.00"}]
    for amount, expected in (("100", ("100.00", "1", "100.00")), ("30", ("30.00", "1", "30.00")),
                             (None, ("170.00", "1", "170.00"))):
        shop.kartka("order", "refund", number, *(["--amount", amount] if amount else []), "--why", "x")
        until(lambda: shop.sql("SELECT COUNT(*) FROM refunds WHERE state <> 'done'") == [["0"]])
        line = asked(shop, "return")[-1]["params"]["data"]["goods"][0]
        assert (line["price"], line["quantity"], line["amount"]) == expected
    assert sorted(returned(shop, number)) == [3000, 10000, 17000]
    assert shop.violations() == []
