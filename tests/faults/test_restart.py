"""Restarts under load: of the programs, the worker and nginx, and of the database."""

import itertools
import json
import os
import signal
import socket
import threading
import time

import pytest
from engine import Stack
from stack import http, until

CLIENTS = 8
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
PROGRAMS = ("telegram", "portmone", "admin", "worker")
# Longer than the database is away no request may fail, but for so long.
GRACE = 1.0
# Whoever can't be served is told so, within this.
ANSWER_LIMIT = 5.0


class Load:
    """People, Telegram, Portmone and a browser that go on asking, each for something else."""

    def __init__(self, stack, slug):
        self.stack = stack
        self.over = threading.Event()
        self.done = []  # (what, began, ended, status or the error)
        self.bills = set()
        self.offers = [stack.buyer().offer(slug) for _ in range(CLIENTS)]
        self.order, _ = stack.buyer().open_order(slug)
        self.numbers = itertools.count(1)
        self.secret = stack.secret
        self.what = (self.tap, self.look, self.page, self.notify, self.come_back, self.panel,
                     self.page)
        self.threads = [threading.Thread(target=self.go, args=(n,)) for n in range(CLIENTS)]

    def say(self, text):
        n = next(self.numbers)
        return self.stack.webhook({"update_id": 960000000 + n, "message": {
            "message_id": n, "date": int(time.time()), "text": text,
            "from": {"id": 760000 + n % 50, "is_bot": False, "first_name": "x"},
            "chat": {"id": 760000 + n % 50, "type": "private"}}}, secret=self.secret)

    def tap(self, client):
        return self.say("/buy")

    def look(self, client):
        return self.say("/start")

    def page(self, client):
        answer = http("GET", self.offers[client])
        if answer.status in (302, 303):
            self.bills.add(answer.headers["Location"].rsplit("/", 1)[1])
            answer.status = 200
        return answer

    def notify(self, client):
        return http("POST", f"{self.stack.shop_url}/portmone/notify", json.dumps(
            {"shopOrderNumber": self.order, "shopBillId": "1"}).encode(), JSON)

    def come_back(self, client):
        return http("POST", f"{self.stack.shop_url}/portmone/return",
                    f"SHOPORDERNUMBER={self.order}&RESULT=0".encode(), FORM)

    def panel(self, client):
        return http("GET", f"{self.stack.shop_url}/admin/login")

    def go(self, client):
        for turn in itertools.count(client):
            if self.over.is_set():
                return
            act = self.what[turn % len(self.what)]
            began = time.monotonic()
            try:
                result = act(client).status
            except OSError as error:
                result = repr(error)
            self.done.append((act.__name__, began, time.monotonic(), result))

    def failures(self):
        return [one for one in self.done if one[3] != 200]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        until(lambda: len(self.done) > 5 * CLIENTS, what="the load")
        return self

    def __exit__(self, *exc):
        self.over.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture(scope="module")
def shop():
    with Stack(THROTTLE_RATE=1000, THROTTLE_BURST=8000) as stack:
        stack.catalogue("restart", codes=100)
        yield stack
        stack.check()
        assert stack.violations() == []


def bought(stack, how_many):
    """Purchases that are under way while things are restarted; what to wait for."""
    buyers = [stack.buyer() for _ in range(how_many)]
    for buyer in buyers:
        _, bill = buyer.open_order("restart")
        stack.pay(bill)
    return lambda: all(len(set(buyer.codes())) == 1 for buyer in buyers)


def replace(stack, name):
    """SIGTERM for every copy, one after the other; each is followed by a new one."""
    old = stack.processes(name)
    for pid in old:
        os.kill(pid, signal.SIGTERM)
        until(lambda pid=pid: pid not in stack.processes(name), what=f"the end of {name} {pid}")
    until(lambda: len(set(stack.processes(name)) - set(old)) == len(old), what=f"new {name}")


def nginx_master(stack):
    return int((stack.var / "run/nginx.pid").read_text())


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return set(file.read().split())


def test_rolling_restart(shop):
    """Scenario 26: SIGTERM for every process in turn, and for all copies at once; nginx reloads."""
    with Load(shop, "restart") as load:
        for name in PROGRAMS:
            replace(shop, name)
        complete = bought(shop, 3)
        master = nginx_master(shop)
        for _ in range(3):
            old = children(master)
            os.kill(master, signal.SIGHUP)
            until(lambda old=old: not old & children(master), what="nginx's new processes")
        for name in PROGRAMS:
            old = shop.processes(name)
            for pid in old:
                os.kill(pid, signal.SIGTERM)
            until(lambda name=name, old=old: len(set(shop.processes(name)) - set(old)) == len(old),
                  what=f"new {name}")
    assert load.failures() == []
    assert len(load.done) > 500
    until(complete, what="the codes")


def greets(stack):
    """The database says hello: it is there again."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0.2)
        try:
            client.connect(f"{stack.var}/run/db.sock")
            return client.recv(5)[4:5] == b"\n"
        except OSError:
            return False


@pytest.mark.own_database
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "asked"])
def test_database_restart(shop, sign):
    """Scenarios 18, 19: refused at once meanwhile, served again at once, nothing lost."""
    with Load(shop, "restart") as load:
        complete = bought(shop, 3)
        seen = len(load.done)
        pid = shop.processes("mariadbd")[0]
        killed = time.monotonic()
        os.kill(pid, sign)
        until(lambda: pid not in shop.processes("mariadbd"), what="the database's end")
        until(lambda: greets(shop), 40, "the database")
        back = time.monotonic()
        until(lambda: len(load.done) - seen > 100 and time.monotonic() > back + 2 * GRACE,
              what="the load afterwards")
    failed = load.failures()
    assert [one for one in failed if one[1] < killed - GRACE or one[2] > back + GRACE] == []
    assert [one for one in load.done if one[2] - one[1] > ANSWER_LIMIT] == []
    assert {one[3] for one in failed} <= {503}
    until(complete, what="the codes")
    for bill in load.bills:
        number = shop.api("GET", f"/api/bills/{bill}")["order"]
        assert shop.state(number), "a payment page was shown, and its order is lost"
