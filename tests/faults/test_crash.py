"""A process killed at each named point between the payment page and the code in the chat."""

import os
import signal
import time

import pytest
from crash import BUILD, POINTS, buy, needs_build, points, whole
from engine import Stack

pytestmark = needs_build


@pytest.fixture(scope="module")
def crashing():
    with Stack(build=BUILD) as stack:
        yield stack


def test_points_are_all_known():
    """A new point needs a test here."""
    groups = ("open.", "bill.", "ask.", "settle.", "outbox.", "expire.", "fill.", "import.",
              "refund.", "keys.", "quarantine.")
    assert POINTS and all(p.startswith(groups) for p in POINTS), POINTS


@points("open.", "bill.")
def test_birth(crashing, point):
    """Scenario 15."""
    buy(crashing, point, "open")


@points("ask.", "settle.")
def test_settlement(crashing, point):
    """Scenario 15."""
    buy(crashing, point, "pay")


@points("outbox.")
def test_message(crashing, point):
    """Scenario 16."""
    buy(crashing, point, "pay")


def test_supervisor_killed(crashing):
    """Everything dies at once, in the middle of a payment, and comes back with one command."""
    stack = crashing
    codes = stack.catalogue("p-all", codes=1)
    buyer = stack.buyer()
    number, bill = buyer.open_order("p-all")
    stack.pay(bill, force=True)
    for name in ("kartka", "mariadbd", "nginx", "worker", "telegram", "portmone", "admin",
                 "multiwatch", "sandbox"):
        for pid in stack.processes(name):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    stack.process.wait(20)
    started = time.monotonic()
    stack.start()
    assert time.monotonic() - started < 30
    whole(stack, buyer, codes, number)

