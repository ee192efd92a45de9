"""What a shop meets all day, from every side, at a bounded rate.

Taps, orders (paid, left, declined, paid late), notifications true and false, junk, the panel's
pages, uploads, exports, sign-ins, refunds and replaced codes.  For the soak and for Valgrind.
"""

import collections
import contextlib
import json
import random
import re
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from panel import Browser, routes
from stack import http, keys, pay_key, until
from test_panel_shop import step_up, upload

VALUES = 4
PEOPLE = 40  # who come again; those who buy come once
HANDS = 4  # acts under way at once
TTL = 30  # seconds a reservation lives: who leaves meets the end of it
CROWD = 16  # who come at once, now and then
COPIES = 6  # who come at once when every copy is to have work: twice as many as there are
HELD = 0.6  # seconds that they are kept waiting
UPLOAD = 60  # codes in one file
SHELF = 400  # codes of a value at the start
WORDS = ("/start", "/menu", "/buy", "/help", "/terms", "/privacy", "/paysupport", "привіт", "42",
         "<b>&amp;</b>", "/start v_nowhere", "🛒 Купити", "x" * 3000)
PAGES_WITH_AN_ID = {
    "/admin/orders/{}": "SELECT id FROM orders ORDER BY id DESC LIMIT 50",
    "/admin/buyers/{}": "SELECT id FROM users ORDER BY created_at DESC LIMIT 50",
    "/admin/values/{}": "SELECT id FROM card_values",
    "/admin/categories/{}": "SELECT id FROM categories",
    "/admin/stock/{}": "SELECT id FROM card_values",
    "/admin/codes/{}": "SELECT id FROM card_codes ORDER BY id DESC LIMIT 50",
    "/admin/batches/{}": "SELECT id FROM code_batches ORDER BY id DESC LIMIT 50",
    "/admin/staff/{}": "SELECT id FROM staff",
}
SETTINGS = dict(ORDER_TTL=TTL, THROTTLE_RATE=50, THROTTLE_BURST=500, ADMIN_TOTP="required")


class Hand:
    """One of those who act at the same time, with dice and a browser of its own."""

    def __init__(self, traffic, number):
        self.dice = random.Random(f"{traffic.seed}-{number}")
        self.browser = Browser(traffic.shop, f"hand{number}").sign_in()


class Traffic:
    def __init__(self, shop, rate, seed=1, patience=30):
        self.shop, self.rate, self.seed, self.patience = shop, rate, seed, patience
        self.over = threading.Event()
        self.done = collections.Counter()
        self.troubles = []
        self.uploads = 0
        self.ids = {}
        self.lock = threading.Lock()
        self.people, self.hands, self.threads = [], [], []
        self.pages = sorted({path for method, path, _, _ in routes() if method == "GET"
                             and "{}" not in path and "log" not in path})

    # ---- before ----

    def prepare(self):
        self.shop.import_catalogue([{"slug": "day", "title": {"uk": "Щодня"}, "position": -1, "values": [
            {"slug": f"day-{v}", "title": {"uk": f"Картка {v}", "en": f"Card {v}"}, "price": f"{v + 1}0.50",
             "instruction": {"uk": "Наберіть *123#"}} for v in range(VALUES)]}])
        for v in range(VALUES):
            self.shop.stock(f"day-{v}", SHELF)
        self.people = [self.shop.buyer(first_name=f"Людина {n}", language=("uk", "en", "ru")[n % 3])
                       for n in range(PEOPLE)]
        self.hands = [Hand(self, n) for n in range(HANDS)]
        self.look_up()

    def look_up(self):
        """Ids that pages are asked with."""
        self.ids = {path: [row[0] for row in self.shop.sql(sql)]
                    for path, sql in PAGES_WITH_AN_ID.items()}

    # ---- buyers ----

    def browse(self, hand):
        person = hand.dice.choice(self.people)
        if hand.dice.random() < 0.4:
            person.say(hand.dice.choice(WORDS))
            return
        shown = [(m, k) for m in person.messages()[-3:] for k in keys(m) if "callback_data" in k]
        if not shown:
            person.say("/start")
            return
        message, key = hand.dice.choice(shown)
        person.tap(message, key["callback_data"], force=True)

    def open(self, hand, quantity=1):
        buyer = self.shop.buyer(first_name="Покупець & <i>", language=hand.dice.choice(("uk", "en", "ru")))
        slug = f"day-{hand.dice.randrange(VALUES)}"
        buyer.say(f"/start v_{slug}")
        message = until(lambda: next((m for m in buyer.messages() if pay_key(m)), None),
                        self.patience, "a payment button")
        if quantity > 1:
            return buyer, *buyer.open_order(slug, quantity)
        answer = http("GET", pay_key(message)["url"], timeout=self.patience)
        assert answer.status in (302, 303), (answer.status, answer.text[:300])
        bill = answer.headers["Location"].rsplit("/", 1)[1]
        return buyer, self.shop.api("GET", f"/api/bills/{bill}")["order"], bill

    def buy(self, hand):
        quantity = hand.dice.choice((1, 1, 1, 2, 12))
        buyer, _, bill = self.open(hand, quantity)
        self.pay(hand, bill)
        until(lambda: len(set(buyer.codes())) == quantity, self.patience, "the codes")

    def pay(self, hand, bill):
        self.shop.pay(bill, notify=hand.dice.choice(("json", "xml", "none")), force=True,
                      **{"return": hand.dice.random() < 0.5})

    def hesitate(self, hand):
        """A card that is declined, then another one."""
        _, _, bill = self.open(hand)
        self.shop.api("POST", f"/api/bills/{bill}/decline", {})
        self.pay(hand, bill)

    def leave(self, hand):
        self.open(hand)

    def change_mind(self, hand):
        """Paid twice, or given back."""
        buyer, number, bill = self.open(hand)
        self.pay(hand, bill)
        until(buyer.codes, self.patience, "the code")
        if hand.dice.random() < 0.5:
            self.shop.pay(bill, notify="json", force=True)
        else:
            self.shop.kartka("order", "refund", number, "--why", "a change of mind")

    def complain(self, hand):
        """A bad code, replaced in the panel."""
        buyer, number, bill = self.open(hand)
        self.pay(hand, bill)
        until(buyer.codes, self.patience, "the code")
        order, code = self.shop.sql("SELECT o.id, c.id FROM orders o JOIN card_codes c ON c.order_id = o.id "
                                    f"WHERE o.number = '{number}'")[0]
        hand.browser.get(f"/admin/orders/{order}")
        hand.browser.post(f"/admin/orders/{order}/replace", {"slot": "1", "code": code})

    def block(self, hand):
        """The bot is stopped while a message is on its way."""
        buyer, _, bill = self.open(hand)
        self.shop.api("POST", f"/api/users/{buyer.id}/block", {"blocked": True})
        self.pay(hand, bill)

    # ---- from outside ----

    def hint(self, hand):
        rows = self.ids["/admin/orders/{}"]
        number = "K7F3-9QXA"
        if rows and hand.dice.random() < 0.7:
            number = self.shop.sql(f"SELECT number FROM orders WHERE id = {hand.dice.choice(rows)}")[0][0]
        if hand.dice.random() < 0.5:
            body = json.dumps({"shopOrderNumber": number, "shopBillId": "1", "status": "PAYED"})
            answer = http("POST", self.shop.shop_url + "/portmone/notify", body.encode(),
                          {"Content-Type": "application/json"})
        else:
            answer = http("POST", self.shop.shop_url + "/portmone/return",
                          f"SHOPORDERNUMBER={number}&RESULT=0".encode(),
                          {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status == 200, answer.status

    def junk(self, hand):
        shop = self.shop
        what = hand.dice.randrange(6)
        if what == 0:
            assert shop.webhook(None, raw=b'{"update_id": ' + b"[" * 500).status == 400
        elif what == 1:
            assert shop.webhook({"update_id": 1}, secret="wrong").status == 401
        elif what == 2:
            assert shop.webhook({"update_id": 10**9, "poll": {"id": "1"}}).status == 200
        elif what == 3:
            assert http("GET", shop.shop_url + "/pay/" + "A" * 80).status in (400, 404, 410)
        elif what == 4:
            assert http("GET", shop.shop_url + "/admin/nowhere?x=" + "y" * 500).status in (303, 404)
        else:
            http("POST", shop.shop_url + "/portmone/notify", b"<notify>" * 200, {"Content-Type": "text/xml"})

    def watch(self, hand):
        for path in ("/healthz", "/readyz", "/metrics", "/admin/ui/admin.css"):
            assert http("GET", self.shop.shop_url + path).status == 200, path

    # ---- the panel ----

    def look(self, hand):
        if hand.dice.random() < 0.5:
            path = hand.dice.choice(self.pages)
            if path.endswith(".csv") or "totp" in path:
                step_up(hand.browser)
        else:
            pattern = hand.dice.choice(sorted(p for p in self.ids if self.ids[p]))
            path = pattern.replace("{}", hand.dice.choice(self.ids[pattern]))
        if hand.dice.random() < 0.3:
            path += "?" + urllib.parse.urlencode({"q": hand.dice.choice(("K", "day", "Людина", "%", "'"))})
        answer = hand.browser.get(path)
        assert answer.status in (200, 404, 409, 422), (path, answer.status)

    def bring(self, hand):
        """A file of codes: confirmed, twice the same, or thrown away."""
        with self.lock:
            self.uploads += 1
            number, first = self.uploads, self.uploads * UPLOAD
        value = self.shop.sql(f"SELECT id FROM card_values WHERE slug = 'day-{number % VALUES}'")[0][0]
        text = "".join(f"U-{n:07d}\n" for n in range(first, first + UPLOAD)) + "U-0000001\n" + "x" * 300 + "\n"
        _, place = upload(hand.browser, value, text, batch=f"партія {first}")
        hand.browser.post(place + ("/discard" if hand.dice.random() < 0.1 else "/confirm"))

    def sign(self, hand):
        hand.browser.get("/admin/profile")
        hand.browser.post("/admin/logout")
        if hand.dice.random() < 0.1:  # more would be throttled: all come from one address
            hand.browser.enter(password="not this one at all")
        hand.browser.sign_in()

    def crowd(self, hand):
        """Many at the same moment: work for every copy."""
        def come(n):
            buyer = self.shop.buyer(first_name=f"Натовп {n}")
            buyer.say(f"/start v_day-{n % VALUES}")
            message = until(lambda: next((m for m in buyer.messages() if pay_key(m)), None),
                            self.patience, "a payment button")
            http("GET", pay_key(message)["url"], timeout=self.patience)
            hand.browser.request("GET", "/admin/orders")

        with ThreadPoolExecutor(CROWD) as pool:
            list(pool.map(come, range(CROWD)))

    # ---- every copy ----

    def rouse(self, hand, table, acts):
        """These acts at the same moment, while the table they all need is held: one for each copy.

        The system gives what comes one after the other to the same copy ever again.
        """
        with ThreadPoolExecutor(len(acts) + 1) as pool:
            holder = pool.submit(self.shop.sql,
                                 f"LOCK TABLES {table} WRITE; SELECT SLEEP({HELD}); UNLOCK TABLES")
            until(lambda: holder.done() or self.shop.sql(
                "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'User sleep'"), 10, "the table")
            done = list(pool.map(lambda act: self.attempt(act, hand), acts))
            holder.result()
        self.done["rouse"] += sum(done)

    def rouse_all(self):
        """Each copy of each program has done everything once."""
        hand = Hand(self, "first")
        hands = [Hand(self, f"first{n}") for n in range(COPIES)]
        for word in WORDS:
            self.rouse(hand, "users", [lambda _, w=word, n=n: self.people[n].say(w) for n in range(COPIES)])
        for act in (self.browse, self.junk, self.watch):
            self.rouse(hand, "users", [act] * COPIES)
        for act in (self.hint, self.buy, self.hesitate, self.change_mind):
            self.rouse(hand, "orders", [act] * COPIES)
        for act in (self.complain, self.bring, self.look):
            self.rouse(hand, "sessions", [lambda _, act=act, h=h: act(h) for h in hands])
        self.look_up()
        step_up(hand.browser)
        places = [*self.pages, *(pattern.replace("{}", ids[0]) for pattern, ids in self.ids.items() if ids)]
        for place in places:
            if "totp" not in place:
                self.rouse(hand, "sessions", [lambda h, p=place: h.browser.request("GET", p)] * COPIES)

    # ---- all of it ----

    ACTS = {  # how often, beside the others
        browse: 40, buy: 12, hesitate: 2, leave: 3, change_mind: 2, complain: 2, block: 1,
        hint: 8, junk: 6, watch: 4, look: 16, bring: 3, sign: 1, crowd: 0.3,
    }

    def act(self, hand):
        name = hand.dice.choices(list(self.ACTS), list(self.ACTS.values()))[0]
        self.done[name.__name__] += self.attempt(lambda h: name(self, h), hand, name.__name__)

    def attempt(self, act, hand, name="rouse"):
        """Whether it went well; what did not is kept."""
        try:
            act(hand)
            return True
        except (OSError, AssertionError, KeyError, IndexError, StopIteration, TypeError) as trouble:
            text = re.sub(r"\s+", " ", f"{name}: {trouble!r}")[:400]
            with self.lock:
                self.troubles.append(f"{time.strftime('%H:%M:%S')} {text}")
            return False

    def run(self, hand):
        gap = HANDS / self.rate
        due = time.monotonic()
        while not self.over.wait(max(due - time.monotonic(), 0)):
            self.act(hand)
            due = max(due + gap, time.monotonic())

    def start(self):
        self.threads = [threading.Thread(target=self.run, args=(hand,), daemon=True) for hand in self.hands]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        with contextlib.suppress(AssertionError):
            self.shop.idle(60)

    def summary(self):
        return ", ".join(f"{count} {name}" for name, count in sorted(self.done.items()))
