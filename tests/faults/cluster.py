"""A MariaDB Galera cluster on loopback: three nodes in a folder and on ports of their own.

Everything in it ends with it.  As root the nodes run as mysql.  Only the thread that made them
may start nodes: they are killed when it ends, however it ends.
"""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from stack import until

NODES = 3
START_LIMIT = 90
PASSWORD = "drill"
PATH = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"

# A node that does not answer is out of the cluster after two seconds, not five: the shop's
# own calls last three.
CONFIG = """[mysqld]
port={port}
bind-address=127.0.0.1
socket={folder}/sock
pid-file={folder}/pid
datadir={folder}/data
tmpdir={folder}/tmp
log-error={folder}/log
skip-name-resolve
performance-schema=OFF
character-set-server=utf8mb4
default-time-zone=+00:00
transaction-isolation=READ-COMMITTED
max-allowed-packet=64M
innodb-buffer-pool-size=64M
innodb-log-file-size=32M
innodb-flush-log-at-trx-commit=1
innodb-autoinc-lock-mode=2
binlog-format=ROW
wsrep-on=ON
wsrep-provider={provider}
wsrep-cluster-name=kartka
wsrep-cluster-address=gcomm://{peers}
wsrep-node-name={name}
wsrep-node-address=127.0.0.1:{group}
wsrep-node-incoming-address=127.0.0.1:{port}
wsrep-sst-method=rsync
wsrep-sst-receive-address=127.0.0.1:{sst}
wsrep-slave-threads=2
wsrep-provider-options="base_host=127.0.0.1;base_port={group};gmcast.listen_addr=tcp://127.0.0.1:{group};\
ist.recv_addr=127.0.0.1:{ist};gcache.size=64M;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT6S;\
evs.inactive_check_period=PT0.5S;evs.keepalive_period=PT0.5S;pc.recovery=true"
"""


def free_ports(count):
    """So many ports one after another, below those given to outgoing connections."""
    while True:
        first = random.randrange(26000, 30000)
        sockets = [socket.socket() for _ in range(count)]
        try:
            for n, one in enumerate(sockets):
                one.bind(("127.0.0.1", first + n))
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
        return list(range(first, first + count))


def tool(name):
    found = shutil.which(name, path=PATH)
    assert found, f"{name} is not installed"
    return found


class Node:
    def __init__(self, cluster, number, ports):
        self.cluster, self.name, self.process = cluster, f"n{number}", None
        self.port, self.group, self.ist, self.sst = ports
        self.folder = cluster.folder / self.name
        self.stopped = False

    # ---- life ----

    def make(self):
        for part in ("", "tmp"):
            (self.folder / part).mkdir()
        peers = ",".join(f"127.0.0.1:{node.group}" for node in self.cluster.nodes)
        self.config.write_text(CONFIG.format(
            port=self.port, group=self.group, ist=self.ist, sst=self.sst, folder=self.folder, name=self.name,
            peers=peers, provider=self.cluster.provider))
        if self.cluster.user:
            for path in (self.folder, self.folder / "tmp", self.config):
                shutil.chown(path, self.cluster.user, self.cluster.user)
        done = subprocess.run(
            [tool("mariadb-install-db"), f"--defaults-file={self.config}", *self.user_option, "--skip-test-db", "--force",
             "--auth-root-authentication-method=normal", "--wsrep-on=OFF"],
            capture_output=True, text=True, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr + self.log_tail()

    @property
    def config(self):
        return self.folder / "my.cnf"

    @property
    def user_option(self):
        return [f"--user={self.cluster.user}"] if self.cluster.user else []

    def launch(self, *options):
        owner = ["--reuid", self.cluster.user, "--regid", self.cluster.user, "--clear-groups"] \
            if self.cluster.user else []
        return subprocess.Popen(
            [tool("setpriv"), *owner, "--pdeathsig", "KILL", tool("mariadbd"), f"--defaults-file={self.config}",
             *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder,
            env={**os.environ, "PATH": PATH})

    def position(self):
        """(seqno, "uuid:seqno") of a node that is not running, as InnoDB has it."""
        log = self.folder / "recover.log"
        log.unlink(missing_ok=True)
        self.launch("--wsrep-recover", f"--log-error={log}").wait(START_LIMIT)
        found = re.findall(r"Recovered position:\s*([0-9a-f-]+:(-?\d+))", log.read_text(errors="replace"))
        assert found, log.read_text(errors="replace")[-2000:]
        return int(found[-1][1]), found[-1][0]

    def start(self, new_cluster=False):
        options = ["--wsrep-new-cluster"] if new_cluster else []
        if (self.folder / "data/grastate.dat").exists():
            options.append(f"--wsrep-start-position={self.position()[1]}")
        self.process = self.launch(*options)

    def wait(self, state="Synced"):
        def there():
            assert self.process.poll() is None, f"{self.name} ended: {self.log_tail()}"
            return self.status("wsrep_local_state_comment") == state and self.status("wsrep_ready") == "ON"

        until(there, START_LIMIT, f"{self.name} {state}")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process, self.stopped = None, False

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    @property
    def alive(self):
        return self.process is not None and not self.stopped

    def log_tail(self):
        log = self.folder / "log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    # ---- questions ----

    def sql(self, statement, database="", check=True):
        """Rows as lists of texts; None when it fails and that may be."""
        done = subprocess.run(
            ["mariadb", "--no-defaults", "--user=root", f"--socket={self.folder}/sock", "--batch",
             "--skip-column-names", "--connect-timeout=2", database or "mysql", "-e", statement],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 or not check, f"{self.name}: {done.stderr}"
        return None if done.returncode else [line.split("\t") for line in done.stdout.splitlines()]

    def status(self, name):
        rows = self.sql(f"SHOW GLOBAL STATUS LIKE '{name}'", check=False)
        return rows[0][1] if rows else ""

    def option(self, text):
        self.sql(f"SET GLOBAL wsrep_provider_options = '{text}'")


class Galera:
    """with Galera() as cluster: three nodes that are one, and a database kartka."""

    def __init__(self):
        self.user = "mysql" if os.geteuid() == 0 else ""
        self.provider = next((p for p in ("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so")
                              if Path(p).exists()), None)
        assert self.provider, "galera-4 is not installed"
        self.folder = Path(tempfile.mkdtemp(prefix="kartka-galera-", dir="/tmp"))
        self.folder.chmod(0o755)
        ports = free_ports(4 * NODES)
        self.nodes = [Node(self, n + 1, ports[4 * n:4 * n + 4]) for n in range(NODES)]

    def __enter__(self):
        try:
            for node in self.nodes:
                node.make()
            for n, node in enumerate(self.nodes):
                node.start(new_cluster=n == 0)
                node.wait()
            self.nodes[0].sql("CREATE DATABASE kartka CHARACTER SET utf8mb4")
            for host in ("127.0.0.1", "localhost"):
                self.nodes[0].sql(f"CREATE USER kartka@'{host}' IDENTIFIED BY '{PASSWORD}'")
                self.nodes[0].sql(f"GRANT ALL ON kartka.* TO kartka@'{host}'")
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *exc):
        self.remove()

    def remove(self):
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def hosts(self):
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    @property
    def url(self):
        return f"mysql://kartka:{PASSWORD}@{self.hosts}/kartka"

    @property
    def root_url(self):
        return f"mysql://root@{self.hosts}/mysql"

    @property
    def version(self):
        node = self.nodes[0]
        return f"MariaDB {node.sql('SELECT VERSION()')[0][0]}, Galera {node.status('wsrep_provider_version')}"

    def fit(self):
        """A node that takes statements now."""
        return next((n for n in self.nodes if n.alive and n.status("wsrep_ready") == "ON"), None)

    def sql(self, statement):
        node = until(self.fit, START_LIMIT, "a node that is fit")
        return node.sql(statement, "kartka")

    def writer(self):
        """The node that most of the shop is connected to."""
        def connected(node):
            rows = node.sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'kartka'")
            return int(rows[0][0])

        return max((n for n in self.nodes if n.alive), key=connected)

    def others(self, node):
        return [n for n in self.nodes if n is not node]

    def whole(self):
        for node in self.nodes:
            node.wait()
        until(lambda: all(n.status("wsrep_cluster_size") == str(NODES) for n in self.nodes), START_LIMIT,
              "one cluster of all nodes")

    # ---- what nodes differ in ----

    def digest(self, node):
        tables = [row[0] for row in node.sql("SHOW TABLES", "kartka")]
        sums = node.sql("CHECKSUM TABLE " + ", ".join(tables) + " EXTENDED", "kartka")
        return json.dumps(sums)
