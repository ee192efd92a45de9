"""The requests of the benchmark, as Telegram and browsers write them, in load's format."""

import json
import time

USERS = 5000  # those who tap: the throttle of one person never bites
BUYERS = 200_000


def raw(method, path, headers, body=b""):
    head = [f"{method} {path} HTTP/1.1", "Host: shop.example"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


def write(path, requests):
    with open(path, "wb") as file:
        for request in requests:
            file.write(b"%d\n%b" % (len(request), request))


def person(user):
    return {"id": user, "is_bot": False, "first_name": "Оксана", "username": f"bench{user}",
            "language_code": "uk"}


def chat(user):
    return {"id": user, "first_name": "Оксана", "username": f"bench{user}", "type": "private"}


def start(number, user):
    return {
        "update_id": number,
        "message": {
            "message_id": number, "from": person(user), "chat": chat(user),
            "date": int(time.time()), "text": "/start",
            "entities": [{"offset": 0, "length": 6, "type": "bot_command"}],
        },
    }


def tap(number, user, data):
    """A button under the list of categories."""
    rows = [[{"text": f"Категорія {n}", "callback_data": f"c:{n}"}] for n in range(1, 7)]
    return {
        "update_id": number,
        "callback_query": {
            "id": str(4294967296000000000 + number), "from": person(user),
            "message": {
                "message_id": 77,
                "from": {"id": 1000000000, "is_bot": True, "first_name": "Kartka",
                         "username": "bench_bot"},
                "chat": chat(user), "date": int(time.time()),
                "text": "Що купуємо?", "reply_markup": {"inline_keyboard": rows},
            },
            "chat_instance": "-1234567890123456789", "data": data,
        },
    }


def write_updates(path, secret, make):
    headers = {"Content-Type": "application/json",
               "X-Telegram-Bot-Api-Secret-Token": secret}
    write(path, (raw("POST", "/telegram/webhook", headers,
                     json.dumps(make(n, n), ensure_ascii=False,
                                separators=(",", ":")).encode())
                 for n in range(1, USERS + 1)))


def write_payments(path, tokens):
    write(path, (raw("GET", f"/pay/{token}", {"Accept": "text/html"}) for token in tokens))
