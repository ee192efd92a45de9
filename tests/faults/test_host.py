"""The host itself: its disk, its log files, its limits and its clock."""

import os
import pwd
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from shop import FaultShop, at_once
from stack import BIN, ROOT, http, until

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@pytest.fixture(scope="module")
def module_shop():
    """Its log is rotated all the time."""
    stack = FaultShop(LOG_MAX_BYTES=4096, LOG_KEEP=500, LOG_LEVEL="debug")
    stack.settings["LOG_FILE"] = stack.var / "shop.log"
    with stack:
        stack.catalogue("host", codes=200)
        yield stack


def update(person, text="/buy"):
    return {"update_id": 960000000 + time.monotonic_ns() % 10**7, "message": {
        "message_id": 1, "date": int(time.time()), "text": text,
        "from": {"id": person, "is_bot": False, "first_name": "x", "language_code": "uk"},
        "chat": {"id": person, "type": "private"}}}


def buy(shop, slug="host", buyer=None):
    buyer = buyer or shop.buyer()
    number, bill = buyer.open_order(slug)
    shop.pay(bill)
    shop.served(buyer, number)
    return number


# ---- its log ----


def test_scenario_24_log_is_full():
    """Not a byte of the log can be written: the shop sells, and counts the lines."""
    with FaultShop(LOG_FILE="/dev/full", LOG_LEVEL="debug") as shop:
        shop.catalogue("full", codes=3)
        buy(shop, "full")
        # Of every program: the notification's line is the responder's, the message's the worker's.
        until(lambda: shop.metric("log_dropped") > 3, what="a count of the lines")
        before = shop.metric("log_dropped")
        for _ in range(5):
            shop.notify("2345-6789")
        until(lambda: shop.metric("log_dropped") >= before + 5, what="five more")
        shop.check()
        assert shop.violations() == []


def test_scenario_25_log_is_rotated(shop):
    """By itself, then by others, while twenty people buy: no line and no request is lost."""
    done = threading.Event()

    def rotate():
        n = 0
        while not done.wait(0.2):
            n += 1
            log = shop.var / "shop.log"
            if log.exists():
                log.rename(shop.var / f"shop.log-moved-{n}")

    def crowd():
        buyers = [shop.buyer() for _ in range(20)]
        return at_once([lambda b=buyer: buy(shop, buyer=b) for buyer in buyers])

    numbers = crowd()
    rotator = threading.Thread(target=rotate)
    rotator.start()
    try:
        numbers += crowd()
    finally:
        done.set()
        rotator.join()
    assert None not in numbers
    text = "".join(path.read_text() for path in shop.var.glob("shop.log*"))
    assert list(shop.var.glob("shop.log.*")) and list(shop.var.glob("shop.log-*"))
    for number in numbers:
        assert len(re.findall(f"order_opened .*order={number} ", text)) == 1, number
        assert len(re.findall(f"order_settled .*order={number} .*state=delivered", text)) == 1, number
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z ", line)
               for line in text.splitlines())


def test_scenario_40_log_lines(shop):
    """What Portmone says can't end a line, nor speak to whoever looks at it in a terminal."""
    buyer = shop.buyer()
    url = buyer.offer("host")
    shop.faults(portmone_status={"method": "createLinkPayment", "status": 200, "count": 1, "body": {
        "errorCode": "1", "error": "bad\r\n2026-01-01T00:00:00.000000Z error run[1] forged \x1b[2J"}})
    assert http("GET", url).status == 503
    text = "".join(path.read_text() for path in shop.var.glob("shop.log*"))
    line = next(line for line in text.split("\n") if "bill_failed" in line and "forged" in line)
    assert "error portmone[" in line and "bad" in line
    assert not any(c in text for c in "\r\x1b") and "\n2026-01-01T00:00:00" not in text
    shop.follow(url)


# ---- its limits ----


class Limit:
    """These processes may have so many; afterwards as before."""

    def __init__(self, pids, what, soft):
        self.what, self.soft = what, soft
        self.before = {pid: resource.prlimit(pid, what) for pid in pids}

    def __enter__(self):
        for pid, (_, hard) in self.before.items():
            resource.prlimit(pid, self.what, (self.soft, hard))

    def __exit__(self, *exc):
        for pid, limits in self.before.items():
            try:
                resource.prlimit(pid, self.what, limits)
            except ProcessLookupError:
                pass


def test_scenario_27_no_descriptor_for_responders(shop):
    """Nothing can be accepted: it waits, and is answered by the same processes."""
    pids = shop.processes("telegram") + shop.processes("portmone")
    answers = []
    asks = [lambda: http("GET", shop.shop_url + "/portmone/return?order=2345-6789"),
            lambda: shop.webhook(update(770001))]
    threads = [threading.Thread(target=lambda a=ask: answers.append(a())) for ask in asks]
    with Limit(pids, resource.RLIMIT_NOFILE, 3):
        for thread in threads:
            thread.start()
        time.sleep(1)  # a second of trying in vain
        assert answers == []
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200, 200]
    assert shop.processes("telegram") + shop.processes("portmone") == pids


def test_scenario_27_no_descriptor_for_the_worker(shop):
    """It can open no connection; what is to be sent is sent afterwards."""
    worker = shop.processes("worker")
    buyer = shop.buyer()
    number, bill = buyer.open_order("host")
    with Limit(worker, resource.RLIMIT_NOFILE, 3):
        for proxy in (shop.telegram, shop.portmone, shop.database):
            proxy.cut()
        shop.pay(bill)
        time.sleep(2)  # of trying in vain
    shop.served(buyer, number)
    assert shop.processes("worker") == worker


def test_scenario_27_no_descriptor_for_the_supervisor(shop):
    """What dies while nothing can be opened is back when something can."""
    with Limit(shop.processes("kartka"), resource.RLIMIT_NOFILE, 3):
        os.kill(shop.processes("worker")[0], signal.SIGKILL)
        time.sleep(1)  # of trying in vain
    until(lambda: shop.processes("worker"), 10, "a worker")
    buy(shop)


def test_scenario_27_out_of_memory(shop):
    """A copy that gets no memory dies; the next one serves."""
    for pid in shop.processes("telegram"):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
        soft = (pages + 512) * os.sysconf("SC_PAGE_SIZE")
        resource.prlimit(pid, resource.RLIMIT_AS, (soft, resource.RLIM_INFINITY))
    before = shop.processes("telegram")
    body = b"[" + b'{"a":[]},' * 100000 + b"{}]"
    statuses = []

    def all_died():
        # At the same time, so that every copy has one.
        answers = at_once([lambda: shop.webhook(None, raw=body)] * 4)
        statuses.extend(answer.status for answer in answers if answer)
        return not set(before) & set(shop.processes("telegram"))

    until(all_died, 30, "the end of both")
    assert set(statuses) <= {200, 503} and 503 in statuses
    until(lambda: shop.ready() and len(shop.processes("telegram")) == len(before), 10, "new copies")
    assert shop.webhook(None, raw=body).status == 200
    buy(shop)


def copy_for(person):
    """The programs and what they read, where this person may read it."""
    folder = Path(tempfile.mkdtemp(prefix="kartka-tree-", dir="/tmp"))
    for name in ("templates", "sql", "nginx", "admin-ui"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copytree(BIN, folder / "build/bin")
    subprocess.run(["chown", "-R", f"{person.pw_uid}:{person.pw_gid}", folder], check=True)
    return folder


def processes_limit(user, pids, soft):
    """By one of that user's own processes: root may be without the right to it."""
    for pid in pids:
        hard = re.search(r"Max processes +\S+ +(\S+)", Path(f"/proc/{pid}/limits").read_text())[1]
        subprocess.run(["prlimit", f"--pid={pid}", f"--nproc={soft or hard}:{hard}"], check=True,
                       **user)


@pytest.mark.long
def test_scenario_27_no_process():
    """fork fails, for the supervisor and for multiwatch; root alone has no such limit."""
    root = os.geteuid() == 0
    person = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    user = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []} if root else {}
    tree = copy_for(person)
    shop = FaultShop()
    shop.command = [tree / "build/bin/kartka", "run"]
    shop.popen = {"cwd": tree, **user}
    os.chown(shop.var, person.pw_uid, person.pw_gid)
    try:
        with shop:
            shop.catalogue("forks", codes=3)
            parents = shop.processes("kartka") + shop.processes("multiwatch")
            copies = len(shop.processes("telegram"))
            processes_limit(user, parents, 1)
            os.kill(shop.processes("worker")[0], signal.SIGKILL)
            os.kill(shop.processes("telegram")[0], signal.SIGKILL)
            time.sleep(1.5)  # of trying in vain
            assert shop.processes("worker") == []
            processes_limit(user, parents, None)
            until(lambda: shop.processes("worker"), 10, "a worker")
            until(lambda: len(shop.processes("telegram")) == copies, 10, "all copies")
            until(shop.ready, 10, "readiness")
            buy(shop, "forks")
            shop.check()
    finally:
        shutil.rmtree(tree)


# ---- its clock ----


@pytest.mark.skipif(not FAKETIME, reason="not installed: faketime")
def test_scenario_28_clock_jumps():
    """A day forth, an hour back: nothing ends for it, nobody waits for it; the log is UTC."""
    shop = FaultShop(LD_PRELOAD=FAKETIME, FAKETIME_NO_CACHE=1, FAKETIME_DONT_FAKE_MONOTONIC=1,
                     FAKETIME_DONT_RESET=1, ORDER_TTL=300, TIMEZONE="America/New_York")
    clock = shop.var / "clock"
    shop.settings.update(FAKETIME_TIMESTAMP_FILE=clock, LOG_FILE=shop.var / "shop.log")
    clock.write_text("+0s")
    with shop:
        shop.catalogue("clock", codes=9)
        for jump in ("+86400s", "-3600s"):
            waiting, paying = shop.buyer(), shop.buyer()
            open_one, _ = waiting.open_order("clock")
            number, bill = paying.open_order("clock")
            clock.write_text(jump)
            shop.notify(open_one)
            until(lambda: shop.number(f"SELECT asks FROM orders WHERE number = '{open_one}'") > 0,
                  what="a question")
            shop.pay(bill)
            shop.served(paying, number)
            buy(shop, "clock")
            assert shop.state(open_one) == "pending"
            assert shop.ready()
            assert shop.webhook(update(770002)).status == 200
        shop.check()
        assert shop.violations() == []
        hours = set(re.findall(r"^(\S+T\d\d):\d\d:\d\d\.\d+Z ", (shop.var / "shop.log").read_text(),
                               re.M))
    now = time.time()
    for ahead in (0, 86400, -3600):
        assert time.strftime("%Y-%m-%dT%H", time.gmtime(now + ahead)) in hours, (ahead, hours)
