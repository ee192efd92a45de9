"""The worker by itself: what it sends when Telegram, Portmone, the database or it itself fails."""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from stack import BIN, Stack, free_port, http, until

ADMIN = 1002  # Alex, one of the sandbox's own three


@pytest.fixture(scope="module")
def module_shop():
    with Stack(ORDER_TTL=8, ADMIN_CHAT_IDS=ADMIN) as stack:
        stack.quiet()
        stack.api("POST", f"/api/users/{ADMIN}/say", {"text": "/start"})
        stack.catalogue("w", codes=300)
        stack.catalogue("w-none", codes=0)
        yield stack


@pytest.fixture
def shop(module_shop):
    module_shop.faults(reset=True)
    until(lambda: not module_shop.sql("SELECT 1 FROM outbox WHERE state = 'pending' LIMIT 1"))
    yield module_shop
    module_shop.faults(reset=True)
    module_shop.check()
    assert module_shop.violations() == []


# ---- helpers ----


def buyer_of(shop, language="uk"):
    """Somebody who has started the bot."""
    buyer = shop.buyer(language=language)
    buyer.say("/start")
    shop.idle()
    return buyer


def pay_quietly(shop, bill, notify="json"):
    shop.pay(bill, notify=notify, **{"return": False})


def alert(shop, fact, chat_id, what="other"):
    """A message that needs nothing but a chat."""
    shop.sql(
        "INSERT INTO outbox (fact, kind, chat_id, data, priority, state, not_before, "
        f"created_at) VALUES ('{fact}', 'alert', {chat_id}, "
        f"""'{{"what":"{what}","error":"{fact}","outbox":1,"kind":"k"}}', 5, 'pending', """
        "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))")


def outbox(shop, fact):
    rows = shop.sql(f"SELECT state, attempts, last_error FROM outbox WHERE fact = '{fact}'")
    return rows[0] if rows else None


def wait_outbox(shop, fact, state, seconds=20):
    until(lambda: (outbox(shop, fact) or [None])[0] == state, seconds, f"{fact} {state}")


def texts(buyer, part):
    return [m for m in buyer.messages() if part in (m.get("text") or "")]


@contextlib.contextmanager
def another_worker(shop, **env):
    process = subprocess.Popen([BIN / "worker"], env={**shop.operator_env, **env},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


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
