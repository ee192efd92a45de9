"""Who is too fast hears it once, who is banned hears it once; nobody else notices."""

import concurrent.futures
import time

import pytest
from stack import Stack, http, keys, until

RATE, BURST = 2, 8


@pytest.fixture(scope="module")
def module_shop():
    with Stack(THROTTLE_RATE=RATE, THROTTLE_BURST=BURST) as stack:
        stack.catalogue("t", codes=20)
        yield stack


@pytest.fixture
def shop(module_shop):
    yield module_shop
    module_shop.check()
    assert module_shop.violations() == []


class Person:
    """Writes to the shop directly: Telegram itself would send one after the other."""

    number = 740000

    def __init__(self, shop):
        Person.number += 1
        self.shop, self.id, self.update = shop, Person.number, Person.number * 1000

    def say(self, text="/help"):
        self.update += 1
        answer = self.shop.webhook({"update_id": self.update, "message": {
            "message_id": 1, "date": int(time.time()), "text": text,
            "from": {"id": self.id, "is_bot": False, "first_name": "Н", "language_code": "uk"},
            "chat": {"id": self.id, "type": "private"}}})
        assert answer.status == 200
        return answer.json()["text"] if answer.body else ""

    def tap(self, data):
        self.update += 1
        answer = self.shop.webhook({"update_id": self.update, "callback_query": {
            "id": str(self.update), "chat_instance": "1", "data": data,
            "from": {"id": self.id, "is_bot": False, "first_name": "Н", "language_code": "uk"},
            "message": {"message_id": 1, "date": int(time.time()),
                        "chat": {"id": self.id, "type": "private"}}}})
        assert answer.status == 200
        return answer.json()["text"] if answer.body else ""


def is_hint(text):
    return "Забагато натискань" in text


def test_one_hint_then_silence(shop):
    person = Person(shop)
    answers = [person.say() for _ in range(40)]
    assert all(answers[:BURST]) and not any(map(is_hint, answers[:BURST]))
    # How long that took decides how many more were let through, not how many hints there are.
    assert len([a for a in answers if is_hint(a)]) == 1
    first = next(i for i, a in enumerate(answers) if is_hint(a))
    assert not any(map(is_hint, answers[first + 1:]))
    assert "" in answers[first + 1:]


def test_taps_and_texts_count_together(shop):
    person = Person(shop)
    answers = [person.tap("m") if n % 2 else person.say() for n in range(3 * BURST)]
    assert len([a for a in answers if is_hint(a)]) == 1


def test_shared_by_all_copies(shop):
    """Sixty at once, over all copies of the process: one bucket, one hint."""
    person = Person(shop)
    copies = shop.processes("telegram")
    assert len(copies) > 1
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: person.say(), range(60)))
    took = time.monotonic() - began
    let_through = [a for a in answers if a and not is_hint(a)]
    assert BURST <= len(let_through) <= BURST + RATE * took + 1
    assert len([a for a in answers if is_hint(a)]) == 1


def test_comes_back_after_a_rest(shop):
    person = Person(shop)
    for _ in range(2 * BURST):
        person.say()
    assert person.say() == ""
    until(person.say, 5, "an answer after a rest")
    # Full again: the next time is told anew.
    time.sleep(BURST / RATE + 0.5)
    answers = [person.say() for _ in range(2 * BURST)]
    assert len([a for a in answers if is_hint(a)]) == 1


def test_others_notice_nothing(shop):
    noisy, calm = Person(shop), [Person(shop) for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        noise = [pool.submit(noisy.say) for _ in range(300)]
        for person in calm:
            began = time.monotonic()
            assert "Як купити" in person.say()
            assert time.monotonic() - began < 1
        assert sum(1 for n in noise if is_hint(n.result())) == 1


def test_the_silent_still_get_their_code(shop):
    buyer = shop.buyer()
    _, bill = buyer.open_order("t")
    for _ in range(3 * BURST):
        buyer.say("/help")
    shop.pay(bill)
    buyer.wait("Ваш код")
    assert len(buyer.codes()) == 1
    shop.idle()
    assert len([m for m in buyer.messages() if is_hint(m["text"])]) == 1


def test_no_tap_spins_on(shop):
    """A tap that is too fast is not drawn, but its key does not spin for ever."""
    buyer = shop.buyer()
    buyer.offer("t")
    message, key = buyer.wait_key("➕")
    for _ in range(3 * BURST):
        buyer.tap(message, key["callback_data"], force=True)
    shop.idle()
    assert buyer.chat()["spinners"] == []


def test_banned_hears_it_once(shop):
    buyer = shop.buyer()
    buyer.offer("t")
    message, key = buyer.wait_key("➕")
    shop.sql(f"UPDATE users SET banned_at = UTC_TIMESTAMP(6) WHERE id = {buyer.id}")
    before = len(buyer.messages())
    for n in range(6):
        buyer.say("/start") if n % 2 else buyer.tap(message, key["callback_data"], force=True)
        shop.idle()
    told = [m for m in buyer.messages() if "доступ закрито" in m["text"]]
    assert len(told) == 1
    assert len(buyer.messages()) in (before, before + 1)  # a tap's message may be rewritten
    time.sleep(BURST / RATE)
    buyer.say("/start")
    buyer.say("hello")
    shop.idle()
    assert len([m for m in buyer.messages() if "доступ закрито" in m["text"]]) == 1
    assert not any("/pay/" in k.get("url", "") for k in keys(buyer.last()))


def test_banned_at_once_by_all_copies(shop):
    person = Person(shop)
    person.say()
    shop.sql(f"UPDATE users SET banned_at = UTC_TIMESTAMP(6) WHERE id = {person.id}")
    with concurrent.futures.ThreadPoolExecutor(BURST) as pool:
        answers = list(pool.map(lambda _: person.say(), range(BURST - 2)))
    assert len([a for a in answers if "доступ закрито" in a]) == 1
    assert len([a for a in answers if a]) == 1


def test_banned_cannot_pay(shop):
    """With a link from before; what was opened before can be paid, and is delivered."""
    buyer, other = shop.buyer(), shop.buyer()
    url = buyer.offer("t")
    number, bill = other.open_order("t")
    shop.sql(f"UPDATE users SET banned_at = UTC_TIMESTAMP(6) WHERE id IN ({buyer.id}, {other.id})")
    page = http("GET", url)
    assert page.status == 403 and "Location" not in page.headers
    shop.pay(bill)
    shop.wait_state(number, "delivered")
    other.wait("Ваш код")
    shop.sql(f"UPDATE users SET banned_at = NULL WHERE id = {buyer.id}")
    assert http("GET", url).status == 303
