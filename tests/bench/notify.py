"""From the gateway's notification to the code in Telegram's hands, payment after payment."""

import http.client
import json
import time

from rig import get

PAYMENTS = 600  # tokens at hand
PACE = 0.04  # seconds from one notification to the next


def open_order(rig, token):
    """Like the buyer's browser; the order's number, out of the gateway's address."""
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=20)
    connection.request("GET", f"/pay/{token}")
    answer = connection.getresponse()
    answer.read()
    assert answer.status in (302, 303), answer.status
    return answer.headers["Location"].rsplit("/", 1)[1]


def notification(number):
    return json.dumps({"shopBillId": number, "shopOrderNumber": number, "status": "PAYED",
                       "billAmount": "100.00"}).encode()


def read_events(rig):
    """By order number: when it was asked about, when that was answered, when it was told."""
    asked, answered, sent = {}, {}, {}
    for line in (rig.var / "events").read_text(errors="replace").splitlines():
        kind, *rest = line.split(" ", 3)
        if kind == "asked" and rest[0] not in asked:
            asked[rest[0]], answered[rest[0]] = int(rest[1]), int(rest[2])
        elif kind == "sendMessage" and "<code>" in rest[2]:
            sent[rest[2]] = int(rest[1])
    return asked, answered, sent


def measure(rig, tokens, count):
    """Milliseconds beyond the gateway's own answer, for each payment."""
    told = {}
    for token in tokens[:count]:
        number = open_order(rig, token)
        get(f"http://127.0.0.1:{rig.stub_port}/paid/{number}", "POST", b"{}")
        began = time.monotonic()
        told[number] = int(began * 1e6)
        get(f"http://127.0.0.1:{rig.port}/portmone/notify", "POST", notification(number),
            {"Content-Type": "application/json"})
        time.sleep(max(0, PACE - (time.monotonic() - began)))
    time.sleep(3)
    rig.stub_counts()  # the events are on the disk after this
    asked, answered, sent = read_events(rig)
    found = []
    for number, at in told.items():
        texts = [text for text in sent if number in text]
        assert len(texts) == 1, f"order {number} was told {len(texts)} times"
        own = answered[number] - asked[number]
        found.append((sent[texts[0]] - at - own) / 1000)
    return found
