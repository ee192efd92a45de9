"""A shop whose worker is watched: what its tests share."""

import contextlib
import subprocess

import pytest
from stack import BIN, Stack, until

ADMIN = 1002  # Alex, one of the sandbox's own three


@pytest.fixture(scope="module")
def module_shop():
    with Stack(ORDER_TTL=8, ADMIN_CHAT_IDS=ADMIN) as stack:
        stack.quiet()
        stack.api("POST", f"/api/users/{ADMIN}/say", {"text": "/start"})
        stack.catalogue("w", codes=300)
        stack.catalogue("w-none", codes=0)
        yield stack


@pytest.fixture
def shop(module_shop):
    module_shop.faults(reset=True)
    until(lambda: not module_shop.sql("SELECT 1 FROM outbox WHERE state = 'pending' LIMIT 1"))
    yield module_shop
    module_shop.faults(reset=True)
    module_shop.check()
    assert module_shop.violations() == []


def buyer_of(shop, language="uk"):
    """Somebody who has started the bot."""
    buyer = shop.buyer(language=language)
    buyer.say("/start")
    shop.idle()
    return buyer


def pay_quietly(shop, bill, notify="json"):
    shop.pay(bill, notify=notify, **{"return": False})


def alert(shop, fact, chat_id, what="other"):
    """A message that needs nothing but a chat."""
    shop.sql(
        "INSERT INTO outbox (fact, kind, chat_id, data, priority, state, not_before, "
        f"created_at) VALUES ('{fact}', 'alert', {chat_id}, "
        f"""'{{"what":"{what}","error":"{fact}","outbox":1,"kind":"k"}}', 5, 'pending', """
        "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))")


def outbox(shop, fact):
    rows = shop.sql(f"SELECT state, attempts, last_error FROM outbox WHERE fact = '{fact}'")
    return rows[0] if rows else None


def wait_outbox(shop, fact, state, seconds=20):
    until(lambda: (outbox(shop, fact) or [None])[0] == state, seconds, f"{fact} {state}")


def texts(buyer, part):
    return [m for m in buyer.messages() if part in (m.get("text") or "")]


@contextlib.contextmanager
def another_worker(shop, **env):
    process = subprocess.Popen([BIN / "worker"], env={**shop.operator_env, **env},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
