"""A browser at the panel, without a window: cookies, forms with their tokens, the second factor."""

import base64
import functools
import hashlib
import hmac
import html
import re
import struct
import subprocess
import time
import urllib.parse

from stack import BIN, Answer, http

PASSWORD = "correct horse battery 9"


@functools.cache
def routes():
    """Rows of the panel's table: (method, path, need, flags)."""
    rows = subprocess.run([BIN / "admin", "--routes"], capture_output=True, text=True, check=True)
    return [(m, p, need, flags) for m, p, need, *flags in
            (line.split() for line in rows.stdout.splitlines())]


def route_of(method, path):
    """The row that an address belongs to: (method, path, need, flags); None: there is none."""
    for row in routes():
        if row[0] == method and re.fullmatch(re.escape(row[1]).replace(r"\{\}", "[^/?]+"), path):
            return row
    return None


def offers(page):
    """What a page lets one go to and send: (method, address without its query)."""
    found = [("GET", html.unescape(link)) for link in re.findall(r'<a [^>]*href="(/admin/[^"]*)"', page)]
    for tag, inside in re.findall(r"(<form [^>]*>)(.*?)</form>", page, re.S):
        action = re.search(r'action="(/admin/[^"]*)"', tag)
        # A form without a button only shows what there is.
        if action and "<button" in inside:
            found.append(("POST" if 'method="post"' in tag else "GET", html.unescape(action[1])))
    return [(method, way.split("?")[0].split("#")[0]) for method, way in found
            if not way.startswith("/admin/ui/")]


def walk(person, each=2):
    """The pages that one comes to by links alone: address → page, of each row a few."""
    pages, waiting, counts = {}, ["/admin/"], {}
    while waiting:
        way = waiting.pop(0)
        row = route_of("GET", way)
        if way in pages or (row and (row[1].endswith(".csv") or counts.get(row[1], 0) >= each)):
            continue
        answer = person.get(way)
        pages[way] = answer
        if row:
            counts[row[1]] = counts.get(row[1], 0) + 1
        waiting += [link for method, link in offers(answer.text) if method == "GET"]
    return pages


def totp(secret, at=None, step=0):
    key = base64.b32decode(secret.replace(" ", ""))
    counter = int((time.time() if at is None else at) // 30) + step
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"


class Browser:
    """One person at one browser."""

    def __init__(self, shop, login=None, role="owner", password=PASSWORD):
        self.shop, self.login, self.password = shop, login, password
        self.cookies = {}
        self.page = None  # the last one that was shown
        self.secret = None
        self.recovery = []
        if login:
            shop.kartka("admin", "add", login, "--role", role, "--password-stdin",
                        stdin=password + "\n")

    # ---- requests ----

    def request(self, method, path, body=None, headers=None):
        sent = dict(headers or {})
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        answer = http(method, self.shop.shop_url + path, body, sent, timeout=60)
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def get(self, path, follow=True, **more) -> Answer:
        answer = self.request("GET", path, **more)
        for _ in range(5):
            if not follow or answer.status != 303:
                break
            answer = self.request("GET", answer.headers["Location"])
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            self.page = answer.text
        return answer

    def post(self, path, fields=None, follow=True, csrf=None, headers=None) -> Answer:
        """A form of the page that is open; its token comes from there unless given."""
        token = self.token if csrf is None else csrf
        fields = {**({"csrf": token} if token else {}), **(fields or {})}
        answer = self.request(
            "POST", path, urllib.parse.urlencode(fields).encode(),
            {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})
        if follow and answer.status == 303:
            return self.get(answer.headers["Location"])
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            self.page = answer.text
        return answer

    def upload(self, path, fields, file=b"", name="codes.txt") -> Answer:
        """A form with a file, as a browser sends it; not followed."""
        limit = "limit-of-parts"
        body = b""
        for field, value in {"csrf": self.token, **fields}.items():
            body += (f'--{limit}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n'
                     f"{value}\r\n").encode()
        body += (f'--{limit}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
                 f"Content-Type: application/octet-stream\r\n\r\n").encode() + file
        body += f"\r\n--{limit}--\r\n".encode()
        return self.request("POST", path, body,
                            {"Content-Type": f"multipart/form-data; boundary={limit}"})

    def step_up(self):
        """Who one is once more, for what asks for it: the password where there is no second factor."""
        proof = totp(self.secret) if self.secret else self.password
        self.forget_steps()
        self.get("/admin/step-up")
        answer = self.post("/admin/step-up", {**self.hidden(), "step_up": proof}, follow=False)
        assert answer.status == 303, answer.text

    @property
    def token(self):
        found = re.search(r'name="csrf" value="([^"]+)"', self.page or "")
        return found and html.unescape(found[1])

    def hidden(self):
        """Hidden fields of the page's first form, but the token and what is empty."""
        form = self.page.split("<main", 1)[1].split("<form", 1)[1].split("</form>")[0]
        pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        return {name: html.unescape(value) for name, value in pairs if value and name != "csrf"}

    # ---- signing in ----

    def enter(self, password=None, login=None):
        """The first step alone."""
        self.get("/admin/login")
        return self.post("/admin/login", {"login": login or self.login,
                                          "password": password or self.password, "to": ""})

    def enrol(self):
        """The page of enrolment is open: take the seed over; the page with the codes."""
        self.secret = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', self.page)[1]
        answer = self.post("/admin/login/enrol", {"code": totp(self.secret), "to": ""})
        self.recovery = re.findall(r"<li><code>([0-9a-z-]+)</code></li>", answer.text)
        return answer

    def forget_steps(self):
        """As if half a minute had passed: the present code may be used again."""
        self.shop.sql(f"UPDATE staff SET totp_step = 0 WHERE login = '{self.login}'")

    def sign_in(self):
        """All the way in, whatever the shop asks for."""
        answer = self.enter()
        assert answer.status == 200, answer.text
        if 'action="/admin/login/enrol"' in answer.text:
            answer = self.enrol()
        elif 'action="/admin/login/code"' in answer.text:
            self.forget_steps()
            answer = self.post("/admin/login/code", {"code": totp(self.secret), "to": ""})
        assert answer.status == 200, answer.text
        self.get("/admin/profile")
        assert self.is_in, self.page
        return self

    @property
    def is_in(self):
        return self.get("/admin/profile", follow=False).status == 200

    def let_step_up_pass(self):
        self.shop.sql("UPDATE sessions SET stepped_up_at = stepped_up_at - INTERVAL 6 MINUTE")
