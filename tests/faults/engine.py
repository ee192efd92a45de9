"""The database of the fault tests: each shop's own MariaDB, or one on a server that is there
already: FAULTS_SOCKET is its socket, FAULTS_CLIENT its client (mariadb, mysql).

Tests marked own_database end their shop's own and are left out on another one: what a server's
end does is the drill's there (drill.py).
"""

import itertools
import os
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import stack

SOCKET = os.environ.get("FAULTS_SOCKET")
CLIENT = os.environ.get("FAULTS_CLIENT", "mariadb")
# Those that fail what is around the database; and the COMMIT whose answer is lost.
ANYWHERE = ("crash", "crash_later", "commit_lost", "restart", "portmone", "telegram")
numbers = itertools.count(1)


def shop_secrets():
    """What a shop on a database that it did not start has to be given beside DB_URL."""
    return dict(WEBHOOK_SECRET=secrets.token_hex(16), CODE_KEYS=f"1:{secrets.token_hex(32)}",
                FINGERPRINT_KEY=secrets.token_hex(32), DATA_KEY=secrets.token_hex(32))


class Guest:
    """A database and a user on a server whose root is whoever may use its socket."""

    def __init__(self):
        self.socket = Path(SOCKET)
        self.name = f"faults{os.getpid()}n{next(numbers)}"
        self.password = secrets.token_hex(8)

    def client(self, *args, **how):
        """Its own database is named kartka, as elsewhere."""
        return subprocess.run(
            [CLIENT, "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch",
             "--skip-column-names", *(self.name if arg == "kartka" else arg for arg in args)],
            text=True, capture_output=True, timeout=60, **how)

    def sql(self, statement, *database):
        done = self.client(*database, "-e", statement)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def start(self):
        self.sql(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4; "
                 f"CREATE USER {self.name}@localhost IDENTIFIED BY '{self.password}'; "
                 f"GRANT ALL ON {self.name}.* TO {self.name}@localhost")
        return self

    def url(self, where):
        return f"mysql://{self.name}:{self.password}@{where}".replace("/kartka", f"/{self.name}", 1)

    def stop(self):
        self.sql(f"DROP DATABASE IF EXISTS {self.name}; DROP USER IF EXISTS {self.name}@localhost")


class GuestStack(stack.Stack):
    """A shop whose database is a guest."""

    def __init__(self, **settings):
        super().__init__(**{**shop_secrets(), **settings})
        self.guest = Guest().start()
        self.settings["DB_URL"] = self.guest.url(f"localhost/kartka?socket={SOCKET}")

    def sql(self, statement):
        return self.guest.sql(statement, "kartka")

    @property
    def secret(self):
        return self.settings["WEBHOOK_SECRET"]

    def remove(self):
        self.guest.stop()
        super().remove()


Stack = GuestStack if SOCKET else stack.Stack


# ---- all that runs on another engine ----


def run_domain(root_url, left_out):
    """(passed, failed) of tests/db on the server of this address, but for those left out."""
    names = sorted({f"db/{p.stem}" for p in (stack.ROOT / "tests/db").glob("test_*.c")} - left_out)
    with tempfile.TemporaryDirectory(prefix="kartka-engine-", dir="/tmp") as folder:
        env = {**os.environ, "KARTKA_TEST_DB_URL": root_url, "KARTKA_TEST_DIR": folder}
        running = subprocess.Popen(["tests/run", *names], cwd=stack.ROOT, env=env, text=True, stdout=subprocess.PIPE)
        last = ""
        for last in running.stdout:
            print(last, end="", flush=True)
        running.wait()
    return tuple(map(int, re.match(r"(\d+) passed, (\d+) failed", last).groups()))


def run_faults(socket, client):
    """(passed, failed) of these tests on the server of this socket."""
    running = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=3",
         *(f"tests/faults/test_{name}.py" for name in ANYWHERE)], cwd=stack.ROOT, text=True, stdout=subprocess.PIPE,
        env={**os.environ, "FAULTS_SOCKET": str(socket), "FAULTS_CLIENT": client})
    said = ""
    for line in running.stdout:
        print(line, end="", flush=True)
        said = line if re.search(r"\d+ (passed|failed|error)", line) else said
    running.wait()
    found = {what: int(n) for n, what in re.findall(r"(\d+) (passed|failed|error|skipped)", said)}
    # Not built is not seen.
    bad = sum(found.get(what, 0) for what in ("failed", "error", "skipped"))
    return found.get("passed", 0), bad or int(running.returncode != 0)


def run_parts(parts, only):
    """The parts, or only one of them: name → a function that returns (passed, failed) or whether
    all went well.  The exit status, after a line with the sums."""
    passed = failed = 0
    for name, part in parts.items():
        if only in (None, name):
            result = part()
            good, bad = result if isinstance(result, tuple) else (int(result), int(not result))
            passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 0 if not failed else 1
