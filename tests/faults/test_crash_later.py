"""A process killed at each named point of what comes later: expiry, imports, refunds, keys."""

import os
import re
import signal
import time

import pytest
from crash import BUILD, PATIENCE, arm, armed, hurry, needs_build, passed, points, whole
from engine import Stack
from stack import until

pytestmark = needs_build
PROGRAMS = ("telegram", "admin", "worker")


@pytest.fixture(scope="module")
def crashing():
    with Stack(build=BUILD) as stack:
        yield stack


@pytest.fixture(scope="module")
def hasty():
    """The same with reservations of five seconds."""
    with Stack(build=BUILD, ORDER_TTL=5) as stack:
        yield stack


@points("expire.")
def test_expiry(hasty, point):
    stack = hasty
    codes = stack.catalogue("p-expiry", codes=1)
    buyer = stack.buyer()
    number, bill = buyer.open_order("p-expiry")
    arm(stack, point)
    passed(stack, point)
    hurry(stack, number)
    stack.wait_state(number, "expired", PATIENCE)
    assert stack.sql(f"SELECT state FROM card_codes c JOIN card_values v ON v.id = c.value_id "
                     "WHERE v.slug = 'p-expiry'") == [["available"]]
    # Late money, after all of it.
    stack.pay(bill, force=True)
    whole(stack, buyer, codes, number)


@points("import.", "fill.")
def test_import(hasty, point):
    """An import that dies is run again; who waits gets the code all the same."""
    stack = hasty
    slug = "i-" + re.sub("[^a-z]", "-", point)
    stack.catalogue(slug, codes=1)
    buyer, other = stack.buyer(), stack.buyer()
    number, bill = buyer.open_order(slug)
    stack.wait_state(number, "expired", PATIENCE)
    _, other_bill = other.open_order(slug)
    stack.pay(other_bill, force=True)
    until(lambda: other.codes(), PATIENCE, "the other buyer's code")
    stack.pay(bill, force=True)
    stack.wait_state(number, "paid", PATIENCE)
    path = stack.var / "codes-crash.txt"
    path.write_text("\n".join(f"X-{slug}-{n}" for n in range(1200)))
    arm(stack, point)
    first = stack.kartka("codes", "import", slug, path, "--batch", "crash", check=False)
    until(lambda: not armed(stack), PATIENCE, f"a process dying at {point}")
    again = stack.kartka("codes", "import", slug, path, "--batch", "crash", check=False)
    if again.returncode:
        again = stack.kartka("codes", "import", slug, path, "--batch", "crash")
    assert first.returncode != 0 or point.startswith("fill.")
    stack.wait_state(number, "delivered", PATIENCE)
    until(lambda: len(set(buyer.codes())) == 1, PATIENCE, "the code")
    held = stack.sql("SELECT COUNT(*) FROM card_codes c JOIN card_values v ON v.id = c.value_id "
                     f"WHERE v.slug = '{slug}'")
    assert held == [["1201"]]
    stack.check()


@pytest.mark.own_database  # and secrets of its own, which change
@points("keys.")
def test_rotation(crashing, point):
    """Encrypting all codes anew ends in the middle, and is run again."""
    stack = crashing
    codes = stack.catalogue("k-rotation", codes=300)
    stack.kartka("keys", "new")
    for name in PROGRAMS:
        for pid in stack.processes(name):
            os.kill(pid, signal.SIGTERM)
    # Whom other tests killed is waited for a minute: what takes the real shop that long.
    alive = [pid for name in PROGRAMS for pid in stack.processes(name)]
    stack.sql(f"DELETE FROM key_holders WHERE pid NOT IN ({', '.join(map(str, alive))})")
    until(lambda: not stack.sql("SELECT 1 FROM key_holders WHERE known NOT LIKE '2:%'"), PATIENCE,
          "everybody's word")
    arm(stack, point)
    assert stack.kartka("keys", "rotate", check=False).returncode != 0
    stack.sql("UPDATE leases SET until_at = UTC_TIMESTAMP(6) WHERE name = 'keys_rotate'")
    stack.kartka("keys", "rotate")
    assert stack.sql("SELECT 1 FROM card_codes WHERE key_id = 1") == []
    buyer = stack.buyer()
    number, bill = buyer.open_order("k-rotation")
    stack.pay(bill)
    whole(stack, buyer, codes[:1], number)


@points("quarantine.")
def test_damaged_code(crashing, point):
    """A code that does not open is taken away once, and another one sent once."""
    stack = crashing
    slug = "q-" + re.sub("[^a-z]", "-", point)
    codes = stack.catalogue(slug, codes=2 if point == "quarantine.replaced" else 1)
    stack.sql("UPDATE card_codes c JOIN (SELECT MIN(c.id) AS id FROM card_codes c JOIN card_values v "
              f"ON v.id = c.value_id WHERE v.slug = '{slug}') x ON x.id = c.id "
              "SET c.ciphertext = REVERSE(c.ciphertext)")
    buyer = stack.buyer()
    number, bill = buyer.open_order(slug)
    arm(stack, point)
    stack.pay(bill)
    passed(stack, point)
    if point == "quarantine.waiting":
        stack.wait_state(number, "paid", PATIENCE)
        codes += stack.stock(slug, 1, prefix="M")
    whole(stack, buyer, codes[1:], number)


@points("refund.")
def test_refund(crashing, point):
    """The money goes back once, wherever the one who gives it dies."""
    stack = crashing
    slug = "r-" + re.sub("[^a-z]", "-", point)
    stack.catalogue(slug, codes=1)
    buyer = stack.buyer()
    number, bill = buyer.open_order(slug)
    stack.pay(bill, force=True)
    stack.wait_state(number, "delivered")
    arm(stack, point)
    wish = ("order", "refund", number, "--why", "to see")
    if stack.kartka(*wish, check=False).returncode:
        stack.kartka(*wish)
    passed(stack, point)
    end = time.monotonic() + PATIENCE
    while stack.state(number) != "refunded":
        assert time.monotonic() < end, f"the refund after {point}"
        # What takes the real shop a minute, so that it is sure.
        stack.sql("UPDATE refunds SET not_before = UTC_TIMESTAMP(6), "
                  "sent_at = sent_at - INTERVAL 60 SECOND WHERE open_order_id IS NOT NULL")
        time.sleep(2)
    rows = [row for b in stack.api("GET", f"/api/bills?order={number}") for row in b["returned"]]
    assert [row["billAmount"] for row in rows] == ["-100"]
    until(lambda: any("повернуто" in m["text"] for m in buyer.messages()), PATIENCE, "the notice")
    stack.check()
