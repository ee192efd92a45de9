"""A proxy that spoils what passes through it; it stands before Telegram, Portmone or the database.

    proxy = Proxy(("127.0.0.1", 18080)).start()       # or a Unix socket's path; mysql=True
    proxy.latency = 0.2                               # for every piece, either way
    proxy.away = True                                 # whoever connects is reset
    proxy.silent = True                               # half-open: nothing passes any more
    proxy.add(Lose(holds("sendMessage"), count=2))    # a fault for the next two requests like that

A request is a whole one of HTTP, or one command of MySQL's protocol, whose SQL is known for
prepared statements as well.  What becomes of it says the fault's class; `hits` counts, and
`wait()` waits for the first.
"""

import contextlib
import re
import select
import socket
import struct
import threading
import time

QUERY, PREPARE, EXECUTE = 3, 0x16, 0x17
LINGER_NONE = struct.pack("ii", 1, 0)  # closing is a reset
PIECE = 1 << 16


# ---- which request ----


def holds(*parts):
    """A request that holds all of these."""
    wanted = [part.encode() for part in parts]
    return lambda request, before: all(part in request for part in wanted)


def commit_after(*parts):
    """The COMMIT of a transaction in which statements that hold these went before."""
    wanted = [part.encode() for part in parts]
    return lambda request, before: request == b"COMMIT" and all(
        any(part in statement for statement in before) for part in wanted)


def anything(request, before):
    return True


# ---- what becomes of it ----


class Fault:
    """For the next `count` requests that fit.  `reset`: the end is a reset, not a close."""

    def __init__(self, fits=anything, count=1, reset=False):
        self.fits, self.left, self.reset = fits, count, reset
        self.hits = 0
        self.hit = threading.Event()
        self.released = threading.Event()  # for those that hold something back

    def take(self, request, before):
        if self.left <= 0 or not self.fits(request, before):
            return False
        self.left -= 1
        self.hits += 1
        return True

    def wait(self, seconds=20):
        assert self.hit.wait(seconds), f"{type(self).__name__} met no request within {seconds} s"
        return self

    def release(self):
        self.left = 0
        self.released.set()


class Drop(Fault):
    """The server sees the first `after` bytes of it; then both ends are closed."""

    def __init__(self, fits=anything, count=1, reset=False, after=0):
        super().__init__(fits, count, reset)
        self.after = after

    def act(self, link, raw):
        if self.after:
            link.server.sendall(raw[:self.after])
        return False


class Lose(Fault):
    """The server does it; its answer is lost, but for what is before byte `after`."""

    def __init__(self, fits=anything, count=1, reset=False, after=0):
        super().__init__(fits, count, reset)
        self.after = after

    def act(self, link, raw):
        link.server.sendall(raw)
        link.client.sendall(link.server.recv(PIECE)[:self.after])
        return False


class Hang(Fault):
    """The server does it, and the client hears nothing until release(); then it hangs up."""

    def act(self, link, raw):
        link.server.sendall(raw)
        link.server.recv(PIECE)
        self.hit.set()
        link.hold(self.released)
        return False


class Hold(Fault):
    """It is held back until release(), then goes on as if nothing had been."""

    def act(self, link, raw):
        self.hit.set()
        if not link.hold(self.released):
            return False
        link.server.sendall(raw)
        return True


# ---- one connection ----


class Http:
    """Requests with a length, each passed on when it is whole."""

    def __init__(self):
        self.rest = b""

    def from_client(self, data):
        """[(bytes, what they say, what went before)]"""
        self.rest += data
        head, end, _ = self.rest.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        size = len(head) + len(end) + int(length[1] if length else 0)
        if not end or len(self.rest) < size:
            return []
        request, self.rest = self.rest[:size], self.rest[size:]
        return [(request, request, ())]

    def from_server(self, data):
        pass


class MySql:
    """Whole packets; those with the number 0 are commands."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.rest = b""
        self.texts = {}  # of prepared statements
        self.preparing = None
        self.before = None  # the statements of the open transaction

    def from_client(self, data):
        self.rest += data
        found = []
        while len(self.rest) >= 4:
            size = 4 + int.from_bytes(self.rest[:3], "little")
            if len(self.rest) < size:
                break
            packet, self.rest = self.rest[:size], self.rest[size:]
            text = self.statement(packet)
            found.append((packet, text, tuple(self.before or ())))
            if text == b"START TRANSACTION":
                self.before = []
            elif text in (b"COMMIT", b"ROLLBACK"):
                self.before = None
            elif text and self.before is not None:
                self.before.append(text)
        return found

    def statement(self, packet):
        if packet[3] or len(packet) < 5:
            return b""
        command, text = packet[4], packet[5:]
        if command == PREPARE:
            self.preparing = text
            return b""
        if command == EXECUTE:
            return self.texts.get(text[:4], b"")
        if command != QUERY:
            return b""
        # MySQL's own client says first that there are no attributes.
        return text[2:] if text[:2] == b"\0\1" else text

    def from_server(self, data):
        if len(data) > 8 and data[4] == 0 and self.preparing is not None:
            self.texts[data[5:9]] = self.preparing
        elif len(data) > 6 and data[4] == 0xFF:
            self.proxy.errors.append(int.from_bytes(data[5:7], "little"))
        self.preparing = None


class Link(threading.Thread):
    def __init__(self, proxy, client):
        super().__init__(daemon=True)
        self.proxy, self.client, self.server = proxy, client, None
        self.talk = MySql(proxy) if proxy.mysql else Http()
        self.reset = False

    def run(self):
        try:
            if self.proxy.away:
                self.reset = True
                return
            self.server = self.proxy.connect()
            while self.step():
                pass
        except OSError:
            pass
        finally:
            self.end()

    def end(self):
        self.proxy.links.discard(self)
        for end in (self.client, self.server):
            if end is None:
                continue
            if self.reset and end.family == socket.AF_INET:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
            end.close()

    def cut(self):
        """From outside: the thread meets the end of both."""
        for end in (self.client, self.server):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def step(self):
        """One piece from either side; False: it is over."""
        ready = select.select([self.client, self.server], [], [], 0.2)[0]
        if self.proxy.silent:
            return self.hold(self.proxy.heard)
        for end in ready:
            data = end.recv(PIECE)
            if not data:
                return False
            if self.proxy.latency:
                time.sleep(self.proxy.latency)
            if end is self.server:
                self.talk.from_server(data)
                self.client.sendall(data)
            elif not all(self.forward(*one) for one in self.talk.from_client(data)):
                return False
        return True

    def forward(self, raw, request, before):
        fault = self.proxy.fault_for(request, before)
        if not fault:
            self.server.sendall(raw)
            return True
        self.reset = fault.reset
        goes_on = fault.act(self, raw)
        fault.hit.set()
        return goes_on

    def hold(self, event):
        """Wait for the event; False: the client has gone meanwhile."""
        while not event.wait(0.02):
            if select.select([self.client], [], [], 0)[0] and not self.client.recv(
                    1, socket.MSG_PEEK):
                return False
        return True


# ---- the proxy ----


class Proxy:
    def __init__(self, target, path=None, mysql=False):
        self.target, self.path, self.mysql = target, path, mysql
        self.lock = threading.Lock()
        self.links, self.faults = set(), []
        self.errors = []  # what the database refused, by number
        self.heard = threading.Event()
        self.heard.set()
        self.latency, self.away = 0, False
        family = socket.AF_UNIX if path else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.bind(str(path) if path else ("127.0.0.1", 0))
        self.listener.listen(512)
        self.port = None if path else self.listener.getsockname()[1]

    def start(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def stop(self):
        self.reset()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                link = Link(self, self.listener.accept()[0])
                self.links.add(link)
                link.start()

    def connect(self):
        is_path = not isinstance(self.target, tuple)
        server = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
        server.connect(str(self.target) if is_path else self.target)
        return server

    def add(self, fault):
        with self.lock:
            self.faults.append(fault)
        return fault

    def fault_for(self, request, before):
        with self.lock:
            return next((f for f in self.faults if f.take(request, before)), None)

    @property
    def silent(self):
        return not self.heard.is_set()

    @silent.setter
    def silent(self, value):
        self.heard.clear() if value else self.heard.set()

    def cut(self):
        """Every connection there is, in the middle of whatever it is doing."""
        for link in list(self.links):
            link.cut()

    def reset(self):
        """As if nothing had ever been wrong."""
        self.latency, self.away, self.silent = 0, False, False
        with self.lock:
            faults, self.faults = self.faults, []
        for fault in faults:
            fault.release()
