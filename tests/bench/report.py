"""What the benchmark found, as a table."""

import os
import statistics
import time
from pathlib import Path


class Line:
    """One kind of work: a rate with latencies, or seconds, or MiB."""

    def __init__(self, name, target=None, p99_ms=None, seconds=None, mib=None, quiet=False):
        self.name, self.target, self.quiet = name, target, quiet
        self.limit = p99_ms or seconds or mib
        self.unit = "ms" if p99_ms else "s" if seconds else "MiB" if mib else None
        self.turns = []
        self.ratios = []
        self.values = []
        self.note = ""
        self.also = True  # another condition of the target

    def add(self, result, ceiling=None):
        if result["failed"]:
            raise SystemExit(f"bench: {self.name}: {result}")
        self.turns.append(result)
        if ceiling:
            self.ratios.append(result["per_second"] / ceiling.turns[-1]["per_second"])

    def add_seconds(self, seconds):
        self.values.append(seconds)

    def add_mib(self, mib):
        self.values.append(mib)

    def add_latencies(self, milliseconds, what="payments"):
        milliseconds = sorted(milliseconds)
        count = len(milliseconds)
        self.values.append(milliseconds[min(count - 1, count * 99 // 100)])
        self.p50 = milliseconds[count // 2]
        self.note = f"p50 {self.p50:.1f} ms, {count} {what}"

    @property
    def count(self):
        return sum(turn["count"] for turn in self.turns)

    @property
    def rate(self):
        return statistics.median(turn["per_second"] for turn in self.turns)

    def latency(self, name):
        return statistics.median(turn[name] for turn in self.turns) / 1000

    @property
    def ratio(self):
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def value(self):
        return statistics.median(self.values)

    def verdict(self):
        if self.limit:
            met = self.value <= self.limit
        elif self.target:
            met = self.ratio >= self.target
        else:
            return "", ""
        wanted = f"≤ {self.limit:g} {self.unit}" if self.limit else f"≥ {self.target:.0%}"
        return wanted, "met" if met and self.also else "MISSED"

    def cells(self):
        wanted, verdict = self.verdict()
        if self.values:
            digits = 2 if self.unit == "s" else 1
            return [self.name, f"{self.value:.{digits}f} {self.unit}", "", "", "", wanted,
                    verdict, self.note]
        spread = ""
        if self.ratio is not None:
            low, high = min(self.ratios), max(self.ratios)
            spread = f"{self.ratio:.0%} ({low:.0%}–{high:.0%})"
        return [self.name, f"{self.rate:,.0f}/s", f"{self.latency('p50_us'):.2f}",
                f"{self.latency('p99_us'):.2f}", spread, wanted, verdict, self.note]


HEAD = ["work", "result", "p50 ms", "p99 ms", "of its ceiling", "target", "", ""]


def table(lines):
    return [HEAD] + [line.cells() for line in lines if not line.quiet]


def show(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    for n, row in enumerate(rows):
        print("  ".join(cell.ljust(width) if i in (0, 7) else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
        if not n:
            print("─" * (sum(widths) + 2 * len(widths) - 2))


def disk(folder):
    """How long the disk takes to keep its word, in milliseconds: median and p99."""
    path = folder / "disk"
    times = []
    with open(path, "wb+", buffering=0) as file:
        file.write(bytes(1 << 20))
        os.fsync(file)
        for n in range(200):
            os.pwrite(file.fileno(), bytes(512), n * 512)
            began = time.perf_counter()
            os.fdatasync(file)
            times.append((time.perf_counter() - began) * 1000)
    path.unlink()
    times.sort()
    return times[100], times[198]


def machine(rig):
    """Where it ran, and that the database keeps its word."""
    model = next((line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "?")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024 // 1024
    print(f"{os.cpu_count()} cores ({model}), {memory} GiB, Linux {os.uname().release}, "
          f"load {os.getloadavg()[0]:.1f} before the start")
    names = ("version", "innodb_flush_log_at_trx_commit", "innodb_doublewrite",
             "innodb_flush_method", "innodb_buffer_pool_size", "log_bin", "tx_isolation")
    rows = rig.sql("SHOW GLOBAL VARIABLES WHERE Variable_name IN "
                   f"({', '.join(repr(name) for name in names)})")
    print("database: " + ", ".join(f"{name}={value}" for name, value in rows))
    values = dict(rows)
    assert values["innodb_flush_log_at_trx_commit"] == "1", "commits must be durable"
    assert values["innodb_doublewrite"] == "ON", "pages must be written twice"
    print("disk: fdatasync %.2f ms, p99 %.2f ms" % disk(rig.var))
    print("32 kept connections through nginx, 8 responders\n", flush=True)
