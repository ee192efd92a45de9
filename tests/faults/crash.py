"""What the tests share that kill a process at each named point of the money's way.

The points are in the sources as CRASH_POINT("name"); only the build in build/crash
(make CRASH=1) has them.  Whoever passes the armed point dies by SIGKILL; the supervisor
starts it again; the buyer, Telegram and Portmone try again as they would.
"""

import os
import re
import subprocess

import pytest
from stack import ROOT, http, until

BUILD = ROOT / os.environ.get("CRASH_BUILD", "build/crash")
POINTS = sorted(set(re.findall(
    r'CRASH_POINT\("([a-z_.]+)"\)',
    subprocess.run(["grep", "-rhE", "CRASH_POINT", "shared", "fcgi", "--include=*.c"], cwd=ROOT,
                   capture_output=True, text=True, check=True).stdout)))
# A dead worker's claims are free after ten seconds; then some.
PATIENCE = 45

needs_build = pytest.mark.skipif(
    not (BUILD / "bin" / "kartka").exists(), reason="not built: make CRASH=1"
)


def points(*prefixes):
    """A test for each of these."""
    return pytest.mark.parametrize("point", [p for p in POINTS if p.startswith(prefixes)])


def arm(stack, point):
    (stack.var / "crash-at").write_text(point)


def armed(stack):
    return (stack.var / "crash-at").exists()


def passed(stack, point):
    until(lambda: not armed(stack), 20, f"a process dying at {point}")


def hurry(stack, number):
    """A dead worker's claim on the question about this order: it takes ten seconds to end."""
    stack.sql("UPDATE orders SET ask_at = UTC_TIMESTAMP(6) "
              f"WHERE number = '{number}' AND ask_at > UTC_TIMESTAMP(6)")


def follow(stack, url):
    """What a patient browser does: again until there is a payment page."""

    def place():
        try:
            answer = http("GET", url)
        except OSError:
            return None
        return answer.headers.get("Location") if answer.status in (302, 303) else None

    return until(place, PATIENCE, "the payment page").rsplit("/", 1)[1]


def whole(stack, buyer, codes, number):
    """The buyer has exactly the codes paid for, however often told; nothing is broken."""
    until(lambda: set(buyer.codes()) == set(codes), PATIENCE, f"codes {codes}")
    stack.wait_state(number, "delivered")
    sold = stack.sql("SELECT COUNT(*) FROM card_codes c JOIN orders o ON o.id = c.order_id "
                     f"WHERE o.number = '{number}' AND c.state = 'sold'")
    assert sold == [[str(len(codes))]]
    stack.check()


def buy(stack, point, when):
    slug = "p-" + re.sub("[^a-z]", "-", point)
    codes = stack.catalogue(slug, codes=2)
    buyer = stack.buyer()
    url = buyer.offer(slug)
    if when == "open":
        arm(stack, point)
        try:
            http("GET", url)
        except OSError:
            pass
        passed(stack, point)
    bill = follow(stack, url)
    number = stack.api("GET", f"/api/bills/{bill}")["order"]
    if when == "pay":
        arm(stack, point)
    stack.pay(bill, force=True)
    if when == "pay":
        passed(stack, point)
        if point.startswith("settle."):
            hurry(stack, number)
    whole(stack, buyer, codes[:1], number)
    assert stack.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]
