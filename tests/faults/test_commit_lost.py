"""Scenario 21: the answer to a COMMIT is lost.  The same is done again, and nothing twice.

Lost: the database has done it and the connection ends.  Dropped: it ends before the database
hears of it.  Silent: it has done it, and says nothing until the client's patience is over.
"""

import pytest

from panel import Browser
from proxy import Drop, Hang, Lose, commit_after, holds
from shop import FaultShop
from stack import http, until
from test_panel_shop import upload

WAYS = {"lost": Lose, "dropped": Drop, "silent": Hang}


@pytest.fixture(scope="module")
def module_shop():
    with FaultShop() as stack:
        yield stack


@pytest.fixture(scope="module")
def loader(module_shop):
    return Browser(module_shop, "loader").sign_in()


def fault(shop, way, *parts, **how):
    return shop.database.add(WAYS[way](commit_after(*parts), **how))


@pytest.mark.parametrize("way", WAYS)
def test_scenario_21_order_birth(shop, way):
    """Whatever the browser was told: one order, its codes reserved once."""
    codes = shop.catalogue(f"birth-{way}", codes=3)
    buyer = shop.buyer()
    url = buyer.offer(f"birth-{way}", 2)
    lost = fault(shop, way, "INSERT INTO orders")
    number, bill = shop.follow(url)
    lost.wait()
    assert shop.sql(f"SELECT number, state FROM orders WHERE user_id = {buyer.id}") == [
        [number, "pending"]]
    assert shop.number("SELECT COUNT(*) FROM card_codes WHERE state = 'reserved'") == 2
    assert len(shop.api("GET", f"/api/bills?order={number}")) == 1
    shop.pay(bill)
    shop.served(buyer, number, 2)
    assert sorted(buyer.codes()) == codes[:2]


@pytest.mark.parametrize("way", ["lost", "dropped"])
def test_scenario_21_link(shop, way):
    """The gateway's page is there, and is not noted: the browser goes there all the same."""
    shop.catalogue(f"linked-{way}", codes=1)
    buyer = shop.buyer()
    url = buyer.offer(f"linked-{way}")
    lost = shop.database.add(WAYS[way](holds("SET link_url")))
    answer = http("GET", url)
    lost.wait()
    assert answer.status == 303
    number, bill = shop.follow(url)
    assert answer.headers["Location"].endswith(bill)
    assert len(shop.api("GET", f"/api/bills?order={number}")) == 1
    shop.pay(bill)
    shop.served(buyer, number)


@pytest.mark.parametrize("way", WAYS)
def test_scenario_21_settlement(shop, way):
    shop.catalogue(f"settled-{way}", codes=3)
    buyer = shop.buyer()
    number, bill = buyer.open_order(f"settled-{way}")
    lost = fault(shop, way, "INSERT INTO payments")
    shop.pay(bill)
    lost.wait()
    shop.served(buyer, number)
    assert shop.sql("SELECT COUNT(*) FROM payments p JOIN orders o ON o.id = p.order_id WHERE "
                    f"o.number = '{number}'") == [["1"]]


def test_scenario_21_twice_in_a_row(shop):
    """The second try's answer is lost as well, and the third's."""
    shop.catalogue("thrice", codes=3)
    buyer = shop.buyer()
    number, bill = buyer.open_order("thrice")
    lost = fault(shop, "dropped", "INSERT INTO payments", count=3)
    shop.pay(bill)
    until(lambda: lost.hits == 3, what="the third try")
    shop.served(buyer, number)


@pytest.mark.parametrize("way", ["lost", "dropped"])
def test_scenario_21_outbox_claim(shop, way):
    """What was claimed in the lost COMMIT is sent at once, not after the lease."""
    shop.catalogue(f"claimed-{way}", codes=3)
    buyer = shop.buyer()
    number, bill = buyer.open_order(f"claimed-{way}")
    lost = fault(shop, way, "UPDATE outbox SET lease_owner")
    shop.pay(bill)
    lost.wait()
    shop.served(buyer, number, seconds=15)


@pytest.mark.parametrize("way", ["lost", "dropped"])
def test_scenario_21_outbox_mark(shop, way):
    """*Sent* is one statement that commits by itself: at worst the same message again."""
    shop.catalogue(f"marked-{way}", codes=3)
    buyer = shop.buyer()
    number, bill = buyer.open_order(f"marked-{way}")
    lost = shop.database.add(WAYS[way](holds("UPDATE outbox SET state = 'sent'")))
    shop.pay(bill)
    lost.wait()
    shop.served(buyer, number, copies=2)
    shop.outbox_empty()


@pytest.mark.parametrize("way", ["lost", "dropped"])
def test_scenario_21_hint(shop, way):
    """The notification is answered OK, and stored once."""
    shop.catalogue(f"hinted-{way}", codes=3)
    buyer = shop.buyer()
    number, bill = buyer.open_order(f"hinted-{way}")
    lost = fault(shop, way, "payment_hints")
    shop.pay_quietly(bill)
    assert shop.notify(number).status == 200
    lost.wait()
    shop.served(buyer, number)
    assert shop.number("SELECT COUNT(*) FROM payment_hints h JOIN orders o ON o.id = h.order_id "
                       f"WHERE o.number = '{number}' AND h.source = 'notify'") == 1


def test_scenario_21_expiry(shop):
    shop.catalogue("ended", codes=1)
    buyer = shop.buyer()
    number, bill = buyer.open_order("ended")
    lost = fault(shop, "lost", "SET state = 'expired'")
    shop.sql("UPDATE orders SET expires_at = UTC_TIMESTAMP(6), ask_at = UTC_TIMESTAMP(6) WHERE "
             f"number = '{number}'")
    lost.wait()
    shop.wait_state(number, "expired")
    buyer.wait("Час на оплату вийшов")
    shop.outbox_empty()
    assert len([m for m in buyer.messages() if "вийшов" in m["text"]]) == 1
    # Late money, all the same.
    shop.pay(bill, force=True)
    shop.served(buyer, number)


def test_scenario_21_cancelled(shop):
    """By the buyer: the codes are back on the shelf, and the chat does not say *paid*."""
    shop.catalogue("given-up", codes=2)
    buyer = shop.buyer()
    # Two of them: a message that is drawn by an edit has a number that the shop knows.
    number, bill = buyer.open_order("given-up", 2)
    buyer.wait("Зарезервовано")
    lost = fault(shop, "lost", "SET state = 'cancelled'")
    buyer.press("Скасувати")
    lost.wait()
    shop.wait_state(number, "cancelled")
    assert shop.sold_to(number) == 0
    assert shop.number("SELECT COUNT(*) FROM card_codes c JOIN card_values v ON v.id = c.value_id "
                       "WHERE v.slug = 'given-up' AND c.state = 'available'") == 2
    assert "оплачено" not in buyer.last()["text"].lower()
    # Paid all the same: late money.
    shop.pay(bill)
    shop.served(buyer, number, 2)


def test_scenario_21_replaced(shop):
    """A bad code is replaced by one code, not by two."""
    buyer, number, _ = shop.bought("replaced", codes=4)
    lost = fault(shop, "lost", "INSERT INTO code_replacements")
    shop.kartka("order", "replace", number, "--why", "to see")
    lost.wait()
    until(lambda: len(set(buyer.codes())) == 2, what="the new code")
    shop.outbox_empty()
    assert len(set(buyer.codes())) == 2 and shop.sold_to(number) == 1
    assert sorted(shop.sql("SELECT c.state FROM card_codes c JOIN card_values v ON "
                           "v.id = c.value_id WHERE v.slug = 'replaced'")) == [
                               ["available"], ["available"], ["defective"], ["sold"]]


@pytest.mark.parametrize("way", ["lost", "dropped"])
def test_scenario_21_import(shop, way):
    """Every code of the file is on the shelf once, and counted as added."""
    slug = f"import-{way}"
    shop.catalogue(slug, codes=0)
    path = shop.var / "codes-lost.txt"
    path.write_text("\n".join(f"L-{slug}-{n}" for n in range(700)))
    lost = fault(shop, way, "INSERT INTO card_codes")
    said = shop.kartka("codes", "import", slug, path).stdout
    lost.wait()
    assert "added 700" in said, said
    again = shop.kartka("codes", "import", slug, path).stdout
    assert "added 0" in again, again
    assert shop.number("SELECT COUNT(*) FROM card_codes c JOIN card_values v ON v.id = c.value_id "
                       f"WHERE v.slug = '{slug}' AND c.state = 'available'") == 700


@pytest.mark.parametrize("place", ["INSERT INTO staged_codes", "SET state = 'confirmed'",
                                   "UPDATE stagings SET moved"])
def test_scenario_21_upload(shop, loader, place):
    """The same by the panel: at the preview, at the confirmation, on the way to the shelf."""
    slug = "upload-" + "".join(c for c in place if c.islower())
    shop.catalogue(slug, codes=0)
    value = shop.sql(f"SELECT id FROM card_values WHERE slug = '{slug}'")[0][0]
    lost = fault(shop, "lost", place)
    _, preview = upload(loader, value, "\n".join(f"U-{slug}-{n}" for n in range(20)))
    loader.post(preview + "/confirm")
    lost.wait()
    until(lambda: shop.sql("SELECT state, total, added FROM stagings ORDER BY id DESC LIMIT 1") == [
        ["done", "20", "20"]], what="the codes on the shelf")
    assert shop.number(f"SELECT COUNT(*) FROM card_codes WHERE value_id = {value}") == 20


def test_scenario_21_waiting_order_is_filled(shop):
    """Who waits is served by the import, whose COMMIT for them is lost."""
    shop.catalogue("filled", codes=1)
    buyer = shop.buyer()
    number, bill = buyer.open_order("filled")
    shop.sql("UPDATE card_codes c JOIN orders o ON o.id = c.order_id SET c.state = 'withdrawn', "
             f"c.order_id = NULL, c.slot = NULL WHERE o.number = '{number}'")
    shop.pay(bill)
    shop.wait_state(number, "paid")
    buyer.wait("код ще ні")
    lost = fault(shop, "lost", "SET state = 'delivered'")
    shop.stock("filled", 3, prefix="N")
    lost.wait()
    shop.served(buyer, number)


@pytest.mark.parametrize("place", ["INSERT INTO refunds", "UPDATE refunds SET claims",
                                   "UPDATE refunds SET state = 'sent'",
                                   "UPDATE refunds SET state = 'done'"])
@pytest.mark.parametrize("way", ["lost", "dropped"])
def test_scenario_21_refund(shop, way, place):
    """The money goes back once, whichever answer is lost."""
    slug = f"back-{way}-" + "".join(c for c in place.rpartition(" SET ")[2] if c.islower())
    buyer, number, _ = shop.bought(slug)
    lost = fault(shop, way, place)
    shop.kartka("order", "refund", number, "--why", "to see", check=False)
    lost.wait()
    if shop.state(number) == "delivered":
        shop.kartka("order", "refund", number, "--why", "to see", check=False)

    def over():
        # What takes the real shop a minute, so that it is sure.
        shop.sql("UPDATE refunds SET not_before = UTC_TIMESTAMP(6), sent_at = sent_at - INTERVAL "
                 "60 SECOND WHERE open_order_id IS NOT NULL AND lease_owner IS NULL")
        return shop.state(number) == "refunded"

    # A lost claim is not waited for until its thirty seconds are over.
    until(over, 20, f"the refund of {number}")
    assert shop.returned(number) == [10000]
    buyer.wait("Гроші повернуто")
    shop.outbox_empty()
    assert len([m for m in buyer.messages() if "Гроші повернуто" in m["text"]]) == 1
