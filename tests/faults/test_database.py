"""The database goes away in the middle, is slow, full or crowded, or keeps somebody waiting."""

import contextlib
import subprocess
import threading
import time

import pytest

from proxy import Hold, holds
from shop import PASSWORD, FaultShop, at_once
from stack import http, until

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

def disk(size):
    """One file for all tables that can't grow beyond it: what a full disk is to the server."""
    return ("--innodb-file-per-table=0",
            f"--innodb-data-file-path=ibdata1:12M:autoextend:max:{size}M")


@pytest.fixture(scope="module")
def module_shop():
    # Through a Unix socket: the shop's way to the database on its own machine.
    with FaultShop(disk(64), tcp=False) as stack:
        stack.catalogue("db", codes=400)
        yield stack


def tap(shop, person):
    """A person writes, as Telegram tells the shop of it."""
    return shop.webhook({"update_id": 950000000 + time.monotonic_ns() % 10**7, "message": {
        "message_id": 1, "date": int(time.time()), "text": "/buy",
        "from": {"id": person, "is_bot": False, "first_name": "x", "language_code": "uk"},
        "chat": {"id": person, "type": "private"}}})


def come_back(shop, number):
    return http("POST", shop.shop_url + "/portmone/return",
                f"SHOPORDERNUMBER={number}&RESULT=0".encode(), FORM)


def timed(act):
    began = time.monotonic()
    answer = act()
    return answer, time.monotonic() - began


# ---- it goes away ----


@contextlib.contextmanager
def gone(shop, how):
    database = shop.database
    setattr(database, how, True)
    if how == "away":
        database.cut()
    try:
        yield
    finally:
        database.reset()


@pytest.mark.parametrize("how", ["away", "silent"])
def test_scenario_18_in_the_middle(shop, how):
    """5xx within 5 s, whatever was asked; then all of it is done, once."""
    paid, waiting, other = shop.buyer(), shop.buyer(), shop.buyer()
    number, bill = paid.open_order("db")
    url = waiting.offer("db")
    other.offer("db")
    message, key = other.wait_key("➕")
    held = shop.database.add(Hold(holds("INSERT INTO orders")))
    opened = []
    browser = threading.Thread(target=lambda: opened.append(timed(lambda: http("GET", url))))
    browser.start()
    held.wait()
    with gone(shop, how):
        if how == "away":
            held.release()
        browser.join()
        acts = {"pay": lambda: http("GET", url), "tap": lambda: tap(shop, 750001),
                "return": lambda: come_back(shop, number), "notify": lambda: shop.notify(number)}
        answers = dict(zip(acts, at_once([lambda act=act: timed(act) for act in acts.values()])))
        answers["in the middle"] = opened[0]
        for name, (answer, took) in answers.items():
            assert answer.status == 503 and answer.headers["Retry-After"] == "2", name
            assert took < 5, (name, took)
        # A person goes on, Portmone tells of money: both will say it again.
        other.tap(message, key["callback_data"])
        shop.pay(bill, **{"return": False})
    until(shop.ready, 15, "readiness")
    shop.served(paid, number)
    number, bill = shop.follow(url)
    shop.pay(bill)
    shop.served(waiting, number)
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {waiting.id}") == [["1"]]
    until(lambda: any(k["text"] == "2" for m in other.messages()
                      for row in (m["reply_markup"] or {}).get("inline_keyboard", [])
                      for k in row), 30, "the tap's effect")


def test_scenario_18_slow(shop):
    """Every word to and from the database takes its time: slower, and all the same."""
    shop.database.latency = 0.01
    buyer = shop.buyer()
    number, bill = buyer.open_order("db")
    shop.pay(bill)
    shop.served(buyer, number)


def test_scenario_18_cut_again_and_again(shop):
    """Every connection is cut every moment, while five people buy."""
    buyers = [shop.buyer() for _ in range(5)]
    urls = [buyer.offer("db") for buyer in buyers]
    done = threading.Event()

    def cut():
        while not done.wait(0.15):
            shop.database.cut()

    scissors = threading.Thread(target=cut)
    scissors.start()
    try:
        orders = [shop.follow(url) for url in urls]
        for _, bill in orders:
            shop.pay(bill)
        time.sleep(2)  # into what the worker does with it
    finally:
        done.set()
        scissors.join()
    for buyer, (number, _) in zip(buyers, orders):
        shop.served(buyer, number, copies=9)
        assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]


def test_scenario_19_killed_under_load(shop):
    """kill -9 twice: every order whose page was shown is there, every one paid is served."""
    buyers = [shop.buyer() for _ in range(16)]
    urls = [buyer.offer("db") for buyer in buyers]
    orders = {}

    def buy(n):
        number, bill = shop.follow(urls[n], 60)
        orders[n] = number
        shop.pay(bill)

    crowd = threading.Thread(target=at_once, args=([lambda n=n: buy(n) for n in range(16)],))
    crowd.start()
    for count in (3, 10):
        until(lambda c=count: len(orders) >= c, 60, "orders")
        shop.server.kill()
        shop.server.start()
    crowd.join()
    there = {row[0] for row in shop.sql("SELECT number FROM orders")}
    assert len(orders) == 16 and set(orders.values()) <= there
    for n, buyer in enumerate(buyers):
        shop.served(buyer, orders[n], copies=2, seconds=60)
    codes = [code for buyer in buyers for code in set(buyer.codes())]
    assert len(codes) == len(set(codes)) == 16


# ---- somebody else holds a row ----


def waits(shop):
    return shop.sql("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")[0][1] != "0"


def test_scenario_20_lock_wait(shop):
    """1205 for the settlement, again and again: nothing of it is left; then all of it at once."""
    buyer = shop.buyer()
    number, bill = buyer.open_order("db")
    shop.database.errors.clear()
    with shop.server.session() as holder:
        holder.run(f"BEGIN; SELECT id FROM card_codes WHERE order_id = (SELECT id FROM orders "
                   f"WHERE number = '{number}') FOR UPDATE")
        shop.pay(bill)
        until(lambda: shop.database.errors.count(1205) >= 2, 20, "two refusals")
        assert shop.state(number) == "pending"
        assert shop.sql("SELECT COUNT(*) FROM payments p JOIN orders o ON o.id = p.order_id "
                        f"WHERE o.number = '{number}'") == [["0"]]
        holder.run("ROLLBACK")
    shop.notify(number)  # asked again before the claim's ten seconds are over
    shop.served(buyer, number)


def test_scenario_20_lock_wait_at_birth(shop):
    """The buyer's row is somebody else's for longer than a lock is waited for."""
    buyer = shop.buyer()
    url = buyer.offer("db")
    shop.database.errors.clear()
    with shop.server.session() as holder:
        holder.run(f"BEGIN; SELECT id FROM users WHERE id = {buyer.id} FOR UPDATE")
        answer, took = timed(lambda: http("GET", url))
        assert answer.status == 503 and took < 5
        assert 1205 in shop.database.errors
        holder.run("ROLLBACK")
    number, bill = shop.follow(url)
    shop.pay(bill)
    shop.served(buyer, number)
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]


def test_scenario_20_deadlock(shop):
    """1213: the settlement has the order and wants its code, the other way round elsewhere."""
    buyer = shop.buyer()
    number, bill = buyer.open_order("db")
    shop.database.errors.clear()
    with shop.server.session() as other:
        # Whoever has changed more rows is spared.
        other.run("BEGIN; UPDATE card_codes SET serial = CONCAT(serial, 'x') WHERE order_id = "
                  f"(SELECT id FROM orders WHERE number = '{number}') OR state = 'available'")
        shop.pay(bill)
        until(lambda: waits(shop), 20, "a settlement that waits")
        other.run(f"SELECT id FROM orders WHERE number = '{number}' FOR UPDATE")
        until(lambda: 1213 in shop.database.errors, 10, "a deadlock")
        other.run("ROLLBACK")
    shop.served(buyer, number)


# ---- too many, and full ----


@contextlib.contextmanager
def crowded(shop):
    """No connection is left to the shop's user."""
    database = shop.database
    count = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'shop'"
    crowd = []
    with shop.server.session() as root:
        before = root.run("SELECT @@max_connections")[0]
        root.run("SET GLOBAL max_connections = 10")
        database.away = True
        database.cut()
        until(lambda: root.run(count) == ["0"], 10, "the end of the shop's connections")
        try:
            for _ in range(12):
                crowd.append(subprocess.Popen(
                    ["mariadb", "--no-defaults", f"--socket={shop.server.socket}", "--user=shop",
                     f"--password={PASSWORD}", "-e", "SELECT SLEEP(60)"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            until(lambda: root.run(count) == ["9"], 10, "nine connections")
            database.errors.clear()
            database.reset()
            yield
        finally:
            for one in crowd:
                one.terminate()
                one.wait(10)
            root.run(f"SET GLOBAL max_connections = {before}")


def test_scenario_23_no_connection_left(shop):
    """503 at once while the database lets nobody in; afterwards everything is as before."""
    buyer, other = shop.buyer(), shop.buyer()
    number, bill = buyer.open_order("db")
    url = other.offer("db")
    with crowded(shop):
        acts = [lambda: http("GET", url), lambda: tap(shop, 750002), lambda: shop.notify(number)]
        for answer, took in at_once([lambda act=act: timed(act) for act in acts * 3]):
            assert answer.status == 503 and answer.headers["Retry-After"] == "2"
            assert took < 3
        shop.pay_quietly(bill)
        until(lambda: 1040 in shop.database.errors, 10, "a refusal")
    until(shop.ready, 15, "readiness")
    assert shop.notify(number).status == 200
    shop.served(buyer, number)
    number, bill = shop.follow(url)
    shop.pay(bill)
    shop.served(other, number)


def fill(shop, what):
    """Rows of this until not one more has room."""
    for count in (2000, 50, 1):
        filled = shop.server.client("kartka", "-e", "; ".join(
            [f"INSERT INTO {what} FROM information_schema.collations a JOIN "
             f"information_schema.collations b LIMIT {count}"] * 200))
        assert "1114" in filled.stderr, filled.stderr


def test_scenario_24_database_is_full(shop):
    """5xx and nothing half done; what was paid meanwhile is delivered when there is room again."""
    buyer, other = shop.buyer(), shop.buyer()
    number, bill = buyer.open_order("db")
    url = other.offer("db")
    shop.sql("CREATE TABLE ballast (id INT AUTO_INCREMENT PRIMARY KEY, data VARCHAR(3000)) "
             "CHARACTER SET latin1")
    fill(shop, "ballast (data) SELECT REPEAT('x', 3000)")
    # What is left of the pages that the shop will write to next; its own rows are no smaller.
    fill(shop, "outbox (fact, kind, chat_id, data, priority, state, not_before, created_at) SELECT "
         "CONCAT('b:', LEFT(MD5(RAND()), 10)), 'alert', 1, '{}', 5, 'sent', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)")
    shop.database.errors.clear()
    shop.pay_quietly(bill)
    statuses = []

    def full():
        statuses.append(http("GET", url).status)
        shop.notify(number)
        return 1114 in shop.database.errors

    until(full, 30, "a full table")
    assert set(statuses) <= {303, 503}
    assert shop.state(number) == "pending" and shop.sold_to(number) == 0
    # Not even a table can be dropped: a larger disk, and the server anew.
    shop.server.options = disk(128)
    shop.server.kill()
    shop.server.start()
    shop.sql("DROP TABLE ballast; DELETE FROM outbox WHERE fact LIKE 'b:%'")
    until(shop.ready, 15, "readiness")
    until(lambda: shop.notify(number).status == 200, 20, "a notification that is stored")
    shop.served(buyer, number)
    number, bill = shop.follow(url)
    shop.pay(bill)
    shop.served(other, number)
