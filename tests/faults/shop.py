"""A shop with a proxy before each of the three that it talks to.

The sandbox and the database are processes of the test's own, so that either may end by itself.
`telegram`, `portmone` and `database` are the proxies; everything the test itself asks goes
straight to those behind them.
"""

import json
import secrets
import signal
import subprocess
import threading

import engine
from proxy import Proxy
from stack import ROOT, Buyer, Stack, http, until

ACCOUNT = {"PORTMONE_PAYEE_ID": "1185", "PORTMONE_LOGIN": "SHOP",
           "PORTMONE_PASSWORD": secrets.token_hex(16), "PORTMONE_KEY": secrets.token_hex(16),
           "BOT_TOKEN": f"1000000000:{secrets.token_hex(17)}x"}
KEYS = engine.shop_secrets()
ADMIN = 1002  # Alex, one of the sandbox's own three
PASSWORD = "shop"


class Database:
    """A server whose every commit outlives its own kill."""

    def __init__(self, folder, *options):
        self.folder, self.options, self.process = folder, options, None
        self.socket = folder / "sock"

    def start(self):
        self.process = subprocess.Popen(
            [ROOT / "tests/db/server", self.folder, "--innodb-flush-log-at-trx-commit=1",
             *self.options], stdin=subprocess.DEVNULL)
        until(lambda: self.client("-e", "DO 0").returncode == 0, 60, "the database")
        self.client("-e", "CREATE DATABASE IF NOT EXISTS kartka; CREATE USER IF NOT EXISTS "
                    f"shop@localhost IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON kartka.* TO shop@localhost")
        return self

    def url(self, where):
        return f"mysql://shop:{PASSWORD}@{where}"

    def client(self, *args, **how):
        """The server's own client, as its root."""
        return subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch",
             "--skip-column-names", *args], text=True, capture_output=True, timeout=60, **how)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.kill()

    def session(self):
        return Session(self.socket)


class Session:
    """A second user of the database, who may keep others waiting."""

    def __init__(self, socket):
        self.process = subprocess.Popen(
            ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "--unbuffered",
             "--batch", "--skip-column-names", "--force", "kartka"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def send(self, sql):
        self.process.stdin.write(f"{sql};\n")
        self.process.stdin.flush()

    def run(self, sql):
        """All lines up to its end."""
        self.send(sql)
        self.send("SELECT 'that was it'")
        lines = []
        while (line := self.process.stdout.readline().rstrip("\n")) != "that was it":
            assert line or self.process.poll() is None, "the session has ended"
            lines.append(line)
        return lines


class Patient(Buyer):
    """Whoever meets a page that says *later* loads it again."""

    def open_order(self, slug, quantity=1):
        return self.stack.follow(self.offer(slug, quantity))


class FaultShop(Stack):
    person = Patient

    def __init__(self, database_options=(), tcp=True, **settings):
        super().__init__(**{"ADMIN_CHAT_IDS": ADMIN, "THROTTLE_RATE": 1000,
                            "THROTTLE_BURST": 8000, "RESPONDERS": 2, **ACCOUNT, **KEYS, **settings})
        self.command = [self.bin / "kartka", "run"]
        self.server = engine.Guest() if engine.SOCKET else Database(self.var / "server", *database_options)
        # MySQL's users show their password to a socket, and to TLS, alone.
        self.tcp = tcp and not engine.SOCKET
        self.sandbox = None
        self.telegram = self.portmone = self.database = None

    # ---- life ----

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def start(self):
        """All of it, once."""
        host, _, port = self.chat_url.removeprefix("http://").partition(":")
        self.server.start()
        self.sandbox_start()
        path = None if self.tcp else self.var / "proxy.sock"
        self.telegram = Proxy((host, int(port))).start()
        self.portmone = Proxy((host, int(port))).start()
        self.database = Proxy(self.server.socket, path, mysql=True).start()
        where = f"127.0.0.1:{self.database.port}/kartka" if self.tcp else (
            f"localhost/kartka?socket={path}")
        self.settings.update(
            TELEGRAM_API_URL=f"http://127.0.0.1:{self.telegram.port}/telegram",
            PORTMONE_URL=f"http://127.0.0.1:{self.portmone.port}/portmone/gateway/",
            DB_URL=self.server.url(where))
        super().start()
        self.kartka("webhook", "set")
        self.quiet()
        self.api("POST", f"/api/users/{ADMIN}/say", {"text": "/start"})
        return self

    def sandbox_start(self):
        options = {"listen": self.chat_url.removeprefix("http://"), "state": self.var / "sandbox",
                   "shop": self.shop_url, "public-url": self.chat_url,
                   "token": ACCOUNT["BOT_TOKEN"], "payee": ACCOUNT["PORTMONE_PAYEE_ID"],
                   "login": ACCOUNT["PORTMONE_LOGIN"], "password": ACCOUNT["PORTMONE_PASSWORD"],
                   "key": ACCOUNT["PORTMONE_KEY"]}
        args = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self.sandbox = subprocess.Popen([self.bin / "sandbox", *args], stdin=subprocess.DEVNULL)
        until(self.sandbox_answers, 20, "the sandbox")

    def sandbox_answers(self):
        try:
            return http("GET", self.chat_url + "/api/health").status == 200
        except OSError:
            return False

    def stop(self):
        try:
            return super().stop()
        finally:
            for proxy in (self.telegram, self.portmone, self.database):
                if proxy:
                    proxy.stop()
            if self.sandbox:
                self.sandbox.terminate()
                self.sandbox.wait(10)
            self.server.stop()

    # ---- where everything is ----

    @property
    def operator_env(self):
        return self.env

    @property
    def secret(self):
        return KEYS["WEBHOOK_SECRET"]

    def sql(self, statement):
        done = self.server.client("kartka", "-e", statement)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def number(self, statement):
        return int(self.sql(statement)[0][0])

    # ---- what tests ask for ----

    def calm(self):
        """No fault any more."""
        for proxy in (self.telegram, self.portmone, self.database):
            proxy.reset()
        self.faults(reset=True)

    def ready(self):
        try:
            return http("GET", self.shop_url + "/readyz", timeout=6).status == 200
        except OSError:
            return False

    def admin_chat(self):
        return [m["text"] for m in self.api("GET", f"/api/chats/{ADMIN}")["messages"]
                if m["from_bot"]]

    def events(self, what, part=""):
        """What was asked of the sandbox under this name, and holds this."""
        return [e for e in self.api("GET", "/api/events?after=0&limit=100000")
                if e["what"] == what and part in json.dumps([e["request"], e["response"]])]

    def metric(self, name):
        text = http("GET", self.shop_url + "/metrics").text
        return next(int(line.split()[-1]) for line in text.splitlines()
                    if line.startswith(f"kartka_{name}_total "))

    def pay_quietly(self, bill, **how):
        return self.pay(bill, notify="none", **{"return": False}, **how)

    def notify(self, number, bill_id="1", status="PAYED"):
        body = {"shopOrderNumber": number, "shopBillId": bill_id, "status": status,
                "billAmount": "100.00", "errorCode": "0"}
        return http("POST", self.shop_url + "/portmone/notify", json.dumps(body).encode(),
                    {"Content-Type": "application/json"})

    def returned(self, number):
        """What Portmone gave back, in kopiykas."""
        return [round(-float(row["billAmount"]) * 100)
                for bill in self.api("GET", f"/api/bills?order={number}")
                for row in bill["returned"]]

    def sold_to(self, number):
        return self.number("SELECT COUNT(*) FROM card_codes c JOIN orders o ON o.id = c.order_id "
                           f"WHERE o.number = '{number}' AND c.state = 'sold'")

    def bought(self, slug, quantity=1, codes=3):
        """(buyer, order, bill) of an order that was paid and told of."""
        self.catalogue(slug, codes=codes)
        buyer = self.buyer()
        number, bill = buyer.open_order(slug, quantity)
        self.pay(bill)
        self.served(buyer, number, quantity)
        return buyer, number, bill

    def served(self, buyer, number, quantity=1, copies=1, seconds=30):
        """The buyer has exactly what was paid for, told of `copies` times at most."""
        until(lambda: len(set(buyer.codes())) == quantity, seconds, f"the codes of {number}")
        self.wait_state(number, "delivered", seconds)
        assert self.sold_to(number) == quantity
        told = [m for m in buyer.messages() if number in m["text"] and "Оплачено. В" in m["text"]]
        assert 1 <= len(told) <= copies, [m["text"] for m in buyer.messages()]
        assert self.sql("SELECT COUNT(*), COALESCE(SUM(p.applied), 0) FROM payments p JOIN orders o "
                        f"ON o.id = p.order_id WHERE o.number = '{number}' AND p.kind = 'payment'"
                        )[0][1] == "1"

    def follow(self, url, seconds=30):
        """What a patient browser does: again until there is a payment page; (order, bill)."""

        def place():
            try:
                answer = http("GET", url)
            except OSError:
                return None
            return answer.headers.get("Location") if answer.status in (302, 303) else None

        bill = until(place, seconds, "the payment page").rsplit("/", 1)[1]
        return self.api("GET", f"/api/bills/{bill}")["order"], bill

    def outbox_empty(self, seconds=20):
        until(lambda: not self.sql("SELECT 1 FROM outbox WHERE state = 'pending' LIMIT 1"), seconds,
              "an empty outbox")


def at_once(acts):
    """Their results, all of them begun at the same moment; None where one fails."""
    results = [None] * len(acts)

    def run(n):
        try:
            results[n] = acts[n]()
        except OSError:
            pass

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
