"""The worker by itself: its ordinary course, and what it sends when Telegram fails."""

import contextlib
import json
import socket
import struct
import time

import pytest
from stack import http, until
from worker_shop import (
    ADMIN,
    alert,
    buyer_of,
    module_shop,
    outbox,
    pay_quietly,
    shop,
    texts,
    wait_outbox,
)


# ---- the ordinary course ----


@pytest.mark.parametrize("language,words", [("uk", "Ваш код"), ("en", "Your code"),
                                            ("ru", "Ваш код")])
def test_delivery(shop, language, words):
    buyer = buyer_of(shop, language)
    number, bill = buyer.open_order("w")
    pay_quietly(shop, bill)
    message = buyer.wait(words)
    code = buyer.codes()[-1]
    assert code.startswith("T-w-")
    keys = [k for row in message["reply_markup"]["inline_keyboard"] for k in row]
    assert keys[0]["copy_text"]["text"] == code
    assert number in message["text"]
    assert shop.state(number) == "delivered"


def test_many_codes_come_as_a_file(shop):
    buyer = buyer_of(shop)
    number, bill = buyer.open_order("w", 11)
    pay_quietly(shop, bill)
    message = buyer.wait(number)
    until(lambda: any(m.get("document") for m in buyer.messages()))
    message = next(m for m in buyer.messages() if m.get("document"))
    assert message["document"]["file_name"] == f"{number}.txt"
    assert len(message["document"]["text"].split()) == 11


def test_own_message_is_edited(shop):
    """Opened, then paid: the order's message says so, where its number is known."""
    buyer = buyer_of(shop)
    url = buyer.offer("w", 2)  # a tap was needed: so the number is known
    answer = http("GET", url)
    bill = answer.headers["Location"].rsplit("/", 1)[1]
    message = buyer.wait("Зарезервовано до")
    assert any("/pay/" in k.get("url", "")
               for row in message["reply_markup"]["inline_keyboard"] for k in row)
    again = http("GET", next(k["url"] for row in message["reply_markup"]["inline_keyboard"]
                             for k in row if "url" in k))
    assert again.headers["Location"].endswith(bill)  # the same order, the same bill
    pay_quietly(shop, bill)
    edited = buyer.wait("Оплачено, коди нижче")
    assert edited["message_id"] == message["message_id"]


def test_portmone_is_asked_without_being_told(shop):
    buyer = buyer_of(shop)
    number, bill = buyer.open_order("w")
    pay_quietly(shop, bill, notify="none")
    shop.wait_state(number, "delivered", 15)
    buyer.wait("Оплачено")


def test_expiry_asks_first(shop):
    buyer = buyer_of(shop)
    url = buyer.offer("w", 2)
    bill = http("GET", url).headers["Location"].rsplit("/", 1)[1]
    number = shop.api("GET", f"/api/bills/{bill}")["order"]
    shop.wait_state(number, "expired", 25)
    message = buyer.wait("Час на оплату вийшов")
    assert len(texts(buyer, "Час на оплату вийшов")) == 1
    assert not texts(buyer, "Зарезервовано до")  # edited
    assert message["reply_markup"]["inline_keyboard"][0][0]["callback_data"].endswith(":2")
    asked = [e for e in shop.api("GET", "/api/events?after=0&limit=1000")
             if e["to"] == "portmone" and number in json.dumps(e["request"])
             and "result" in e["what"]]
    assert asked
    assert shop.sql("SELECT COUNT(*) FROM card_codes WHERE state = 'reserved'") == [["0"]]


def test_waiting_order_is_filled(shop):
    buyer = buyer_of(shop)
    shop.stock("w-none", 1, prefix="A")
    number, bill = buyer.open_order("w-none")
    shop.sql("UPDATE card_codes c JOIN orders o ON o.id = c.order_id SET c.state = "
             f"'withdrawn', c.order_id = NULL, c.slot = NULL WHERE o.number = '{number}'")
    pay_quietly(shop, bill)
    buyer.wait("Оплату отримано, код ще ні")
    assert shop.state(number) == "paid"
    # However the codes get there.
    shop.sql("UPDATE card_codes c JOIN card_values v ON v.id = c.value_id "
             "SET c.state = 'available' WHERE v.slug = 'w-none' AND c.state = 'withdrawn'")
    buyer.wait("Оплачено. Ваш код")
    admin = [m for m in shop.api("GET", f"/api/chats/{ADMIN}")["messages"] if m["from_bot"]]
    assert any(number in m["text"] for m in admin)


# ---- Telegram fails ----


def test_flood_waits_exactly(shop):
    """Scenario 29."""
    one, two = buyer_of(shop), buyer_of(shop)
    shop.faults(telegram_retry_after={"method": "sendMessage", "seconds": 3, "count": 1})
    began = time.monotonic()
    alert(shop, "flood:1", one.id)
    until(lambda: (outbox(shop, "flood:1") or [0, "0"])[1] == "1")
    alert(shop, "flood:2", two.id)
    wait_outbox(shop, "flood:2", "sent")
    assert time.monotonic() - began < 2.9  # others go on
    wait_outbox(shop, "flood:1", "sent")
    assert 2.9 < time.monotonic() - began < 5


def test_flood_of_all_pauses_all(shop):
    """Scenario 29."""
    buyers = [buyer_of(shop) for _ in range(4)]
    shop.faults(telegram_retry_after={"method": "sendMessage", "seconds": 3, "count": 3})
    began = time.monotonic()
    for buyer in buyers[:3]:
        alert(shop, f"all:{buyer.id}", buyer.id)
    until(lambda: shop.sql("SELECT 1 FROM leases WHERE name = 'telegram' AND "
                           "until_at > UTC_TIMESTAMP(6)"))
    alert(shop, "all:4", buyers[3].id)
    time.sleep(1)
    assert outbox(shop, "all:4")[0] == "pending"
    wait_outbox(shop, "all:4", "sent")
    assert time.monotonic() - began > 2.9
    for buyer in buyers[:3]:
        wait_outbox(shop, f"all:{buyer.id}", "sent")


@pytest.mark.parametrize("status", [500, 502])
def test_trouble_is_tried_again(shop, status):
    buyer = buyer_of(shop)
    number, bill = buyer.open_order("w")
    shop.faults(telegram_status={"method": "sendMessage", "status": status, "count": 2})
    pay_quietly(shop, bill)
    buyer.wait("Оплачено. Ваш код", 15)
    assert len(texts(buyer, "Ваш код")) == 1
    assert shop.state(number) == "delivered"


def test_lost_answer_sends_the_same_code_again(shop):
    buyer = buyer_of(shop)
    number, bill = buyer.open_order("w")
    shop.faults(telegram_lose_answer={"method": "sendMessage", "count": 1})
    pay_quietly(shop, bill)
    until(lambda: len(texts(buyer, "Ваш код")) == 2, 15, "the second copy")
    assert len(set(buyer.codes())) == 1
    time.sleep(2)
    assert len(texts(buyer, "Ваш код")) == 2
    assert shop.state(number) == "delivered"


def test_down_and_back(shop):
    buyer = buyer_of(shop)
    number, bill = buyer.open_order("w")
    shop.faults(telegram_down=True)
    pay_quietly(shop, bill)
    shop.wait_state(number, "delivered")
    time.sleep(3)
    assert not texts(buyer, "Ваш код")
    shop.faults(telegram_down=False)
    buyer.wait("Ваш код", 15)


def test_blocked(shop):
    buyer = buyer_of(shop)
    _, bill = buyer.open_order("w")
    shop.api("POST", f"/api/users/{buyer.id}/block", {"blocked": True})
    pay_quietly(shop, bill)
    until(lambda: shop.sql(f"SELECT 1 FROM outbox WHERE chat_id = {buyer.id} AND "
                           "state = 'undeliverable'"))
    assert shop.sql(f"SELECT blocked_at IS NOT NULL FROM users WHERE id = {buyer.id}") == [["1"]]
    shop.api("POST", f"/api/users/{buyer.id}/block", {"blocked": False})


def test_refused_comes_plain(shop):
    buyer = buyer_of(shop)
    refusal = {"ok": False, "error_code": 400,
               "description": "Bad Request: can't parse entities: byte offset 5"}
    shop.faults(telegram_status={"method": "sendMessage", "status": 400, "body": refusal,
                                 "count": 1})
    alert(shop, "plain:1", buyer.id, "dead")
    wait_outbox(shop, "plain:1", "sent")
    assert "<b>" not in buyer.last()["html"]
    assert "plain:1" in buyer.last()["text"]


def test_refused_twice_is_dead_and_told(shop):
    buyer = buyer_of(shop)
    _, bill = buyer.open_order("w")
    refusal = {"ok": False, "error_code": 400, "description": "Bad Request: can't parse "
                                                              "entities: byte offset 5"}
    shop.faults(telegram_status={"method": "sendMessage", "status": 400, "body": refusal,
                                 "count": 2})
    pay_quietly(shop, bill)
    until(lambda: shop.sql(f"SELECT 1 FROM outbox WHERE chat_id = {buyer.id} AND "
                           "state = 'dead'"))
    until(lambda: any("could not be sent" in (m.get("text") or "") for m in
                      shop.api("GET", f"/api/chats/{ADMIN}")["messages"]))
    # Never an alert about an alert.
    shop.faults(telegram_status={"method": "sendMessage", "status": 400, "body": refusal,
                                 "count": 2})
    before = shop.sql("SELECT COUNT(*) FROM outbox WHERE fact LIKE 'alert:dead%'")
    alert(shop, "dead:alert", ADMIN)
    wait_outbox(shop, "dead:alert", "dead")
    time.sleep(1)
    assert shop.sql("SELECT COUNT(*) FROM outbox WHERE fact LIKE 'alert:dead%'") == before
    # An administrator has it sent once more.
    shop.sql("UPDATE outbox SET state = 'pending', not_before = UTC_TIMESTAMP(6) "
             "WHERE state = 'dead'")
    buyer.wait("Ваш код")


def test_low_stock_is_told(shop):
    shop.catalogue("w-few", codes=4)
    shop.quiet(stock=1)
    try:
        until(lambda: any("running out: " in (m.get("text") or "") and "4 left" in m["text"]
                          for m in shop.api("GET", f"/api/chats/{ADMIN}")["messages"]), 30)
    finally:
        shop.quiet()


def test_codes_that_do_not_open_are_not_sent(shop):
    buyer = buyer_of(shop)
    number, bill = buyer.open_order("w")
    shop.sql("UPDATE card_codes c JOIN orders o ON o.id = c.order_id SET c.key_id = 77 "
             f"WHERE o.number = '{number}'")
    pay_quietly(shop, bill)
    until(lambda: any("does not open" in (m.get("text") or "") for m in
                      shop.api("GET", f"/api/chats/{ADMIN}")["messages"]))
    assert not texts(buyer, "Ваш код")
    shop.sql("UPDATE card_codes SET key_id = 1 WHERE key_id = 77")
    shop.sql("UPDATE outbox SET not_before = UTC_TIMESTAMP(6) WHERE state = 'pending'")
    buyer.wait("Ваш код")


# ---- callback queries ----


def datagram(callback_id, text="", alert=False):
    return struct.pack("BBBB", 1, 2, alert, len(callback_id)) + callback_id.encode() + text.encode()


def test_callback_is_answered(shop):
    buyer = buyer_of(shop)
    worker = shop.processes("worker")[0]
    seen = len(buyer.chat()["answers"])
    buyer.offer("w", 2)
    shop.idle()  # no spinner is left
    assert len(buyer.chat()["answers"]) > seen
    # Malformed ones and unknown queries do no harm.
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(str(shop.var / "run" / f"worker.{worker}.sock"))
        for packet in (b"", b"x", b"\1\2\0\xff", b"\1\1\1\1", datagram("no-such-query", "Привіт"),
                       datagram("a" * 60, "x" * 800, True)):
            with contextlib.suppress(OSError):
                s.send(packet)
    time.sleep(0.5)
    assert shop.processes("worker") == [worker]
