"""What is no proper request: a defined status, at once, and the shop goes on as before."""

import json
import os
import threading
import time

import pytest
from raw import Raw, ask, head
from stack import http, until

NOTIFY = "/portmone/notify"
RETURN = "/portmone/return"
WEBHOOK = "/telegram/webhook"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MIB = 1024 * 1024


def update(**message):
    """A message that some person writes."""
    return {"update_id": 920000001, "message": {
        "message_id": 1, "date": int(time.time()), "text": "/help",
        "from": {"id": 720000, "is_bot": False, "first_name": "x", "language_code": "uk"},
        "chat": {"id": 720000, "type": "private"}, **message}}


def assert_well(shop):
    """Everything is answered, and at once."""
    assert shop.webhook(update()).status == 200
    assert http("GET", shop.shop_url + "/readyz").status == 200


# ---- the secret ----


def secret_status(shop, *secrets):
    body = json.dumps(update())
    lines = [f"X-Telegram-Bot-Api-Secret-Token: {secret}" for secret in secrets]
    status, _ = ask(shop, head(shop, WEBHOOK, f"Content-Length: {len(body)}", *lines,
                               secret=False), body)
    return status


def test_secret(shop):
    """Scenario 35."""
    right = shop.secret
    other = "A" if right[0] != "A" else "B"
    assert secret_status(shop, right) == 200
    assert secret_status(shop) == 401
    for wrong in ("", " ", "x", right[:-1], right + "x", other + right[1:], right[:-1] + other,
                  right.swapcase(), right.upper(), right + "\0", "x" * 256, "x" * 4000,
                  f'"{right}"', f"Bearer {right}", "%s%n", "ключ"):
        assert secret_status(shop, wrong) in (400, 401), wrong
    # Twice is one too many, whichever of them is right.
    for two in ((right, right), (right, "x"), ("x", right), ("", right), (right, "")):
        assert secret_status(shop, *two) == 401, two


def test_wrong_secret_tells_nothing(shop):
    """Scenario 35: Neither what is wrong with the body nor with the address."""
    for body in (b"", b"{", b"x" * 1000, json.dumps(update()).encode()):
        answer = shop.webhook(None, secret="wrong", raw=body)
        assert (answer.status, answer.body) == (401, b"")
    assert shop.sql("SELECT COUNT(*) FROM users WHERE id = 720001") == [["0"]]


def test_wrong_secret_reads_nothing(shop):
    stranger = update()
    stranger["message"]["from"]["id"] = 720001
    assert shop.webhook(stranger, secret="wrong").status == 401
    assert shop.sql("SELECT COUNT(*) FROM users WHERE id = 720001") == [["0"]]


# ---- bodies of the webhook ----

NOT_JSON = [
    b"", b" ", b"{", b"}", b"[", b"nul", b"{]", b"{}{}", b'{"a":}', b"{'a':1}", b'{"a":1,}',
    b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0", b'{"a":"\xff"}', b'{"a":"\xc0\xaf"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\xf4\x90\x80\x80"}', b'{"a":"\xf5\x80\x80\x80"}', b'{"a":"\xe0\x80\xaf"}',
    b'{"a":"\0"}',
    b"{}\0", b"\0", b'{"a":"\n"}', b'{"a":01}', b'{"a":.5}', b'{"a":1.}', b'{"a":+1}', b'{"a":0x1}',
    b'{"a":NaN}', b'{"a":Infinity}', b'{"a":"\\x41"}', b'{"a":"\\u12"}', b'{"a\\u0000":1}',
    b"{/**/}", b"<xml/>", b"data=%3C", b"a" * MIB, b"[" * 100000, b'{"a":' * 100000,
    b"[" * 100000 + b"]" * 100000, b'{"a":' * 100000 + b"1" + b"}" * 100000,
    b"[" * 65 + b"]" * 65, b'"' + b"\\" * (MIB - 1), b'{"a":"' + b"x" * (MIB - 6),
]

IGNORED = [
    b"{}", b"[]", b"null", b"1", b'"x"', b"true", b"-0", b"[[[]]]", b'{"update_id":null}',
    b'{"update_id":"1"}', b'{"update_id":1}', b'{"update_id":1e400}', b'{"update_id":-1e400}',
    b'{"update_id":1.5}', b'{"update_id":9223372036854775808}',
    b'{"update_id":-9223372036854775809}',
    b'{"update_id":1,"message":null}', b'{"update_id":1,"message":[]}',
    b'{"update_id":1,"message":7}',
    b'{"update_id":1,"message":{}}', b'{"update_id":1,"message":{"from":{},"chat":{}}}',
    b'{"update_id":1,"future_update":{"from":{"id":1}}}', b'{"update_id":1,"poll":{"id":"1"}}',
    b'{"update_id":1,"business_connection":{"id":"x","user":{"id":5}}}',
    b'{"update_id":1,"callback_query":{"id":7,"from":{"id":5}}}',
    b'{"update_id":1,"callback_query":{"id":"","from":{"id":5}}}',
    b'{"a":1,"a":2,"a":{"a":1,"a":2}}', b'{"":""}', b'{"a":"\\ud800"}', b'{"a":"\\udc00\\ud800"}',
    b'{"a":"\\u0000"}', b"[" * 64 + b"]" * 64, b"[" + b"{}," * 300000 + b"{}]",
    b"[" + b"1e400," * 150000 + b"1]", b"[" + b"-9" * 1 + b"9" * 900000 + b"]",
    b"1" * MIB, b"[" + b'"",' * 349524 + b"0]", b'{"update_id":1,"x":"' + b"a" * (MIB - 22) + b'"}',
]


def test_not_json(shop):
    """Scenario 38."""
    for body in NOT_JSON:
        began = time.monotonic()
        assert shop.webhook(None, raw=body).status == 400, body[:60]
        assert time.monotonic() - began < 2
    assert_well(shop)


def test_nothing_to_answer(shop):
    """Scenario 38."""
    for body in IGNORED:
        began = time.monotonic()
        answer = shop.webhook(None, raw=body)
        assert (answer.status, answer.body) == (200, b""), body[:60]
        assert time.monotonic() - began < 2
    assert_well(shop)


def test_many_keys(shop):
    """Scenario 38: A million do not fit the largest body; as many as do are read in no time."""
    million = b"{" + b",".join(b'"%x":1' % n for n in range(10**6)) + b"}"
    assert len(million) > MIB
    assert shop.webhook(None, raw=million).status == 413
    fitting = b"{" + b",".join(b'"%x":1' % n for n in range(105000)) + b"}"
    assert len(fitting) < MIB
    for body in (fitting, b'{"a":{' + b",".join(b'"k":1' for _ in range(170000)) + b"}}"):
        began = time.monotonic()
        assert shop.webhook(None, raw=body).status == 200
        assert time.monotonic() - began < 2


def test_ids_are_exact(shop):
    """Scenario 38: Beyond what a double holds; ids that no person has are nobody's."""
    for person in (9007199254740993, 4503599627370495, 9223372036854775807):
        own = update()
        own["message"]["from"]["id"] = own["message"]["chat"]["id"] = person
        answer = shop.webhook(own)
        assert answer.status == 200
        assert answer.json()["chat_id"] == person
        assert shop.sql(f"SELECT id FROM users WHERE id = {person}") == [[str(person)]]
    for person in (0, -5, 9223372036854775808, 10**30, -(10**30), 1.5, "5", None, True, [5]):
        own = update()
        own["message"]["from"]["id"] = person
        assert (shop.webhook(own).status, shop.webhook(own).body) == (200, b"")
    # A group is not written to, whatever its id.
    for chat in (-100123456789, -(2**63), -(2**63) - 1):
        own = update(chat={"id": chat, "type": "supergroup", "title": "g"})
        assert (shop.webhook(own).status, shop.webhook(own).body) == (200, b"")


def test_the_same_key_twice(shop):
    """Scenario 38."""
    body = json.dumps(update())[:-1] + ', "message": {"from": {"id": 1}}, "update_id": 5}'
    assert shop.webhook(None, raw=body.encode()).status == 200
    body = json.dumps(update()).replace('"id": 720000', '"id": 720003, "id": 720000')
    assert shop.webhook(None, raw=body.encode()).json()["chat_id"] == 720000


@pytest.mark.parametrize("field", ["first_name", "last_name", "username", "language_code"])
def test_odd_people(shop, field):
    """Scenario 39."""
    for n, name in enumerate(("\ud800", "\udfff\ud800", "\0", "a\0b", "\u202eabc", "x" * 65536, "",
                              " ", "\n\r\t", "<b>&\"'", "👩‍👩‍👧‍👦" * 100, "\u0301" * 500,
                              "\uffff", "\ufdd0", "%s%n", "'; DROP", "\\", 7, None, [], {}, True)):
        person = 730000 + n
        own = update()
        own["message"]["from"].update({"id": person, field: name})
        own["message"]["chat"]["id"] = person
        own["message"]["text"] = "/start"
        answer = shop.webhook(own)
        assert answer.status == 200 and answer.json()["chat_id"] == person, repr(name)
        assert len(answer.json()["text"]) < 4096


# ---- lengths ----


def test_largest_body(shop):
    """Scenario 37."""
    own = json.dumps(update()).encode()
    assert shop.webhook(None, raw=own[:-1] + b" " * (MIB - len(own)) + b"}").status == 200
    assert shop.webhook(None, raw=own + b" " * (MIB + 1 - len(own))).status == 413
    assert http("POST", shop.shop_url + NOTIFY, b"x" * (MIB + 1)).status == 413


@pytest.mark.parametrize("path", [WEBHOOK, NOTIFY, RETURN, "/pay/x", "/healthz", "/nothing"])
def test_hundred_mebibytes(shop, path):
    """Scenario 37: Refused by the length alone; and when the length is not said, by what comes."""
    status, took = ask(shop, head(shop, path, f"Content-Length: {100 * MIB}"), b"x" * 65536)
    assert status == 413 and took < 2
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    status, took = ask(shop, head(shop, path, "Transfer-Encoding: chunked"),
                       *[chunk] * 40)
    assert status in (413, 404) and took < 2


def test_chunked(shop):
    """Scenario 37."""
    body = json.dumps(update()).encode()
    chunked = head(shop, WEBHOOK, "Transfer-Encoding: chunked")
    parts = [b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7)]
    assert ask(shop, chunked, *parts, b"0\r\n\r\n")[0] == 200
    for broken in (b"zz\r\n", b"-5\r\nabc\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n",
                   b"5\r\nabcdefgh\r\n0\r\n\r\n",
                   b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 1, body[:-1])):
        assert ask(shop, chunked, broken)[0] == 400, broken
    both = head(shop, WEBHOOK, f"Content-Length: {len(body)}", "Transfer-Encoding: chunked")
    assert ask(shop, both, b"0\r\n\r\n")[0] == 400


def test_length_that_lies(shop):
    """Scenario 37."""
    body = json.dumps(update())
    for said in ("-1", "1e3", "0x10", "abc", "18446744073709551616", f"{len(body)},{len(body)}",
                 ""):
        lying = head(shop, WEBHOOK, f"Content-Length: {said}")
        assert ask(shop, lying, body)[0] in (400, 413), said
    assert ask(shop, head(shop, WEBHOOK, *[f"Content-Length: {len(body)}"] * 2), body)[0] == 400
    for short in (0, 1, len(body) - 1):
        assert ask(shop, head(shop, WEBHOOK, f"Content-Length: {short}"), body)[0] == 400, short
    # Too long: whoever hangs up half-way has said nothing.
    with Raw(shop) as raw:
        raw.send(head(shop, WEBHOOK, f"Content-Length: {len(body) + 50}"), body)
    half = json.dumps({"shopOrderNumber": "2222-2222", "shopBillId": "1"})
    with Raw(shop) as raw:
        raw.send(head(shop, NOTIFY, f"Content-Length: {len(half) + 1}"), half)
    assert_well(shop)


def test_slow_bodies_hold_nobody_up(shop):
    """Scenario 37: Thirty who send a byte now and then, and three that stop: the rest is served at once."""
    body = json.dumps(update())
    open_ones = [Raw(shop, 20) for _ in range(33)]
    began = time.monotonic()
    try:
        for raw in open_ones:
            raw.send(head(shop, WEBHOOK, f"Content-Length: {len(body) + 50}"), body[:5])
        for byte in body[5:15]:
            for raw in open_ones[3:]:
                raw.send(byte)
            start = time.monotonic()
            assert_well(shop)
            assert time.monotonic() - start < 1
        # nginx waits ten seconds for a byte, not longer.
        assert {raw.status() for raw in open_ones[:3]} <= {0, 408}
        assert 9 < time.monotonic() - began < 13
    finally:
        for raw in open_ones:
            raw.socket.close()


def test_slow_heads_hold_nobody_up(shop):
    open_ones = [Raw(shop) for _ in range(100)]
    for raw in open_ones:
        raw.send("POST /telegram/webhook HTTP/1.1\r\nHost: x\r\nX-A: ")
    start = time.monotonic()
    assert_well(shop)
    assert time.monotonic() - start < 1
    for raw in open_ones:
        raw.socket.close()


def rss(pid):
    """KiB."""
    return int(open(f"/proc/{pid}/status").read().split("VmRSS:")[1].split()[0])


@pytest.mark.skipif(bool(os.environ.get("ASAN")), reason="sanitizers keep what was freed")
def test_memory_does_not_grow(shop):
    """Scenario 37: The largest trees, by four at once; afterwards a copy is as small as it was."""
    body = b"[" + b'{"a":[]},' * 100000 + b"{}]"

    def send():
        for _ in range(3):
            assert shop.webhook(None, raw=body).status == 200

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for pid in shop.processes("telegram"):
        until(lambda p=pid: rss(p) < 16 * 1024, 5, "a small process")


# ---- forms and XML ----


def xml_form(xml):
    return b"data=" + "".join(f"%{b:02X}" for b in xml).encode()


BILL = b"<BILL><BILL_ID>1</BILL_ID><BILL_NUMBER>2222-2222</BILL_NUMBER></BILL>"

ODD_NOTIFICATIONS = [
    b"", b"data", b"data=", b"data=%", b"data=%zz", b"data=%00", b"data=%ff", b"&" * 100000,
    b"a=1&" * 100000, b"data=%3CBILLS%2F%3E&data=%3CBILLS%2F%3E", b"=" * 100000,
    xml_form(b"<BILLS>"), xml_form(b"<BILLS/>"), xml_form(b"<BILLS>" + BILL + b"</BILLS>"),
    xml_form(b"<BILLS>" + BILL * 3000 + b"</BILLS>"), xml_form(b"<a>" * 60000),
    xml_form(b"<BILLS>" + b"<a>" * 20000 + b"</a>" * 20000 + b"</BILLS>"),
    xml_form(b'<BILLS a="' + b"x" * 300000 + b'"/>'),
    xml_form(b"<BILLS>" + b"x" * 300000 + b"</BILLS>"),
    xml_form(b"<BILLS " + b" ".join(b'a%d=""' % n for n in range(30000)) + b"/>"),
    xml_form(b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
             b"<BILLS><BILL><BILL_NUMBER>&b;</BILL_NUMBER></BILL></BILLS>"),
    xml_form(b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><BILLS>&a;</BILLS>'),
    xml_form(b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><BILLS/>'),
    xml_form('<?xml version="1.0" encoding="UTF-16"?><BILLS/>'.encode("utf-16")),
    xml_form(b'<?xml version="1.0" encoding="windows-1251"?><BILLS>\xff</BILLS>'),
    xml_form(b"<BILLS><BILL><BILL_NUMBER>" + b"2" * 100000 + b"</BILL_NUMBER></BILL></BILLS>"),
    xml_form(b"<BILLS><![CDATA[" + b"]" * 100000 + b"]]></BILLS>"), xml_form(b"\0<BILLS/>"),
]


@pytest.mark.parametrize("content_type", [
    "application/x-www-form-urlencoded", "text/xml", "application/json", "multipart/form-data",
    "multipart/form-data; boundary=x", "", "x" * 300, "application/json; charset=utf-16", "*/*",
    "text/xml;" + "a" * 500])
def test_odd_notifications(shop, content_type):
    """Answered OK, always: the gateway would only repeat what it has to say."""
    for body in ODD_NOTIFICATIONS + NOT_JSON + IGNORED[:30]:
        began = time.monotonic()
        answer = http("POST", shop.shop_url + NOTIFY, body, {"Content-Type": content_type})
        assert answer.status == 200, body[:80]
        assert b"OK" in answer.body
        assert time.monotonic() - began < 2, body[:80]


def test_odd_returns(shop):
    url = shop.shop_url + RETURN
    shapes = ODD_NOTIFICATIONS[:11] + [
        b"order=", b"order=2222-2222", b"order=2222-2222&order=3333-3333", b"order=%00",
        b"order=<b>",
        b"order=2222-2222&n=-1", b"order=2222-2222&n=99999999999999999999", b"order=2222-2222&n=x",
        b"SHOPORDERNUMBER=%D0%96", b"SHOPORDERNUMBER=" + b"2" * 4000, b"RESULT=<script>",
        b"order=2222-2222%0d%0aX:%20y", b"order=2222-2222?SHOPORDERNUMBER=2222-2222"]
    for fields in shapes:
        page = http("POST", url, fields, FORM)
        assert page.status == 200 and "<script" not in page.text, fields[:60]
        if len(fields) < 6000:
            page = http("GET", url + "?" + fields.decode())
            assert page.status == 200 and "<script" not in page.text, fields[:60]
            assert "X" not in page.headers


# ---- methods and addresses ----

ADDRESSES = [WEBHOOK, NOTIFY, RETURN, "/pay/x", "/pay/", "/pay", "/healthz", "/readyz", "/metrics",
             "/admin/", "/admin", "/admin/ui/web.css", "/", "/nothing", "/telegram", "/telegram/",
             "/telegram/webhook/", "/portmone", "/portmone/", "/portmone/notify/x"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT",
           "PROPFIND",
           "get", "X" * 50]


@pytest.mark.parametrize("method", METHODS)
def test_methods_of_every_address(shop, method):
    for path in ADDRESSES:
        for body in ("", "{", "a=1&a=2"):
            status, took = ask(shop, head(shop, path, f"Content-Length: {len(body)}",
                                          method=method),
                               body)
            assert 200 <= status < 500, (method, path, status)
            assert took < 2
            if method not in ("GET", "HEAD", "POST"):
                assert status >= 300, (method, path, status)
    if method not in ("GET", "HEAD", "POST", "get", "TRACE", "CONNECT"):
        for path in (WEBHOOK, NOTIFY, RETURN, "/pay/x", "/healthz"):
            assert ask(shop, head(shop, path, "Content-Length: 0", method=method))[0] in (400, 405)


def test_odd_addresses(shop):
    for path in ("//", "/../", "/..%2f..%2fetc/passwd", "/admin/ui/../../secrets.json",
                 "/admin/ui/%2e%2e/%2e%2e/Makefile", "/admin/ui/", "/admin/ui/.git", "/pay/%00",
                 "/pay/%ff",
                 "/pay/%c0%af", "/pay/..", "/pay/" + "A" * 7000, "/%", "/%zz",
                 "/pay/x?" + "a" * 7000,
                 "/telegram/webhook?x=1", "/telegram//webhook", "/TELEGRAM/WEBHOOK",
                 "/telegram/webhook%00",
                 "/portmone/return?" + "a=1&" * 1700, "/.env", "/secrets.json", "/readyz?%00",
                 "/healthz/..;/metrics", "*", "http://127.0.0.1/healthz", "healthz"):
        for method in ("GET", "POST"):
            status, took = ask(shop, head(shop, path, "Content-Length: 0", method=method))
            assert 200 <= status < 500 and took < 2, (method, path, status)
    assert ask(shop, head(shop, "/pay/" + "A" * 20000, method="GET"))[0] == 414
    assert ask(shop, head(shop, "/healthz", "X-A: " + "a" * 20000, method="GET"))[0] in (400, 494)
    assert ask(shop, head(shop, "/healthz", *["X-A: " + "a" * 7000] * 6,
                          method="GET"))[0] in (400, 494)
    assert ask(shop, "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n")[0] in (400, 505)
    assert ask(shop,
               b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n")[0] in (0,
               400)
    assert_well(shop)


def test_numbers_are_not_for_everybody(shop):
    for line in ("X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1",
                 "Via: 1.1 x"):
        assert ask(shop, head(shop, "/metrics", line, method="GET"))[0] == 403
    assert http("GET", shop.shop_url + "/metrics").status == 200


def test_odd_headers(shop):
    """What a library behind might obey."""
    for line in ("Proxy: http://127.0.0.1:1/", "X-Http-Method-Override: DELETE",
                 "Content-Encoding: gzip",
                 "Expect: 100-continue", "Upgrade: h2c", "Connection: upgrade", "Range: bytes=0-",
                 "Accept-Language: " + "x," * 3000, "Accept-Language: \xd0\xff",
                 "Cookie: " + "a=b;" * 1500,
                 "Script_Name: /x", "Document-Uri: /telegram/webhook", "Content-Length : 5"):
        for path in ("/pay/x", RETURN, "/healthz"):
            status, took = ask(shop, head(shop, path, line, method="GET"))
            assert 200 <= status < 500 and took < 2, (line, path, status)


def test_pipelined(shop):
    body = json.dumps(update())
    one = head(shop, WEBHOOK, f"Content-Length: {len(body)}").replace("Connection: close", "X: y")
    with Raw(shop, 5) as raw:
        raw.send((one + body) * 3)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 3:
            more = raw.socket.recv(65536)
            assert more
            answers += more
