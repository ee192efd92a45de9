"""The sandbox's Telegram: does it deliver updates as the real one does, also when it is ill?"""

import json
import subprocess
import threading
import time

import pytest

from sandbox_alone import SECRET, TOKEN, Sandbox, as_json, entity
from stack import BIN, free_port, http, until

KEY = [[{"text": "x", "callback_data": "d"}]]


@pytest.fixture
def box():
    with Sandbox("--time-scale", "0.05") as sandbox:
        yield sandbox


# ---- delivery ----


def test_delivers_as_the_server_does(box):
    box.webhook()
    said = box.say(1001, "/start v_x")
    assert box.idle()
    request = box.shop.seen[0]
    assert request["headers"]["X-Telegram-Bot-Api-Secret-Token"] == SECRET
    assert request["headers"]["Content-Type"] == "application/json"
    update = json.loads(request["body"])
    assert update["update_id"] == said["update_id"]
    assert update["message"]["text"] == "/start v_x"
    assert update["message"]["entities"] == [entity("bot_command", 0, 6)]
    assert update["message"]["from"]["language_code"] == "uk"
    box.say(1001, "again")
    assert box.idle()
    assert box.shop.connections == 1, "the connection is kept"


def test_runs_the_method_in_the_answer(box):
    def answer(path, request):
        update = json.loads(request["body"])
        text = update.get("message", {}).get("text", "")
        if text == "form":
            return 201, {"Content-Type": "application/x-www-form-urlencoded"}, \
                b"method=sendMessage&chat_id=1001&text=a+%26+b&disable_notification=true"
        if text == "ignored":
            return as_json({"method": "deleteWebhook"})
        if text == "bad":
            return as_json({"method": "sendMessage", "chat_id": 1001, "text": "<x>", "parse_mode": "HTML"})
        if text == "gone":
            return as_json({"method": "editMessageText", "chat_id": 1001, "message_id": 9999, "text": "x"})
        if text == "plain":
            return 200, {"Content-Type": "text/plain"}, b'{"method":"sendMessage"}'
        if text == "broken":
            return 200, {"Content-Type": "application/json"}, b'{"method":'
        return as_json({"method": "SENDmessage", "chat_id": 1001, "text": "json"})

    box.shop.answer = answer
    box.webhook()

    def texts():
        return [m["text"] for m in box.chat(1001)["messages"] if m["from_bot"]]

    for text in ("json", "form"):
        box.say(1001, text)
        assert box.idle()
    assert texts() == ["json", "a & b"] and box.violations() == []
    for count, text in enumerate(("ignored", "bad", "gone", "plain", "broken"), 1):
        box.say(1001, text)
        assert box.idle()
        assert len(box.violations()) == count, text
    assert texts() == ["json", "a & b"]
    assert box.good("getWebhookInfo")["url"]


def test_retries_and_keeps_the_order(box):
    failures = {"a": 3}

    def answer(path, request):
        text = json.loads(request["body"])["message"]["text"]
        if failures.get(text, 0):
            failures[text] -= 1
            return 500, {}, b""
        return 200, {}, b""

    box.shop.answer = answer
    box.webhook()
    for text in "abc":
        box.say(1001, text)
    box.say(1002, "other chat")
    assert box.idle()
    seen = [(u["message"]["chat"]["id"], u["message"]["text"]) for u in box.shop.updates()]
    assert [text for chat, text in seen if chat == 1001] == ["a", "a", "a", "a", "b", "c"]
    assert seen.index((1002, "other chat")) < 3, "another chat does not wait"
    times = [r["at"] for r in box.shop.seen if json.loads(r["body"])["message"]["text"] == "a"]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert gaps[0] < gaps[2] and gaps[1] > 0.095 and gaps[2] > 0.195, gaps  # 0, 2, 4 s
    assert box.api("GET", "/api/queue")["last_error_message"] == (
        "Wrong response from the webhook: 500 Internal Server Error")


def test_retry_after(box):
    busy = [True]

    def answer(path, request):
        if busy:
            busy.clear()
            return 503, {"Retry-After": "10"}, b""
        return 200, {}, b""

    box.shop.answer = answer
    box.webhook()
    box.say(1001, "a")
    assert box.idle()
    first, second = box.shop.seen
    assert 0.45 < second["at"] - first["at"] < 1.5
    assert first["body"] == second["body"], "the same update id"


def test_one_under_way_per_queue(box):
    gate = threading.Event()
    box.meet()
    message = box.send(rows=KEY)["message_id"]

    def answer(path, request):
        gate.wait(5)
        return 200, {}, b""

    box.shop.answer = answer
    box.webhook(max_connections=3)
    for _ in range(2):
        box.say(1001, "m")
        box.tap(1001, message, "d")
    for user in (1002, 1003):
        box.say(user, "m")
    until(lambda: box.shop.most == 3)
    time.sleep(0.2)
    kinds = [next(k for k in u if k != "update_id") for u in box.shop.updates()]
    assert box.shop.most == 3 and kinds.count("callback_query") == 1
    assert box.api("GET", "/api/queue")["in_flight"] == 3
    gate.set()
    until(lambda: len(box.shop.seen) == 6)


def test_delivers_after_a_kill(box):
    box.webhook()
    box.shop.answer = lambda *_: (None, {}, b"")
    sent = [box.say(1001, str(n))["update_id"] for n in range(3)]
    box.shop.wait(1)
    box.kill()
    box.shop.seen.clear()
    box.shop.answer = lambda *_: (200, {}, b"")
    box.start()
    assert box.idle()
    # The first may come once more: who was killed did not get to know that it was taken.
    assert list(dict.fromkeys(u["update_id"] for u in box.shop.updates())) == sent
    assert [m["text"] for m in box.chat(1001)["messages"]] == ["0", "1", "2"]


def test_old_taps_are_dropped(box):
    box.meet()
    message = box.send(rows=KEY)["message_id"]
    box.shop.answer = lambda *_: (500, {}, b"")
    box.webhook()
    tap = box.tap(1001, message, "d")
    assert box.idle(15), "150 s, scaled"
    assert "too old" in box.bad("answerCallbackQuery", callback_query_id=tap["callback_query_id"])[1]


def test_allowed_updates(box):
    box.webhook(allowed_updates=["callback_query"])
    assert box.say(1001, "x")["update_id"] == 0
    box.api("POST", "/api/update", {"update": {"message": {"chat": {"id": 7}, "from": {
        "id": 7, "first_name": "Seven"}}}})
    box.api("POST", "/api/update", {"raw": "\u0000{"})
    assert box.idle()
    assert len(box.shop.seen) == 2
    assert b"\0{" in [r["body"] for r in box.shop.seen]
    assert box.send(7, "hello")


def test_set_webhook(box):
    assert "HTTPS URL" in box.bad("setWebhook", url="http://shop.example/hook")[1]
    assert "unallowed" in box.bad("setWebhook", url="https://a.b/", secret_token="a b")[1]
    box.webhook()
    box.webhook()
    status, words = box.bad("setWebhook", url="https://a.b/")
    assert (status, words) == (429, "Too Many Requests: retry after 1")
    info = box.good("getWebhookInfo")
    assert info["url"] == box.shop.url + "/telegram/webhook" and info["max_connections"] == 40
    assert box.bad("getUpdates")[0] == 409
    box.good("deleteWebhook", drop_pending_updates=True)
    assert box.good("getUpdates") == []


def test_get_updates(box):
    ids = [box.say(1001, str(n))["update_id"] for n in range(3)]
    assert [u["update_id"] for u in box.good("getUpdates", limit=2)] == ids[:2]
    assert [u["update_id"] for u in box.good("getUpdates", offset=ids[1])] == ids[1:]
    assert [u["update_id"] for u in box.good("getUpdates", offset=-1)] == ids[2:]
    answers = []

    def poll():
        answers.append(box.call("getUpdates", offset=ids[2] + 1, timeout=20))

    first = threading.Thread(target=poll)
    first.start()
    time.sleep(0.2)
    second = threading.Thread(target=poll)
    second.start()
    first.join(5)
    assert answers[0]["error_code"] == 409
    late = box.say(1001, "late")["update_id"]
    second.join(5)
    assert [u["update_id"] for u in answers[1]["result"]] == [late]


# ---- troubles ----


def test_telegram_faults(box):
    box.meet()
    box.faults(telegram_status={"method": "sendMessage", "status": 500, "count": 2})
    assert [box.call("sendMessage", chat_id=1001, text="x")["ok"] for _ in range(3)] == [False, False, True]
    box.faults(telegram_retry_after={"method": "sendMessage", "seconds": 7, "count": 1})
    answer = box.call_raw("sendMessage", json.dumps({"chat_id": 1001, "text": "x"}).encode())
    assert answer.headers["Retry-After"] == "7"
    assert answer.json() == {"ok": False, "error_code": 429, "parameters": {"retry_after": 7},
                             "description": "Too Many Requests: retry after 7"}
    box.faults(telegram_down=True)
    with pytest.raises(OSError):
        box.call("getMe")
    box.faults(reset=True)
    count = len(box.chat(1001)["messages"])
    box.faults(telegram_lose_answer={"method": "sendMessage", "count": 1})
    with pytest.raises(OSError):
        box.call("sendMessage", chat_id=1001, text="x")
    assert len(box.chat(1001)["messages"]) == count + 1
    box.faults(telegram_reset={"method": "sendMessage", "count": 1})
    with pytest.raises(OSError, match="reset"):
        box.call("sendMessage", chat_id=1001, text="x")
    assert len(box.chat(1001)["messages"]) == count + 2
    box.faults(telegram_delay_ms=300)
    begun = time.monotonic()
    box.good("getMe")
    assert time.monotonic() - begun > 0.29
    assert box.faults(reset=True)["telegram_delay_ms"] == 0
    assert box.api("POST", "/api/faults", {"telegram_dwon": True}, 400)["error"]
    assert box.violations() == []


def test_duplicates(box):
    box.meet()
    message = box.send(rows=KEY)["message_id"]
    box.webhook()
    box.faults(duplicate_taps=3, duplicate_updates=2)
    box.tap(1001, message, "d")
    box.shop.wait(6)
    updates = box.shop.updates()
    assert len({u["update_id"] for u in updates}) == 3
    assert len({u["callback_query"]["id"] for u in updates}) == 3


def test_many_at_once(box):
    box.meet()
    outcomes = []

    def call(n):
        outcomes.append(box.call("sendMessage", chat_id=1001, text=str(n))["ok"])

    threads = [threading.Thread(target=call, args=(n,)) for n in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [True] * 200
    assert len({m["message_id"] for m in box.chat(1001)["messages"]}) == 201


def test_events_hide_secrets(box):
    box.webhook()
    box.say(1001, f"{TOKEN} {SECRET}")
    assert box.idle()
    last = box.events()[-1]["seq"]
    waited = []
    thread = threading.Thread(target=lambda: waited.extend(
        box.api("GET", f"/api/events?after={last}&wait=10")))
    thread.start()
    box.good("sendMessage", chat_id=1001, text="new")
    thread.join(5)
    assert [e["what"] for e in waited] == ["sendMessage"] and waited[0]["user_id"] == 1001
    text = http("GET", box.url + "/api/events").text
    assert TOKEN not in text and SECRET not in text and "…" in text


def test_chat_waits_for_a_change(box):
    version = box.chat(1001)["version"]
    answers = []
    thread = threading.Thread(target=lambda: answers.append(
        box.api("GET", f"/api/chats/1001?after={version}&wait=10")))
    thread.start()
    time.sleep(0.2)
    box.say(1001, "x")
    thread.join(5)
    assert answers[0]["version"] > version and answers[0]["messages"][-1]["text"] == "x"
    box.api("POST", "/api/users/1001/clear", {})
    assert box.chat(1001)["messages"] == []


def test_people(box):
    person = box.api("POST", "/api/users", {"first_name": "Ї", "language_code": "en"})
    assert person["id"] == 1004 and not person["blocked"]
    changed = box.api("POST", "/api/users", {"id": 1004, "language_code": "ru"})
    assert (changed["first_name"], changed["language_code"]) == ("Ї", "ru")
    box.api("POST", "/api/users", {}, 400)
    box.api("GET", "/api/chats/77", status=404)
    box.api("POST", "/api/users/1001/say", {"text": ""}, 400)


def test_sink():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([BIN / "sandbox", "--listen", f"127.0.0.1:{port}", "--sink"])
    try:
        def up():
            try:
                return http("GET", url + "/api/health").status == 200
            except OSError:
                return False

        until(up, 5)
        for method in ("sendMessage", "answerCallbackQuery", "sendMessage"):
            answer = http("POST", f"{url}/telegram/bot1:x/{method}", b"{}").json()
            assert answer["ok"]
        counted = http("GET", url + "/api/sink").json()
        assert counted["count"] == 3 and counted["methods"]["sendMessage"] == 2
        assert http("POST", url + "/api/sink", b"").json()["count"] == 0
    finally:
        process.terminate()
        process.wait(5)


def test_any_update(box):
    """Whoever is in it can be answered, however it was put in; one id may come twice."""
    def answer(path, request):
        chat = json.loads(request["body"])["message"]["chat"]["id"]
        return as_json({"method": "sendMessage", "chat_id": chat, "text": "hello"})

    box.shop.answer = answer
    box.webhook()
    person = {"id": 77, "is_bot": False, "first_name": "<i>"}
    update = {"update_id": 5, "message": {"message_id": 1, "date": 1, "from": person,
                                          "chat": {"id": 77, "type": "private"}, "text": "x"}}
    group = {"message": {"message_id": 1, "date": 1, "from": {**person, "id": 78},
                         "chat": {"id": -100123, "type": "supergroup", "title": "G"}, "text": "x"}}
    for _ in range(2):
        box.api("POST", "/api/update", {"update": update})
    box.api("POST", "/api/update", {"update": group})
    raw = json.dumps(update).replace("77", "79")
    box.api("POST", "/api/update", {"raw": raw})
    assert box.idle()
    assert sorted(u["update_id"] for u in box.shop.updates())[:3] == [5, 5, 5]
    assert [m["text"] for m in box.chat(77)["messages"]] == ["hello"] * 2
    assert [m["text"] for m in box.chat(79)["messages"]] == ["hello"]
    assert box.violations() == []
    assert [u["id"] for u in box.api("GET", "/api/users")] == [77, 78, 79, 1001, 1002, 1003]
