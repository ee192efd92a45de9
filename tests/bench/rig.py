"""The shop and the three ceilings on one machine, for the benchmark: started as `make run`
starts them, reached through nginx with the same settings, on one database."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", "build"))
BUILD = BUILD if BUILD.is_absolute() else ROOT / BUILD
RESPONDERS = 8
START_LIMIT = 120


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def get(url, method="GET", body=None, headers=None):
    """The body of an answer; any status but 2xx is an error."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


def find_program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise SystemExit(f"bench: {name} is not installed (make deps)")
    return found


class Rig:
    """Everything ends with the `with`; nothing but this folder and loopback ports is used."""

    def __init__(self):
        self.var = Path(tempfile.mkdtemp(prefix="kartka-bench-", dir="/tmp"))
        os.chmod(self.var, 0o755)
        self.bin = self.var / "bin"
        self.port, self.stub_port = free_port(), free_port()
        self.ceiling_ports = {"A": free_port(), "B": free_port()}
        self.children = []
        self.output = []
        self.run = None

    # ---- life ----

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc):
        self.stop()

    @property
    def env(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("BOT_", "PORTMONE_"))}
        env.update(
            KARTKA_VAR=str(self.var),
            KARTKA_SHARE=str(ROOT),
            HTTP_LISTEN=f"127.0.0.1:{self.port}",
            RESPONDERS=str(RESPONDERS),
            LOG_LEVEL="warn",
            BOT_TOKEN="1000000000:" + "b" * 35,
            TELEGRAM_API_URL=f"http://127.0.0.1:{self.stub_port}/telegram",
            PORTMONE_URL=f"http://127.0.0.1:{self.stub_port}/portmone/",
            PORTMONE_PAYEE_ID="1185",
            PORTMONE_LOGIN="BENCH",
            PORTMONE_PASSWORD="bench",
            PORTMONE_KEY="bench",
            BENCH_SINK_COUNT=str(self.var / "sink.count"),
        )
        return env

    @property
    def ceiling_env(self):
        url = self.db_url
        user, _, rest = url.removeprefix("mysql://").partition(":")
        return {
            **os.environ,
            "BENCH_USER": user,
            "BENCH_PASSWORD": rest.partition("@")[0],
            "BENCH_DB": "kartka",
            "BENCH_SOCKET": str(self.var / "run/db.sock"),
        }

    @property
    def db_url(self):
        password = json.loads((self.var / "secrets.json").read_text())["DB_PASSWORD"]
        return f"mysql://kartka:{password}@localhost/kartka"

    def start(self):
        shutil.copytree(BUILD / "bin", self.bin, ignore=shutil.ignore_patterns("*.new"))
        self.child([BUILD / "bench/stub", self.stub_port, self.var / "events"])
        # A folder of its own: .env and config.json of whoever calls are not for us.
        self.run = subprocess.Popen(
            [self.bin / "kartka", "run"], cwd=self.var, env=self.env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        ready = threading.Event()

        def read():
            for line in self.run.stdout:
                self.output.append(line)
                if "kartka: ready" in line:
                    ready.set()
            ready.set()

        threading.Thread(target=read, daemon=True).start()
        if not ready.wait(START_LIMIT) or not any("kartka: ready" in x for x in self.output):
            raise SystemExit("bench: the shop does not start:\n" + "".join(self.output[-40:]))

    def start_ceilings(self):
        """After there is somebody for B to find."""
        for name, port in self.ceiling_ports.items():
            self.start_ceiling(name, port)

    def child(self, argv, env=None):
        # In a session of its own, as each of the shop's services: the kernel shares out the
        # processor session by session.
        self.children.append(subprocess.Popen(
            [str(word) for word in argv], env=env, stdin=subprocess.DEVNULL,
            start_new_session=True))
        return self.children[-1]

    def start_ceiling(self, name, port):
        """The shop's own nginx.conf with another port and other sockets behind it."""
        folder = self.var / f"ceiling{name}"
        (folder / "nginx").mkdir(parents=True)
        os.chmod(folder, 0o755)
        conf = (self.var / "run/nginx.conf").read_text()
        conf = conf.replace(f"{self.var}/run", str(folder))
        conf = conf.replace(f"127.0.0.1:{self.port}", f"127.0.0.1:{port}")
        (folder / "nginx.conf").write_text(conf)
        sock = folder / "telegram.sock"
        self.child([find_program("spawn-fcgi"), "-n", "-s", sock, "-M", "0666", "-b", "4096",
                    "--", find_program("multiwatch"), "-f", RESPONDERS, "-s", "TERM", "--",
                    BUILD / f"bench/ceiling_{name.lower()}"], self.ceiling_env)
        self.child([find_program("nginx"), "-e", "stderr", "-p", folder,
                    "-c", folder / "nginx.conf"])
        end = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError):
                get(f"http://127.0.0.1:{port}/telegram/webhook", "POST",
                    b'{"message":{"from":{"id":1}}}')
                return
            if time.monotonic() > end:
                raise SystemExit(f"bench: ceiling {name} does not answer")
            time.sleep(0.05)

    def stop(self):
        for child in reversed(self.children):
            child.terminate()
        if self.run and self.run.poll() is None:
            self.run.send_signal(signal.SIGTERM)
        for child in [*self.children, self.run]:
            if not child:
                continue
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)
        shutil.rmtree(self.var, ignore_errors=True)

    # ---- the operator ----

    def program(self, *argv, env=None, stdin=""):
        """What a program of the shop or of the bench prints."""
        done = subprocess.run([str(word) for word in argv], cwd=self.var, input=stdin,
                              env=env or self.env, capture_output=True, text=True,
                              start_new_session=True)
        if done.returncode:
            raise SystemExit(f"bench: {argv} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def kartka(self, *argv, stdin=""):
        return self.program(self.bin / "kartka", *argv, stdin=stdin)

    def bench(self, name, *argv):
        return self.program(BUILD / "bench" / name, *argv)

    def ceiling_c(self, tables, seconds, first, values):
        return json.loads(self.program(BUILD / "bench/ceiling_c", tables, RESPONDERS, seconds,
                                       first, values, env=self.ceiling_env))

    def orders(self, seconds, first, values):
        return json.loads(self.bench("orders", RESPONDERS, seconds, first, values))

    def sql(self, text):
        """Rows, as lists of texts."""
        env = self.ceiling_env
        done = subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={env['BENCH_SOCKET']}",
             f"--user={env['BENCH_USER']}", "--batch", "--skip-column-names", "kartka"],
            input=text, env={**env, "MYSQL_PWD": env["BENCH_PASSWORD"]},
            capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"bench: {text[:200]}: {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def settle(self):
        """Wait until what was seeded is on the disk, so that writing it disturbs nothing.
        The server's own administrator may hurry it: whoever runs this, by the socket."""
        ask = ["mariadb", "--no-defaults", f"--socket={self.var}/run/db.sock", "--batch",
               "--skip-column-names", f"--user={pwd.getpwuid(os.getuid()).pw_name}", "-e"]
        hurry = "SET GLOBAL innodb_io_capacity_max = {0}, GLOBAL innodb_io_capacity = {0}, " \
                "GLOBAL innodb_max_dirty_pages_pct = {1}"
        dirty = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
        if subprocess.run([*ask, hurry.format(10000, 0)], capture_output=True).returncode:
            time.sleep(10)
            return
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = subprocess.run([*ask, dirty], capture_output=True, text=True).stdout.split()
            if found and int(found[1]) < 200:
                break
            time.sleep(0.5)
        subprocess.run([*ask, hurry.format(2000, 90)], capture_output=True)
        subprocess.run([*ask, "SET GLOBAL innodb_io_capacity = 200"], capture_output=True)

    def load(self, port, path, seconds, connections=32, once=False):
        argv = ["load", f"127.0.0.1:{port}", connections, seconds, path]
        return json.loads(self.bench(*argv, *(["once"] if once else [])))

    # ---- what is running ----

    def processes(self, name):
        """Pids of this shop's processes whose program has this name."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    path = os.readlink(entry / "exe").removesuffix(" (deleted)")
                    if path == str(self.bin / name):
                        found.append(int(entry.name))
        return sorted(found)

    def memory_mib(self, name):
        """The largest resident set of the program's processes."""
        sizes = [0]
        for pid in self.processes(name):
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith("VmRSS:"):
                        sizes.append(int(line.split()[1]))
        return max(sizes) / 1024

    def use_worker(self, real):
        """Have the worker's place taken by the real one or by the counting sink."""
        source = BUILD / ("bin/worker" if real else "bench/wake_sink")
        shutil.copy(source, self.bin / "worker.next")
        os.replace(self.bin / "worker.next", self.bin / "worker")
        old = self.processes("worker")
        for pid in old:
            os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 20
        while True:
            now = self.processes("worker")
            if now and not set(now) & set(old) and any(
                    (self.var / f"run/worker.{pid}.sock").exists() for pid in now):
                break
            if time.monotonic() > end:
                raise SystemExit("bench: the worker does not come back")
            time.sleep(0.1)
        time.sleep(1.2)  # the responders look for new ones once a second

    def metric(self, name):
        for line in get(f"http://127.0.0.1:{self.port}/metrics").splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        raise SystemExit(f"bench: no metric {name}")

    def sink_count(self):
        time.sleep(0.3)
        return int((self.var / "sink.count").read_text() or 0)

    def stub_counts(self):
        """How often each method was called since the last time."""
        return json.loads(get(f"http://127.0.0.1:{self.stub_port}/count"))

    @property
    def secret(self):
        return json.loads((self.var / "secrets.json").read_text())["WEBHOOK_SECRET"]
