"""Codes in clear text are in the buyer's chat and nowhere on the disk."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from stack import Stack, http, until

CODES = [f"Q7ZK-{n:04d}-WXCV-ЇҐ" for n in range(40)]
STDIN_CODES = [f"M4PL-{n:04d}-RTYU" for n in range(20)]
BAD = "J9HG-" + "0" * 300
# What begins every code: whatever is found of any of them is found by one of these.
STEMS = ["Q7ZK-00", "M4PL-00", "J9HG-00"]


def shapes(text):
    """Every form in which it might lie about, as bytes."""
    plain = text.encode()
    found = {plain, plain.replace(b"-", b""), plain.lower(), plain.swapcase(), plain[::-1],
             plain.replace(b"-", b"%2D"), plain.replace(b"-", b"\\u002d"),
             text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("utf-32-le"),
             plain.hex().encode(), plain.hex().upper().encode()}
    for offset in range(3):
        # Of base64 only the characters that depend on nothing else.
        whole = base64.b64encode(bytes(offset) + plain)
        inner = whole[-(-offset * 8 // 6) + (1 if offset else 0):(offset + len(plain)) * 8 // 6]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


PATTERNS = sorted({shape for stem in STEMS for shape in shapes(stem)})
PIECE = 1 << 18


def holds(data, patterns=PATTERNS):
    """The pattern found in it, or None.  (For so many a regular expression takes ten times.)"""
    return next((p for p in patterns if p in data), None)


def search(root, patterns=PATTERNS, skip=()):
    """[(file, pattern)]; files are read in pieces that overlap."""
    found = []
    for path in sorted(Path(root).rglob("*")):
        if any(path.is_relative_to(s) for s in skip) or not path.is_file():
            continue
        with path.open("rb") as file:
            rest = b""
            while piece := file.read(PIECE):
                # Most of a database's files is zeros.
                match = piece.count(0) < len(piece) and holds(rest + piece, patterns)
                if match:
                    found.append((str(path), match))
                    break
                rest = piece[-64:]
    return found


class Disk:
    """A shop that writes all it can: debug, into a file."""

    def __init__(self):
        self.stack = Stack(LOG_LEVEL="debug", ADMIN_CHAT_IDS=1002)
        self.stack.settings["LOG_FILE"] = str(self.stack.var / "shop.log")
        # Elsewhere: what the operator keeps is the operator's.
        self.outside = Path(tempfile.mkdtemp(prefix="kartka-codes-", dir="/tmp"))

    def found(self, **more):
        # The sandbox's folder is the buyer's telephone.
        return search(self.stack.var, skip=[self.stack.var / "sandbox"], **more)

    def processes(self):
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    environ = (entry / "environ").read_bytes()
                    if f"KARTKA_VAR={self.stack.var}".encode() in environ.split(b"\0"):
                        yield entry
                except OSError:
                    continue


@pytest.fixture(scope="module")
def disk():
    disk = Disk()
    try:
        with disk.stack as stack:
            stack.api("POST", "/api/users/1002/say", {"text": "/start"})
            stack.catalogue("disk", codes=0, pattern="", instruction={"uk": "Наберіть код"})
            path = disk.outside / "codes.csv"
            path.write_text("code;serial;expires\n" + "".join(
                f"{code};S{n};2031-01-01\n" for n, code in enumerate(CODES)) + f"{BAD};;\n")
            stack.kartka("codes", "import", "disk", path, "--dry-run")
            said = stack.kartka("codes", "import", "disk", path)
            said = said.stdout + said.stderr + stack.kartka("codes", "import", "disk", path).stdout
            said += stack.kartka("codes", "import", "disk", "-",
                                 stdin="\n".join(STDIN_CODES)).stdout
            assert "added 40" in said and "added 20" in said and "malformed 1" in said
            disk.said = said
            use(disk)
            yield disk
    finally:
        shutil.rmtree(disk.outside)


def echo(code):
    """Telegram quotes what it did not like."""
    return {"ok": False, "error_code": 400, "description":
            f'Bad Request: can\'t parse entities: Unsupported start tag "{code}" at byte offset 8'}


def use(disk):
    """Everything that touches codes, the unhappy ways as well."""
    shop = disk.stack
    buyer, later = shop.buyer(), shop.buyer()
    for quantity in (1, 3, 12):
        _, bill = buyer.open_order("disk", quantity)
        shop.pay(bill)
    until(lambda: len(buyer.codes()) == 16, what="the codes")
    buyer.say("/purchases")
    buyer.press("× 3")
    until(lambda: len(buyer.codes()) == 19, what="three of them again")
    buyer.say("/purchases")
    buyer.press("× 12")
    until(lambda: len(buyer.codes()) == 31, what="the file again")
    buyer.press("Проблема")
    # Sent, and the answer lost; sent, and Telegram is not well; sent, and refused in words.
    for fault in ({"telegram_lose_answer": {"method": "sendMessage", "count": 1}},
                  {"telegram_status": {"method": "sendMessage", "status": 502, "count": 1}},
                  {"telegram_status": {"method": "sendMessage", "status": 400, "count": 1,
                                       "body": echo(CODES[17])}},
                  {"telegram_status": {"method": "sendMessage", "status": 400, "count": 2,
                                       "body": echo(CODES[18])}},
                  {"telegram_status": {"method": "sendDocument", "status": 400, "count": 2,
                                       "body": echo(CODES[19])}}):
        number, bill = later.open_order("disk", 11 if "sendDocument" in str(fault) else 1)
        shop.faults(**fault)
        shop.pay(bill)
        until(lambda n=number: shop.sql(
            "SELECT 1 FROM outbox m JOIN orders o ON o.id = m.order_id WHERE "
            f"o.number = '{n}' AND m.kind = 'delivered' AND m.state <> 'pending'"),
            what=f"an end of {fault}")
        shop.faults(reset=True)
    assert shop.sql("SELECT COUNT(*) FROM outbox WHERE state = 'dead'") == [["2"]]
    # What a browser or a prankster sends in: a code in every place.
    for path in (f"/pay/{CODES[0]}", f"/portmone/return?order={CODES[0]}", f"/{CODES[0]}"):
        http("GET", shop.shop_url + path.encode().decode("ascii", "ignore"))
    shop.webhook(None, raw=f'{{"{CODES[0]}"'.encode())
    shop.webhook(None, secret=STDIN_CODES[0])
    buyer.say(CODES[0])
    shop.idle()
    shop.check()


def test_the_search_finds_what_is_there(disk):
    for stem in STEMS:
        for n, shape in enumerate(shapes(stem)):
            (disk.outside / f"planted-{n}").write_bytes(b"x" * (PIECE - 3) + shape + b"y")
        assert len(search(disk.outside)) >= len(shapes(stem))
        for path in disk.outside.glob("planted-*"):
            path.unlink()
    encoded = disk.outside / "base64"
    for pad in range(5):
        encoded.write_bytes(base64.b64encode(b"z" * pad + CODES[7].encode() + b"zz"))
        assert search(disk.outside)
    encoded.unlink()
    # In the database's files as well: the order's number is there.
    number = disk.stack.sql("SELECT number FROM orders LIMIT 1")[0][0]
    flush(disk)
    assert any("/db/" in path for path, _ in disk.found(patterns=[number.encode()]))


def flush(disk):
    """Through the socket, as the operating system's root, whom it lets in."""
    subprocess.run(["mariadb", "--no-defaults", f"--socket={disk.stack.var}/run/db.sock",
                    "--user=root", "-e", "FLUSH TABLES; SET GLOBAL innodb_log_checkpoint_now = 1"],
                   check=False, capture_output=True)


def test_nothing_on_the_disk(disk):
    flush(disk)
    assert (disk.stack.var / "shop.log").stat().st_size > 1000
    assert disk.found() == []


def test_nothing_in_what_was_said(disk):
    said = "".join(disk.stack.output) + disk.said
    assert not holds(said.encode())
    assert not holds(disk.stack.kartka("status").stdout.encode())
    dump = disk.stack.sql("SELECT * FROM outbox") + disk.stack.sql(
        "SELECT actor, action, object, detail FROM audit")
    assert dump and not holds(str(dump).encode())


def test_nothing_in_processes(disk):
    """Neither their arguments nor their environment; and none leaves a core file."""
    secrets = json.loads((disk.stack.var / "secrets.json").read_text())
    seen = 0
    for entry in disk.processes():
        command = (entry / "cmdline").read_bytes()
        assert not holds(command + (entry / "environ").read_bytes())
        if b"sandbox" in command:
            continue  # it is told the token it has to expect
        seen += 1
        for name, secret in secrets.items():
            assert str(secret).encode() not in command, (name, command)
        limits = (entry / "limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits), command
    assert seen > 10


def test_nothing_after_a_crash_and_the_end(disk):
    """Killed in the middle, then ended in order: the files that stay behind."""
    shop = disk.stack
    buyer = shop.buyer()
    _, bill = buyer.open_order("disk")
    for name in ("telegram", "portmone", "worker"):
        os.kill(shop.processes(name)[0], signal.SIGABRT)
    shop.pay(bill)
    until(buyer.codes, what="the code")
    os.kill(shop.processes("mariadbd")[0], signal.SIGKILL)
    until(lambda: http("GET", shop.shop_url + "/readyz").status == 200, 40, "readiness")
    assert disk.found() == []
    shop.check()
    shop.stop()
    assert disk.found() == []
    assert [p for p in shop.var.rglob("core*") if p.is_file()] == []
