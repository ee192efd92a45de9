"""The responder's loop (shared/platform/web.c) as it runs: nginx, spawn-fcgi, multiwatch.

A small responder, echo_responder.c, is built and started in a temporary folder on a free
loopback port.  What nginx would never send is sent to the socket directly.
"""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIES = 4
TOOLS = ("nginx", "spawn-fcgi", "multiwatch", "ab")
missing = [tool for tool in TOOLS if not shutil.which(tool)]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"not installed: {missing}")

NGINX_CONF = """
{user}
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log notice;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {dir}/tmp-body;
    proxy_temp_path {dir}/tmp-proxy;
    fastcgi_temp_path {dir}/tmp-fcgi;
    uwsgi_temp_path {dir}/tmp-uwsgi;
    scgi_temp_path {dir}/tmp-scgi;
    client_max_body_size 4m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            fastcgi_pass unix:{dir}/echo.sock;
            fastcgi_read_timeout 20s;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param DOCUMENT_URI $document_uri;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_param REQUEST_SCHEME $scheme;
            fastcgi_param REQUEST_ID $request_id;
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, seconds=5.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = what()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def children_of(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


@pytest.fixture(scope="session")
def binary(tmp_path_factory):
    path = tmp_path_factory.mktemp("echo") / "echo_responder"
    sources = [ROOT / "tests/e2e/echo_responder.c", *ROOT.glob("shared/base/*.c")]
    sources += [ROOT / f"shared/platform/web{part}.c" for part in ("", "_response", "_route")]
    flags = ["-std=c17", "-D_GNU_SOURCE", "-O1", "-g", f"-I{ROOT}"]
    flags += os.environ.get("ECHO_CFLAGS", "").split()
    subprocess.run([os.environ.get("CC", "cc"), *flags, *map(str, sources), "-lfcgi", "-o",
                    str(path)], check=True)
    return path


class Site:
    """nginx before some copies of the echo responder."""

    def __init__(self, binary, folder, copies):
        self.folder = folder
        self.port = free_port()
        self.sock = folder / "echo.sock"
        self.mark = folder / "mark"
        self.log = open(folder / "echo.log", "wb")
        self.watch = subprocess.Popen(
            ["spawn-fcgi", "-n", "-s", str(self.sock), "-M", "0600", "-b", "4096", "--",
             shutil.which("multiwatch"), "-f", str(copies), "-r", "1000", "-s", "TERM", "--",
             str(binary), str(self.mark)], stdout=self.log, stderr=self.log)
        user = "user root;" if os.geteuid() == 0 else ""
        conf = folder / "nginx.conf"
        conf.write_text(NGINX_CONF.format(user=user, dir=folder, port=self.port))
        self.nginx = subprocess.Popen(
            ["nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(conf)],
            stdout=self.log, stderr=self.log)
        wait_for(lambda: len(children_of(self.watch.pid)) == copies)
        wait_for(self.is_up)

    def is_up(self):
        try:
            return self.get("/")[0] == 200
        except OSError:
            return False

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer
        finally:
            connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)[:2]

    def told(self, method, path, **more):
        """What the responder says it was asked."""
        status, body, _ = self.request(method, path, **more)
        assert status == 200
        return dict(line.split("=", 1) for line in body.decode().splitlines())

    def copies(self):
        return children_of(self.watch.pid)

    def handled(self):
        return self.mark.stat().st_size

    def lines(self):
        return (self.folder / "echo.log").read_text(errors="replace").splitlines()

    def stop(self):
        for process in (self.nginx, self.watch):
            process.terminate()
        self.nginx.wait(10)
        # A copy that multiwatch had forked, but not started yet, misses its signal.
        while self.watch.poll() is None:
            for copy in self.copies():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(copy, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.watch.wait(2)
        self.log.close()


@pytest.fixture
def site(binary, tmp_path):
    running = Site(binary, tmp_path, COPIES)
    yield running
    running.stop()


@pytest.fixture
def lonely(binary, tmp_path):
    running = Site(binary, tmp_path, 1)
    yield running
    running.stop()


def checksum(data):
    total = 5381
    for byte in data:
        total = (total * 33 + byte) % 2**64
    return str(total)


# ---- the socket without nginx ----

BEGIN, ABORT, PARAMS, STDIN = 1, 2, 4, 5


def record(kind, content=b""):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def params(**pairs):
    text = b""
    for name, value in pairs.items():
        value = value if isinstance(value, bytes) else value.encode()
        text += struct.pack(">BI", len(name), len(value) | 0x80000000) + name.encode() + value
    return record(PARAMS, text) + record(PARAMS)


def head(**pairs):
    asked = {"REQUEST_METHOD": "POST", "DOCUMENT_URI": "/x", "REQUEST_ID": "deadbeef"}
    asked.update(pairs)
    return record(BEGIN, struct.pack(">HB5x", 1, 0)) + params(**asked)


def talk(site, data, shut=False):
    """Send records, return the status of the answer, or None when there was none."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(site.sock))
        s.sendall(data)
        if shut:
            s.shutdown(socket.SHUT_WR)
        text = b""
        try:
            while more := s.recv(65536):
                text += more
        except ConnectionResetError:
            pass
    found = re.search(rb"Status: (\d+)", text)
    return int(found[1]) if found else None


# ---- what a handler is told ----

def test_request(site):
    told = site.told("POST", "/a%2Fb/%D1%82%D0%B0%D0%BA%3F?q=%20&r", body=b"a=1",
                     headers={"Content-Type": "text/x", "Cookie": "c=d"})
    assert told["method"] == "2"
    assert told["path"] == "/a/b/так?"
    assert told["query"] == "q=%20&r"
    assert told["type"] == "text/x"
    assert told["cookie"] == "c=d"
    assert told["remote"] == "127.0.0.1"
    assert told["forwarded"] == "0"
    assert told["https"] == "0"
    assert re.fullmatch("[0-9a-f]{32}", told["id"])
    assert told["len"] == "3"
    assert told["sum"] == checksum(b"a=1")


def test_methods(site):
    assert site.told("GET", "/")["method"] == "1"
    assert site.told("PUT", "/", body=b"x")["method"] == "4"
    status, body, answer = site.request("HEAD", "/")
    assert (status, body) == (200, b"")
    assert int(answer.getheader("Content-Length")) > 100
    assert site.told("GET", "/", headers={"X-Forwarded-For": "1.2.3.4"})["forwarded"] == "1"
    assert site.told("GET", "/", headers={"Forwarded": "for=1.2.3.4"})["forwarded"] == "1"


def test_answers(site):
    status, body, answer = site.request("GET", "/away")
    assert (status, body, answer.getheader("Location")) == (303, b"", "/home")
    status, body, answer = site.request("GET", "/down")
    assert (status, body, answer.getheader("Retry-After")) == (503, b"", "2")
    status, body, answer = site.request("GET", "/inject")
    assert (status, body, answer.getheader("Set-Cookie")) == (500, b"", None)
    status, body = site.get("/big")
    assert status == 200
    assert len(body) > 8 * 1024 * 1024 - 128
    assert body == b"0123456789abcdef0123456789abcdef" * (len(body) // 32)


def test_only_failures_are_logged(site):
    before = len(site.lines())
    site.get("/")
    site.request("POST", "/x", body=b"x" * (2 * 1024 * 1024))
    site.get("/down/secret-token")
    site.get("/inject?secret-token")
    lines = site.lines()[before:]
    assert len(lines) == 1
    assert "request_failed" in lines[0]
    assert "status=500" in lines[0]
    assert "path=/inject " in lines[0]
    assert re.search("req=[0-9a-f]{32}", lines[0])


# ---- bodies ----

@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 100000, 1024 * 1024])
def test_body(site, size):
    body = os.urandom(size)
    told = site.told("POST", "/", body=body)
    assert told["len"] == str(size)
    assert told["sum"] == checksum(body)


def test_chunked_body(site):
    told = site.told("POST", "/", body=iter([b"abc", b"def"]))
    assert told["len"] == "6"


def test_too_long_body_is_not_read(site):
    before = site.handled()
    for size in (1024 * 1024 + 1, 4 * 1024 * 1024):
        assert site.request("POST", "/", body=b"x" * size)[0] == 413
    assert site.handled() == before


BODY = record(STDIN, b"0123456789")
END = record(STDIN)


@pytest.mark.parametrize(("name", "length", "rest"), [
    ("short", "100", BODY + END),
    ("short by one", "11", BODY + END),
    ("long", "9", BODY + END),
    ("long in another record", "10", BODY + BODY + END),
    ("none", "10", END),
    ("unannounced", "", BODY + END),
    ("sign", "+10", BODY + END),
    ("negative", "-1", BODY + END),
    ("blank", " 10", BODY + END),
    ("hex", "0x0a", BODY + END),
    ("words", "ten", BODY + END),
    ("two values", "10, 10", BODY + END),
    ("beyond 64 bits", "18446744073709551626", BODY + END),
    ("NUL", b"7\x0009", BODY + END),
    ("aborted", "10", record(STDIN, b"01234") + record(ABORT)),
])
def test_lying_length(site, name, length, rest):
    before = site.handled()
    assert talk(site, head(CONTENT_LENGTH=length) + rest) in (400, None), name
    assert site.handled() == before
    assert talk(site, head(CONTENT_LENGTH="10") + BODY + END) == 200
    assert site.handled() == before + 1


@pytest.mark.parametrize("rest", [b"", record(STDIN, b"01234"), BODY[:-3], BODY])
def test_peer_leaves_in_the_body(site, rest):
    before = site.handled()
    assert talk(site, head(CONTENT_LENGTH="10") + rest, shut=True) in (400, None)
    assert site.handled() == before
    assert site.get("/")[0] == 200


def test_too_long_is_said_before_reading(site):
    before = site.handled()
    for length in ("1048577", "9999999999", str(2**63 - 1)):
        assert talk(site, head(CONTENT_LENGTH=length) + BODY) == 413
    assert site.handled() == before


@pytest.mark.parametrize("path", ["", "x", "*", "http://x/", b"/\xff", b"/a\xc0\xaf"])
def test_bad_path(site, path):
    before = site.handled()
    assert talk(site, head(DOCUMENT_URI=path, CONTENT_LENGTH="") + END) == 400
    assert site.handled() == before


def test_script_name(site):
    ask = head(DOCUMENT_URI="", SCRIPT_NAME="/ok", CONTENT_LENGTH="")
    assert talk(site, ask + END) == 200


# ---- life and death ----

def test_idle_end(site):
    pids = site.copies()
    started = time.monotonic()
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 1)
    assert time.monotonic() - started < 0.5
    wait_for(lambda: len(site.copies()) == COPIES, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_request_in_hand_is_finished(lonely, number):
    (pid,) = lonely.copies()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(lonely.get("/slow")[0]))
    thread.start()
    time.sleep(0.15)
    os.kill(pid, number)
    thread.join()
    assert answers == [200]
    wait_for(lambda: lonely.copies() not in ([pid], []), 1)
    assert lonely.get("/")[0] == 200


def test_descriptor_0_is_no_socket(binary, tmp_path):
    for stdin in (subprocess.DEVNULL, subprocess.PIPE):
        done = subprocess.run([binary, tmp_path / "mark"], stdin=stdin, capture_output=True,
                              timeout=5)
        assert done.returncode == 1
        assert done.stderr.decode().count("\n") == 1
        assert "descriptor 0 is not a listening socket" in done.stderr.decode()


def test_socket_of_systemd(binary, tmp_path):
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(16)

        def inherit():
            os.dup2(listener.fileno(), 3)
            os.environ["LISTEN_PID"] = str(os.getpid())

        child = os.fork()
        if not child:
            inherit()
            os.environ["LISTEN_FDS"] = "1"
            null = os.open("/dev/null", os.O_RDONLY)
            os.dup2(null, 0)
            os.execv(binary, [str(binary), str(tmp_path / "mark")])

    class Direct:
        sock = path

    try:
        assert talk(Direct, head(CONTENT_LENGTH="") + END) == 200
    finally:
        os.kill(child, signal.SIGTERM)
        assert os.waitpid(child, 0)[1] == 0


def test_kill_9_is_back_within_a_second(site):
    for _ in range(5):
        before = site.copies()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(site.copies()) == COPIES and not set(before) & set(site.copies()),
                 1)
        assert site.get("/")[0] == 200


def test_abort_leaves_no_core_and_comes_back(site):
    assert site.get("/abort")[0] == 502
    assert site.get("/")[0] == 200
    wait_for(lambda: len(site.copies()) == COPIES, 1)
    assert not list(site.folder.glob("core*"))


def test_no_core(site):
    limits = Path(f"/proc/{site.copies()[0]}/limits")
    wait_for(lambda: re.search(r"Max core file size +0 +0", limits.read_text()))


def test_out_of_descriptors(lonely):
    """Scenario 27."""
    (pid,) = lonely.copies()
    assert lonely.get("/exhaust")[0] == 200
    started = time.monotonic()
    assert lonely.get("/")[0] == 200
    assert 0.3 < time.monotonic() - started < 4
    assert lonely.copies() == [pid]


def cpu_ticks(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_out_of_descriptors_does_not_spin(lonely):
    (pid,) = lonely.copies()
    lonely.get("/exhaust")
    before = cpu_ticks(pid)
    assert lonely.get("/")[0] == 200
    assert cpu_ticks(pid) - before < 10


def test_rolling_restart_loses_nothing(site):
    """Scenario 26: SIGTERM to one copy after another under load: every request is answered 200."""
    body = site.folder / "body"
    body.write_bytes(os.urandom(50000))
    count = 8000
    load = subprocess.Popen(
        ["ab", "-q", "-n", str(count), "-c", "40", "-p", str(body), "-T", "x/y",
         f"http://127.0.0.1:{site.port}/plain"], stdout=subprocess.PIPE)
    restarts = 0
    while load.poll() is None:
        for pid in site.copies():
            with contextlib.suppress(ProcessLookupError):  # told in the last round, gone now
                os.kill(pid, signal.SIGTERM)
            restarts += 1
            time.sleep(0.04)
    text = load.stdout.read().decode()
    assert f"Complete requests:      {count}" in text
    assert "Failed requests:        0" in text
    assert "Non-2xx" not in text
    assert restarts >= 10
    assert site.handled() >= count
