"""The soak: mixed traffic for an hour, and the memory of every process over time.

    tests/faults/soak [--minutes N] [--rate ACTS_A_SECOND]

One line a minute: RSS in KiB, the largest of each program's processes.  At the end each process
of the shop must be within 5 % of what it had after the first five minutes (a quarter of a
shorter run), in which each copy is given all kinds of work.  The database's cache fills up to
its limit on purpose: that process is held to its pool and what it has beside it.  The sandbox
is shown, and not judged: it keeps every message that ever was.
"""

import argparse
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from stack import Stack  # noqa: E402
from traffic import SETTINGS, Traffic  # noqa: E402

JUDGED = ("telegram", "portmone", "admin", "worker", "kartka", "nginx", "multiwatch")
SHOWN = (*JUDGED, "mariadbd", "sandbox")
WARM_MINUTES = 5
TOLERANCE = 0.05
DATABASE_MAX_KB = 600 * 1024  # 256 MiB of pages, and the server around them
# Below this a twentieth is less than one page table or one stdio buffer more.
GRAIN_KB = 128


def memory(pid):
    """RSS in KiB; None: it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    except OSError:
        pass
    return None


def parents():
    """{pid: its parent}"""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            found[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
    return found


def sample(shop):
    """{(program, pid): KiB} of all that the shop has started."""
    above = parents()
    pids = set(shop.processes("kartka"))
    for _ in range(4):  # supervisor, multiwatch or nginx's master, copies
        pids |= {pid for pid, parent in above.items() if parent in pids}
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            name = os.path.basename(os.readlink(f"/proc/{pid}/exe")).replace(" (deleted)", "")
            kb = memory(pid)
            if name in SHOWN and kb:
                found[name, pid] = kb
    return found


def calm_sample(shop):
    """The least of three: a password takes 128 MiB for half a second."""
    samples = [sample(shop)]
    for _ in range(2):
        time.sleep(2)
        samples.append(sample(shop))
    return {key: min(s[key] for s in samples if key in s) for key in samples[-1]}


def line(began, now):
    largest = [f"{name} {max(kb for (n, _), kb in now.items() if n == name)}"
               for name in SHOWN if any(n == name for n, _ in now)]
    return f"{(time.monotonic() - began) / 60:5.1f} min  " + "  ".join(largest)


def judge(warm, last):
    """Lines of what is wrong."""
    wrong = []
    for key in sorted(set(warm) | set(last)):
        name, pid = key
        if name not in JUDGED:
            continue
        if key not in last or key not in warm:
            wrong.append(f"{name} {pid} {'ended' if key in warm else 'was started'} meanwhile")
            continue
        grown = last[key] - warm[key]
        if grown > max(warm[key] * TOLERANCE, GRAIN_KB):
            wrong.append(f"{name} {pid}: {warm[key]} KiB, then {last[key]} ({100 * grown / warm[key]:+.1f} %)")
    wrong += [f"mariadbd {pid}: {kb} KiB" for (name, pid), kb in last.items()
              if name == "mariadbd" and kb > DATABASE_MAX_KB]
    return wrong


def table(warm, last):
    for name in SHOWN:
        pairs = [(warm[key], last[key]) for key in warm if key[0] == name and key in last]
        if pairs:
            low = min(100 * (b - a) / a for a, b in pairs)
            high = max(100 * (b - a) / a for a, b in pairs)
            print(f"{name:11} {len(pairs):2} processes  {max(a for a, _ in pairs):8} KiB after the warm-up  "
                  f"{max(b for _, b in pairs):8} KiB at the end  {low:+.1f} … {high:+.1f} %")


def soak(minutes, rate):
    warm_minutes = min(WARM_MINUTES, minutes / 4)
    with Stack(**SETTINGS) as shop:
        traffic = Traffic(shop, rate)
        traffic.prepare()
        traffic.start()
        began, warm, told = time.monotonic(), None, 0
        try:
            traffic.rouse_all()
            for minute in range(1, round(minutes) + 1):
                time.sleep(max(began + 60 * minute - time.monotonic(), 0))
                last = calm_sample(shop)
                if warm is None and minute >= warm_minutes:
                    warm = last
                print(line(began, last), flush=True)
                for trouble in traffic.troubles[told:]:
                    print(f"        {trouble}", flush=True)
                told = len(traffic.troubles)
                traffic.look_up()
        finally:
            traffic.stop()
        wrong = judge(warm, last)
        done = shop.kartka("check", check=False)
        if done.returncode:
            wrong.append(done.stdout + done.stderr)
        wrong += [f"violation: {v}" for v in shop.violations()[:10]]
        acts = sum(traffic.done.values())
        # A late answer on a busy machine is no leak; a shop that does not work is.
        if len(traffic.troubles) > acts / 100:
            wrong.append(f"{len(traffic.troubles)} of {acts} acts failed")
    table(warm, last)
    print(f"{minutes:g} minutes, {acts} acts ({traffic.summary()}), {len(traffic.troubles)} failed, "
          f"{os.cpu_count()} cores")
    for what in wrong:
        print(f"  {what}")
    print("FAIL" if wrong else "PASS")
    return not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES", "60")))
    parser.add_argument("--rate", type=float, default=float(os.environ.get("RATE", "10")))
    args = parser.parse_args()
    # The shop is ended however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    good = soak(args.minutes, args.rate)
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
