"""The storm: many buyers pay while processes are killed at random and the outside misbehaves.

    tests/faults/storm [--seeds N] [--seed S] [--buyers N]

At the end everyone who paid has exactly the codes paid for, nobody else has any, and what must
hold, holds.  A seed repeats the choices (not the timing); its number is printed first.
"""

import argparse
import os
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from stack import Stack, http, pay_key, until  # noqa: E402

VALUES = 5
PRICE = 100
THREADS = 16
TTL = 30  # seconds a reservation lives: some orders end while they are paid
SETTLE = 150  # seconds for everything to come right afterwards
GIVE_UP = 90  # seconds for one step of one buyer

# What dies, and how often beside the others.
VICTIMS = (["telegram"] * 4 + ["portmone"] * 4 + ["worker"] * 4 + ["admin"] + ["nginx"] * 2
           + ["multiwatch"] * 2 + ["mariadbd"])
DATABASE_KILLS = 4  # it takes seconds to come back: more would be no storm but a drought


class Storm:
    def __init__(self, seed, buyers):
        self.random = random.Random(seed)
        self.seed, self.count = seed, buyers
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.kills, self.faults, self.restarts, self.database_kills = 0, 0, 0, 0
        self.paid = []  # (buyer, order number, quantity, value)
        self.troubles = []
        self.plans = [self.plan(n) for n in range(buyers)]

    def plan(self, n):
        """All of a buyer's choices, made before the first step."""
        r = self.random
        return dict(
            value=r.randrange(VALUES), quantity=r.choice((1, 1, 1, 2, 3)), wait=r.uniform(0, 0.5),
            notify=r.choice(("json", "json", "xml", "none")), back=r.random() < 0.5,
            declines=r.random() < 0.1, late=r.random() < 0.05, pays=r.random() < 0.95,
            notices=r.choice((1, 1, 1, 5)),
        )

    # ---- the weather ----

    def kill(self, name):
        pids = self.stack.processes(name)
        if not pids or (name == "mariadbd" and self.database_kills == DATABASE_KILLS):
            return
        self.database_kills += name == "mariadbd"
        try:
            os.kill(self.random.choice(pids), signal.SIGKILL)
            self.kills += 1
        except ProcessLookupError:
            pass

    def gust(self):
        """A switch of the sandbox for a moment."""
        r = self.random
        change, back = r.choice((
            ({"telegram_down": True}, {"telegram_down": False}),
            ({"portmone_down": True}, {"portmone_down": False}),
            ({"portmone_hang": True}, {"portmone_hang": False}),
            ({"portmone_html": True}, {"portmone_html": False}),
            ({"telegram_status": {"method": "sendMessage", "status": 502, "count": 5}}, None),
            ({"telegram_retry_after": {"method": "sendMessage", "seconds": 1, "count": 3}}, None),
            ({"telegram_lose_answer": {"method": "sendMessage", "count": 3}}, None),
            ({"portmone_snake": True}, {"portmone_snake": False}),
        ))
        self.faults += 1
        self.stack.faults(**change)
        if back:
            self.over.wait(r.uniform(0.3, 2.5))
            self.stack.faults(**back)

    def weather(self):
        while not self.over.wait(self.random.uniform(0.2, 1.0)):
            try:
                if self.random.random() < 0.6:
                    self.kill(self.random.choice(VICTIMS))
                else:
                    self.gust()
            except OSError:
                pass  # the sandbox is busy: the storm goes on

    # ---- a buyer ----

    def again(self, step, what):
        """A patient person: until it works."""

        def tried():
            try:
                return step()
            except (OSError, AssertionError, KeyError, StopIteration):
                return None

        return until(tried, GIVE_UP, what)

    def place(self, url):
        answer = http("GET", url)
        if answer.status in (302, 303):
            return answer.headers["Location"].rsplit("/", 1)[1]
        return None

    def offer(self, buyer, plan):
        slug = f"storm-{plan['value']}"
        buyer.say(f"/start v_{slug}")
        message = next(m for m in until(buyer.messages, 10) if pay_key(m))
        if plan["quantity"] > 1:
            buyer.say(f"/start v_{slug}")  # the newest screen is pressed
            return buyer.offer(slug, plan["quantity"])
        return pay_key(message)["url"]

    def buy(self, n):
        plan, stack = self.plans[n], self.stack
        time.sleep(plan["wait"])
        buyer = stack.buyer(first_name=f"Покупець {n}")
        bill = None
        for _ in range(6):
            url = self.again(lambda: self.offer(buyer, plan), f"buyer {n}'s payment button")
            try:
                bill = self.again(lambda: self.place(url), f"buyer {n}'s payment page")
                break
            except AssertionError:
                continue  # sold out or expired meanwhile: from the start
        if not bill:
            self.troubles.append(f"buyer {n} never saw a payment page")
            return
        bought = stack.api("GET", f"/api/bills/{bill}")
        number = bought["order"]
        quantity = round(float(bought["amount"]) / PRICE)  # less than wished when stock is short
        if plan["declines"]:
            stack.api("POST", f"/api/bills/{bill}/decline", {}, check=False)
        if plan["late"]:
            time.sleep(TTL + 2)
        if not plan["pays"]:
            return
        stack.pay(bill, notify=plan["notify"], **{"return": plan["back"]}, force=True)
        with self.lock:
            self.paid.append((buyer, number, quantity, plan["value"]))
        if plan["notices"] > 1:
            stack.api("POST", "/api/notify", {"order": number, "shopBillId": "1",
                                              "format": "json", "count": plan["notices"],
                                              "parallel": plan["notices"]}, check=False)

    # ---- the whole ----

    def stock(self, part):
        """Half of what is needed at first, the rest while buyers wait."""
        for value in range(VALUES):
            need = sum(p["quantity"] for p in self.plans if p["value"] == value) + 3
            half = need // 2
            count = half if part == 0 else need - half
            self.again(lambda v=value, c=count: self.stack.stock(
                f"storm-{v}", c, prefix=f"S{part}") or True, "an import")

    def restart(self):
        """Everything at once, as when the power fails, and one command to come back."""
        for name in ("kartka", "mariadbd", "nginx", "worker", "telegram", "portmone", "admin",
                     "multiwatch"):
            for pid in self.stack.processes(name):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.stack.process.wait(20)
        self.stack.start()
        self.restarts += 1

    def verify(self):
        stack = self.stack
        end = time.monotonic() + SETTLE
        for buyer, number, quantity, _ in self.paid:
            def complete(b=buyer, q=quantity):
                return len(set(b.codes())) == q
            left = max(end - time.monotonic(), 1)
            try:
                until(complete, left, f"{quantity} codes of order {number}")
            except AssertionError as error:
                self.troubles.append(f"{error}; the order is {stack.state(number)}, "
                                     f"the buyer has {len(set(buyer.codes()))}")
        seen = {}
        for buyer, number, _, _ in self.paid:
            for code in set(buyer.codes()):
                if seen.setdefault(code, buyer.id) != buyer.id:
                    self.troubles.append(f"code of order {number} is another's too")
        for person in stack.api("GET", "/api/users"):
            if person["id"] not in {b.id for b, *_ in self.paid} and person["id"] >= 500000:
                from stack import Buyer

                if Buyer(stack, person).codes():
                    self.troubles.append(f"person {person['id']} did not pay and has codes")
        sold = int(stack.sql("SELECT COUNT(*) FROM card_codes c JOIN card_values v ON "
                             "v.id = c.value_id WHERE c.state = 'sold' AND v.slug LIKE 'storm-%'")[0][0])
        if sold != sum(q for _, _, q, _ in self.paid):
            self.troubles.append(f"{sold} codes sold, {sum(q for _, _, q, _ in self.paid)} paid for")
        done = stack.kartka("check", check=False)
        if done.returncode:
            self.troubles.append(done.stdout + done.stderr)

    def run(self):
        began = time.monotonic()
        with Stack(ORDER_TTL=TTL, LOG_FILE="/dev/full", THROTTLE_RATE=50,
                   THROTTLE_BURST=500) as self.stack:
            self.stack.import_catalogue([{"slug": "storm", "title": {"uk": "Буря"}, "values": [
                {"slug": f"storm-{v}", "title": {"uk": f"Картка {v}"}, "price": f"{PRICE}.00"}
                for v in range(VALUES)]}])
            self.stock(0)
            weather = threading.Thread(target=self.weather)
            weather.start()
            try:
                with ThreadPoolExecutor(THREADS) as pool:
                    jobs = [pool.submit(self.buy, n) for n in range(self.count)]
                    time.sleep(self.random.uniform(3, 8))
                    self.stock(1)
                    for job in jobs:
                        if job.exception():
                            self.troubles.append(f"a buyer: {job.exception()!r}")
            finally:
                self.over.set()
                weather.join()
            self.stack.faults(reset=True)
            if self.random.random() < 0.5:
                self.restart()
            self.verify()
        print(f"seed {self.seed}: {self.count} buyers, {len(self.paid)} paid, {self.kills} kills, "
              f"{self.faults} faults, {self.restarts} power cuts, "
              f"{time.monotonic() - began:.0f} s, {len(self.troubles)} findings", flush=True)
        for trouble in self.troubles[:20]:
            print(f"  {trouble}", flush=True)
        return not self.troubles


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=int(os.environ.get("SEEDS", "3")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "1")))
    parser.add_argument("--buyers", type=int, default=int(os.environ.get("BUYERS", "200")))
    args = parser.parse_args()
    good = 0
    for seed in range(args.seed, args.seed + args.seeds):
        good += Storm(seed, args.buyers).run()
    print(f"{good} passed, {args.seeds - good} failed")
    return 0 if good == args.seeds else 1


if __name__ == "__main__":
    sys.exit(main())
