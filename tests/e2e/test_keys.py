"""Keys of codes: a new one is taken into use while the shop sells; nobody meets a code in vain."""

import json
import os
import signal
import subprocess
import time

from stack import ROOT, until

PROGRAMS = ("telegram", "admin", "worker")


def keys_of(stack):
    """The numbers of CODE_KEYS, in their order."""
    secrets = json.loads((stack.var / "secrets.json").read_text())
    return [int(key.split(":")[0]) for key in secrets["CODE_KEYS"].split(",")]


def under(stack, key):
    return int(stack.sql(f"SELECT COUNT(*) FROM card_codes WHERE key_id = {key}")[0][0])


def restart_each(stack):
    """A rolling restart: one process after the other; the shop goes on."""
    for name in PROGRAMS:
        for pid in stack.processes(name):
            os.kill(pid, signal.SIGTERM)
            until(lambda pid=pid: pid not in stack.processes(name), what=f"the end of {name}")
    for name in PROGRAMS:
        until(lambda name=name: stack.processes(name), what=name)


def buy(stack, slug, buyer=None):
    buyer = buyer or stack.buyer()
    seen = len(buyer.codes())
    _, bill = buyer.open_order(slug)
    stack.pay(bill)
    until(lambda: len(buyer.codes()) > seen, what="the code")
    return buyer


def shown_again(stack, buyer):
    """What my purchases shows of the newest order."""
    order = stack.sql(f"SELECT MAX(id) FROM orders WHERE user_id = {buyer.id}")[0][0]
    before = len(buyer.codes())
    buyer.tap(buyer.last(), f"o:{order}", force=True)
    until(lambda: len(buyer.codes()) > before, what="the code once more")
    return buyer.codes()[-1]


def test_rotation(own_shop):
    shop = own_shop
    shop.catalogue("k", codes=3000)
    buyer = buy(shop, "k")
    codes = under(shop, 1)  # the demo's as well

    refused = shop.kartka("keys", "drop", "1", check=False)
    assert refused.returncode == 1 and "key 1 encrypts" in refused.stderr
    assert "key 2 is known: restart the shop" in shop.kartka("keys", "new").stdout
    assert keys_of(shop) == [2, 1]
    again = shop.kartka("keys", "new", check=False)
    assert again.returncode == 1 and "key 2 is new and not in use yet" in again.stderr

    # Every process that opens codes is named, and nothing has changed.
    refused = shop.kartka("keys", "rotate", check=False)
    assert refused.returncode == 1 and "do not know key 2 yet" in refused.stderr
    assert any(name in refused.stderr for name in PROGRAMS)
    assert keys_of(shop) == [2, 1] and under(shop, 2) == 0

    restart_each(shop)
    done = until(lambda: (r := shop.kartka("keys", "rotate", check=False)).returncode == 0 and r,
                 what="a rotation")
    assert f"{codes} codes were encrypted anew with key 2" in done.stdout
    assert keys_of(shop) == [1, 2]
    assert (under(shop, 1), under(shop, 2)) == (0, codes)
    assert shown_again(shop, buyer) == buyer.codes()[0]
    buy(shop, "k")

    # The processes that run still were started with key 1 as the last.
    shop.stock("k", 5, prefix="U")
    assert under(shop, 2) == codes + 5
    assert "key 1 is dropped" in shop.kartka("keys", "drop", "1").stdout
    assert keys_of(shop) == [2]
    shop.stop()
    shop.start()
    assert shown_again(shop, buyer) == buyer.codes()[0]
    buy(shop, "k")
    listed = shop.kartka("keys", "list").stdout
    assert "dropped" in listed and "encrypts" in listed
    assert "every code opens" in shop.kartka("keys", "check").stdout


def test_killed_and_selling(own_shop):
    """Scenario 44: Buyers buy while all codes are encrypted anew; the command is killed, and goes on."""
    shop = own_shop
    shop.catalogue("k", codes=20000)
    buyers = [buy(shop, "k")]
    shop.kartka("keys", "new")
    restart_each(shop)
    until(lambda: not shop.sql("SELECT 1 FROM key_holders WHERE known NOT LIKE '2:%'"),
          what="everybody's word")
    killed = subprocess.Popen([shop.bin / "kartka", "keys", "rotate"], cwd=ROOT,
                              env=shop.operator_env, stdout=subprocess.DEVNULL)
    until(lambda: under(shop, 2) > 500, what="the first codes")
    buyers.append(buy(shop, "k"))
    killed.kill()
    killed.wait()
    assert under(shop, 1), "it was too fast for this test"

    second = shop.kartka("keys", "rotate", check=False)
    assert second.returncode == 1 and "another one is at work" in second.stderr
    end = time.monotonic() + 15
    running = None
    while running is None or running.poll():
        assert time.monotonic() < end, "the lease of the one that was killed did not end"
        running = subprocess.Popen([shop.bin / "kartka", "keys", "rotate"], cwd=ROOT,
                                   env=shop.operator_env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(0.5)
    while running.poll() is None:
        buyers.append(buy(shop, "k"))
    assert running.returncode == 0
    assert under(shop, 1) == 0
    for buyer in buyers:
        assert shown_again(shop, buyer) == buyer.codes()[0]
    codes = [code for buyer in buyers for code in set(buyer.codes())]
    assert len(set(codes)) == len(codes) == len(buyers)


def test_after_an_outage(own_shop):
    """Nobody could say anything for more than a minute: that proves nothing about keys."""
    shop = own_shop
    shop.kartka("keys", "new")
    silent = [pid for name in PROGRAMS for pid in shop.processes(name)]
    for pid in silent:
        os.kill(pid, signal.SIGSTOP)
    try:
        shop.sql("UPDATE key_holders SET beat_at = UTC_TIMESTAMP(6) - INTERVAL 61 SECOND")
        refused = shop.kartka("keys", "rotate", check=False)
        assert refused.returncode == 1 and "do not know key 2 yet" in refused.stderr
        shop.sql("DELETE FROM key_holders")
        refused = shop.kartka("keys", "rotate", check=False)
        assert refused.returncode == 1 and "none of the shop's processes" in refused.stderr
        assert keys_of(shop) == [2, 1] and under(shop, 2) == 0
    finally:
        for pid in silent:
            os.kill(pid, signal.SIGCONT)


def test_wrong_key(own_shop):
    """Scenario 44: CODE_KEYS is not what it was: nothing is imported, nothing changes, one line says so."""
    shop = own_shop
    shop.catalogue("k", codes=3)
    secrets = json.loads((shop.var / "secrets.json").read_text())
    wrong = secrets["CODE_KEYS"][:-2] + ("00" if not secrets["CODE_KEYS"].endswith("00") else "11")
    path = shop.var / "codes-test.txt"
    path.write_text("NEW-1\n")
    shop.settings["CODE_KEYS"] = wrong
    try:
        refused = shop.kartka("codes", "import", "k", path, check=False)
        assert refused.returncode == 1 and "CODE_KEYS" in refused.stderr
        assert "WRONG in CODE_KEYS" in shop.kartka("keys", "list").stdout
        checked = shop.kartka("keys", "check", check=False)
        assert checked.returncode == 1 and checked.stdout.count("does not open") == under(shop, 1)
    finally:
        del shop.settings["CODE_KEYS"]
        path.unlink()
    assert shop.sql("SELECT 1 FROM card_codes WHERE key_id <> 1") == []


def damage(stack, slug):
    """One bit of the tag of the code that is sold next."""
    stack.sql("UPDATE card_codes c JOIN (SELECT MIN(c.id) AS id FROM card_codes c JOIN card_values v "
              f"ON v.id = c.value_id WHERE v.slug = '{slug}' AND c.state = 'available') x ON x.id = c.id "
              "SET c.ciphertext = CONCAT(LEFT(c.ciphertext, LENGTH(c.ciphertext) - 1), "
              "CHAR(ASCII(RIGHT(c.ciphertext, 1)) ^ 1))")


def test_damaged(shop):
    """Scenario 44: A code that does not decrypt is nobody's; the buyer gets another, or waits for one."""
    codes = shop.catalogue("damaged", codes=3)
    damage(shop, "damaged")
    lucky = buy(shop, "damaged")
    assert lucky.codes() == [codes[1]]
    damage(shop, "damaged")
    buyer = shop.buyer()
    number, bill = buyer.open_order("damaged")
    shop.pay(bill)
    shop.wait_state(number, "paid")
    buyer.wait("Оплату отримано, код ще ні")
    assert buyer.codes() == []
    told = [row[0] for row in shop.sql("SELECT fact FROM outbox WHERE kind = 'alert'")]
    assert any(fact.startswith("alert:quarantined:") for fact in told)
    assert any(fact.startswith("alert:quarantined_waiting:") for fact in told)
    shop.check()
    more = shop.stock("damaged", 1, prefix="M")
    until(lambda: buyer.codes() == more, what="the code of the next upload")
    assert shop.sql("SELECT COUNT(*) FROM card_codes c JOIN card_values v ON v.id = c.value_id "
                    "WHERE v.slug = 'damaged' AND c.state = 'defective'") == [["2"]]


def test_key_that_is_not_the_right_one(own_shop):
    """The codes stay the buyers'; with the key back they are sent."""
    shop = own_shop
    codes = shop.catalogue("k", codes=2)
    secrets = json.loads((shop.var / "secrets.json").read_text())
    shop.stop()
    shop.settings["CODE_KEYS"] = "1:" + "5a" * 32
    shop.start()
    buyer = shop.buyer()
    number, bill = buyer.open_order("k")
    shop.pay(bill)
    shop.wait_state(number, "delivered")
    until(lambda: shop.sql("SELECT 1 FROM outbox WHERE fact LIKE 'alert:sealed:%'"), what="the alert")
    assert buyer.codes() == []
    assert shop.sql("SELECT 1 FROM card_codes WHERE state = 'defective'") == []
    shop.stop()
    shop.settings["CODE_KEYS"] = secrets["CODE_KEYS"]
    shop.start()
    shop.sql("UPDATE outbox SET not_before = UTC_TIMESTAMP(6) WHERE kind = 'delivered'")
    until(lambda: buyer.codes() == codes[:1], what="the code")
