"""The sandbox without the shop: a small receiver of webhooks stands in for it."""

import contextlib
import hashlib
import hmac
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import rmtree

from stack import BIN, free_port, http, until

TOKEN = "42:SANDBOX-token"
ACCOUNT = {"payee": "1185", "login": "WDISHOP", "password": "pass word/1", "key": "test_key"}
SECRET = "the-Secret_1"


class Receiver:
    """Takes what the sandbox sends; `answer(path, request)` says what comes back."""

    def __init__(self):
        self.seen = []
        self.answer = lambda path, request: (200, {}, b"")
        self.lock = threading.Lock()
        self.now = self.most = self.connections = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                receiver.connections += 1

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.now += 1
                    receiver.most = max(receiver.most, receiver.now)
                    request = {"path": self.path, "headers": self.headers, "body": body,
                               "at": time.monotonic()}
                    receiver.seen.append(request)
                try:
                    status, headers, out = receiver.answer(self.path, request)
                finally:
                    with receiver.lock:
                        receiver.now -= 1
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def updates(self):
        return [json.loads(r["body"]) for r in self.seen if r["path"] == "/telegram/webhook"]

    def wait(self, count, seconds=10):
        until(lambda: len(self.seen) >= count, seconds, f"request {count}")
        return self.seen

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def as_json(value, status=200):
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def entity(kind, offset, length, **more):
    return {"type": kind, "offset": offset, "length": length, **more}


class Sandbox:
    def __init__(self, *options, **account):
        self.account = {**ACCOUNT, **account}
        self.options = options
        self.shop = Receiver()
        self.dir = Path(tempfile.mkdtemp(prefix="kartka-sandbox-", dir="/tmp"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        account = [part for k, v in self.account.items() for part in (f"--{k}", v)]
        self.process = subprocess.Popen(
            [BIN / "sandbox", "--listen", f"127.0.0.1:{self.port}", "--state", self.dir / "state",
             "--shop", self.shop.url, "--token", TOKEN, *account, *self.options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        until(self.healthy, 15, "the sandbox")
        return self

    def healthy(self):
        assert self.process.poll() is None, self.process.stdout.read().decode()
        with contextlib.suppress(OSError):
            return http("GET", self.url + "/api/health", timeout=1).status == 200

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process.stdout.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.process.send_signal(signal.SIGTERM)
        output = self.process.communicate(timeout=15)[0].decode()
        self.shop.close()
        rmtree(self.dir)
        if not exc[0]:
            assert self.process.returncode == 0, output
            assert output == ""

    # ---- its own API ----

    def api(self, method, path, body=None, status=200):
        answer = http(method, self.url + path, None if body is None else json.dumps(body).encode(),
                      timeout=70)
        assert answer.status == status, (path, answer.status, answer.text)
        return answer.json()

    def say(self, user, text, **more):
        return self.api("POST", f"/api/users/{user}/say", {"text": text, **more})

    def tap(self, user, message_id, data, status=200, **more):
        return self.api("POST", f"/api/users/{user}/tap",
                        {"message_id": message_id, "data": data, **more}, status)

    def chat(self, user):
        return self.api("GET", f"/api/chats/{user}")

    def faults(self, **switches):
        return self.api("POST", "/api/faults", switches)

    def violations(self):
        return [v["why"] for v in self.api("GET", "/api/violations")]

    def events(self, what=None):
        return [e for e in self.api("GET", "/api/events") if what in (None, e["what"])]

    def idle(self, seconds=10):
        return self.api("POST", "/api/wait-idle", {"seconds": seconds})["idle"]

    # ---- as the shop ----

    def call_raw(self, method, body, content_type="application/json", token=TOKEN, timeout=15):
        return http("POST", f"{self.url}/telegram/bot{token}/{method}", body,
                    {"Content-Type": content_type}, timeout)

    def call(self, method, **params):
        return self.call_raw(method, json.dumps(params).encode()).json()

    def good(self, method, **params):
        answer = self.call(method, **params)
        assert answer["ok"], answer
        return answer["result"]

    def bad(self, method, **params):
        answer = self.call_raw(method, json.dumps(params).encode())
        value = answer.json()
        assert not value["ok"] and value["error_code"] == answer.status, value
        return answer.status, value["description"]

    def webhook(self, **more):
        self.good("setWebhook", url=self.shop.url + "/telegram/webhook", secret_token=SECRET, **more)

    def meet(self, user=1001):
        """The person has written, so that the bot may; nothing is left to be delivered."""
        self.say(user, "/start")
        updates = self.good("getUpdates")
        self.good("getUpdates", offset=updates[-1]["update_id"] + 1)

    def send(self, user=1001, text="text", rows=None, **more):
        if rows:
            more["reply_markup"] = {"inline_keyboard": rows}
        return self.good("sendMessage", chat_id=user, text=text, **more)

    # ---- Portmone, as the shop ----

    def signature(self, dt, order, amount, key=None):
        text = self.account["payee"] + dt + order.encode().hex() + amount
        text = text.upper() + self.account["login"].encode().hex().upper()
        key = (key or self.account["key"]).encode()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest().upper()

    def link_body(self, order="ORDER_1", amount="100.00", dt="20240102030405", **fields):
        body = {
            "method": "createLinkPayment",
            "payee": {"payeeId": self.account["payee"], "login": self.account["login"], "dt": dt,
                      "signature": self.signature(dt, order, amount), "shopSiteId": ""},
            "order": {"description": "Картка", "shopOrderNumber": order, "billAmount": amount,
                      "attribute1": "", "successUrl": self.shop.url + "/portmone/return",
                      "failureUrl": self.shop.url + "/portmone/return", "preauthFlag": "N",
                      "billCurrency": "UAH", "expTime": "400", "encoding": "UTF-8"},
            "payer": {"lang": "uk", "emailAddress": "", "showEmail": "N"},
        }
        for path, value in fields.items():
            block, _, name = path.partition("__")
            if value is None:
                del body[block][name]
            else:
                body[block][name] = value
        return body

    def gateway(self, body):
        answer = http("POST", self.url + "/portmone/gateway/", json.dumps(body).encode(),
                      {"Content-Type": "application/json"})
        assert answer.status == 200, answer.status
        return answer.json()

    def gateway_form(self, **fields):
        return http("POST", self.url + "/portmone/gateway/", urllib.parse.urlencode(fields).encode(),
                    {"Content-Type": "application/x-www-form-urlencoded"})

    def bill(self, order="ORDER_1", amount="100.00", **fields):
        answer = self.gateway(self.link_body(order, amount, **fields))
        assert answer["errorCode"] == "0", answer
        assert answer["linkPayment"].startswith(self.url + "/portmone/pay/")
        return answer["linkPayment"].rsplit("/", 1)[1]

    def ask(self, method="result", **data):
        account = {"login": self.account["login"], "password": self.account["password"],
                   "payeeId": self.account["payee"]}
        return self.gateway({"method": method, "params": {"data": {**account, **data}}, "id": "1"})

    def rows(self, order="ORDER_1", **more):
        return self.ask(shopOrderNumber=order, status="", **more)

    def pay(self, bill, status=200, **how):
        return self.api("POST", f"/api/bills/{bill}/pay", how, status)
