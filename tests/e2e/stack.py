"""A whole shop beside the sandbox, as `make run` starts it, for one test or many.

Everything is reached from outside: the chat through the sandbox's API, the shop through
nginx, the operator's side through `build/bin/kartka`.
"""

import contextlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", "build"))
BIN = (BUILD if BUILD.is_absolute() else ROOT / BUILD) / "bin"
START_LIMIT = 120
PATIENCE = 20


def free_port():
    """A free port whose sandbox port (10000 higher) is free as well.

    Below those that the system gives to outgoing connections, any of which could be taken
    before the server is there.  Each of the processes that run the tests has five hundred of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    while True:
        port = random.randrange(20000, 20500) + 500 * (worker % 4)
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 10000))
            except OSError:
                continue
            return port


def until(condition, seconds=PATIENCE, what="the condition"):
    """Wait until condition() is true; its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come within {seconds} s"
        time.sleep(0.05)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


OPENER = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def http(method, url, body=None, headers=None, timeout=15):
    """One request; redirects are not followed; any status is an answer."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with OPENER.open(request, timeout=timeout) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


class Buyer:
    """A person in the sandbox."""

    def __init__(self, stack, person):
        self.stack, self.person, self.id = stack, person, person["id"]

    def say(self, text, **more):
        return self.stack.api("POST", f"/api/users/{self.id}/say", {"text": text, **more})

    def tap(self, message, data, **more):
        message_id = message["message_id"] if isinstance(message, dict) else message
        return self.stack.api(
            "POST", f"/api/users/{self.id}/tap", {"message_id": message_id, "data": data, **more}
        )

    def chat(self):
        return self.stack.api("GET", f"/api/chats/{self.id}")

    def messages(self):
        return [m for m in self.chat()["messages"] if m["from_bot"]]

    def last(self):
        messages = self.messages()
        return messages[-1] if messages else None

    def wait(self, text, seconds=PATIENCE):
        """The newest message of the bot that holds this text."""

        def found():
            for message in reversed(self.messages()):
                if text in (message.get("text") or message.get("html") or ""):
                    return message
            return None

        return until(found, seconds, f"a message with {text!r}")

    def wait_key(self, label, seconds=PATIENCE):
        """(message, key) of the newest message that has a key whose label holds this."""

        def found():
            for message in reversed(self.messages()):
                for key in keys(message):
                    if label in key["text"]:
                        return message, key
            return None

        return until(found, seconds, f"a key with {label!r}")

    def press(self, label, seconds=PATIENCE):
        """Press the newest inline key whose label holds this."""
        message, key = self.wait_key(label, seconds)
        self.tap(message, key["callback_data"])
        self.stack.idle()
        return message

    def open_order(self, slug, quantity=1):
        """Through the deep link to the payment page; (order number, bill)."""
        url = self.offer(slug, quantity)
        answer = http("GET", url)
        assert answer.status in (302, 303), (answer.status, answer.text[:500])
        bill = answer.headers["Location"].rsplit("/", 1)[1]
        number = self.stack.api("GET", f"/api/bills/{bill}")["order"]
        return number, bill

    def offer(self, slug, quantity=1):
        """The payment button's address for this value."""
        before = [m["message_id"] for m in self.messages()]
        said = 0

        def drawn():
            nonlocal said
            # What was put on the shelf a second ago may still be shown as sold out.
            if time.monotonic() - said > 2:
                said = time.monotonic()
                self.say(f"/start v_{slug}")
            for message in reversed(self.messages()):
                if message["message_id"] not in before and pay_key(message):
                    return message
            return None

        message = until(drawn, what=f"the order screen of {slug}")
        if quantity > 1:
            data = next(k["callback_data"] for k in keys(message) if k["text"] == "➕")
            data = re.sub(r":\d+$", f":{quantity}", data)
            self.tap(message, data, force=True)
            self.stack.idle()
            message = next(
                m for m in self.messages() if m["message_id"] == message["message_id"]
            )
        return pay_key(message)["url"]

    def codes(self):
        """Every code this person was sent, in messages and in files."""
        found = []
        for message in self.messages():
            found += re.findall(r"<code>([^<]+)</code>", message.get("html") or "")
            document = message.get("document")
            if document:
                found += [line for line in document["text"].splitlines() if line.strip()]
        return found


def keys(message):
    markup = message.get("reply_markup") or {}
    return [key for row in markup.get("inline_keyboard", []) for key in row]


def pay_key(message):
    return next((k for k in keys(message) if "/pay/" in k.get("url", "")), None)


class Stack:
    person = Buyer
    command = None  # the sandbox's start
    popen = {"cwd": ROOT}  # how the command is started

    def __init__(self, build=None, **settings):
        self.bin = Path(build) / "bin" if build else BIN
        self.settings = settings
        self.port = free_port()
        self.var = Path(tempfile.mkdtemp(prefix="kartka-e2e-", dir="/tmp"))
        os.chmod(self.var, 0o755)
        self.shop_url = f"http://127.0.0.1:{self.port}"
        self.chat_url = f"http://127.0.0.1:{self.port + 10000}"
        self.process = None
        self.output = []
        self.next_user = 500000
        self.places = itertools.count(1)

    # ---- life ----

    @property
    def env(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("BOT_", "PORTMONE_"))}
        env.update(
            KARTKA_VAR=str(self.var),
            HTTP_LISTEN=f"127.0.0.1:{self.port}",
            RESPONDERS="3",
            SANDBOX_HISTORY="no",
        )
        env.pop("KARTKA_CONFIG", None)
        env.update({k: str(v) for k, v in self.settings.items()})
        return env

    def start(self):
        self.process = subprocess.Popen(
            self.command or [ROOT / "tests/sandbox/start.sh", str(self.bin)],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **self.popen,
        )
        ready = threading.Event()

        def read():
            for line in self.process.stdout:
                self.output.append(line)
                if "kartka: ready" in line:
                    ready.set()
            ready.set()

        threading.Thread(target=read, daemon=True).start()
        if not ready.wait(START_LIMIT) or self.process.poll() is not None:
            self.stop()
            raise AssertionError("the shop does not start:\n" + "".join(self.output[-60:]))
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)
                raise AssertionError("the shop did not end within 20 s")
        return self.process.returncode if self.process else 0

    def remove(self):
        shutil.rmtree(self.var, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        if self.process.poll() is not None:
            print("the shop ended by itself:\n" + "".join(self.output[-60:]))
        try:
            self.stop()
        finally:
            self.remove()

    # ---- the operator ----

    @property
    def operator_env(self):
        """The settings that the sandbox's start made, for commands."""
        env = self.env
        for line in (self.var / "sandbox.env").read_text().splitlines():
            name, _, value = line.partition("=")
            env[name] = value
        env["TELEGRAM_API_URL"] = f"{self.chat_url}/telegram"
        env["PORTMONE_URL"] = f"{self.chat_url}/portmone/gateway/"
        return env

    def kartka(self, *args, check=True, stdin=""):
        done = subprocess.run(
            [self.bin / "kartka", *map(str, args)],
            cwd=ROOT,
            env=self.operator_env,
            input=stdin,
            text=True,
            capture_output=True,
            timeout=120,
        )
        if check:
            assert done.returncode == 0, f"kartka {args}: {done.stdout}{done.stderr}"
        return done

    def sql(self, statement):
        """Rows of the private database, as lists of texts; for arranging and looking."""
        config = json.loads((self.var / "secrets.json").read_text())
        done = subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={self.var}/run/db.sock", "--user=kartka",
             "--batch", "--skip-column-names", "kartka", "-e", statement],
            env={**os.environ, "MYSQL_PWD": config.get("DB_PASSWORD", "")},
            text=True,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def catalogue(self, slug, price="100.00", codes=10, title=None, **more):
        """A category with one value of this slug, with so many codes; the codes."""
        self.import_catalogue(
            [{"slug": f"c-{slug}", "title": {"uk": f"Категорія {slug}"},
              # The newest first: nobody turns pages through what other tests left.
              "position": -next(self.places), "values": [
                {"slug": slug, "title": title or {"uk": f"Картка {slug}", "en": f"Card {slug}"},
                 "price": price, **more}]}]
        )
        return self.stock(slug, codes) if codes else []

    def import_catalogue(self, categories):
        path = self.var / "catalog-test.json"
        path.write_text(json.dumps({"categories": categories}))
        self.kartka("catalog", "import", path)

    def stock(self, slug, count, prefix="T"):
        codes = [f"{prefix}-{slug}-{n:06d}" for n in range(count)]
        path = self.var / "codes-test.txt"
        path.write_text("\n".join(codes))
        self.kartka("codes", "import", slug, path)
        path.unlink()
        return codes

    def processes(self, name):
        """Pids of this shop's processes whose program has this name."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                environ = (entry / "environ").read_bytes().split(b"\0")
                if f"KARTKA_VAR={self.var}".encode() not in environ:
                    continue
                program = os.readlink(entry / "exe").replace(" (deleted)", "")
                if os.path.basename(program) == name:
                    found.append(int(entry.name))
        return sorted(found)

    # ---- the sandbox ----

    def api(self, method, path, body=None, check=True):
        data = None if body is None else json.dumps(body).encode()
        answer = http(method, self.chat_url + path, data,
                      {"Content-Type": "application/json"} if data else {}, timeout=60)
        if check:
            assert answer.status < 400, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json()

    def buyer(self, first_name="Оксана", language="uk", **more):
        self.next_user += 1
        return self.person(self, self.api("POST", "/api/users", {
            "id": self.next_user, "first_name": first_name, "language_code": language, **more}))

    def idle(self, seconds=PATIENCE):
        assert self.api("POST", "/api/wait-idle", {"seconds": seconds})["idle"]

    def faults(self, **switches):
        return self.api("POST", "/api/faults", switches)

    def pay(self, bill, **how):
        return self.api("POST", f"/api/bills/{bill}/pay", how)

    def violations(self):
        return self.api("GET", "/api/violations")

    # ---- the shop ----

    def webhook(self, update, secret=None, raw=None, headers=None):
        """An update straight to the shop; for what Telegram would never send."""
        secret = self.secret if secret is None else secret
        all_headers = {"Content-Type": "application/json"}
        if secret:
            all_headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        all_headers.update(headers or {})
        body = raw if raw is not None else json.dumps(update).encode()
        return http("POST", self.shop_url + "/telegram/webhook", body, all_headers)

    @property
    def secret(self):
        return json.loads((self.var / "secrets.json").read_text())["WEBHOOK_SECRET"]

    def state(self, number):
        rows = self.sql(f"SELECT state FROM orders WHERE number = '{number}'")
        return rows[0][0] if rows else None

    def wait_state(self, number, state, seconds=PATIENCE):
        until(lambda: self.state(number) == state, seconds, f"order {number} {state}")

    def quiet(self, sales=0, stock=0):
        """Administrators are not told of sales and stock, whose moment no test knows."""
        self.sql("REPLACE INTO settings (name, value, changed_at) VALUES "
                 f"('alert_sales', '{sales}', UTC_TIMESTAMP(6)), "
                 f"('alert_stock', '{stock}', UTC_TIMESTAMP(6)); "
                 "INSERT INTO settings (name, value, changed_at) VALUES "
                 "('policy_version', '1', UTC_TIMESTAMP(6)) "
                 "ON DUPLICATE KEY UPDATE value = value + 1")

    def check(self):
        """What must hold at the end of every test."""
        self.kartka("check")
