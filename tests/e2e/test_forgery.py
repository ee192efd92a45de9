"""No code without money, whoever says what: forged hints, links, money and buttons."""

import base64
import json
import re
import threading

import pytest
from stack import http, keys, pay_key, until

WEBHOOK = "/telegram/webhook"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
NOT_PAID = "state IN ('pending', 'expired', 'cancelled')"


# ---- helpers ----


def asks(shop, number):
    """How often Portmone was asked about the order."""
    events = shop.api("GET", "/api/events?after=-1&limit=1000")
    return sum(1 for e in events if e["what"] == "result" and number in str(e["request"]))


def wait_asked(shop, number, more_than):
    until(lambda: asks(shop, number) > more_than, 15, f"a question about {number}")
    shop.idle()


def assert_nothing_sold(shop, buyer, number):
    assert buyer.codes() == []
    assert shop.sql(f"SELECT {NOT_PAID} FROM orders WHERE number = '{number}'") == [["1"]]
    assert shop.sql("SELECT COUNT(*) FROM card_codes c JOIN orders o ON o.id = c.order_id "
                    f"WHERE o.number = '{number}' AND c.state = 'sold'") == [["0"]]


def notification(kind, number, bill_id):
    """Body and headers, as Portmone sends them."""
    if kind == "json":
        return json.dumps({"shopOrderNumber": number, "shopBillId": bill_id, "status": "PAYED",
                           "billAmount": "100.00", "errorCode": "0"}).encode(), JSON
    xml = ("<?xml version='1.0' encoding='UTF-8'?><BILLS><BILL><PAYEE><CODE>1185</CODE></PAYEE>"
           f"<BILL_ID>{bill_id}</BILL_ID><BILL_NUMBER>{number}</BILL_NUMBER>"
           "<PAYED_AMOUNT>100.00</PAYED_AMOUNT><STATUS>PAYED</STATUS></BILL></BILLS>")
    return b"data=" + "".join(f"%{b:02X}" for b in xml.encode()).encode(), FORM


def notify(shop, kind, number, bill_id="867000001"):
    body, headers = notification(kind, number, bill_id)
    answer = http("POST", shop.shop_url + "/portmone/notify", body, headers)
    assert answer.status == 200
    if kind == "json":
        assert answer.json()["errorCode"] == "0"
    else:
        assert b"<ERROR_CODE>0</ERROR_CODE>" in answer.body
    return answer


def come_back(shop, number, method="POST", bill_id="867000001", more=""):
    fields = (f"SHOPBILLID={bill_id}&SHOPORDERNUMBER={number}&APPROVALCODE=366999&"
              f"BILL_AMOUNT=100&RESULT=0&CARD_MASK=444433******1111{more}")
    url = shop.shop_url + "/portmone/return"
    if method == "GET":
        return http("GET", f"{url}?{fields}")
    return http("POST", url, fields.encode(), FORM)


# ---- hints ----


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_forged_return(shop, method):
    """Scenario 10."""
    shop.catalogue("forged-return", codes=2)
    buyer = shop.buyer()
    number, _ = buyer.open_order("forged-return")
    page = come_back(shop, number, method)
    assert page.status == 200
    assert "Перевіряємо" in page.text
    wait_asked(shop, number, 0)
    assert_nothing_sold(shop, buyer, number)
    assert "Перевіряємо" in come_back(shop, number, method).text


def test_return_with_every_field_twice(shop):
    codes = shop.catalogue("twice-return", codes=2)
    one, two = shop.buyer(), shop.buyer()
    paid, bill = one.open_order("twice-return")
    number, _ = two.open_order("twice-return")
    shop.pay(bill)
    one.wait("Ваш код")
    for first, second in ((paid, number), (number, paid)):
        page = come_back(shop, first, more=f"&SHOPORDERNUMBER={second}&RESULT=0")
        assert page.status < 500 and codes[0] not in page.text
        page = come_back(shop, first, "GET", more=f"&SHOPORDERNUMBER={second}&order={second}")
        assert page.status < 500 and codes[0] not in page.text
    shop.idle()
    assert_nothing_sold(shop, two, number)
    assert len(one.codes()) == 1


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_forged_notification(shop, kind):
    """Scenario 10."""
    shop.catalogue("forged-note", codes=2)
    buyer = shop.buyer()
    number, _ = buyer.open_order("forged-note")
    notify(shop, kind, number)
    wait_asked(shop, number, 0)
    assert_nothing_sold(shop, buyer, number)
    for unknown in ("2222-2222", "x", "", "2" * 4000, "' OR 1=1 --", "<b>", "ЖЖЖЖ-ЖЖЖЖ"):
        notify(shop, kind, unknown)


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_the_payment_of_another_order(shop, kind):
    """A good payment's id beside another order's number."""
    shop.catalogue("borrowed", codes=4)
    one, two = shop.buyer(), shop.buyer()
    _, bill = one.open_order("borrowed")
    paid = shop.pay(bill)
    one.wait("Ваш код")
    number, _ = two.open_order("borrowed")
    notify(shop, kind, number, paid["shopBillId"])
    come_back(shop, number, bill_id=paid["shopBillId"])
    wait_asked(shop, number, 0)
    assert_nothing_sold(shop, two, number)
    assert len(one.codes()) == 1


# ---- the link ----


def token_of(url):
    return url.rsplit("/", 1)[1]


def orders_of(shop, buyer):
    return int(shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}")[0][0])


def open_token(shop, token):
    return http("GET", f"{shop.shop_url}/pay/{token}")


def test_every_character_of_a_link_counts(shop):
    shop.catalogue("altered", codes=2)
    buyer = shop.buyer()
    token = token_of(buyer.offer("altered"))
    altered = {token[:i] + ("A" if c != "A" else "B") + token[i + 1:]
               for i, c in enumerate(token)}
    altered |= {token[:i] for i in range(len(token))}
    altered |= {token + more for more in ("A", "AAAA", "=", "==", "%00", "%20", ".", token)}
    altered |= {token.swapcase(), token[::-1], "%00" + token, token + "/", token + "/x",
                token.replace("-", "+").replace("_", "/") + "+", "x" * 4000}
    assert len(altered) > 2 * len(token)
    for other in altered:
        answer = open_token(shop, other)
        assert answer.status in (400, 404), (other, answer.status)
        assert "Location" not in answer.headers
    assert orders_of(shop, buyer) == 0
    assert open_token(shop, token).status == 303
    assert orders_of(shop, buyer) == 1


def test_no_field_of_a_link_can_be_set(shop):
    """Price, quantity, buyer: each byte of what is signed, with the old signature."""
    shop.catalogue("rewritten", codes=9)
    buyer = shop.buyer()
    token = token_of(buyer.offer("rewritten"))
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for i in range(len(data)):
        for byte in (0, 1, 0xFF, data[i] ^ 0x80):
            if byte == data[i]:
                continue
            other = base64.urlsafe_b64encode(data[:i] + bytes([byte]) + data[i + 1:])
            answer = open_token(shop, other.decode().rstrip("="))
            assert answer.status == 404 and "Location" not in answer.headers
    assert orders_of(shop, buyer) == 0


# ---- money ----


def test_test_money_buys_nothing(shop):
    shop.catalogue("test-money", codes=2)
    buyer = shop.buyer()
    number, bill = buyer.open_order("test-money")
    shop.pay(bill, test=True)
    wait_asked(shop, number, 0)
    come_back(shop, number)
    wait_asked(shop, number, 1)
    assert_nothing_sold(shop, buyer, number)
    assert shop.sql("SELECT COUNT(*) FROM payments p JOIN orders o ON o.id = p.order_id "
                    f"WHERE o.number = '{number}'") == [["0"]]
    shop.pay(bill)  # real money on the same bill
    buyer.wait("Ваш код")
    assert len(buyer.codes()) == 1


@pytest.mark.parametrize("amount", ["99.99", "0.01", "10.00"])
def test_lower_amount(shop, amount):
    """Scenario 4."""
    slug = "lower-" + amount.replace(".", "-")
    shop.catalogue(slug, codes=2)
    buyer = shop.buyer()
    number, bill = buyer.open_order(slug)
    shop.pay(bill, amount=amount)
    buyer.wait("перевіряє людина")
    assert_nothing_sold(shop, buyer, number)
    assert shop.sql("SELECT p.state, p.reason, p.applied FROM payments p JOIN orders o "
                    f"ON o.id = p.order_id WHERE o.number = '{number}'") == [
                        ["review", "short", "0"]]


def test_two_halves_are_no_whole(shop):
    shop.catalogue("halves", codes=2)
    buyer = shop.buyer()
    number, bill = buyer.open_order("halves")
    shop.pay(bill, amount="50.00")
    buyer.wait("перевіряє людина")
    shop.pay(bill, amount="50.00")
    until(lambda: shop.sql("SELECT COUNT(*) FROM payments p JOIN orders o ON o.id = p.order_id "
                           f"WHERE o.number = '{number}'") == [["2"]], what="both halves")
    assert_nothing_sold(shop, buyer, number)


def test_more_than_enough_and_twice(shop):
    """Scenario 4."""
    shop.catalogue("more", codes=3)
    buyer = shop.buyer()
    number, bill = buyer.open_order("more")
    shop.pay(bill, amount="150.00")
    buyer.wait("Ваш код")
    shop.pay(bill)
    until(lambda: shop.sql("SELECT p.applied, p.state, p.reason FROM payments p JOIN orders o "
                           f"ON o.id = p.order_id WHERE o.number = '{number}' ORDER BY p.id") ==
          [["1", "review", "surplus"], ["0", "review", "second"]], what="both in review")
    assert len(buyer.codes()) == 1


# ---- another's button ----

FORGED_DATA = ["x:{id}", "o:{id}", "s:{id}", "r:{id}"]


def state_of_all(shop):
    return shop.sql("SELECT id, state FROM orders ORDER BY id")


def alerts(shop):
    return shop.sql("SELECT COUNT(*) FROM outbox WHERE kind = 'alert'")


def test_buttons_of_another_buyer(shop):
    """Scenario 34."""
    codes = shop.catalogue("others", codes=9)
    one, two = shop.buyer(first_name="Один"), shop.buyer(first_name="Два")
    two.offer("others")
    message, _ = two.wait_key("➕")
    pending, _ = one.open_order("others")
    delivered, bill = one.open_order("others", 2)
    waiting, late = one.open_order("others", 3)
    shop.pay(bill)
    one.wait("Ваші 2 коди")
    shop.sql(f"UPDATE card_codes c JOIN orders o ON o.id = c.order_id SET c.state = 'withdrawn', "
             f"c.order_id = NULL, c.slot = NULL WHERE o.number = '{waiting}'")
    shop.sql("UPDATE card_codes c JOIN card_values v ON v.id = c.value_id SET "
             "c.state = 'withdrawn' WHERE v.slug = 'others' AND c.state = 'available'")
    shop.pay(late)
    one.wait("Оплату отримано, коди ще ні")
    before, told = state_of_all(shop), alerts(shop)
    mine = len(one.messages())
    for number in (pending, delivered, waiting):
        order = shop.sql(f"SELECT id FROM orders WHERE number = '{number}'")[0][0]
        for data in FORGED_DATA:
            two.tap(message, data.format(id=order), force=True)
        shop.idle()
    assert state_of_all(shop) == before and alerts(shop) == told
    said = json.dumps(two.messages(), ensure_ascii=False)
    assert not any(code in said for code in codes)
    assert not any(number in said for number in (pending, delivered, waiting))
    assert "Такого замовлення у Вас немає" in said
    assert len(one.messages()) == mine
    # Their owner's own buttons do work.
    order = shop.sql(f"SELECT id FROM orders WHERE number = '{delivered}'")[0][0]
    one.tap(one.last(), f"o:{order}", force=True)
    until(lambda: len(one.codes()) == 4, what="the codes again")


def test_data_that_no_button_has(shop):
    """Scenario 34."""
    shop.catalogue("odd-data", codes=2)
    buyer = shop.buyer()
    buyer.offer("odd-data")
    message, _ = buyer.wait_key("➕")
    value = re.search(r"v:(\d+):", json.dumps(message)).group(1)
    before = state_of_all(shop)
    for n, data in enumerate(("", " ", "x", "x:", "x:-1", "x:0", "x:00", "o:99999999999999999999",
                 "o:9223372036854775807", "o:999999999999999999", "p:-1", "p:999999999999999999",
                 "c:0", "c:-1:-1", f"c:1:{'9' * 18}", "cp:99999", f"cp:{'9' * 18}", "v:0:0",
                 f"v:{value}:0", f"v:{value}:-1", f"v:{value}:{'9' * 18}", f"v:{value}:1:1",
                 f"v:{value}:01", "v:1:1.5", "v:1e3:1", "l:xx", "l:", "l:ukr", "e:no", "e:YES",
                 "w:0", "q:0", "b:0", "s:0", "r:0", "ЖЖ", "\u202e", "%s%n", "'; --", "x:１",
                 "😀" * 16, "v" * 64)):
        person = 710000 + n  # another one each time: nobody is too fast
        answer = shop.webhook({"update_id": 910000000 + n, "callback_query": {
            "id": "77", "from": {"id": person, "is_bot": False, "first_name": "x"},
            "chat_instance": "1", "data": data, "message": {
                "message_id": message["message_id"], "date": 1,
                "chat": {"id": person, "type": "private"}}}})
        assert answer.status == 200, data
        said = answer.json()
        assert said["chat_id"] == person and said["text"], data
        assert "/pay/" not in answer.text or f"v:{value}" in data
    assert state_of_all(shop) == before


# ---- many at once ----


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_hundred_notifications_at_once(shop, kind):
    """Scenario 1."""
    shop.catalogue(f"hundred-{kind}", codes=3)
    buyer = shop.buyer()
    number, bill = buyer.open_order(f"hundred-{kind}")
    paid = shop.pay(bill, notify="none", **{"return": False})
    answers = shop.api("POST", "/api/notify", {
        "order": number, "shopBillId": paid["shopBillId"], "format": kind, "count": 100,
        "parallel": 100})
    answers = answers if isinstance(answers, list) else answers["answers"]
    assert len(answers) == 100
    assert {answer["status"] for answer in answers} == {200}
    buyer.wait("Ваш код")
    until(lambda: shop.sql("SELECT 1 FROM outbox WHERE state = 'pending' LIMIT 1") == [],
          what="an empty outbox")
    assert len(buyer.codes()) == 1
    assert len([m for m in buyer.messages() if "Ваш код" in m["text"]]) == 1
    assert shop.sql("SELECT COUNT(*), MIN(p.applied), COUNT(DISTINCT o.id) FROM payments p "
                    f"JOIN orders o ON o.id = p.order_id WHERE o.number = '{number}'") == [
                        ["1", "1", "1"]]
    assert orders_of(shop, buyer) == 1
    assert len(shop.api("GET", f"/api/bills?order={number}")) == 1


def test_everything_about_one_order_at_once(shop):
    """Link, return, notification, tap: from ten sides at the same moment."""
    shop.catalogue("crowd", codes=5)
    buyer = shop.buyer()
    url = buyer.offer("crowd")
    number = shop.api("GET", "/api/bills/" + token_of(
        http("GET", url).headers["Location"]))["order"]
    bill = shop.api("GET", f"/api/bills?order={number}")[0]["bill"]
    paid = shop.pay(bill, notify="none", **{"return": False})
    statuses = []
    acts = [lambda: http("GET", url), lambda: http("POST", url, b""),
            lambda: come_back(shop, number, bill_id=paid["shopBillId"]),
            lambda: come_back(shop, number, "GET"),
            lambda: notify(shop, "json", number, paid["shopBillId"]),
            lambda: notify(shop, "xml", number, paid["shopBillId"])] * 10
    threads = [threading.Thread(target=lambda a=act: statuses.append(a().status)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 303} and len(statuses) == len(acts)
    buyer.wait("Ваш код")
    until(lambda: shop.sql("SELECT 1 FROM outbox WHERE state = 'pending' LIMIT 1") == [],
          what="an empty outbox")
    assert len(buyer.codes()) == 1 and orders_of(shop, buyer) == 1
    assert len(shop.api("GET", f"/api/bills?order={number}")) == 1
    assert not any(pay_key(m) and number in m["text"] for m in buyer.messages() if keys(m))
