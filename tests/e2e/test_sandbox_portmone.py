"""The sandbox's Portmone: signature, books, notifications, troubles."""

import json
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ET

import pytest

from sandbox_alone import Sandbox, as_json
from stack import http, until

OK = {"errorCode": "0", "reason": "OK", "responseId": "1"}


@pytest.fixture
def box():
    with Sandbox("--time-scale", "0.05") as sandbox:
        sandbox.shop.answer = lambda *_: as_json(OK)
        yield sandbox


@pytest.fixture(scope="module")
def still():
    with Sandbox() as sandbox:
        yield sandbox


# payee, dt, order, amount, login, key → signature: computed from the published algorithm.
VECTORS = [
    ("1185", "20240102030405", "ORDER_1", "100.00", "WDISHOP", "test_key",
     "26B93DC2A00D7B1170386E0F86D240094EB96FA1EF6467CB237FEE4B4FC31681"),
    ("1185", "20240102030405", "ORDER_1", "100", "WDISHOP", "test_key",
     "E98CDC37D2CBA3F2D196462BDAEE369DBEBB4BEC3515B6993A3471ACD03EEC54"),
    ("1185", "20240102030405", "ORDER_1", "100.00", "wdishop", "test_key",
     "F414697893E0418711B9A1E99D2D619B39F9DA526DA6D93891E8B7EC556F5C59"),
    ("1185", "20261231235959", "42_1767225599", "0.01", "WDISHOP", "k",
     "39944FF3B42654DAD748BC8DD98B8D39EA26EB6FBE4634BA94C3AF2154E67CD0"),
    ("99999", "20260301120000", "tg-7f3a9c-Jj~/._", "249.90", "SHOPLOGIN",
     "0123456789abcdef0123456789abcdef",
     "9B1E43E9C1681C6C2D2B0AA3A80FB6C97A35DDA7E92806B1D82A074538F9F016"),
]


@pytest.mark.parametrize("payee, dt, order, amount, login, key, signature", VECTORS)
def test_signature(payee, dt, order, amount, login, key, signature):
    with Sandbox(payee=payee, login=login, key=key) as box:
        body = box.link_body(order, amount, dt)
        body["payee"]["signature"] = signature
        assert box.gateway(body)["errorCode"] == "0"
        for wrong in (signature.lower(), signature[:-1], "0" + signature[1:], "", None):
            body["payee"]["signature"] = wrong
            answer = box.gateway(body)
            assert answer["errorCode"] != "0" and "linkPayment" not in answer, wrong
        body["payee"]["signature"] = signature
        body["order"]["billAmount"] = amount + "0"
        assert box.gateway(body)["errorCode"] != "0"
        assert len(box.violations()) == 6


def test_amount_as_a_number(still):
    """PHP's text of a number: 100.50 is signed as 100.5."""
    body = still.link_body("N_1", "100.5")
    body["order"]["billAmount"] = 100.50
    assert still.gateway(body)["errorCode"] == "0"


LINK_REFUSED = [
    {"payee__payeeId": "1"}, {"payee__login": "wdishop"}, {"payee__dt": "2024010203040"},
    {"payee__dt": "20241302030405"}, {"payee__dt": "20240102250405"}, {"payee__dt": None},
    {"order__shopOrderNumber": ""}, {"order__shopOrderNumber": "x" * 121},
    {"order__billAmount": "0.00"}, {"order__billAmount": "-1.00"}, {"order__billAmount": "100,00"},
    {"order__billAmount": "100.000"}, {"order__billAmount": "1e2"}, {"order__billAmount": None},
    {"order__description": ""}, {"order__description": "ї" * 256}, {"order__successUrl": "shop"},
    {"order__failureUrl": None}, {"order__billCurrency": "USD"}, {"order__expTime": "0"},
    {"order__expTime": "soon"}, {"order__preauthFlag": "Y"}, {"order__encoding": "win-1251"},
    {"order__attribute5": "x" * 501}, {"order__colour": "red"}, {"payer__lang": "de"},
    {"payer__email": "a@b.c"},
]


@pytest.mark.parametrize("fields", LINK_REFUSED, ids=str)
def test_link_refused(still, fields):
    before = len(still.violations())
    answer = still.gateway(still.link_body("REFUSED", **fields))
    assert answer["errorCode"] != "0" and answer["error"] and "linkPayment" not in answer
    assert len(still.violations()) == before + 1
    assert still.api("GET", "/api/bills?order=REFUSED") == []


def test_link_taken(still):
    goods = [{"internalCode": "1", "name": "x", "price": "50.00", "quantity": "2", "amount": "100.00"}]
    body = still.link_body("TAKEN", order__expTime="", order__attribute5="")
    body["goods"] = goods
    body["paymentTypes"] = {"installment": "N"}
    assert still.gateway(body)["errorCode"] == "0"
    body["goods"] = goods * 2
    assert still.gateway(body)["errorCode"] != "0"
    bill = still.api("GET", "/api/bills?order=TAKEN")[0]
    assert (bill["amount"], bill["status"], bill["expires_at"]) == ("100", "created", None)


def test_a_purchase(box):
    bill = box.bill("K-1", "249.90")
    assert box.rows("K-1") == [], "the page was not opened"
    http("GET", f"{box.url}/portmone/pay/{bill}")
    assert [r["status"] for r in box.rows("K-1")] == ["CREATED"]
    shown = box.api("GET", f"/api/bills/{bill}")
    assert (shown["order"], shown["amount"], shown["status"]) == ("K-1", "249.9", "created")
    assert 390 < shown["expires_at"] - shown["now"] <= 400

    declined = box.api("POST", f"/api/bills/{bill}/decline", {})
    assert declined["return"] == {
        "url": box.shop.url + "/portmone/return", "method": "POST",
        "fields": {"SHOPORDERNUMBER": "K-1", "RESULT": "Оплата скасована користувачем."}}
    assert box.api("GET", f"/api/bills/{bill}")["status"] == "rejected"

    paid = box.pay(bill, card="4444333322221111")
    fields = paid["return"]["fields"]
    assert (fields["RESULT"], fields["BILL_AMOUNT"], fields["CARD_MASK"], fields["ATTRIBUTE1"]) == (
        "0", "249.9", "444433******1111", "null")
    rows = box.rows("K-1")
    assert [r["status"] for r in rows] == ["PAYED", "REJECTED"], "newest first"
    row = rows[0]
    assert row["shopBillId"] == paid["shopBillId"] == fields["SHOPBILLID"]
    assert (row["billAmount"], row["payee_id"], row["chargeback"]) == ("249.9", "1185", "N")
    assert (row["attribute1"], row["rrn"], row["errorCode"]) == (None, None, "0")
    time.strptime(row["pay_date"], "%d.%m.%Y %H:%M:%S")
    assert row["authCode"].isdigit() and len(row["authCode"]) == 6
    assert box.ask(shopbillId=row["shopBillId"]) == [row]
    assert [r["status"] for r in box.ask(shopOrderNumber="K-1", status="PAYED")] == ["PAYED"]
    assert box.rows("K-1", startDate="01.01.2020", endDate="02.01.2020") == []
    assert len(box.rows("K-1", startDate="01.01.2020", endDate="01.01.2090")) == 2
    assert box.rows("other") == []
    assert http("GET", fields["RECEIPT_URL"]).text.startswith("TEST")
    assert box.violations() == []


def test_kyiv_time(box):
    box.pay(box.bill())
    at = box.rows()[0]["pay_date"]
    utc = time.mktime(time.strptime(at, "%d.%m.%Y %H:%M:%S")) - time.mktime(time.gmtime())
    assert round(utc / 3600) in (2, 3)


def test_the_declined_card(box):
    outcome = box.pay(box.bill(), card="4111111111111111")
    assert outcome["declined"] and outcome["return"]["fields"]["RESULT"] != "0"
    assert [r["status"] for r in box.rows()] == ["REJECTED"]


def test_expiry(box):
    bill = box.bill(order__expTime="1")
    http("GET", f"{box.url}/portmone/pay/{bill}")
    assert box.rows()[0]["status"] == "CREATED"
    until(lambda: box.rows()[0]["status"] == "REJECTED", 3)
    assert box.api("GET", f"/api/bills/{bill}")["status"] == "expired"
    assert "expired" in box.pay(bill, status=409)["error"]
    box.pay(bill, force=True)
    assert [r["status"] for r in box.rows()] == ["PAYED", "REJECTED"]


def test_other_money(box):
    bill = box.bill()
    box.pay(bill, amount="99.99")
    box.pay(bill, test=True)
    box.faults(test_mode=True)
    box.pay(bill)
    rows = box.rows()
    assert [r["billAmount"] for r in rows] == ["100", "100", "99.99"]
    assert [r["authCode"] == "TESTPM" for r in rows] == [True, True, False]
    box.api("POST", f"/api/bills/{bill}/chargeback", {})
    assert {r["chargeback"] for r in box.rows()} == {"Y"}
    box.pay(bill, status=400, amount="1,5")


def test_wrong_password(box):
    account = {"login": "WDISHOP", "password": "wrong", "payeeId": "1185", "shopOrderNumber": "X"}
    answer = box.gateway({"method": "result", "params": {"data": account}, "id": "1"})
    assert isinstance(answer, dict) and answer["errorCode"] != "0"
    answer = box.gateway_form(method="result", payee_id="1185", login="WDISHOP", password="wrong",
                              shop_order_number="X")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")
    assert '<div class="response error">' in answer.text
    assert len(box.violations()) == 2
    assert box.account["password"] not in json.dumps(box.events())


def test_malformed_questions(box):
    assert box.gateway({"method": "steal"})["errorCode"] != "0"
    assert box.gateway({"method": "result"})["errorCode"] != "0"
    assert box.ask(shopOrderNumber="X", colour="red")["errorCode"] != "0"
    assert box.ask()["errorCode"] != "0"
    answer = http("POST", box.url + "/portmone/gateway/", b"{", {"Content-Type": "application/json"})
    assert answer.json()["errorCode"] != "0"
    assert len(box.violations()) == 5
    assert box.ask(shopOrderNumber="X", status=None) == [], "a null is as good as nothing"


def test_form_and_xml(box):
    ask = {"method": "result", "payee_id": "1185", "login": "WDISHOP",
           "password": box.account["password"], "shop_order_number": "A&B"}
    box.bill("A&B", "50.00", order__description="<x> & \"y\"")
    assert '<orders type="list"/>' in box.gateway_form(**ask).text
    box.pay(box.api("GET", "/api/bills?order=" + urllib.parse.quote("A&B"))[0]["bill"])
    answer = box.gateway_form(**ask)
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    order = ET.fromstring(answer.text).find("orders/order")
    assert order.findtext("shop_order_number") == "A&B"
    assert order.findtext("description") == "<x> & \"y\""
    assert (order.findtext("bill_amount"), order.findtext("status")) == ("50", "PAYED")
    assert box.account["password"] not in answer.text
    refund = {**ask, "method": "return", "shop_bill_id": order.findtext("shop_bill_id"),
              "return_amount": "50"}
    del refund["shop_order_number"]
    done = ET.fromstring(box.gateway_form(**refund).text).find("order")
    assert (done.findtext("status"), done.findtext("bill_amount")) == ("RETURN", "-50")
    again = ET.fromstring(box.gateway_form(**refund).text).find("order")
    assert again.findtext("error_code") == "1"
    assert again.findtext("error_message") == "ORA-20001: Рахунок не оплачено."


def test_refund(box):
    bill = box.bill("R-1", "50.00")
    assert box.ask("return", shopOrderNumber="R-1", returnAmount="50.00")[0]["errorCode"] == "1"
    paid = box.pay(bill)["shopBillId"]
    row = box.ask("return", shopOrderNumber="R-1", returnAmount="9.00", message="why", attribute5="")[0]
    assert (row["status"], row["billAmount"], row["errorCode"]) == ("RETURN", "-9", "0")
    rows = box.rows("R-1")
    assert [(r["status"], r["billAmount"]) for r in rows] == [("RETURN", "-9"), ("PAYED", "50")]
    assert rows[1]["errorMessage"] == f"Отменен на сумму 9, ID отмены {row['shopBillId']}"
    assert box.ask("return", shopbillId=paid, returnAmount="41.01")[0]["errorCode"] == "1"
    assert box.ask("return", shopbillId=paid, returnAmount="41.00")[0]["status"] == "RETURN"
    assert box.ask("return", shopbillId=paid, returnAmount="nothing")["errorCode"] != "0"
    assert len(box.api("GET", "/api/bills?order=R-1")[0]["returned"]) == 2
    other = box.bill("R-2")
    box.api("POST", f"/api/bills/{other}/refund", {}, 409)
    box.pay(other)
    assert box.api("POST", f"/api/bills/{other}/refund", {})["billAmount"] == "-100"


def test_close_invoice(box):
    bill = box.bill()
    http("GET", f"{box.url}/portmone/pay/{bill}")
    assert box.ask("closeInvoice", shopOrderNumber="ORDER_1")["errorCode"] == "0"
    assert box.rows()[0]["status"] == "REJECTED"
    assert "closed" in box.pay(bill, status=409)["error"]
    assert box.ask("closeInvoice", shopOrderNumber="unknown")["errorCode"] == "12"
    box.pay(box.bill("P-1"))
    assert box.ask("closeInvoice", shopOrderNumber="P-1")["errorCode"] != "0"


def test_leaving_the_page(box):
    bill = box.bill()
    http("GET", f"{box.url}/portmone/pay/{bill}")
    assert box.api("POST", f"/api/bills/{bill}/close", {}) == {"return": None}
    assert box.rows()[0]["status"] == "CREATED"
    box.faults(no_return=True)
    assert box.pay(bill)["return"] is None


# ---- notifications ----


def notifications(box):
    return [r for r in box.shop.seen if r["path"] == "/portmone/notify"]


def test_notification_json(box):
    paid = box.pay(box.bill())
    until(lambda: notifications(box))
    request = notifications(box)[0]
    body = json.loads(request["body"])
    assert request["headers"]["Content-Type"] == "application/json"
    assert (body["shopOrderNumber"], body["shopBillId"]) == ("ORDER_1", paid["shopBillId"])
    assert box.violations() == []


def test_notification_xml(box):
    box.shop.answer = lambda *_: (200, {"Content-Type": "text/xml"}, (
        b'<?xml version="1.0" encoding="UTF-8"?><RESULT><ERROR_CODE>0</ERROR_CODE>'
        b"<REASON>OK</REASON></RESULT>"))
    box.faults(notification_format="xml")
    paid = box.pay(box.bill("A-1", order__description="a & <b>"))
    until(lambda: notifications(box))
    request = notifications(box)[0]
    fields = urllib.parse.parse_qs(request["body"].decode(), strict_parsing=True)
    assert list(fields) == ["data"]
    bill = ET.fromstring(fields["data"][0]).find("BILL")
    assert bill.findtext("BILL_NUMBER") == "A-1"
    assert bill.findtext("BILL_ID") == paid["shopBillId"]
    assert bill.findtext("PAYEE/CODE") == "1185"
    assert bill.findtext("PAYER/CONTRACT_NUMBER") == "a & <b>"
    time.sleep(0.2)
    assert len(notifications(box)) == 1 and box.violations() == []


@pytest.mark.parametrize("answer, violations", [
    ((503, {}, b""), 0),
    ((None, {}, b""), 0),
    ((200, {"Content-Type": "text/plain"}, json.dumps(OK).encode()), 1),
    (as_json({"errorCode": 0, "reason": "OK", "responseId": "1"}), 1),
    (as_json({"errorCode": "1", "reason": "no", "responseId": "1"}), 1),
    ((404, {}, b""), 1),
], ids=str)
def test_notification_is_repeated(box, answer, violations):
    answers = [answer, as_json(OK)]
    box.shop.answer = lambda *_: answers.pop(0)
    box.pay(box.bill())
    until(lambda: len(notifications(box)) == 2)
    time.sleep(0.3)
    assert len(notifications(box)) == 2
    assert len(box.violations()) == violations


def test_notification_survives_a_kill(box):
    box.shop.answer = lambda *_: (503, {}, b"")
    box.pay(box.bill())
    until(lambda: notifications(box))
    box.kill()
    box.shop.seen.clear()
    box.shop.answer = lambda *_: as_json(OK)
    box.start()
    until(lambda: notifications(box))
    assert box.rows()[0]["status"] == "PAYED"


def test_no_notification(box):
    box.faults(lose_notification=True)
    box.pay(box.bill())
    box.faults(reset=True)
    box.pay(box.bill(), notify="none")
    time.sleep(0.3)
    assert box.shop.seen == []


def test_notifications_by_hand(box):
    def slow(path, request):
        time.sleep(0.05)
        return as_json(OK)

    box.shop.answer = slow
    outcomes = box.api("POST", "/api/notify", {"order": "X", "shopBillId": "7", "format": "json",
                                               "count": 20, "parallel": 10})
    assert [o["status"] for o in outcomes] == [200] * 20
    assert json.loads(outcomes[0]["body"]) == OK
    assert 2 < box.shop.most <= 10
    assert json.loads(box.shop.seen[0]["body"])["shopBillId"] == "7"


def test_the_browser_comes_back(box):
    box.shop.answer = lambda *_: (303, {"Location": "/x"}, b"")
    paid = box.pay(box.bill(), notify="none", **{"return": True})
    assert paid["returned"]["status"] == 303
    request = box.shop.seen[0]
    assert request["path"] == "/portmone/return"
    assert urllib.parse.parse_qs(request["body"].decode())["SHOPORDERNUMBER"] == ["ORDER_1"]


# ---- troubles ----


def test_portmone_faults(box):
    box.pay(box.bill())
    box.faults(portmone_status={"method": "result", "status": 502, "count": 1})
    with pytest.raises(AssertionError):
        box.rows()
    assert len(box.rows()) == 1
    box.faults(portmone_html=True)
    answer = http("POST", box.url + "/portmone/gateway/", json.dumps(box.link_body()).encode(),
                  {"Content-Type": "application/json"})
    assert answer.status == 200 and "<html>" in answer.text
    box.faults(reset=True, portmone_snake=True)
    row = box.rows()[0]
    assert row["shop_bill_id"] and row["bill_amount"] == "100" and row["payee_id"] == "1185"
    box.faults(reset=True, portmone_object=True)
    assert box.rows()["status"] == "PAYED"
    box.faults(reset=True, portmone_down=True)
    with pytest.raises(OSError):
        box.rows()
    box.faults(reset=True)
    assert len(box.rows()) == 1 and box.violations() == []


def test_portmone_hangs(box):
    box.faults(portmone_hang=True)
    outcome = []

    def ask():
        try:
            box.rows()
        except OSError:
            outcome.append(time.monotonic())

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.5)
    assert not outcome
    box.api("GET", "/api/health")
    begun = time.monotonic()
    box.faults(reset=True)
    thread.join(5)
    assert outcome and outcome[0] - begun < 1.5
