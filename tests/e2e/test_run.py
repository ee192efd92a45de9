"""`make run` itself: what it starts, keeps alive and ends, and how it refuses to start."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from stack import BIN, ROOT, Stack, free_port, until

STOP_LIMIT = 15
SECOND_START_LIMIT = 10
BACK_LIMIT = 1.0
ROUNDS = 20
OWN = ("telegram", "portmone", "admin", "worker", "kartka", "sandbox")


def clean_env(env):
    """Without what an outer make hands down; the packages are known to be there."""
    kept = {k: v for k, v in env.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return {**kept, "KARTKA_NO_DEPS": "1"}


class Run(Stack):
    command = ["make", "--no-print-directory", "run"]

    @property
    def env(self):
        return clean_env(super().env)

    def all_processes(self):
        """{pid: command line} of everything that belongs to this KARTKA_VAR."""
        found = {}
        mark = f"KARTKA_VAR={self.var}".encode()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                marked = mark in (entry / "environ").read_bytes().split(b"\0")
                cwd = os.readlink(entry / "cwd")
                if line and (marked or str(self.var) in line or cwd.startswith(str(self.var))):
                    found[int(entry.name)] = line
        found.pop(os.getpid(), None)
        return found

    def named(self, name):
        """Pids of all_processes() whose program or title begins so."""
        return sorted(
            pid for pid, line in self.all_processes().items()
            if os.path.basename(line.split(" ")[0]) == name or line.startswith(name)
        )

    def answers(self):
        """Telegram, the responders, the worker and Portmone's side: all at work."""
        buyer = self.buyer()
        buyer.say("/start")
        buyer.wait("Вітаємо")

    def purchase(self, slug="steam-5"):
        buyer = self.buyer()
        number, bill = buyer.open_order(slug)
        self.pay(bill)
        buyer.wait("Ваш код")
        return buyer, number

    def end(self, sign, target):
        """Signal make or its process group; the seconds until everything was gone."""
        before = time.monotonic()
        if target == "make":
            os.kill(self.process.pid, sign)
        else:
            os.killpg(self.process.pid, sign)
        self.process.wait(STOP_LIMIT)
        until(lambda: not self.all_processes(), STOP_LIMIT, "the end of every process")
        return time.monotonic() - before


@pytest.fixture(scope="module")
def run():
    with Run() as stack:
        yield stack


# ---- while it runs ----


def test_every_process_is_ours_and_knows_its_place(run):
    for pid, line in run.all_processes().items():
        if line.startswith("nginx:"):  # it overwrites its environment with its title
            continue
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert f"KARTKA_VAR={run.var}".encode() in environ or line.startswith("make"), line
        program = os.readlink(f"/proc/{pid}/exe")
        if os.path.basename(program) in OWN:
            assert program == str(BIN.resolve() / os.path.basename(program))
    for name in ("telegram", "admin"):
        assert len(run.processes(name)) == 3, name
    assert len(run.processes("portmone")) == 6  # the payment pages have copies of their own
    for name in ("worker", "sandbox", "mariadbd", "kartka"):
        assert len(run.processes(name)) == 1, name
    assert len(run.processes("multiwatch")) == 4


def test_secrets_are_for_the_owner_only(run):
    for name in ("secrets.json", "sandbox.env"):
        assert stat.S_IMODE((run.var / name).stat().st_mode) == 0o600, name


def test_temporary_tables_are_not_in_everybodys_folder(run):
    """A mariadbd that starts removes all that it finds in its own."""
    assert run.sql("SELECT @@tmpdir") == [[f"{run.var}/db.tmp"]]
    assert stat.S_IMODE((run.var / "db.tmp").stat().st_mode) == 0o700


def test_a_run_in_the_same_place_is_refused(run):
    line = refused(KARTKA_VAR=run.var)
    assert "KARTKA_VAR" in line and "in use" in line
    assert run.process.poll() is None
    run.answers()


def test_two_run_side_by_side(run):
    with Run() as other:
        run.purchase()
        other.purchase()
        other.check()
    run.purchase()


def test_whatever_is_killed_is_back_within_a_second(run):
    victims = {
        "telegram": lambda: run.processes("telegram"),
        "portmone": lambda: run.processes("portmone"),
        "worker": lambda: run.processes("worker"),
        "multiwatch": lambda: run.processes("multiwatch"),
        "mariadbd": lambda: run.processes("mariadbd"),
        "nginx: master": lambda: run.named("nginx: master"),
        "nginx: worker": lambda: run.named("nginx: worker"),
    }
    counts = {name: len(pids()) for name, pids in victims.items()}
    late = []
    for number in range(ROUNDS):
        for name, pids in victims.items():

            def whole():
                now = pids()
                return now if len(now) >= counts[name] else None

            victim = until(whole, 5, name)[number % counts[name]]
            os.kill(victim, signal.SIGKILL)
            began = time.monotonic()

            def back():
                now = pids()
                return victim not in now and len(now) >= counts[name]

            until(back, 5, f"{name} after its kill")
            took = time.monotonic() - began
            if took > BACK_LIMIT:
                late.append((name, number, round(took, 2)))
    assert not late
    # What a killed multiwatch left behind is gone, and the shop sells on.
    until(lambda: len(run.processes("telegram")) == 3 and len(run.processes("portmone")) == 6,
          10, "the right number of copies")
    run.purchase()
    run.check()


# ---- its end, and the next start ----


def test_ends_whole_and_starts_again_with_its_data():
    stack = Run()
    ways = [(sign, target) for target in ("make", "group")
            for sign in (signal.SIGINT, signal.SIGTERM)] + [(signal.SIGKILL, "make")]
    try:
        stack.start()
        buyer, number = stack.purchase()
        code = buyer.codes()[0]
        for sign, target in ways:
            took = stack.end(sign, target)
            assert took < STOP_LIMIT, (sign, target)
            began = time.monotonic()
            stack.start()
            assert time.monotonic() - began < SECOND_START_LIMIT, (sign, target)
            assert buyer.codes() == [code]
            assert stack.state(number) == "delivered"
        stack.check()
    finally:
        stack.stop()
        stack.remove()


def test_a_killed_supervisor_leaves_nothing_in_the_way():
    with Run() as stack:
        os.kill(stack.processes("kartka")[0], signal.SIGKILL)
        stack.process.wait(STOP_LIMIT)
        stack.start()
        stack.purchase()


# ---- with real settings ----

ACCOUNT = {"PORTMONE_PAYEE_ID": "1185", "PORTMONE_LOGIN": "SHOP", "PORTMONE_PASSWORD": "p w",
           "PORTMONE_KEY": "k", "BOT_TOKEN": "1234567:" + "t" * 35}


class Served(Run):
    """The shop alone: what speaks the two protocols is somebody else's, at the chat's address."""

    @property
    def operator_env(self):
        return self.env

    @contextlib.contextmanager
    def servers(self):
        options = {"listen": self.chat_url.removeprefix("http://"), "state": self.var / "theirs",
                   "shop": self.shop_url, "token": ACCOUNT["BOT_TOKEN"],
                   "payee": ACCOUNT["PORTMONE_PAYEE_ID"], "login": ACCOUNT["PORTMONE_LOGIN"],
                   "password": ACCOUNT["PORTMONE_PASSWORD"], "key": ACCOUNT["PORTMONE_KEY"]}
        args = [part for name, value in options.items() for part in (f"--{name}", value)]
        process = subprocess.Popen([BIN / "sandbox", *args])
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def test_with_a_token_it_serves_whoever_speaks_the_protocols():
    stack = Served(**ACCOUNT)
    stack.settings["TELEGRAM_API_URL"] = f"{stack.chat_url}/telegram"
    stack.settings["PORTMONE_URL"] = f"{stack.chat_url}/portmone/gateway"
    with stack.servers(), stack:
        assert not stack.processes("sandbox")
        stack.kartka("webhook", "set")
        codes = stack.catalogue("real")
        buyer, _ = stack.purchase("real")
        assert buyer.codes() == codes[:1]
        assert stack.violations() == []
        stack.kartka("doctor")
        stack.check()


# ---- refusals ----


def refused(command=None, cwd=ROOT, **settings):
    """The one line that says why it does not start."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="kartka-e2e-", dir="/tmp") as var:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("BOT_", "PORTMONE_"))}
        env.update(KARTKA_VAR=var, HTTP_LISTEN=f"127.0.0.1:{port}")
        env.update({k: str(v) for k, v in settings.items()})
        done = subprocess.run(
            command or Run.command, cwd=cwd, env=clean_env(env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("make: ***")]
    assert done.returncode == (1 if command else 2), done.stdout  # make's own failure is 2
    assert len(lines) == 1, done.stdout
    return lines[0]


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"ORDER_TTL": "soon"}, ["ORDER_TTL", "5 to 86400"]),
        ({"HTTP_LISTEN": "8080"}, ["HTTP_LISTEN", "address:port"]),
        ({"HTTP_LISTEN": "203.0.113.7:8080"}, ["HTTP_LISTEN", "assign"]),
        ({"SANDBOX_LISTEN": "127.0.0.1:99999"}, ["SANDBOX_LISTEN", "address:port"]),
        ({"BOT_TOKEN": "not a token"}, ["BOT_TOKEN", "BotFather"]),
        ({"BOT_TOKEN": "123456:abc"}, ["PORTMONE_PAYEE_ID", "missing"]),
        ({"PUBLIC_URL": "http://shop.example.org"}, ["PUBLIC_URL", "https"]),
        ({"KARTKA_CONFIG": "/nonexistent/config.json"}, ["KARTKA_CONFIG", "/nonexistent"]),
        ({"KARTKA_VAR": "/dev/null/var"}, ["KARTKA_VAR", "/dev/null/var"]),
        ({"KARTKA_VAR": "/proc/kartka"}, ["KARTKA_VAR", "/proc/kartka"]),
        ({"KARTKA_VAR": "/tmp/" + "long" * 30}, ["KARTKA_VAR", "too long"]),
        ({"TIMEZONE": "Europe/Nowhere"}, ["TIMEZONE", "tzdata"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_setting_that_is_wrong(settings, words):
    line = refused(**settings)
    for word in words:
        assert word in line


@pytest.mark.parametrize("name, content", [(".env", "COLOUR=red\n"), ("config.json", '{"COLOUR":"red"}')])
def test_a_setting_that_does_not_exist(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    line = refused([BIN / "kartka", "run"], cwd=tmp_path)
    assert "COLOUR" in line and name in line


def test_a_database_of_ones_own_needs_its_keys():
    assert "is missing" in refused(DB_URL="mysql://a:b@127.0.0.1:1/shop")


def test_a_database_of_ones_own_that_is_not_there():
    line = refused(DB_URL="mysql://a:b@127.0.0.1:1/shop", WEBHOOK_SECRET="w" * 16,
                   CODE_KEYS="1:" + "1" * 64, FINGERPRINT_KEY="2" * 64, DATA_KEY="3" * 64)
    assert "database" in line and "127.0.0.1" in line


@pytest.mark.parametrize("key", ["HTTP_LISTEN", "SANDBOX_LISTEN"])
def test_a_port_that_is_taken(key):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = refused(**{key: address})
    assert key in line and address in line and "in use" in line


def test_a_database_that_can_not_start():
    with Run() as stack:
        stack.stop()
        (stack.var / "db/ibdata1").write_bytes(os.urandom(100000))
        line = refused(KARTKA_VAR=stack.var)
        assert "database" in line and "db.log" in line
        assert not stack.all_processes()


# ---- not root ----


def own_tree(user):
    """A copy of the project that this user may write to."""
    folder = Path(tempfile.mkdtemp(prefix="kartka-tree-", dir="/tmp"))
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(BIN, folder / "build/bin")
    subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", folder], check=True)
    return folder


def become(user):
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def plain():
    """(somebody who is not root, a tree of theirs)"""
    if os.geteuid() != 0:
        yield pwd.getpwuid(os.geteuid()), ROOT
        return
    user = pwd.getpwnam("nobody")
    tree = own_tree(user)
    yield user, tree
    shutil.rmtree(tree)


def test_packages_that_are_missing_are_named_to_who_is_not_root(plain):
    user, tree = plain
    fake = Path(tempfile.mkdtemp(prefix="kartka-path-", dir="/tmp"))
    (fake / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    for path in (fake, fake / "dpkg-query"):
        path.chmod(0o755)
    env = clean_env(os.environ)
    del env["KARTKA_NO_DEPS"]
    env["PATH"] = f"{fake}:{env['PATH']}"
    done = subprocess.run(Run.command, cwd=tree, env=env, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **become(user))
    shutil.rmtree(fake)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("make: ***")]
    assert done.returncode == 2 and len(lines) == 1, done.stdout
    assert "as root: apt-get install" in lines[0] and "libfcgi-dev" in lines[0]


def test_runs_as_somebody_who_is_not_root(plain):
    user, tree = plain
    stack = Run()
    stack.command = [tree / "tests/sandbox/start.sh", str(tree / "build/bin")]
    stack.popen = {"cwd": tree, **become(user)}
    os.chown(stack.var, user.pw_uid, user.pw_gid)
    with stack:
        stack.purchase()
        owners = {os.stat(f"/proc/{pid}").st_uid for pid in stack.all_processes()}
        assert owners == {user.pw_uid}
        # They are known by their environment, to their own user as well.
        seen = subprocess.run(
            ["sh", "-c", "for name in /proc/[0-9]*/environ; do "
             f"tr '\\0' '\\n' <$name 2>/dev/null | grep -qx 'KARTKA_VAR={stack.var}' && "
             "basename $(readlink ${name%environ}exe); done; true"],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **become(user)).stdout.split()
        for name in ("kartka", "telegram", "portmone", "admin", "worker", "mariadbd"):
            assert name in seen, seen
