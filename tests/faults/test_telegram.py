"""Telegram's connection is cut, reset, slow or silent; it floods, blocks and repeats itself."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

from proxy import Drop, Hang, Hold, Lose, holds
from shop import ADMIN, FaultShop
from stack import http, pay_key, until

NOT_DONE = {
    "never arrived": lambda fits: Drop(fits),
    "cut in the request": lambda fits: Drop(fits, after=60),
    "reset": lambda fits: Drop(fits, reset=True),
}
DONE = {
    "answer lost": lambda fits: Lose(fits),
    "answer reset": lambda fits: Lose(fits, reset=True),
    "cut in the answer's head": lambda fits: Lose(fits, after=30),
    "cut in the answer's body": lambda fits: Lose(fits, after=-3),
    "half-open": lambda fits: Hang(fits),
}


@pytest.fixture(scope="module")
def module_shop():
    with FaultShop() as stack:
        stack.catalogue("tg", codes=200)
        yield stack


def told(buyer, number):
    return [m for m in buyer.messages() if number in m["text"] and "Оплачено. В" in m["text"]]


# ---- the codes on their way ----


@pytest.mark.parametrize("way", [*NOT_DONE, *DONE])
def test_scenario_30_send(shop, way):
    """Sent again after a pause: the same codes, at most twice, to nobody else."""
    buyer, other = shop.buyer(), shop.buyer()
    number, bill = buyer.open_order("tg")
    fault = shop.telegram.add({**NOT_DONE, **DONE}[way](holds("sendMessage", number)))
    shop.pay(bill)
    fault.wait()
    copies = 2 if way in DONE else 1
    until(lambda: len(told(buyer, number)) == copies, 20, "the last copy")
    shop.outbox_empty()
    shop.served(buyer, number, copies=copies)
    assert len(told(buyer, number)) == copies
    assert fault.hits == 1 and other.messages() == []


def test_scenario_30_slow(shop):
    """Slower than anybody's patience is another's concern: others are served meanwhile."""
    buyer, other = shop.buyer(), shop.buyer()
    number, bill = buyer.open_order("tg")
    others, other_bill = other.open_order("tg")
    held = shop.telegram.add(Hold(holds("sendMessage", number), count=99))
    shop.pay(bill)
    held.wait()
    shop.pay(other_bill)
    shop.served(other, others)
    assert buyer.codes() == []
    held.release()
    shop.served(buyer, number, copies=2)


@pytest.mark.parametrize("how", ["away", "silent"])
def test_scenario_30_down(shop, how):
    """Down for a while: the shop sells on, and what waits is sent when it is back."""
    buyers = [shop.buyer() for _ in range(4)]
    orders = [buyer.open_order("tg") for buyer in buyers]
    setattr(shop.telegram, how, True)
    shop.telegram.cut()
    for number, bill in orders:
        shop.pay(bill)
    for number, _ in orders:
        shop.wait_state(number, "delivered")
    assert not any(buyer.codes() for buyer in buyers)
    shop.telegram.reset()
    for buyer, (number, _) in zip(buyers, orders):
        shop.served(buyer, number, copies=2)


def test_scenario_16_worker_killed(shop):
    """Killed between the commit and the send of one message, the send and the mark of another."""
    unsent, unmarked = shop.buyer(), shop.buyer()
    orders = {buyer: buyer.open_order("tg") for buyer in (unsent, unmarked)}
    held = shop.telegram.add(Hold(holds("sendMessage", orders[unsent][0])))
    hung = shop.telegram.add(Hang(holds("sendMessage", orders[unmarked][0])))
    began = time.monotonic()
    for _, bill in orders.values():
        shop.pay(bill)
    held.wait()
    hung.wait()
    worker = shop.processes("worker")[0]
    os.kill(worker, signal.SIGKILL)
    held.release()
    hung.release()
    # A dead worker's claims are free after ten seconds; then some.
    for buyer, copies in ((unsent, 1), (unmarked, 2)):
        number = orders[buyer][0]
        until(lambda b=buyer, n=number, c=copies: len(told(b, n)) >= c, 40, "the message")
        shop.served(buyer, number, copies=2)
    assert time.monotonic() - began < 60
    shop.outbox_empty()
    assert shop.processes("worker") != [worker]


@contextlib.contextmanager
def another_worker(shop):
    process = subprocess.Popen([shop.bin / "worker"], env=shop.env, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def test_scenario_17_two_workers(shop):
    """Started by mistake, one killed twice meanwhile: nobody gets a message twice for it."""
    buyers = [shop.buyer() for _ in range(12)]
    orders = [buyer.open_order("tg") for buyer in buyers]
    shop.telegram.latency = 0.01
    with another_worker(shop):
        until(lambda: shop.number("SELECT COUNT(*) FROM workers WHERE beat_at > "
                                  "UTC_TIMESTAMP(6) - INTERVAL 3 SECOND") >= 2)
        for n, (_, bill) in enumerate(orders):
            shop.pay(bill, **{"return": False})
            if n in (4, 8):
                with another_worker(shop) as third:
                    third.kill()
                    third.wait(10)
        for buyer, (number, _) in zip(buyers, orders):
            shop.served(buyer, number, seconds=40)
    shop.outbox_empty()
    for buyer, (number, _) in zip(buyers, orders):
        assert len(told(buyer, number)) == 1
    sent = shop.sql("SELECT attempts FROM outbox WHERE kind = 'delivered' ORDER BY id DESC LIMIT 12")
    assert sent == [["1"]] * 12


# ---- what Telegram says ----


def test_scenario_29_flood(shop):
    """429: that chat waits exactly as long as told, the others go on, nothing is dropped."""
    buyers = [shop.buyer() for _ in range(3)]
    orders = [buyer.open_order("tg") for buyer in buyers]
    shop.faults(telegram_retry_after={"method": "sendMessage", "seconds": 5, "count": 1})
    shop.pay(orders[0][1])
    until(lambda: shop.sql("SELECT 1 FROM outbox m JOIN orders o ON o.id = m.order_id WHERE "
                           f"o.number = '{orders[0][0]}' AND m.last_error <> ''"), what="the 429")
    began = time.monotonic()
    for _, bill in orders[1:]:
        shop.pay(bill)
    for buyer, (number, _) in zip(buyers[1:], orders[1:]):
        shop.served(buyer, number, seconds=4)
    assert buyers[0].codes() == []
    shop.served(buyers[0], orders[0][0])
    assert 4 < time.monotonic() - began < 10
    # Of all chats at once: everybody waits.
    late = [buyer.open_order("tg") for buyer in buyers]
    shop.faults(telegram_retry_after={"method": "sendMessage", "seconds": 3, "count": 3})
    for _, bill in late:
        shop.pay(bill)
    until(lambda: shop.sql("SELECT 1 FROM leases WHERE name = 'telegram' AND until_at > "
                           "UTC_TIMESTAMP(6) + INTERVAL 1 SECOND"), what="the pause of all")
    calls = len(shop.events("sendMessage"))
    time.sleep(1)  # into the pause
    assert len(shop.events("sendMessage")) == calls
    for buyer, (number, _) in zip(buyers, late):
        until(lambda b=buyer, n=number: len(told(b, n)) == 1, 20, "the codes")


def refuse(code, description, parameters=None, count=1):
    body = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return {"telegram_status": {"method": "sendMessage", "status": code, "body": body,
                                "count": count}}


def test_scenario_31_account_is_deleted(shop):
    """Undeliverable, once tried, seen by administrators; the codes stay the buyer's."""
    buyer = shop.buyer()
    number, bill = buyer.open_order("tg")
    shop.faults(**refuse(403, "Forbidden: user is deactivated"))
    failed = shop.metric("messages_failed")
    shop.pay(bill)
    row = until(lambda: shop.sql("SELECT m.state, m.attempts, m.last_error FROM outbox m JOIN "
                                 "orders o ON o.id = m.order_id WHERE m.state = 'undeliverable' "
                                 f"AND o.number = '{number}'"), what="an undeliverable message")
    assert row[0][:2] == ["undeliverable", "1"] and "deactivated" in row[0][2]
    assert shop.metric("messages_failed") == failed + 1
    assert shop.state(number) == "delivered" and shop.sold_to(number) == 1
    assert "undeliverable" in shop.kartka("order", "show", number).stdout
    # It was a mistake: they come back and look.
    buyer.say("/start")
    buyer.say("/purchases")
    buyer.press("× 1")
    until(buyer.codes, what="the code")


def test_scenario_31_chat_has_moved(shop):
    """A group of administrators became a supergroup: the alert is sent to the new one."""
    shop.faults(**refuse(400, "Bad Request: group chat was upgraded to a supergroup chat",
                         {"migrate_to_chat_id": ADMIN}))
    shop.sql("INSERT INTO outbox (fact, kind, chat_id, data, priority, state, not_before, "
             f"created_at) VALUES ('moved:1', 'alert', -4242, "
             """'{"what":"dead","outbox":1,"kind":"k","error":"moved to"}', 5, 'pending', """
             "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))")
    until(lambda: shop.sql("SELECT state FROM outbox WHERE fact = 'moved:1'") == [["sent"]],
          what="the alert")
    assert any("moved to" in text for text in shop.admin_chat())


# ---- updates ----


def update(person, number, text):
    return {"update_id": number, "message": {
        "message_id": 1, "date": int(time.time()), "text": text,
        "from": {"id": person, "is_bot": False, "first_name": "x", "language_code": "uk"},
        "chat": {"id": person, "type": "private"}}}


def test_scenario_32_repeated_and_out_of_order(shop):
    """The same update draws the same; order and gaps in their numbers mean nothing."""
    person = 760001
    first = [shop.webhook(update(person, 500, "/start v_tg")) for _ in range(3)]
    assert {a.status for a in first} == {200} and len({a.body for a in first}) == 1
    url = next(k["url"] for row in first[0].json()["reply_markup"]["inline_keyboard"] for k in row
               if "/pay/" in k.get("url", ""))
    shop.follow(url)
    shop.follow(url)
    # An older one, and one far ahead: each is answered.
    for number in (100, 2**31 - 1, 499):
        assert "/pay/" in shop.webhook(update(person, number, "/start v_tg")).text
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {person}") == [["1"]]
    assert shop.webhook(update(person, 500, "/start v_tg")).status == 200


def test_scenario_32_delivered_three_times(shop):
    """As Telegram does it: each update comes three times, and the money is taken once."""
    buyer = shop.buyer()
    shop.faults(duplicate_updates=3)
    url = buyer.offer("tg", 2)
    shop.faults(duplicate_updates=1)
    number, bill = shop.follow(url)
    shop.pay(bill)
    shop.served(buyer, number, 2)
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]


def test_scenario_32_asked_for():
    """Fetched by the worker: answers to its question are lost and cut, and nothing is missed."""
    with FaultShop(TELEGRAM_MODE="polling") as shop:
        shop.catalogue("tg", codes=5)
        buyer, other = shop.buyer(), shop.buyer()
        faults = [shop.telegram.add(way) for way in (
            Lose(holds("getUpdates"), count=2), Lose(holds("getUpdates"), after=-20),
            Drop(holds("getUpdates"), reset=True))]
        for n in range(4):
            buyer.say(f"/start v_tg no {n}")
            other.say("/help")
        number, bill = buyer.open_order("tg")
        for fault in faults:
            fault.wait()
        shop.pay(bill)
        shop.served(buyer, number)
        shop.idle()
        assert len([m for m in other.messages() if "Як купити" in m["text"]]) == 4
        shop.check()
        assert shop.violations() == []


def test_scenario_33_two_taps(shop):
    """One tap under two update ids, and two taps in a row: one order, whichever button is used."""
    buyer = shop.buyer()
    buyer.offer("tg")
    message, key = buyer.wait_key("➕")
    shop.faults(duplicate_taps=2)
    buyer.tap(message, key["callback_data"])
    buyer.tap(message, key["callback_data"], force=True)
    shop.idle()
    shop.faults(duplicate_taps=1)
    drawn = next(m for m in buyer.messages() if m["message_id"] == message["message_id"])
    url = pay_key(drawn)["url"]
    places = {http("GET", url).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    number, bill = shop.follow(url)
    shop.pay(bill)
    shop.served(buyer, number, 2)
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]
