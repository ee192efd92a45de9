"""The sandbox's Telegram: is it as strict as the real one?"""

import json
import time

import pytest

from sandbox_alone import Sandbox, entity

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
