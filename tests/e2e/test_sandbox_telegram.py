"""The sandbox's Telegram: is it as strict as the real one, and does it deliver as that does?"""

import json
import subprocess
import threading
import time

import pytest

from sandbox_alone import SECRET, TOKEN, Sandbox, as_json
from stack import BIN, free_port, http, until

KEY = [[{"text": "x", "callback_data": "d"}]]


@pytest.fixture
def box():
    with Sandbox("--time-scale", "0.05") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def still():
    """For what leaves nothing behind."""
    with Sandbox() as sandbox:
        for user in (1001, 1002, 1003):
            sandbox.meet(user)
        yield sandbox


def test_starts_at_once_and_silently():
    took = []
    for _ in range(3):
        sandbox = Sandbox()
        begun = time.monotonic()
        with sandbox:
            took.append(time.monotonic() - begun)
            assert [u["id"] for u in sandbox.api("GET", "/api/users")] == [1001, 1002, 1003]
            assert sandbox.good("getMe")["is_bot"]
            begun = time.monotonic()
        assert time.monotonic() - begun < 3
    assert min(took) < 0.5, took  # the machine may be busy


def keyboard(**button):
    return {"inline_keyboard": [[button]]}


REFUSED = [
    ("sendMessage", {}, "is missing"),
    ("sendMessage", {"text": 5}, "must be of type String"),
    ("sendMessage", {"text": "x", "colour": "red"}, "not a known parameter"),
    ("sendMessage", {"text": "x", "parse_mode": "html"}, "a word it may not have"),
    ("sendMessage", {"text": "x", "disable_notification": "yes"}, "must be of type Boolean"),
    ("sendMessage", {"text": "x", "link_preview_options": {"off": True}}, "not a known parameter"),
    ("sendMessage", {"text": ""}, "message text is empty"),
    ("sendMessage", {"text": " \n "}, "message text is empty"),
    ("sendMessage", {"text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty"),
    ("sendMessage", {"text": "x" * 4097}, "message is too long"),
    ("sendMessage", {"text": "😀" * 2049}, "message is too long"),
    ("sendMessage", {"text": "x", "reply_markup": {"rows": []}}, "none of the types"),
    ("sendMessage", {"text": "x", "reply_markup": json.dumps(keyboard(text="x", url="tg://x"))},
     "none of the types"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="x")}, "Text buttons are unallowed"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="", callback_data="x")}, "non-empty"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="x", callback_data="")},
     "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="x", callback_data="ї" * 33)},
     "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="x", copy_text={"text": ""})},
     "BUTTON_COPY_TEXT_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="x", copy_text={"text": "x" * 257})},
     "BUTTON_COPY_TEXT_INVALID"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="x", url="ftp://a.b")}, "Wrong HTTP URL"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="x", url="https://")}, "Wrong HTTP URL"),
    ("sendMessage", {"text": "x", "reply_markup": keyboard(text="x", url="https://a.b", callback_data="x")},
     "exactly one"),
    ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": [KEY[0] * 9]}}, "too long"),
    ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": KEY * 101}}, "too long"),
    ("sendMessage", {"text": "x", "reply_markup": {"keyboard": []}}, "non-empty"),
    ("sendMessage", {"text": "x", "business_connection_id": "1"}, "private chat"),
    ("sendMessage", {"text": "x", "reply_parameters": {"message_id": 1}}, "replied not found"),
    ("editMessageText", {"text": "x"}, "identifier is not specified"),
    ("sendDocument", {"document": "nothing"}, "wrong file identifier"),
    ("sendChatAction", {"action": "sleeping"}, "a word it may not have"),
]


@pytest.mark.parametrize("method, params, words", REFUSED)
def test_refuses_what_telegram_refuses(still, method, params, words):
    before = len(still.violations())
    status, description = still.bad(method, chat_id=1001, **params)
    assert status == 400 and description.startswith("Bad Request: ") and words in description
    assert len(still.violations()) == before + 1


FINE = [
    {"text": "x" * 4096},
    {"text": "😀" * 2048},
    {"text": f"<b>{'x' * 4096}</b>", "parse_mode": "HTML"},
    {"text": "x", "reply_markup": keyboard(text="x", callback_data="ї" * 32)},
    {"text": "x", "reply_markup": keyboard(text="x", url="http://127.0.0.1:8080/pay/a.b_c-d?x=1#y")},
    {"text": "x", "reply_markup": keyboard(text="x", copy_text={"text": "x" * 256})},
    {"text": "x", "reply_markup": {"inline_keyboard": [KEY[0] * 8] * 12 + [KEY[0] * 4]}},
    {"text": "x", "reply_markup": {"keyboard": [[{"text": "🛒"}]], "resize_keyboard": True}},
    {"text": "x", "reply_markup": {"remove_keyboard": True}},
    {"text": "x", "link_preview_options": {"is_disabled": True}, "protect_content": True},
]


@pytest.mark.parametrize("params", FINE)
def test_takes_what_telegram_takes(still, params):
    still.good("sendMessage", chat_id=1001, **params)


def entity(kind, offset, length, **more):
    return {"type": kind, "offset": offset, "length": length, **more}


PARSED = [
    ("a &lt;&gt;&amp;&quot;&#39;&#x1f600; &copy; &", "a <>&\"'😀 &copy; &", []),
    ("<b>bold</b> <i>it</i>", "bold it", [entity("bold", 0, 4), entity("italic", 5, 2)]),
    ("😀<b>x</b>", "😀x", [entity("bold", 2, 1)]),
    ("<B>x</B><strong>y</strong>", "xy", [entity("bold", 0, 1), entity("bold", 1, 1)]),
    ("<b>a<i>b</i></b>", "ab", [entity("bold", 0, 2), entity("italic", 1, 1)]),
    ("<a href=\"https://a.b/?x=1&amp;y\">l</a>", "l",
     [entity("text_link", 0, 1, url="https://a.b/?x=1&y")]),
    ("<a href='http://a.b'>l</a>", "l", [entity("text_link", 0, 1, url="http://a.b")]),
    ("<a>l</a>", "l", []),
    ("<span class=\"tg-spoiler\">s</span>", "s", [entity("spoiler", 0, 1)]),
    ("<pre><code class=\"language-c\">x</code></pre>", "x", [entity("pre", 0, 1, language="c")]),
    ("<blockquote expandable>q</blockquote>", "q", [entity("expandable_blockquote", 0, 1)]),
    ("  <b> x </b>\n", "x", [entity("bold", 0, 1)]),
    ("<b></b>x</", None, "Unexpected end tag at byte offset 8"),
    ("x < y", None, "Unsupported start tag \"\" at byte offset 2"),
    ("ї<b", None, "Unclosed start tag at byte offset 2"),
    ("a <y> b", None, "Unsupported start tag \"y\" at byte offset 2"),
    ("<b>x", None, "Can't find end tag corresponding to start tag \"b\""),
    ("<b>x</i>", None,
     "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
    ("</b>", None, "Unexpected end tag at byte offset 0"),
    ("<span>x</span>", None, "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0"),
    ("<a href=\"x", None, "Unclosed start tag \"a\" at byte offset 0"),
    ("<b><br></b>", None, "Unsupported start tag \"br\" at byte offset 3"),
]


@pytest.mark.parametrize("html, text, wanted", PARSED)
def test_html(still, html, text, wanted):
    answer = still.call("sendMessage", chat_id=1001, text=html, parse_mode="HTML")
    if text is None:
        assert answer["description"] == "Bad Request: can't parse entities: " + wanted
        return
    assert answer["result"]["text"] == text
    assert answer["result"].get("entities", []) == wanted


def test_html_on_the_page_is_safe(still):
    still.send(text="<b>1 &lt; <i>2</i></b><a href=\"https://a.b/?&quot;&lt;\">&amp;</a>\n/help",
               parse_mode="HTML")
    html = still.chat(1001)["messages"][-1]["html"]
    assert html == (
        "<b>1 &lt; <i>2</i></b><a rel=\"noreferrer noopener\" target=\"_blank\" "
        "href=\"https://a.b/?&quot;&lt;\">&amp;</a>\n<span class=\"command\">/help</span>")


def test_edit(still):
    sent = still.send(text="one", rows=KEY)
    same = {"chat_id": 1001, "message_id": sent["message_id"], "text": "one",
            "reply_markup": {"inline_keyboard": KEY}}
    assert "message is not modified" in still.bad("editMessageText", **same)[1]
    edited = still.good("editMessageText", **{**same, "text": "two"})
    assert edited["text"] == "two" and edited["edit_date"]
    assert still.good("editMessageText", chat_id=1001, message_id=sent["message_id"],
                      text="two").get("reply_markup") is None
    assert "not modified" in still.bad("editMessageReplyMarkup", chat_id=1001,
                                       message_id=sent["message_id"])[1]
    assert still.bad("editMessageText", chat_id=1001, message_id=99999, text="x") == (
        400, "Bad Request: message to edit not found")
    theirs = still.say(1001, "mine")["message_id"]
    assert "can't be edited" in still.bad("editMessageText", chat_id=1001, message_id=theirs, text="x")[1]
    menu = still.send(text="m", reply_markup={"keyboard": [[{"text": "a"}]]})
    assert "can't be edited" in still.bad("editMessageText", chat_id=1001,
                                          message_id=menu["message_id"], text="x")[1]
    assert still.chat(1001)["reply_keyboard"]["keyboard"] == [[{"text": "a"}]]
    still.good("deleteMessage", chat_id=1001, message_id=sent["message_id"])
    assert sent["message_id"] not in [m["message_id"] for m in still.chat(1001)["messages"]]
    assert "not found" in still.bad("deleteMessage", chat_id=1001, message_id=sent["message_id"])[1]


def test_who_may_be_written_to(box):
    assert box.bad("sendMessage", chat_id=5, text="x") == (400, "Bad Request: chat not found")
    assert box.bad("sendMessage", chat_id=1002, text="x") == (
        403, "Forbidden: bot can't initiate conversation with a user")
    box.meet()
    assert box.good("sendMessage", chat_id="1001", text="x")
    box.api("POST", "/api/users/1001/block", {"blocked": True})
    assert box.bad("sendMessage", chat_id=1001, text="x") == (
        403, "Forbidden: bot was blocked by the user")
    box.api("POST", "/api/users/1001/say", {"text": "x"}, 409)
    box.api("POST", "/api/users/1001/block", {"blocked": False})
    changes = [u["my_chat_member"] for u in box.good("getUpdates") if "my_chat_member" in u]
    assert [c["new_chat_member"]["status"] for c in changes] == ["kicked", "member"]
    assert box.violations() == []


def test_wrong_token_and_method(box):
    answer = box.call_raw("getMe", b"{}", token="42:other")
    assert (answer.status, answer.json()["description"]) == (401, "Unauthorized")
    assert box.bad("makeMoney") == (404, "Not Found: method not found")
    assert box.call_raw("sendMessage", b"{not json").status == 400
    assert box.call_raw("GETME", b"").json()["ok"]
    assert len(box.violations()) == 3


def test_callback(box):
    box.meet()
    message = box.send(rows=KEY)["message_id"]
    box.tap(1001, message, "other", status=409)
    tap = box.tap(1001, message, "d")
    assert box.chat(1001)["spinners"] == [tap["callback_query_id"]]
    assert not box.idle(0)
    assert "MESSAGE_TOO_LONG" in box.bad("answerCallbackQuery",
                                         callback_query_id=tap["callback_query_id"], text="x" * 201)[1]
    assert box.good("answerCallbackQuery", callback_query_id=tap["callback_query_id"], text="hi")
    chat = box.chat(1001)
    assert chat["spinners"] == []
    assert chat["answers"] == [{"callback_query_id": tap["callback_query_id"], "text": "hi",
                                "show_alert": False}]
    old = ("Bad Request: query is too old and response timeout expired or query ID is invalid")
    assert box.bad("answerCallbackQuery", callback_query_id=tap["callback_query_id"]) == (400, old)
    assert box.bad("answerCallbackQuery", callback_query_id="nonsense") == (400, old)
    forced = box.tap(1001, 99999, "gone", force=True)
    query = [u for u in box.good("getUpdates") if u["update_id"] == forced["update_id"]][0]
    assert query["callback_query"]["message"] == {
        "chat": {"id": 1001, "first_name": "Оксана", "username": "oksana", "type": "private"},
        "message_id": 99999, "date": 0}


def test_document(box):
    box.meet()
    parts = [("chat_id", "1001"), ("caption", "<b>c</b>"), ("parse_mode", "HTML"),
             ("reply_markup", json.dumps({"inline_keyboard": KEY}))]
    body = "".join(f'--B\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in parts)
    body += ('--B\r\nContent-Disposition: form-data; name="document"; filename="коди.txt"\r\n'
             "Content-Type: text/plain\r\n\r\nAAAA\nBBBB\r\n--B--\r\n")
    answer = box.call_raw("sendDocument", body.encode(), "multipart/form-data; boundary=B").json()
    assert answer["ok"], answer
    document = answer["result"]["document"]
    assert (document["file_name"], document["file_size"]) == ("коди.txt", 9)
    assert box.chat(1001)["messages"][-1]["document"] == {"file_name": "коди.txt", "text": "AAAA\nBBBB"}
    assert box.chat(1001)["messages"][-1]["html"] == "<b>c</b>"
    assert box.good("sendDocument", chat_id=1001, document=document["file_id"])
    assert box.call_raw("sendDocument", body.encode(), "multipart/form-data; boundary=C").status == 400
    assert "text in the message" in box.bad("editMessageText", chat_id=1001, text="x",
                                            message_id=answer["result"]["message_id"])[1]


def test_bot_in_three_languages(box):
    commands = [{"command": "start", "description": "почати"}]
    box.good("setMyCommands", commands=commands, language_code="uk", scope={"type": "all_private_chats"})
    box.good("setMyCommands", commands=[{"command": "help", "description": "help"}])
    box.good("setMyName", name="Картка", language_code="uk")
    box.good("setMyDescription", description="x" * 512)
    box.good("setChatMenuButton", menu_button={"type": "commands"})
    assert box.api("GET", "/api/bot?language=uk")["commands"] == commands
    assert box.api("GET", "/api/bot?language=uk")["name"] == "Картка"
    assert box.api("GET", "/api/bot?language=en")["commands"][0]["command"] == "help"
    assert box.good("getMyCommands", language_code="uk", scope={"type": "all_private_chats"}) == commands
    assert "is too long" in box.bad("setMyShortDescription", short_description="x" * 121)[1]
    assert "BOT_COMMAND_INVALID" in box.bad("setMyCommands", commands=[
        {"command": "Start", "description": "x"}])[1]
    assert "language code" in box.bad("setMyName", name="x", language_code="ukr")[1]


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
    assert [u["update_id"] for u in box.shop.updates()] == sent
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
