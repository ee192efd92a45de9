"""The worker when Portmone, the database or it itself fails, and when it fetches updates."""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from stack import BIN, free_port, http, until
from worker_shop import (
    alert,
    another_worker,
    buyer_of,
    module_shop,
    pay_quietly,
    shop,
    texts,
    wait_outbox,
)


# ---- Portmone fails ----


def test_portmone_down_and_back(shop):
    buyer = buyer_of(shop)
    number, bill = buyer.open_order("w")
    shop.faults(portmone_down=True)
    shop.pay(bill, notify="none", **{"return": False})
    time.sleep(9)  # its time has passed meanwhile: unanswered, so not expired
    assert shop.state(number) == "pending"
    shop.faults(portmone_down=False)
    shop.wait_state(number, "delivered", 30)


def test_one_hanging_question_stops_nothing(shop):
    one, two = buyer_of(shop), buyer_of(shop)
    _, bill = one.open_order("w")
    shop.faults(portmone_hang=True)
    pay_quietly(shop, bill)
    time.sleep(0.5)
    began = time.monotonic()
    alert(shop, "hang:1", two.id)
    wait_outbox(shop, "hang:1", "sent")
    assert time.monotonic() - began < 2.5
    shop.faults(portmone_hang=False)
    one.wait("Ваш код", 20)


# ---- the worker fails ----


def test_killed_between_sending_and_marking(shop):
    buyer = buyer_of(shop)
    _, bill = buyer.open_order("w")
    worker = shop.processes("worker")[0]
    shop.faults(telegram_lose_answer={"method": "sendMessage", "count": 1})
    os.kill(worker, signal.SIGSTOP)
    pay_quietly(shop, bill)
    os.kill(worker, signal.SIGCONT)
    until(lambda: texts(buyer, "Ваш код"))
    os.kill(worker, signal.SIGKILL)
    until(lambda: shop.processes("worker") not in ([], [worker]), 5, "a new worker")
    # Its lease of 60 s has ended.
    shop.sql("UPDATE outbox SET not_before = UTC_TIMESTAMP(6) WHERE state = 'pending'")
    until(lambda: len(texts(buyer, "Ваш код")) == 2, 15, "the second copy")
    assert len(set(buyer.codes())) == 1


def test_two_workers_send_each_once(shop):
    """Scenario 17."""
    buyers = [buyer_of(shop) for _ in range(12)]
    with another_worker(shop), another_worker(shop):
        until(lambda: shop.sql("SELECT COUNT(*) FROM workers WHERE beat_at > "
                               "UTC_TIMESTAMP(6) - INTERVAL 3 SECOND")[0][0] == "3")
        values = ",".join(
            f"('two:{b.id}:{n}', 'alert', {b.id}, "
            f"""'{{"what":"dead","outbox":{n},"kind":"k","error":"two:{n}."}}', 5, 'pending', """
            "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))" for b in buyers for n in range(8))
        shop.sql("INSERT INTO outbox (fact, kind, chat_id, data, priority, state, "
                 f"not_before, created_at) VALUES {values}")
        until(lambda: shop.sql("SELECT COUNT(*) FROM outbox WHERE fact LIKE 'two:%' AND "
                               "state = 'sent'")[0][0] == "96", 30, "all of them sent")
    for buyer in buyers:
        for n in range(8):
            assert len(texts(buyer, f"two:{n}.")) == 1


def test_stop(shop):
    worker = shop.processes("worker")[0]
    with another_worker(shop) as extra:
        time.sleep(1)
        run = shop.var / "run" / f"worker.{extra.pid}.sock"
        assert run.exists()
        began = time.monotonic()
        extra.send_signal(signal.SIGTERM)
        assert extra.wait(6) == 0
        assert time.monotonic() - began < 5
        assert not run.exists()
        assert shop.sql(f"SELECT 1 FROM workers WHERE pid = {extra.pid}") == []
    assert shop.processes("worker") == [worker]


def test_small_and_quiet_at_rest(shop):
    worker = shop.processes("worker")[0]

    def ticks():
        fields = open(f"/proc/{worker}/stat").read().rsplit(") ", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    status = open(f"/proc/{worker}/status").read()
    rss = int(status.split("VmRSS:")[1].split()[0])
    if "asan" not in str(BIN):
        assert rss <= 24 * 1024
    before = ticks()
    time.sleep(5)
    assert (ticks() - before) / os.sysconf("SC_CLK_TCK") / 5 < 0.05


# ---- the database fails ----


@pytest.mark.settings(ORDER_TTL=60)
def test_database_hangs(own_shop):
    shop = own_shop
    shop.catalogue("h", codes=5)
    buyer = buyer_of(shop)
    number, bill = buyer.open_order("h")
    worker = shop.processes("worker")
    database = shop.processes("mariadbd")[0]
    os.kill(database, signal.SIGSTOP)
    try:
        time.sleep(8)
        assert shop.processes("worker") == worker
    finally:
        os.kill(database, signal.SIGCONT)
    pay_quietly(shop, bill, notify="none")
    shop.wait_state(number, "delivered", 30)
    buyer.wait("Ваш код")
    os.kill(database, signal.SIGKILL)
    until(lambda: http("GET", shop.shop_url + "/readyz").status == 200, 40, "readiness")
    number, bill = buyer.open_order("h")
    pay_quietly(shop, bill)
    shop.wait_state(number, "delivered", 30)
    assert shop.processes("worker") == worker


# ---- polling ----


class Responder:
    """In the place of nginx: takes updates as a test wants them taken."""

    def __init__(self, port):
        self.seen, self.active, self.overlaps = [], set(), 0
        self.refuse = 0  # so many 503
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = outer.take(self.headers, self.path, body)
                self.send_response(status)
                if status == 503:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, headers, path, body):
        person = (body.get("message") or body["callback_query"])["from"]["id"]
        if person in self.active:
            self.overlaps += 1
        self.active.add(person)
        time.sleep(0.02)
        self.active.discard(person)
        secret = headers.get("X-Telegram-Bot-Api-Secret-Token")
        if self.refuse:
            self.refuse -= 1
            return 503, b""
        self.seen.append((person, body["update_id"], body["message"]["text"], path, secret))
        return 200, json.dumps({"method": "sendMessage", "chat_id": person,
                                "text": "echo " + body["message"]["text"]}).encode()


def test_polling(own_shop):
    """A worker of its own in polling mode, with a responder of the test's own."""
    shop = own_shop
    one, two = shop.buyer(), shop.buyer()
    port = free_port()
    responder = Responder(port)
    with another_worker(shop, TELEGRAM_MODE="polling", HTTP_LISTEN=f"127.0.0.1:{port}"):
        until(lambda: shop.api("GET", "/api/queue")["webhook_url"] in ("", None))
        responder.refuse = 2
        for n in range(6):
            one.say(f"one {n}")
            two.say(f"two {n}")
        until(lambda: len(responder.seen) == 12, 20, "all updates")
        for buyer, name in ((one, "one"), (two, "two")):
            mine = [text for person, _, text, _, _ in responder.seen if person == buyer.id]
            assert mine == [f"{name} {n}" for n in range(6)]
            until(lambda b=buyer, n=name: [m["text"] for m in b.messages()] ==
                  [f"echo {n} {i}" for i in range(6)], what="the answers in order")
        assert responder.overlaps == 0
        assert {path for *_, path, _ in responder.seen} == {"/telegram/webhook"}
        assert {secret for *_, secret in responder.seen} == {shop.secret}
    # The next one goes on where this one stood.
    with another_worker(shop, TELEGRAM_MODE="polling", HTTP_LISTEN=f"127.0.0.1:{port}"):
        one.say("more")
        until(lambda: len(responder.seen) == 13, 20, "the update")
    assert [text for _, _, text, _, _ in responder.seen].count("more") == 1
    shop.kartka("webhook", "set")
