"""The shop without the sandbox as its child: Telegram and Portmone live on when the shop dies."""

import os
import secrets
import signal
import subprocess
from pathlib import Path

from stack import ROOT, Stack, http, until

ACCOUNT = {"PORTMONE_PAYEE_ID": "1185", "PORTMONE_LOGIN": "SANDBOX"}
EVERYTHING = ("kartka", "multiwatch", "telegram", "portmone", "admin", "worker", "nginx", "mariadbd")


class Apart(Stack):
    """`kartka run` itself, which may be killed and started again, beside one sandbox.

    log_disk: bytes of a disk of its own for the log, where the system lets us mount one; it is
    full from the beginning where not.
    """

    def __init__(self, build=None, time_scale=1.0, log_disk=0, **settings):
        super().__init__(build, **settings)
        self.sandbox = None
        self.time_scale = time_scale
        self.account = {"BOT_TOKEN": f"1000000000:{secrets.token_hex(18)[:35]}",
                        "PORTMONE_PASSWORD": secrets.token_hex(16),
                        "PORTMONE_KEY": secrets.token_hex(16), **ACCOUNT}
        self.command = [self.bin / "kartka", "run"]
        if log_disk:
            self.fill(log_disk)

    def fill(self, size):
        folder = self.var / "log"
        folder.mkdir()
        # In a name space of its own, so that nothing stays mounted, whatever dies.
        mount = ["unshare", "--mount", "sh", "-c",
                 f'mount -t tmpfs -o size={size} none "$0" && exec "$@"', str(folder)]
        if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
            self.settings["LOG_FILE"] = "/dev/full"
            return
        self.settings["LOG_FILE"] = str(folder / "shop.log")
        self.command = [*mount, *self.command]

    @property
    def env(self):
        env = super().env
        env.update(self.account, PORTMONE_TEST="no", ADMIN_TOTP="optional",
                   TELEGRAM_API_URL=f"{self.chat_url}/telegram",
                   PORTMONE_URL=f"{self.chat_url}/portmone/gateway/")
        env.update({k: str(v) for k, v in self.settings.items()})
        return env

    @property
    def operator_env(self):
        return self.env

    # ---- life ----

    def sandbox_start(self):
        a = self.account
        self.sandbox = subprocess.Popen(
            [self.bin / "sandbox", "--listen", self.chat_url.removeprefix("http://"),
             "--state", self.var / "sandbox", "--shop", self.shop_url, "--token", a["BOT_TOKEN"],
             "--payee", a["PORTMONE_PAYEE_ID"], "--login", a["PORTMONE_LOGIN"],
             "--password", a["PORTMONE_PASSWORD"], "--key", a["PORTMONE_KEY"],
             "--time-scale", str(self.time_scale)],
            cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)

        def answers():
            try:
                return http("GET", f"{self.chat_url}/api/health").status == 200
            except OSError:
                return False

        until(answers, what="the sandbox")

    def start(self):
        first = self.sandbox is None
        if first:
            self.sandbox_start()
        super().start()
        if first:
            self.kartka("webhook", "set")
        return self

    def stop(self):
        try:
            return super().stop()
        finally:
            if self.sandbox:
                self.sandbox.terminate()
                self.sandbox.wait(10)

    # ---- what dies ----

    def processes(self, name):
        """nginx writes its title over its environment: it is known by where it works."""
        if name != "nginx":
            return super().processes(name)
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                title = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
                if title.startswith("nginx: ") and (
                        f"{self.var}/run" in title
                        or os.readlink(entry / "cwd") == f"{self.var}/run"):
                    found.append(int(entry.name))
            except OSError:
                continue
        return sorted(found)

    def kill(self, pid):
        """Whether it was there."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def supervisor_dies(self, everything=False):
        """Alone, or with all it holds, as when the power fails; then one command to come back."""
        killed = self.kill(self.process.pid)
        for name in EVERYTHING if everything else ():
            for pid in self.processes(name):
                killed += self.kill(pid)
        self.process.wait(20)
        self.start()
        return killed
