"""The domain's tests, those of faults and the drill on a real MySQL: inside what tests/faults/mysql makes.

    tests/faults/mysql [--only tests|faults|tls|drill]

The server takes the shop's connections over TLS alone, and its user is the server's default
kind, caching_sha2_password.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from drill import Drill  # noqa: E402
from engine import run_domain, run_faults, run_parts, shop_secrets  # noqa: E402
from stack import BIN, ROOT, free_port, until  # noqa: E402

START_LIMIT = 60
HANG = 12
PASSWORD = "drill"


class Mysql:
    """with Mysql() as server: one server, and a database kartka."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="kartka-mysql-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.port, self.process = free_port(), None

    def __enter__(self):
        try:
            self.make()
            self.start()
            self.wait()
            self.sql("CREATE DATABASE kartka CHARACTER SET utf8mb4", "mysql")
            self.sql(f"CREATE USER kartka@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL", "mysql")
            self.sql("GRANT ALL ON kartka.* TO kartka@'127.0.0.1'", "mysql")
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *exc):
        self.remove()

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- life ----

    def certificate(self, name, signer=None):
        """name.pem and name.key: an authority, or what one has signed for 127.0.0.1."""
        out = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", f"{name}.key", "-out", f"{name}.pem",
               "-subj", f"/CN={name}"]
        how = ["-CA", f"{signer}.pem", "-CAkey", f"{signer}.key", "-addext",
               "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"] if signer else []
        subprocess.run(["openssl", "req", "-x509", *out, *how], cwd=self.folder, check=True, capture_output=True)

    def make(self):
        self.certificate("ca")
        self.certificate("other-ca")
        self.certificate("server", "ca")
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, "mysql", "mysql")
        done = subprocess.run([*self.command(), "--initialize-insecure"], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def command(self):
        mysqld = shutil.which("mysqld", path=os.environ["PATH"] + ":/usr/sbin")
        return [mysqld, "--no-defaults", "--user=mysql", f"--datadir={self.folder}/data", "--secure-file-priv=NULL",
                "--mysqlx=OFF", "--performance-schema=OFF"]

    def start(self):
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(
                [*self.command(), f"--socket={self.folder}/sock", f"--pid-file={self.folder}/pid",
                 "--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve",
                 "--character-set-server=utf8mb4", "--default-time-zone=+00:00", "--max-allowed-packet=64M",
                 "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=1",
                 f"--ssl-ca={self.folder}/ca.pem", f"--ssl-cert={self.folder}/server.pem",
                 f"--ssl-key={self.folder}/server.key"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self):
        def there():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            return self.sql("SELECT 1", "mysql", check=False)

        until(there, START_LIMIT, "mysqld")

    def kill(self, how=signal.SIGKILL):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(60)
        self.process = None

    # ---- questions ----

    def sql(self, statement, database="kartka", check=True):
        done = subprocess.run(
            ["mysql", "--no-defaults", "--user=root", f"--socket={self.folder}/sock", "--batch",
             "--skip-column-names", "--connect-timeout=2", database, "-e", statement],
            capture_output=True, text=True, errors="replace", timeout=60)
        assert done.returncode == 0 or not check, done.stderr
        return None if done.returncode else [line.split("\t") for line in done.stdout.splitlines()]

    def url_with(self, query):
        return f"mysql://kartka:{PASSWORD}@127.0.0.1:{self.port}/kartka{query}"

    @property
    def url(self):
        return self.url_with(f"?ssl=on&ssl_ca={self.folder}/ca.pem")

    @property
    def root_url(self):
        return f"mysql://root@localhost/mysql?socket={self.folder}/sock"

    @property
    def version(self):
        kind = self.sql("SELECT plugin FROM mysql.user WHERE user = 'kartka'")[0][0]
        return f"MySQL {self.sql('SELECT VERSION()')[0][0]}, TLS, {kind}"


def killed(server):
    server.kill()
    server.start()
    server.wait()
    return time.monotonic()


def restarted(server):
    server.kill(signal.SIGTERM)
    server.start()
    server.wait()
    return time.monotonic()


def hung(server):
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(HANG)
    server.process.send_signal(signal.SIGCONT)
    return time.monotonic()


def connections_killed(server):
    for _ in range(20):
        # It can't always show what others are just doing.
        rows = server.sql("SHOW PROCESSLIST", check=False) or []
        server.sql("; ".join(f"KILL {row[0]}" for row in rows if row[1:2] == ["kartka"]) or "DO 0", check=False)
        time.sleep(0.5)


def read_only(server):
    server.sql("SET GLOBAL super_read_only = ON")
    time.sleep(6)
    server.sql("SET GLOBAL super_read_only = OFF")
    server.sql("SET GLOBAL read_only = OFF")
    return time.monotonic()


FAULTS = (
    ("server killed", killed), ("server hangs", hung), ("all connections killed, 20 times", connections_killed),
    ("read only for a while", read_only), ("server restarted", restarted), ("server killed once more", killed),
)


def tls(server):
    """Findings: whoever is not the server that was meant gets no password."""
    wrong = []
    for what, query, welcome in (
        ("the right authority", f"?ssl=on&ssl_ca={server.folder}/ca.pem", True),
        ("another authority", f"?ssl=on&ssl_ca={server.folder}/other-ca.pem", False),
        ("the system's authorities", "?ssl=on", False),
    ):
        done = subprocess.run([BIN / "kartka", "migrate", "--dry-run"], cwd=ROOT, text=True, capture_output=True,
                              env={**os.environ, **shop_secrets(), "DB_URL": server.url_with(query)})
        said = (done.stdout + done.stderr).strip().splitlines()
        print(f"TLS, {what}: {said[-1] if said else done.returncode}", flush=True)
        if (done.returncode == 0) != welcome:
            wrong.append(what)
    return wrong


# It reads how many rows MariaDB has looked at.
LEFT_OUT = {"db/test_cost"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("tests", "faults", "tls", "drill"))
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with Mysql() as server:
        print(f"{server.version}, {os.cpu_count()} cores", flush=True)
        return run_parts({
            "tests": lambda: run_domain(server.root_url, LEFT_OUT),
            "faults": lambda: run_faults(server.folder / "sock", "mysql"),
            "tls": lambda: not tls(server),
            "drill": Drill(server, [(name, lambda act=act: act(server)) for name, act in FAULTS]).run,
        }, args.only)


if __name__ == "__main__":
    sys.exit(main())
