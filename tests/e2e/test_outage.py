"""Portmone, Telegram, the database or the shop itself fails: nobody waits, nothing is lost."""

import concurrent.futures
import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from stack import Stack, http, keys, pay_key, until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def module_shop():
    with Stack(THROTTLE_RATE=1000, THROTTLE_BURST=8000) as stack:
        stack.catalogue("out", codes=400)
        yield stack


@pytest.fixture
def shop(module_shop):
    seen = len(module_shop.violations())
    module_shop.faults(reset=True)
    yield module_shop
    module_shop.faults(reset=True)
    until(lambda: ready(module_shop), 40, "readiness")
    module_shop.check()
    assert module_shop.violations()[seen:] == []


# ---- helpers ----


def ready(shop):
    with contextlib.suppress(OSError):
        return http("GET", shop.shop_url + "/readyz", timeout=6).status == 200
    return False


def timed(act):
    """(answer, seconds)"""
    began = time.monotonic()
    answer = act()
    return answer, time.monotonic() - began


def at_once(*acts):
    """[(answer, seconds)], all of them begun at the same moment."""
    with concurrent.futures.ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(timed, acts))


def tap(shop, person):
    """A person writes, as Telegram tells the shop of it."""
    return shop.webhook({"update_id": 950000000 + time.monotonic_ns() % 10**7, "message": {
        "message_id": 1, "date": int(time.time()), "text": "/buy",
        "from": {"id": person, "is_bot": False, "first_name": "x", "language_code": "uk"},
        "chat": {"id": person, "type": "private"}}})


def notify(shop, number):
    return http("POST", shop.shop_url + "/portmone/notify",
                f'{{"shopOrderNumber":"{number}","shopBillId":"1"}}'.encode(), JSON)


def come_back(shop, number):
    return http("POST", shop.shop_url + "/portmone/return",
                f"SHOPORDERNUMBER={number}&RESULT=0".encode(), FORM)


def pay_quietly(shop, bill):
    return shop.pay(bill, notify="none", **{"return": False})


def sold_to(shop, number):
    return int(shop.sql("SELECT COUNT(*) FROM card_codes c JOIN orders o ON o.id = c.order_id "
                        f"WHERE o.number = '{number}' AND c.state = 'sold'")[0][0])


@contextlib.contextmanager
def stopped(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


# ---- nobody tells the shop ----


def test_nobody_says_anything(shop):
    """Scenario 11: The notification is lost and the page is closed: the worker's own questions find out."""
    buyers = [shop.buyer() for _ in range(6)]
    orders = [buyer.open_order("out", n % 2 + 1) for n, buyer in enumerate(buyers)]
    shop.faults(lose_notification=True, no_return=True)
    for _, bill in orders:
        shop.pay(bill)
    for n, buyer in enumerate(buyers):
        until(lambda b=buyer, n=n: len(b.codes()) == n % 2 + 1, 15, "the codes")
    assert len({code for buyer in buyers for code in buyer.codes()}) == 9


def test_closed_page_and_declined_card(shop):
    """Declined, then paid with another card on the same bill, then the page is closed."""
    buyer = shop.buyer()
    number, bill = buyer.open_order("out")
    shop.api("POST", f"/api/bills/{bill}/decline", {})
    shop.api("POST", f"/api/bills/{bill}/decline", {})
    shop.api("POST", f"/api/bills/{bill}/close", {})
    come_back(shop, number)
    shop.faults(no_return=True)
    shop.pay(bill)
    until(buyer.codes, what="the code")
    assert shop.state(number) == "delivered" and len(buyer.codes()) == 1


# ---- Portmone fails ----


def test_portmone_hangs(shop):
    """Taps, returns and notifications are answered as if nothing were; /pay says so, in time."""
    buyers = [shop.buyer() for _ in range(8)]
    known, _ = buyers[0].open_order("out")
    offers = [buyer.offer("out") for buyer in buyers[1:]]
    shop.faults(portmone_hang=True)
    with concurrent.futures.ThreadPoolExecutor(len(offers)) as pool:
        pages = [pool.submit(timed, lambda u=url: http("GET", u)) for url in offers]
        until(lambda: shop.sql("SELECT COUNT(*) FROM orders WHERE state = 'pending' AND link_url "
                               "IS NULL")[0][0] != "0", what="a page that waits")
        for _ in range(5):
            for answer, took in at_once(lambda: tap(shop, 750000), lambda: notify(shop, known),
                                        lambda: come_back(shop, known)):
                assert answer.status == 200 and took < 1
        for page in pages:
            answer, took = page.result()
            assert answer.status == 503 and answer.headers["Retry-After"] == "2"
            assert "Location" not in answer.headers and took < 3.9
            assert 'href="/pay/' in answer.text  # try again
    # While it is known to be down nobody waits for it any more.
    answers = at_once(*[lambda u=url: http("GET", u) for url in offers])
    assert {answer.status for answer, _ in answers} == {503}
    assert sorted(took for _, took in answers)[-2] < 0.5  # all but the probe
    shop.faults(portmone_hang=False)
    for buyer, url in zip(buyers[1:], offers):
        answer = until(lambda u=url: (lambda a: a if a.status == 303 else None)(http("GET", u)),
                       5, "the gateway's page")
        bill = answer.headers["Location"].rsplit("/", 1)[1]
        shop.pay(bill)
        until(buyer.codes, what="the code")
    assert shop.sql("SELECT COUNT(*) FROM orders WHERE user_id > "
                    f"{buyers[0].id} AND user_id <= {buyers[-1].id}") == [["7"]]


@pytest.mark.parametrize("fault", [
    {"portmone_down": True}, {"portmone_html": True},
    {"portmone_status": {"method": "createLinkPayment", "status": 500, "count": 9}},
    {"portmone_status": {"method": "createLinkPayment", "status": 200, "count": 9,
                         "body": {"errorCode": "1", "error": "Помилка <b>"}}},
    {"portmone_status": {"method": "createLinkPayment", "status": 200, "count": 9,
                         "body": {"errorCode": "0", "linkPayment": "javascript:alert(1)"}}},
    {"portmone_status": {"method": "createLinkPayment", "status": 200, "count": 9, "body": []}},
], ids=lambda f: str(f)[1:60])
def test_portmone_is_not_well(shop, fault):
    buyer = shop.buyer()
    url = buyer.offer("out")
    shop.faults(**fault)
    answer, took = timed(lambda: http("GET", url))
    assert answer.status == 503 and took < 3.5 and 'href="/pay/' in answer.text
    shop.faults(reset=True)
    until(lambda: http("GET", url).status == 303, 5, "the gateway's page")
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]
    number = shop.sql(f"SELECT number FROM orders WHERE user_id = {buyer.id}")[0][0]
    shop.pay(shop.api("GET", f"/api/bills?order={number}")[-1]["bill"])
    until(buyer.codes, what="the code")


@pytest.mark.parametrize("fault", ["portmone_html", "portmone_object", "portmone_snake"])
def test_odd_answers_about_a_payment(shop, fault):
    """An answer that can't be read is no answer; one in other words is."""
    buyer = shop.buyer()
    number, bill = buyer.open_order("out")
    shop.faults(**{fault: True})
    shop.pay(bill)
    until(lambda: int(shop.sql(f"SELECT asks FROM orders WHERE number = '{number}'")[0][0]) > 0)
    if fault == "portmone_html":
        assert buyer.codes() == []
        shop.faults(reset=True)
        come_back(shop, number)
    until(buyer.codes, 15, "the code")
    assert len(buyer.codes()) == 1


# ---- the database fails ----


def test_database_hangs(shop):
    """Scenario 18: Everything is answered within 5 s; what people did meanwhile is done afterwards."""
    buyer, other = shop.buyer(), shop.buyer()
    known, bill = buyer.open_order("out")
    url = other.offer("out")
    message, key = other.wait_key("➕")
    database = shop.processes("mariadbd")
    acts = {
        "tap": lambda: tap(shop, 750001),
        "pay": lambda: http("GET", url),
        "return": lambda: come_back(shop, known),
        "notify": lambda: notify(shop, known),
        "ready": lambda: http("GET", shop.shop_url + "/readyz"),
    }
    with stopped(database):
        for (answer, took), name in zip(at_once(*[*acts.values()] * 4), [*acts] * 4):
            assert answer.status == 503 and answer.headers["Retry-After"] == "2", name
            assert took < 5, name
        assert http("GET", shop.shop_url + "/healthz").status == 200
        # Known to be down: all but one probe a second are answered at once.
        for _ in range(3):
            took = sorted(took for _, took in at_once(*acts.values()))
            assert took[2] < 0.5
        assert 'href="/pay/' in http("GET", url).text
        # A person goes on tapping, Portmone tells of money.
        other.tap(message, key["callback_data"])
        other.say("/purchases")
        shop.pay(bill)
        time.sleep(1)
    until(lambda: ready(shop), 10, "readiness")
    until(buyer.codes, what="the code")
    until(lambda: "200 ₴" in next(m for m in other.messages() if m["message_id"] ==
                                  message["message_id"])["text"].replace("\u00a0", " "),
          30, "the tap's effect")
    until(lambda: any("Покупок ще немає" in m["text"] for m in other.messages()), 30,
          "the answer to what was written")
    assert len(buyer.codes()) == 1


def test_database_is_killed_under_purchases(shop):
    """Twice, while ten people buy."""
    done = threading.Event()

    def kill():
        for _ in range(2):
            pid = until(lambda: shop.processes("mariadbd"), 20)[0]
            os.kill(pid, signal.SIGKILL)
            until(lambda: ready(shop), 40, "readiness")
        done.set()

    killer = threading.Thread(target=kill)
    killer.start()
    buyers = [shop.buyer() for _ in range(10)]
    paid = buy_all(shop, buyers)
    killer.join(90)
    assert done.is_set()
    assert_served(shop, buyers, paid)


# ---- Telegram fails ----


def test_telegram_is_away(shop):
    """Down, then it answers with errors, then it takes a message and says nothing."""
    buyers = [shop.buyer() for _ in range(8)]
    orders = [buyer.open_order("out") for buyer in buyers]
    shop.faults(telegram_down=True)
    for _, bill in orders:
        shop.pay(bill)
    for number, _ in orders:
        shop.wait_state(number, "delivered")
    assert not any(buyer.codes() for buyer in buyers)
    shop.faults(telegram_down=False,
                telegram_status={"method": "sendMessage", "status": 502, "count": 3})
    shop.faults(telegram_lose_answer={"method": "sendMessage", "count": 2},
                telegram_retry_after={"method": "sendMessage", "seconds": 1, "count": 1})
    for buyer in buyers:
        until(buyer.codes, 30, "the code")
    until(lambda: shop.sql("SELECT 1 FROM outbox WHERE state = 'pending' LIMIT 1") == [], 20,
          "an empty outbox")
    codes = [buyer.codes() for buyer in buyers]
    assert all(len(set(own)) == 1 for own in codes)  # the same code twice, never another
    assert sum(map(len, codes)) <= len(buyers) + 2
    assert len({own[0] for own in codes}) == len(buyers)


def test_blocked_and_back(shop):
    """Scenario 31."""
    buyer, other = shop.buyer(), shop.buyer()
    number, bill = buyer.open_order("out")
    shop.api("POST", f"/api/users/{buyer.id}/block", {"blocked": True})
    shop.pay(bill)
    until(lambda: shop.sql("SELECT 1 FROM outbox m JOIN orders o ON o.id = m.order_id WHERE "
                           f"o.number = '{number}' AND m.state = 'undeliverable'"),
          what="an undeliverable message")
    assert shop.state(number) == "delivered" and sold_to(shop, number) == 1
    _, bill = other.open_order("out")
    shop.pay(bill)
    until(other.codes, 5, "the code of somebody else")
    assert buyer.codes() == []
    shop.api("POST", f"/api/users/{buyer.id}/block", {"blocked": False})
    until(lambda: shop.sql(f"SELECT blocked_at IS NULL FROM users WHERE id = {buyer.id}") == [["1"]],
          what="the person's return")
    buyer.say("/purchases")
    buyer.press("× 1")
    until(buyer.codes, what="the code")
    assert len(set(buyer.codes())) == 1


# ---- the shop's own processes fail ----


def patiently(act, good, seconds=60):
    """As a person does: the page does not come, so it is loaded again."""

    def attempt():
        with contextlib.suppress(OSError):
            answer = act()
            return answer if good(answer) else None
        return None

    return until(attempt, seconds, "a page that works")


def buy(shop, buyer):
    """(order, quantity), paid, whatever breaks on the way."""
    quantity = buyer.id % 3 + 1
    buyer.say("/start v_out")
    message = until(lambda: next((m for m in buyer.messages() if pay_key(m)), None), 60,
                    "the order screen")
    for now in range(2, quantity + 1):
        data = next(k["callback_data"] for k in keys(message) if k["text"] == "➕")
        buyer.tap(message, data)
        message = until(lambda n=now: next(
            (m for m in buyer.messages() if m["message_id"] == message["message_id"] and
             any(k["text"] == str(n) for k in keys(m))), None), 60, "the tap's effect")
    answer = patiently(lambda: http("GET", pay_key(message)["url"]), lambda a: a.status == 303)
    bill = answer.headers["Location"].rsplit("/", 1)[1]
    number = shop.api("GET", f"/api/bills/{bill}")["order"]
    shop.pay(bill)
    return number, quantity


def buy_all(shop, buyers):
    with concurrent.futures.ThreadPoolExecutor(len(buyers)) as pool:
        return list(pool.map(lambda buyer: buy(shop, buyer), buyers))


def assert_served(shop, buyers, paid):
    """Everybody has exactly the codes paid for, perhaps sent twice; nobody's are another's."""
    for buyer, (number, quantity) in zip(buyers, paid):
        until(lambda b=buyer, q=quantity: len(set(b.codes())) == q, 90, f"the codes of {number}")
        assert shop.state(number) == "delivered" and sold_to(shop, number) == quantity
        assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]
    assert len({code for buyer in buyers for code in buyer.codes()}) == sum(q for _, q in paid)


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def nginx_processes(shop):
    """nginx wipes its environment, so it is found by its parent."""
    found = []
    for pid in children(shop.processes("kartka")[0]):
        with contextlib.suppress(OSError):
            if "nginx" in Path(f"/proc/{pid}/comm").read_text():
                found += [pid, *children(pid)]
    return found


KINDS = ["telegram", "portmone", "worker", "admin", "nginx master", "nginx worker", "multiwatch"]


def victims(shop, kind):
    if kind == "nginx master":
        return nginx_processes(shop)[:1]
    if kind == "nginx worker":
        return nginx_processes(shop)[1:]
    return shop.processes(kind)


def test_every_kind_of_process_is_killed_under_purchases(shop):
    buyers = [shop.buyer() for _ in range(20)]
    killed = []

    def kill():
        for kind in KINDS:
            pids = victims(shop, kind)
            assert pids, kind
            for pid in pids[:2]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed.append(kind)
            time.sleep(0.3)  # into the next moments of the purchases

    killer = threading.Thread(target=kill)
    killer.start()
    paid = buy_all(shop, buyers)
    killer.join()
    assert killed == KINDS
    assert_served(shop, buyers, paid)
    until(lambda: ready(shop), 10, "readiness")


def missing(shop):
    return http("GET", shop.shop_url + "/readyz", timeout=6).text


def test_ready_says_what_is_missing(shop):
    portmone = shop.processes("portmone")
    with stopped(shop.processes("telegram") + shop.processes("worker") + portmone):
        until(lambda: all(word in missing(shop) for word in ("telegram: ", "worker: ", "pay: ",
                                                             "portmone: ")), 10, "four lines")
        assert "database: " not in missing(shop) and "admin: " not in missing(shop)
    until(lambda: ready(shop), 10, "readiness")
    with stopped(shop.processes("mariadbd")):
        until(lambda: "database: " in missing(shop), 10, "the database's line")
