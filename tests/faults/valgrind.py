"""Every program under Valgrind's memcheck, with the soak's traffic.

    tests/faults/valgrind [--minutes N] [--rate ACTS_A_SECOND] [PROGRAM…]

The shop runs as ever, but each program named is a script that starts the real one under
Valgrind; after the traffic kartka is called once for each thing it does.  No error, and nothing
lost at the end, definitely or indirectly.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import stack  # noqa: E402
from stack import BIN, ROOT, Stack, until  # noqa: E402
from traffic import SETTINGS, Traffic  # noqa: E402

PROGRAMS = ("telegram", "portmone", "admin", "worker", "kartka")
SUPPRESSIONS = Path(__file__).with_name("valgrind.supp")
OPTIONS = ("--leak-check=full", "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect",
           "--track-fds=no", "--num-callers=30", "--child-silent-after-fork=yes", f"--suppressions={SUPPRESSIONS}")
PATIENCE = 90  # Valgrind is some twenty times slower
stack.START_LIMIT = 900
COMMANDS = (
    ("status",), ("check",), ("doctor",), ("catalog", "export"), ("codes", "count"), ("codes", "count", "day-0"),
    ("admin", "list"), ("config", "get", "HTTP_LISTEN"), ("migrate",), ("webhook", "info"), ("webhook", "set"),
    ("keys", "list"), ("keys", "check"), ("audit", "verify"), ("order", "review"), ("help",), ("nothing",),
)


class Shop(Stack):
    """Whose programs are scripts that start the real ones under Valgrind."""

    def __init__(self, names, **settings):
        self.folder = Path(tempfile.mkdtemp(prefix="kartka-valgrind-", dir="/tmp"))
        self.reports = self.folder / "reports"
        (self.folder / "bin").mkdir()
        self.reports.mkdir()
        for file in filter(Path.is_file, BIN.iterdir()):
            # kartka finds the others beside itself, so the real one is there under another name.
            real = self.folder / "bin" / f"{file.name}{'.real' if file.name in names else ''}"
            shutil.copy2(file, real)
            if file.name in names:
                script = self.folder / "bin" / file.name
                script.write_text(f'#!/bin/sh\n{self.first(file.name, real)}exec valgrind {" ".join(OPTIONS)} '
                                  f'--log-file={self.reports}/{file.name}.%p {real} "$@"\n')
                script.chmod(0o755)
        super().__init__(build=self.folder, RESPONDERS=1, KARTKA_SHARE=ROOT, **settings)

    def first(self, name, real):
        """Until all is prepared kartka's many commands are called as they are."""
        if name != "kartka":
            return ""
        return f'[ "$1" = run ] || [ -e {self.folder}/prepared ] || exec {real} "$@"\n'

    def remove(self):
        super().remove()
        shutil.rmtree(self.folder, ignore_errors=True)


def commands(shop):
    """kartka's own, once each."""
    for args in COMMANDS:
        shop.kartka(*args, check=False)
    codes = shop.var / "codes-valgrind.txt"
    codes.write_text("code,serial,expires\n" + "".join(f"V-{n},S{n},2099-12-31\n" for n in range(600)) + "V-1\n,\n")
    orders = [row[0] for row in
              shop.sql("SELECT number FROM orders WHERE state = 'delivered' ORDER BY id DESC LIMIT 2")]
    word = "a long one, 15 letters\n"
    for args in (("codes", "import", "day-0", codes, "--dry-run"), ("codes", "import", "day-0", codes),
                 ("catalog", "import", shop.var / "catalog-test.json"), ("admin", "disable", "valgrind"),
                 ("order", "show", orders[0]), ("order", "settle", orders[0]), ("order", "replace", orders[1]),
                 ("order", "answer", orders[1], "--text", "ok"), ("order", "refund", orders[0], "--why", "to see"),
                 ("backup", shop.var / "valgrind.backup", "--passphrase-stdin")):
        shop.kartka(*args, check=False, stdin=word)
    shop.kartka("admin", "add", "valgrind", "--role", "viewer", "--password-stdin", check=False, stdin=word)


def ended(report):
    return "ERROR SUMMARY" in report.read_text(errors="replace")


def end_gently(shop):
    """The programs end by themselves, with the time they need; their reports."""
    reports = list(shop.reports.iterdir())
    for report in reports:
        name, pid = report.name.split(".")
        if name != "kartka" and not ended(report):
            os.kill(int(pid), signal.SIGTERM)
    until(lambda: all(ended(r) for r in reports if not r.name.startswith("kartka")), PATIENCE, "the reports")
    shop.stop()
    return reports


def findings(reports):
    """{program: (processes, errors, what was said)}"""
    found = {}
    for report in sorted(reports):
        name = report.name.split(".")[0]
        text = report.read_text(errors="replace")
        errors = re.findall(r"ERROR SUMMARY: (\d+) errors", text)
        processes, count, said = found.get(name, (0, 0, ""))
        bad = int(errors[-1]) if errors else 1  # it did not end by itself
        found[name] = (processes + 1, count + bad, said + (text if bad else ""))
    return found


def run(minutes, rate, names):
    shop = Shop(names, **SETTINGS)
    try:
        shop.start()
        traffic = Traffic(shop, rate, patience=PATIENCE)
        traffic.prepare()
        (shop.folder / "prepared").touch()
        traffic.start()
        time.sleep(60 * minutes)
        traffic.stop()
        commands(shop)
        check = shop.kartka("check", check=False)
        found = findings(end_gently(shop))
    finally:
        shop.stop()
        shop.remove()
    good = not check.returncode
    print(check.stdout + check.stderr if not good else "", end="")
    for name, (processes, errors, said) in found.items():
        print(said, end="")
        print(f"{name:9} {processes} processes, {errors} errors and leaks", flush=True)
        good = good and not errors
    missing = [name for name in names if name not in found]
    if missing:
        print(f"not seen: {missing}")
    for trouble in traffic.troubles[:10]:
        print(f"  {trouble}")
    print(f"{minutes:g} minutes, {sum(traffic.done.values())} acts ({traffic.summary()}), "
          f"{len(traffic.troubles)} failed")
    return good and not missing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES", "10")))
    parser.add_argument("--rate", type=float, default=float(os.environ.get("RATE", "2")))
    parser.add_argument("programs", nargs="*", default=PROGRAMS)
    args = parser.parse_args()
    # The shop is ended however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    good = run(args.minutes, args.rate, args.programs)
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
