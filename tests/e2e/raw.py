"""HTTP by hand: what no client library would send."""

import socket
import time


class Raw:
    """A connection to the shop's nginx."""

    def __init__(self, shop, timeout=15):
        self.socket = socket.create_connection(("127.0.0.1", shop.port), timeout)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()

    def send(self, *parts):
        for part in parts:
            self.socket.sendall(part if isinstance(part, bytes) else part.encode())

    def read(self):
        """All bytes until the other side closes or says no more within a second."""
        seen = b""
        while True:
            try:
                part = self.socket.recv(65536)
            except ConnectionResetError:
                part = b""
            if not part:
                return seen
            seen += part
            if is_whole(seen):
                return seen

    def status(self):
        """Of the answer that comes next; 0: the connection ended without one."""
        answer = self.read()
        if answer.startswith(b"HTTP/1.1 100 "):
            answer = answer.partition(b"\r\n\r\n")[2] or self.read()
        return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


def is_whole(answer):
    """Is this one whole answer?"""
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return body.endswith(b"0\r\n\r\n")


def head(shop, path, *lines, method="POST", secret=True, content_type="application/json"):
    """A request's head, without its end: an empty line follows the last of the lines."""
    own = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{shop.port}", "Connection: close"]
    if content_type:
        own.append(f"Content-Type: {content_type}")
    if secret:
        own.append(f"X-Telegram-Bot-Api-Secret-Token: {shop.secret}")
    return "\r\n".join([*own, *lines, "", ""])


def ask(shop, *parts, timeout=15):
    """Send these; the status, and the seconds it took."""
    began = time.monotonic()
    with Raw(shop, timeout) as raw:
        try:
            raw.send(*parts)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered already
        return raw.status(), time.monotonic() - began
