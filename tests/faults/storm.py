"""The storm: many buyers pay while processes are killed at random and the outside misbehaves.

    tests/faults/storm [--seeds N] [--seed S] [--buyers N] [--jobs N] [--keep]

At the end everyone who paid has exactly the codes paid for, nobody else has any, and what must
hold, holds.  A seed repeats the choices (not the timing).
"""

import argparse
import contextlib
import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from apart import Apart  # noqa: E402
from crash import BUILD as CRASH_BUILD, POINTS  # noqa: E402
from stack import Buyer, http, keys, pay_key  # noqa: E402

VALUES = 5
PRICE = 100
AT_ONCE = 80  # buyers
LOOKERS = 20  # one of so many buyers more, who looks at the payment page and goes away
FIRST_ID = 600000
TTL = 6  # seconds a reservation lives: some orders end while they are paid
TIME_SCALE = 0.25  # of Telegram's and Portmone's pauses between their tries
LOG_DISK = 64 * 1024
SETTLE = 120  # seconds for everything to come right afterwards
HURRY = 4  # after so many of them what would take minutes is done at once
GIVE_UP = 90  # seconds for one step of one buyer

# What dies, and how often beside the others.  The database takes seconds to come back: more
# often would be no storm but a drought.
VICTIMS = (["telegram"] * 4 + ["portmone"] * 4 + ["worker"] * 4 + ["admin"] + ["nginx"] * 3
           + ["multiwatch"] * 3 + ["mariadbd"])
KILL_PAUSE = (0.25, 0.9)
# In a build with crash points every other death is at one of these, wherever that happens next.
AT_POINTS = [p for p in POINTS if p.startswith((
    "open.", "bill.", "ask.", "settle.", "outbox.", "expire.", "fill.", "import."))]
# At one of these kills `kartka run` itself dies, alone or with everything.
SUPERVISOR = (2, 7)

# Switches of the sandbox: what is on for how long, and how it is put off (None: by itself).
GUSTS = (
    ({"telegram_down": True}, (0.3, 2.5), {"telegram_down": False}),
    ({"telegram_status": {"method": "sendMessage", "status": 502, "count": 8}}, (0, 1), None),
    ({"telegram_retry_after": {"method": "sendMessage", "seconds": 1, "count": 4}}, (0, 1), None),
    ({"telegram_lose_answer": {"method": "sendMessage", "count": 5}}, (0, 1), None),
    ({"telegram_reset": {"method": "*", "count": 8}}, (0, 1), None),
    ({"portmone_down": True}, (3, 5), {"portmone_down": False}),
    ({"portmone_hang": True}, (0.3, 2.5), {"portmone_hang": False}),
    ({"portmone_html": True}, (0.3, 2.5), {"portmone_html": False}),
    ({"portmone_lose_answer": {"method": "*", "count": 5}}, (0, 1), None),
    ({"portmone_snake": True}, (0.3, 2.5), {"portmone_snake": False}),
    ({"portmone_object": True}, (0.3, 2.5), {"portmone_object": False}),
    ({"lose_notification": True}, (0.3, 2.5), {"lose_notification": False}),
    ({"duplicate_updates": 2}, (0.3, 2.5), {"duplicate_updates": 0}),
    ({"duplicate_taps": 2}, (0.3, 2.5), {"duplicate_taps": 0}),
)
GUST_PAUSE = (0.2, 0.8)


def patiently(step, seconds, what):
    """Step until it works; its value.  Looks seldom: the machine has more to do."""
    end = time.monotonic() + seconds
    pause = 0.05
    while True:
        try:
            value = step()
        except (OSError, AssertionError, KeyError, ValueError):
            value = None
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come within {seconds} s"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def forever(r, things):
    """All of them in one order, then in another."""
    while True:
        yield from r.sample(things, len(things))


class Purchase:
    """All of a buyer's choices, made before the first step."""

    def __init__(self, r, n, pays):
        self.n, self.pays = n, pays
        self.value = r.randrange(VALUES)
        self.wished = r.choice((1, 1, 1, 2, 3))
        self.notify = r.choice(("json", "json", "xml", "none"))
        self.returns = r.random() < 0.5
        self.declined_first = r.random() < 0.1
        self.late = r.random() < 0.05
        self.twice = r.random() < 0.03
        self.paid_twice = False
        self.notices = r.choice((1, 1, 1, 5))
        self.buyer = self.number = None
        self.quantity = 0  # what the bill is for

    @property
    def slug(self):
        return f"storm-{self.value}"

    def is_complete(self):
        return len(set(self.buyer.codes())) >= self.quantity


class Storm:
    def __init__(self, seed, buyers):
        self.seed = seed
        # Three sources, so that threads can't take each other's choices.
        self.kill_choices, self.gust_choices = (random.Random(f"{seed} {what}")
                                                for what in ("kills", "gusts"))
        r = random.Random(seed)
        self.purchases = [Purchase(r, n, n < buyers) for n in range(buyers + buyers // LOOKERS)]
        r.shuffle(self.purchases)
        self.cut_alone, self.cut_at_end = r.random() < 0.5, r.random() < 0.5
        self.over = threading.Event()
        self.kills, self.faults = Counter(), Counter()
        self.troubles = []
        self.settled = 0
        self.seconds = 0
        self.stack = None
        self.build = CRASH_BUILD if (CRASH_BUILD / "bin/kartka").exists() else None
        self.armed = ""

    # ---- the weather ----

    def killing(self):
        r = self.kill_choices
        names, points = forever(r, VICTIMS), forever(r, AT_POINTS)
        supervisor_at = r.randint(*SUPERVISOR)
        count = 0
        while not self.over.wait(r.uniform(*KILL_PAUSE)):
            count += 1
            if count == supervisor_at:
                self.cut(everything=not self.cut_alone)
                continue
            if self.build and count % 2:
                self.arm(next(points))
                continue
            name = next(names)
            pids = self.stack.processes(name)
            if pids and self.stack.kill(r.choice(pids)):
                self.kills[name] += 1

    def arm(self, point):
        """Whoever passes there next dies; the one before it, if nobody did, is let off."""
        at = self.stack.var / "crash-at"
        if self.armed and not at.exists():
            self.kills[self.armed] += 1
        at.with_suffix(".new").write_text(point)
        at.with_suffix(".new").rename(at)
        self.armed = point

    def cut(self, everything):
        self.kills["everything" if everything else "kartka"] += 1
        self.stack.supervisor_dies(everything)

    def gusting(self):
        r = self.gust_choices
        gusts = forever(r, GUSTS)
        while not self.over.wait(r.uniform(*GUST_PAUSE)):
            on, seconds, off = next(gusts)
            self.faults[next(iter(on))] += 1
            self.stack.faults(**on)
            self.over.wait(r.uniform(*seconds))
            if off:
                self.stack.faults(**off)

    def weather(self, what):
        try:
            what()
        except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
            self.troubles.append(f"the weather: {error!r}")

    # ---- a buyer ----

    def offer(self, p):
        """The payment button's address on a new screen, pressed up to the quantity wished."""
        before = {m["message_id"] for m in p.buyer.messages()}
        p.buyer.say(f"/start v_{p.slug}")

        def drawn():
            return next((m for m in reversed(p.buyer.messages())
                         if pay_key(m) and m["message_id"] not in before), None)

        message = patiently(drawn, 4, "the order's screen")
        url = pay_key(message)["url"]
        plus = next((k["callback_data"] for k in keys(message) if k["text"] == "➕"), None)
        if p.wished == 1 or not plus:
            return url
        p.buyer.tap(message, re.sub(r":\d+$", f":{p.wished}", plus), force=True)

        def pressed():
            now = drawn()
            return now and pay_key(now)["url"] != url and pay_key(now)["url"]

        return patiently(pressed, 4, "the quantity")

    @staticmethod
    def bill_of(url):
        answer = http("GET", url)
        return answer.status in (302, 303) and answer.headers["Location"].rsplit("/", 1)[1]

    def open(self, p):
        """From the start when it is sold out or expired meanwhile."""
        url = self.offer(p)
        return patiently(lambda: self.bill_of(url), 5, "a payment page")

    def pay(self, p, bill):
        """True when Portmone has the money, whatever became of the answer to the browser."""
        if self.stack.api("GET", f"/api/bills/{bill}")["status"] == "paid":
            return True
        self.stack.pay(bill, notify=p.notify, **{"return": p.returns}, force=True)
        return True

    def buy(self, p):
        stack = self.stack
        p.buyer = Buyer(stack, stack.api("POST", "/api/users", {
            "id": FIRST_ID + p.n, "first_name": f"Покупець {p.n}", "language_code": "uk"}))
        bill = patiently(lambda: self.open(p), GIVE_UP, f"buyer {p.n}'s payment page")
        bought = stack.api("GET", f"/api/bills/{bill}")
        p.number = bought["order"]
        quantity = round(float(bought["amount"]) / PRICE)  # less than wished when stock is short
        if p.declined_first:
            stack.api("POST", f"/api/bills/{bill}/decline", {}, check=False)
        if not p.pays:
            return
        if p.late:
            time.sleep(TTL + 2)
        patiently(lambda: self.pay(p, bill), GIVE_UP, f"buyer {p.n}'s payment")
        p.quantity = quantity
        if p.twice:  # the second money buys nothing more: it waits for a person's decision
            with contextlib.suppress(AssertionError):
                patiently(p.is_complete, TTL, "the code of the first")
            stack.pay(bill, notify=p.notify, force=True)
            p.paid_twice = True
        if p.notices > 1:
            stack.api("POST", "/api/notify", {"order": p.number, "shopBillId": "1",
                                              "format": "json", "count": p.notices,
                                              "parallel": p.notices}, check=False)

    # ---- the stock ----

    def catalogue(self):
        self.stack.import_catalogue([{"slug": "storm", "title": {"uk": "Буря"}, "values": [
            {"slug": f"storm-{v}", "title": {"uk": f"Картка {v}"}, "price": f"{PRICE}.00"}
            for v in range(VALUES)]}])

    def put(self, part):
        """Half of what is needed at first, the rest while buyers wait."""
        for value in range(VALUES):
            need = sum(p.wished for p in self.purchases if p.value == value) + 3
            count = need // 2 if part == 0 else need - need // 2
            # The serial is the code's: so the books can be compared with the chats.
            codes = [f"S{part}-{value}-{n:06d}" for n in range(count)]
            path = self.stack.var / f"codes-{value}.csv"
            path.write_text("code,serial\n" + "".join(f"{c},{c}\n" for c in codes))
            patiently(lambda v=value, p=path: not self.stack.kartka(
                "codes", "import", f"storm-{v}", p, check=False).returncode, GIVE_UP, "an import")
            path.unlink()

    # ---- the end ----

    def sql(self, statement):
        """The last kill may have been the database's."""
        return patiently(lambda: [self.stack.sql(statement)], GIVE_UP, "the database")[0]

    def hurry(self):
        """What is to be asked or sent later, sooner; what nobody would do stays undone."""
        self.sql(
            "UPDATE orders SET ask_at = UTC_TIMESTAMP(6) WHERE ask_at > UTC_TIMESTAMP(6); "
            "UPDATE outbox SET not_before = UTC_TIMESTAMP(6) WHERE state = 'pending' AND "
            "lease_owner IS NULL AND not_before > UTC_TIMESTAMP(6)")

    def reviewed(self):
        """The orders with money that a person has to decide about."""
        return {row[0] for row in self.sql(
            "SELECT o.number FROM payments p JOIN orders o ON o.id = p.order_id "
            "WHERE p.state = 'review' AND p.reason = 'second'")}

    def settle(self):
        """Until everybody who paid has what they paid for, or for too long."""
        began = time.monotonic()
        waiting = [p for p in self.purchases if p.quantity]
        hurry_at = began + HURRY
        while waiting and time.monotonic() - began < SETTLE:
            reviewed = self.reviewed()
            waiting = [p for p in waiting if not p.is_complete()
                       or (p.paid_twice and p.number not in reviewed)]
            if waiting and time.monotonic() > hurry_at:
                self.hurry()
                hurry_at += HURRY
            time.sleep(0.2 if waiting else 0)
        self.settled = time.monotonic() - began
        for p in waiting:
            self.troubles.append(
                f"order {p.number} of buyer {p.n}: paid {p.quantity}, has {len(set(p.buyer.codes()))}; "
                f"state {self.stack.state(p.number)}")

    def verify(self):
        """The chats against what was paid, and against the books."""
        rows = self.sql("SELECT o.number, c.serial FROM card_codes c LEFT JOIN orders o "
                        "ON o.id = c.order_id WHERE c.state = 'sold'")
        books = {}
        for number, serial in rows:
            books.setdefault(number, set()).add(serial)
        for p in self.purchases:
            has = set(p.buyer.codes()) if p.buyer else set()
            sold = books.pop(p.number, set())
            if has != sold or len(has) != p.quantity:
                self.troubles.append(f"buyer {p.n} paid for {p.quantity}, has {sorted(has)}, "
                                     f"was sold {sorted(sold)} in order {p.number}")
            if any(code.split("-")[1] != str(p.value) for code in has):
                self.troubles.append(f"buyer {p.n} has another value: {sorted(has)}")
        second = {p.number for p in self.purchases if p.paid_twice}
        if self.reviewed() != second:
            self.troubles.append(f"paid twice: {second}, in review: {self.reviewed()}")
        if books:
            self.troubles.append(f"sold to nobody who paid: {books}")
        for violation in self.stack.violations():
            self.troubles.append(f"the sandbox: {violation}")
        done = self.stack.kartka("check", check=False)
        if done.returncode:
            self.troubles.append(done.stdout + done.stderr)

    # ---- the whole ----

    def blow(self):
        threads = [threading.Thread(target=self.weather, args=(what,))
                   for what in (self.killing, self.gusting)]
        for thread in threads:
            thread.start()
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                jobs = [pool.submit(self.buy, p) for p in self.purchases]
                time.sleep(3)
                self.put(1)
            for job in jobs:
                if job.exception():
                    self.troubles.append(f"a buyer: {job.exception()!r}")
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def run(self, keep=False):
        began = time.monotonic()
        self.stack = Apart(self.build, time_scale=TIME_SCALE, log_disk=LOG_DISK, ORDER_TTL=TTL,
                           THROTTLE_RATE=50, THROTTLE_BURST=500)
        try:
            self.stack.start()
            self.catalogue()
            self.put(0)
            started = time.monotonic() - began
            self.blow()
            self.stack.faults(reset=True)
            (self.stack.var / "crash-at").unlink(missing_ok=True)
            blown = time.monotonic() - began
            if self.cut_at_end:
                self.cut(everything=True)
            self.settle()
            self.verify()
            self.times = f"start {started:.0f}, storm {blown - started:.0f}"
        except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
            self.troubles.append(f"the storm: {error!r}")
            self.times = ""
        finally:
            self.stack.stop()
            if keep and self.troubles:
                (self.stack.var / "output").write_text("".join(self.stack.output))
                print(f"kept: {self.stack.var}", flush=True)
            else:
                self.stack.remove()
        self.seconds = time.monotonic() - began
        return not self.troubles

    def summary(self):
        paid = sum(p.quantity > 0 for p in self.purchases)
        lines = [f"seed {self.seed}: {len(self.purchases)} buyers, {paid} paid, "
                 f"{sum(self.kills.values())} kills, {sum(self.faults.values())} faults, "
                 f"{self.seconds:.0f} s ({self.times}, settled in {self.settled:.0f}), "
                 f"{len(self.troubles)} findings"]
        return "\n".join(lines + [f"  {trouble}" for trouble in self.troubles[:20]])


def blow(seed, buyers, keep):
    """(no finding, what to say, orders, codes, kills, faults)"""
    storm = Storm(seed, buyers)
    good = storm.run(keep)
    return (good, storm.summary(), sum(p.quantity > 0 for p in storm.purchases),
            sum(p.quantity for p in storm.purchases), storm.kills, storm.faults)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=int(os.environ.get("SEEDS", "3")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "1")))
    parser.add_argument("--buyers", type=int, default=int(os.environ.get("BUYERS", "200")))
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("STORM_JOBS", os.cpu_count())),
                        help="seeds at a time: mostly they wait")
    parser.add_argument("--keep", action="store_true", help="the folder of a seed with findings")
    args = parser.parse_args()
    for sign in (signal.SIGINT, signal.SIGTERM):  # the seed's shop ends with us
        signal.signal(sign, lambda *_: sys.exit(1))
    began = time.monotonic()
    good, paid, kills, faults = 0, Counter(), Counter(), Counter()
    seeds = range(args.seed, args.seed + args.seeds)
    with ProcessPoolExecutor(args.jobs) as pool:
        for fine, said, orders, codes, killed, failed in pool.map(
                blow, seeds, [args.buyers] * args.seeds, [args.keep] * args.seeds):
            print(said, flush=True)
            good += fine
            paid.update(orders=orders, codes=codes)
            kills.update(killed)
            faults.update(failed)
    print(f"{args.seeds} seeds in {time.monotonic() - began:.0f} s: {paid['orders']} orders paid, "
          f"{paid['codes']} codes, {sum(kills.values())} kills, {sum(faults.values())} faults")
    print("kills: ", json.dumps(kills, sort_keys=True))
    print("faults:", json.dumps(faults, sort_keys=True))
    print(f"{good} passed, {args.seeds - good} failed")
    return 0 if good == args.seeds else 1


if __name__ == "__main__":
    sys.exit(main())
