"""Codes by the panel, through nginx: whatever a spreadsheet makes of them, twice, in half, by two
people at once; and a hundred thousand of them in time and in little memory."""

import os
import random
import re
import socket
import threading
import time
from pathlib import Path

import pytest

from panel import Browser
from stack import until

LIMIT_S = 10  # on a machine that has nothing else to do
LIMIT_MIB = 64


@pytest.fixture(scope="module")
def people(session_shop):
    return [Browser(session_shop, login, "manager").sign_in() for login in ("ulas", "vira")]


def value_of(shop, slug):
    shop.catalogue(slug, codes=0)
    return shop.sql(f"SELECT id FROM card_values WHERE slug = '{slug}'")[0][0]


def codes_of(name, count):
    return [f"{name}-{n:06d}-{random.randrange(10 ** 6):06d}" for n in range(count)]


def preview(person, value, text="", file=b"", batch="партія"):
    """The first step; the preview's address."""
    person.get(f"/admin/stock/{value}")
    answer = person.upload(f"/admin/stock/{value}/upload",
                           {"codes": text, "batch": batch, "supplier": "", "cost": ""}, file)
    assert answer.status == 303, answer.text
    return answer.headers["Location"]


def report(shop, place):
    """new, known, repeated, bad."""
    row = shop.sql("SELECT total - known, known, repeated, bad FROM stagings "
                   f"WHERE id = {place.rsplit('/', 1)[1]}")[0]
    return [int(n) for n in row]


def confirm(person, place):
    person.get(place)
    assert person.post(place + "/confirm", follow=False).status == 303


def wait_done(shop, *places):
    ids = ",".join(place.rsplit("/", 1)[1] for place in places)
    until(lambda: not shop.sql(f"SELECT 1 FROM stagings WHERE id IN ({ids}) AND state <> 'done'"),
          60, "the codes on the shelf")


def on_shelf(shop, value):
    return int(shop.sql(f"SELECT COUNT(*) FROM card_codes WHERE value_id = {value}")[0][0])


# ---- what comes ----

TABLE = "code;serial;expires\r\n{0};s-0;31.12.2031\r\n\"{1}\";s;\r\n{2};;\r\n"


@pytest.mark.parametrize("way, encode", [
    ("paste", lambda codes: "\n".join(codes)),
    ("crlf", lambda codes: ("\r\n".join(codes) + "\r\n").encode()),
    ("cr", lambda codes: "\r".join(codes).encode()),
    ("bom", lambda codes: "\n".join(codes).encode("utf-8-sig")),
    ("csv", lambda codes: ("code,serial\n" + "".join(f"{c},s\n" for c in codes)).encode()),
    ("semicolons", lambda codes: TABLE.format(*codes).encode("utf-8-sig")),
    ("utf-16", lambda codes: TABLE.format(*codes).encode("utf-16")),
    ("utf-16-be", lambda codes: b"\xfe\xff" + "\n".join(codes).encode("utf-16-be")),
])
def test_every_kind_of_file(session_shop, people, way, encode):
    """Scenario 41."""
    shop, person = session_shop, people[0]
    value = value_of(shop, f"up-{way}")
    sent = encode(codes_of(f"KIND-{way}", 3))
    place = preview(person, value, *(("", sent) if isinstance(sent, bytes) else (sent,)))
    assert report(shop, place) == [3, 0, 0, 0]
    confirm(person, place)
    wait_done(shop, place)
    assert on_shelf(shop, value) == 3
    # The same once more is known, whatever it is called now.
    again = preview(person, value, *(("", sent) if isinstance(sent, bytes) else (sent,)), batch="інша")
    assert report(shop, again) == [0, 3, 0, 0]
    if way in ("semicolons", "utf-16"):
        assert shop.sql(f"SELECT DATE(expires_at) FROM card_codes WHERE value_id = {value} "
                        "ORDER BY expires_at LIMIT 1") == [["2031-12-31"]]


def test_what_is_wrong_is_named(session_shop, people):
    """Scenario 41."""
    shop, person = session_shop, people[0]
    value = value_of(shop, "up-wrong")
    good = codes_of("WRONG", 2)
    place = preview(person, value, file="\n".join(
        [good[0], "", good[0], "x" * 300, good[1], "  "]).encode() + b"\n\xff\xfe broken\n")
    assert report(shop, place) == [2, 0, 1, 2]
    page = person.get(place).text
    assert re.search(r"\b4\b", page) and re.search(r"\b7\b", page)
    assert good[0] not in page
    # An upload of nothing is said in words, and nothing typed is lost.
    person.get(f"/admin/stock/{value}")
    answer = person.upload(f"/admin/stock/{value}/upload", {"codes": "", "batch": "названа", "supplier": "", "cost": ""})
    assert answer.status == 422 and "названа" in answer.text


# ---- twice, in half ----


def test_confirmed_by_many_clicks(session_shop, people):
    shop, person = session_shop, people[0]
    value = value_of(shop, "up-clicks")
    place = preview(person, value, "\n".join(codes_of("CLICKS", 700)))
    person.get(place)
    token = person.token
    statuses = []

    def click():
        other = Browser(shop)
        other.cookies = dict(person.cookies)
        statuses.append(other.post(place + "/confirm", csrf=token, follow=False).status)

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * 8
    wait_done(shop, place)
    assert on_shelf(shop, value) == 700
    number = place.rsplit("/", 1)[1]
    assert shop.sql("SELECT COUNT(*) FROM audit WHERE action = 'codes_upload' AND "
                    f"object = 'upload {number}'") == [["1"]]
    # What is on the shelf is not taken back by the other button.
    person.get(place)
    assert person.post(place + "/discard", follow=False).status == 409
    assert on_shelf(shop, value) == 700


def test_broken_off(session_shop, people):
    """Scenario 41: Half a request never becomes an upload; a whole one that nobody waited for changes nothing."""
    shop, person = session_shop, people[0]
    value = value_of(shop, "up-half")
    person.get(f"/admin/stock/{value}")
    cookie = "; ".join(f"{k}={v}" for k, v in person.cookies.items())
    before = shop.sql("SELECT COUNT(*) FROM stagings")
    for promised in (200_000, 0):
        body = (f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{person.token}\r\n'
                '--b\r\nContent-Disposition: form-data; name="batch"\r\n\r\nx\r\n'
                '--b\r\nContent-Disposition: form-data; name="codes"\r\n\r\n'
                + "\n".join(codes_of("HALF", 500)) + ("" if promised else "\r\n--b--\r\n")).encode()
        with socket.create_connection(("127.0.0.1", shop.port)) as line:
            line.sendall((f"POST /admin/stock/{value}/upload HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n"
                          f"Content-Type: multipart/form-data; boundary=b\r\n"
                          f"Content-Length: {promised or len(body)}\r\n\r\n").encode() + body)
        if promised:
            assert person.get("/admin/stock").status == 200
            assert shop.sql("SELECT COUNT(*) FROM stagings") == before
    assert on_shelf(shop, value) == 0


# ---- two at once ----


def test_two_people_with_the_same_codes(session_shop, people):
    """Scenario 41."""
    shop = session_shop
    value = value_of(shop, "up-two")
    text = "\n".join(codes_of("TWO", 1200))
    places = [None, None]

    def together(work):
        threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def first(n):
        places[n] = preview(people[n], value, text, batch=f"від {n}")

    together(first)
    assert places[0] != places[1]
    # One's preview is not the other's to confirm, nor to throw away.
    for n in range(2):
        people[n].get(places[1 - n])
        assert places[1 - n] + "/confirm" not in people[n].page
        assert people[n].post(places[1 - n] + "/confirm", follow=False).status == 404
        people[n].get(places[1 - n])
        assert people[n].post(places[1 - n] + "/discard", follow=False).status == 404
    together(lambda n: confirm(people[n], places[n]))
    wait_done(shop, *places)
    assert on_shelf(shop, value) == 1200
    added = [int(shop.sql(f"SELECT added FROM stagings WHERE id = {p.rsplit('/', 1)[1]}")[0][0])
             for p in places]
    assert sum(added) == 1200
    assert shop.sql("SELECT COUNT(DISTINCT actor) FROM audit WHERE action = 'codes_upload' AND "
                    f"detail LIKE '%\"value\":{value},%'") == [["2"]]
    shop.check()


# ---- many ----


def forget_peaks(shop):
    """Signing in took more, for its hash."""
    for pid in shop.processes("admin"):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mib(shop):
    """The most memory that any copy of the panel's program had since."""
    peaks = [int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])
             for pid in shop.processes("admin")]
    return max(peaks) / 1024


def many(shop, person, count):
    limit = LIMIT_S * max(1, os.getloadavg()[0] / os.cpu_count())
    value = value_of(shop, f"up-many-{count}")
    table = "code;serial;expires\r\n" + "".join(
        f"{code};сер-{n};2031-12-31\r\n" for n, code in enumerate(codes_of(f"MANY{count}", count)))
    forget_peaks(shop)
    began = time.monotonic()
    place = preview(person, value, file=table.encode("utf-8-sig"), batch="велика")
    assert person.get(place).status == 200
    previewed = time.monotonic() - began
    assert report(shop, place) == [count, 0, 0, 0]
    began = time.monotonic()
    confirm(person, place)
    until(lambda: shop.sql(f"SELECT state FROM stagings WHERE id = {place.rsplit('/', 1)[1]}") ==
          [["done"]], 120, "the codes on the shelf")
    confirmed = time.monotonic() - began
    assert on_shelf(shop, value) == count
    print(f"{count} codes: preview {previewed:.1f} s, confirmed {confirmed:.1f} s, "
          f"peak {peak_mib(shop):.0f} MiB")
    assert previewed < limit and confirmed < limit
    assert "asan" in str(shop.bin) or peak_mib(shop) <= LIMIT_MIB


def test_many_codes(session_shop, people):
    many(session_shop, people[0], 5_000)


@pytest.mark.long
def test_hundred_thousand_codes(session_shop, people):
    """Scenario 41."""
    many(session_shop, people[0], 100_000)
