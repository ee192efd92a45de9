"""Kill a process at each named point of the money's way, and see that nothing is lost.

The points are in the sources as CRASH_POINT("name"); only the build in build/crash
(make CRASH=1) has them.  Whoever passes the armed point dies by SIGKILL; the supervisor
starts it again; the buyer, Telegram and Portmone try again as they would.
"""

import os
import re
import signal
import subprocess
import time

import pytest

from stack import ROOT, Stack, http, until

BUILD = ROOT / "build" / "crash"
POINTS = sorted(set(re.findall(
    r'CRASH_POINT\("([a-z_.]+)"\)',
    subprocess.run(["grep", "-rhE", "CRASH_POINT", "shared", "fcgi", "--include=*.c"], cwd=ROOT,
                   capture_output=True, text=True, check=True).stdout)))
# A dead worker's claims are free after ten seconds; then some.
PATIENCE = 45

pytestmark = pytest.mark.skipif(
    not (BUILD / "bin" / "kartka").exists(), reason="not built: make CRASH=1"
)


@pytest.fixture(scope="module")
def crashing():
    with Stack(build=BUILD) as stack:
        yield stack


@pytest.fixture(scope="module")
def hasty():
    """The same with reservations of five seconds."""
    with Stack(build=BUILD, ORDER_TTL=5) as stack:
        yield stack


def arm(stack, point):
    (stack.var / "crash-at").write_text(point)


def armed(stack):
    return (stack.var / "crash-at").exists()


def passed(stack, point):
    until(lambda: not armed(stack), 20, f"a process dying at {point}")


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
    whole(stack, buyer, codes[:1], number)
    assert stack.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]


def test_points_are_all_known():
    """A new point needs a test here."""
    groups = ("open.", "bill.", "ask.", "settle.", "outbox.", "expire.", "fill.", "import.",
              "refund.", "keys.", "quarantine.")
    assert POINTS and all(p.startswith(groups) for p in POINTS), POINTS


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith(("open.", "bill."))])
def test_birth(crashing, point):
    buy(crashing, point, "open")


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith(("ask.", "settle."))])
def test_settlement(crashing, point):
    buy(crashing, point, "pay")


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("outbox.")])
def test_message(crashing, point):
    buy(crashing, point, "pay")


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("expire.")])
def test_expiry(hasty, point):
    stack = hasty
    codes = stack.catalogue("p-expiry", codes=1)
    buyer = stack.buyer()
    number, bill = buyer.open_order("p-expiry")
    arm(stack, point)
    passed(stack, point)
    stack.wait_state(number, "expired", PATIENCE)
    assert stack.sql(f"SELECT state FROM card_codes c JOIN card_values v ON v.id = c.value_id "
                     "WHERE v.slug = 'p-expiry'") == [["available"]]
    # Late money, after all of it.
    stack.pay(bill, force=True)
    whole(stack, buyer, codes, number)


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith(("import.", "fill."))])
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


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("quarantine.")])
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


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("keys.")])
def test_rotation(crashing, point):
    """Encrypting all codes anew ends in the middle, and is run again."""
    stack = crashing
    codes = stack.catalogue("k-rotation", codes=300)
    stack.kartka("keys", "new")
    for name in ("telegram", "admin", "worker"):
        for pid in stack.processes(name):
            os.kill(pid, signal.SIGTERM)
    until(lambda: not stack.sql("SELECT 1 FROM key_holders WHERE known NOT LIKE '2:%'"), PATIENCE,
          "everybody's word")
    arm(stack, point)
    assert stack.kartka("keys", "rotate", check=False).returncode != 0
    until(lambda: stack.kartka("keys", "rotate", check=False).returncode == 0, PATIENCE,
          "the second rotation")
    assert stack.sql("SELECT 1 FROM card_codes WHERE key_id = 1") == []
    buyer = stack.buyer()
    number, bill = buyer.open_order("k-rotation")
    stack.pay(bill)
    whole(stack, buyer, codes[:1], number)


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("refund.")])
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


def test_supervisor_killed(crashing):
    """Everything dies at once, in the middle of a payment, and comes back with one command."""
    import os
    import signal

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
