"""Orders are opened, paid and delivered while the database fails in every way it can.

What an engine's test gives: the database (its url, sql(), version) and its faults.  What holds
at the end: every order that was acknowledged is there, every payment has its codes and no
other, `kartka check` is clean.  Printed: orders, faults, the pause of each, lost, sold twice.
"""

import collections
import contextlib
import queue
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from engine import shop_secrets
from stack import Stack, http, pay_key, until

RATE = 4  # orders a second
OPENERS = 6  # payment pages opened at the same time, at most
AHEAD = 150  # payment buttons drawn beforehand: an outage must not stop the buyers by itself
STOCK = 4000
SETTLE = 180  # seconds for everything to come right afterwards
PAUSE_MAX = 10  # seconds without a new order, while a host is fit or once it is back
GIVE_UP = 120  # seconds of one browser's patience
LULL = 5  # seconds between two faults, at least


class Shop(Stack):
    """On a database that is not its own."""

    def __init__(self, database, **more):
        self.database = database
        super().__init__(DB_URL=database.url, **shop_secrets(), **more)

    def sql(self, statement):
        return self.database.sql(statement)

    @property
    def secret(self):
        return self.settings["WEBHOOK_SECRET"]


class Drill:
    def __init__(self, database, faults):
        """faults: [(name, function)]; see one_fault()."""
        self.database, self.faults = database, faults
        self.offers = queue.Queue()
        self.opened = []  # (number, buyer)
        self.moments = []  # of each new order
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.given_up = False  # the drill ends early: nobody waits for anything
        self.refused = collections.Counter()
        self.troubles = []
        self.pauses = []

    # ---- the load ----

    def offer(self, buyer):
        buyer.say("/start v_drill")
        message = until(lambda: next((m for m in buyer.messages() if pay_key(m)), None), 90, "a payment button")
        self.offers.put((buyer, pay_key(message)["url"]))

    def draw(self):
        """Keep so many payment buttons ready."""
        while not self.over.is_set():
            if self.offers.qsize() >= AHEAD:
                time.sleep(0.1)
                continue
            with contextlib.suppress(AssertionError):
                self.offer(self.shop.buyer())

    def open(self, buyer, url):
        """A patient browser; the order's number and bill, with which it is acknowledged."""
        end = time.monotonic() + GIVE_UP
        while True:
            assert not self.given_up and time.monotonic() < end, f"no payment page for buyer {buyer.id}: {dict(self.refused)}"
            try:
                answer = http("GET", url, timeout=15)
                if answer.status in (302, 303):
                    break
                self.refused[answer.status] += 1
            except OSError:
                self.refused["no answer"] += 1
            time.sleep(0.2)
        with self.lock:
            self.moments.append(time.monotonic())
        bill = answer.headers["Location"].rsplit("/", 1)[1]
        number = self.shop.api("GET", f"/api/bills/{bill}")["order"]
        with self.lock:
            self.opened.append((number, buyer))
        return bill

    def buy(self, n):
        """One order after another, at a pace."""
        gap = OPENERS / RATE
        due = time.monotonic() + n / RATE
        while not self.over.wait(max(due - time.monotonic(), 0)):
            due = max(due + gap, time.monotonic())
            buyer, url = self.offers.get(timeout=120)
            bill = self.open(buyer, url)
            self.shop.pay(bill, notify=("json", "xml", "none")[n % 3], force=True)

    # ---- the faults ----

    def pause(self, begin, end):
        """The longest time without a new order between these moments."""
        with self.lock:
            moments = [begin, *(m for m in self.moments if begin < m < end), end]
        return max(b - a for a, b in zip(moments, moments[1:]))

    def one_fault(self, name, act):
        """`act` returns the moment from which a host was fit again; None: one always was."""
        time.sleep(LULL)
        began = time.monotonic()
        fit = act()
        if fit is not None:
            until(lambda: any(m > fit for m in self.moments), 60, "an order afterwards")
        time.sleep(LULL)
        pause = self.pause(began if fit is None else fit, time.monotonic())
        away = "" if fit is None else f", after {fit - began:.1f} s without a database"
        self.pauses.append(pause)
        print(f"  {name}: {pause:.1f} s without a new order{away}", flush=True)
        if pause > PAUSE_MAX:
            self.troubles.append(f"{name}: {pause:.1f} s without a new order")

    def all_faults(self):
        for fault in self.faults:
            try:
                self.one_fault(*fault)
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                self.troubles.append(f"{fault[0]}: {error}")
        self.over.set()

    # ---- the end ----

    def settled(self):
        rows = self.shop.sql("SELECT COUNT(*) FROM orders WHERE state NOT IN ('delivered')")
        return rows == [["0"]]

    def verify(self):
        shop = self.shop
        with contextlib.suppress(AssertionError):
            until(self.settled, SETTLE, "the last delivery")
        states = dict(shop.sql("SELECT number, state FROM orders"))
        lost = [number for number, _ in self.opened if number not in states]
        late = [number for number, _ in self.opened if states.get(number, "delivered") != "delivered"]
        of_buyer = collections.Counter(buyer.id for _, buyer in self.opened)
        buyers = {buyer.id: buyer for _, buyer in self.opened}
        seen = collections.defaultdict(set)

        def complete(buyer):
            return len(set(buyer.codes())) == of_buyer[buyer.id]

        for buyer in buyers.values():
            with contextlib.suppress(AssertionError):
                until(lambda b=buyer: complete(b), 30, "the codes")
            if not complete(buyer):
                self.troubles.append(f"buyer {buyer.id}: {of_buyer[buyer.id]} paid, {len(set(buyer.codes()))} codes")
            for code in set(buyer.codes()):
                seen[code].add(buyer.id)
        twice = [code for code, who in seen.items() if len(who) > 1]
        self.troubles += [f"order {number} is lost" for number in lost[:5]]
        self.troubles += [f"order {number} is {states[number]}" for number in late[:5]]
        sold = int(shop.sql("SELECT COUNT(*) FROM card_codes WHERE state = 'sold'")[0][0])
        if sold != len(self.opened):
            self.troubles.append(f"{sold} codes sold, {len(self.opened)} orders paid")
        done = shop.kartka("check", check=False)
        if done.returncode:
            self.troubles.append(done.stdout + done.stderr)
        self.troubles += [f"violation: {v}" for v in shop.violations()[:5]]
        return len(lost), len(twice)

    def run(self):
        began = time.monotonic()
        with Shop(self.database, THROTTLE_RATE=100, THROTTLE_BURST=2000, ORDER_TTL=3600) as self.shop:
            self.shop.catalogue("drill", codes=STOCK)
            with ThreadPoolExecutor(OPENERS + 2) as pool:
                drawing = [pool.submit(self.draw) for _ in range(2)]
                until(lambda: self.offers.qsize() > AHEAD / 2, 120, "payment buttons")
                jobs = drawing + [pool.submit(self.buy, n) for n in range(OPENERS)]
                try:
                    self.all_faults()  # here, because this thread made the nodes
                except BaseException:
                    self.given_up = True
                    self.over.set()
                    raise
                for job in jobs:
                    if job.exception():
                        self.troubles.append(f"a buyer: {job.exception()!r}")
            lost, twice = self.verify()
        print(f"{self.database.version}: {len(self.opened)} orders, {len(self.faults)} faults, "
              f"{lost} acknowledged orders lost, {twice} codes sold twice, longest pause {max(self.pauses):.1f} s, "
              f"refused meanwhile {dict(self.refused)}, {time.monotonic() - began:.0f} s", flush=True)
        for trouble in self.troubles[:20]:
            print(f"  {trouble}", flush=True)
        return not self.troubles
