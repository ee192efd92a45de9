"""From /start to the code, as a buyer goes: taps, the payment page, the code in the chat."""

import re
import threading

import pytest

from stack import http, keys, pay_key, until

WORDS = {
    "uk": dict(buy="Купити", delivered="Оплачено", copy="Скопіювати", opened="Зарезервовано",
               pay="Сплатити 100 ₴", purchases="Мої покупки", sold_out="немає", cancel="Скасувати"),
    "en": dict(buy="Buy", delivered="Paid", copy="Copy", opened="Reserved",
               pay="Pay ₴100", purchases="My purchases", sold_out="sold out", cancel="Cancel"),
    "ru": dict(buy="Купить", delivered="Оплачено", copy="Скопировать", opened="Зарезервировано",
               pay="Оплатить 100 ₴", purchases="Мои покупки", sold_out="нет", cancel="Отменить"),
}


def reply_keys(buyer):
    keyboard = buyer.chat()["reply_keyboard"] or []
    rows = keyboard.get("keyboard", []) if isinstance(keyboard, dict) else keyboard
    return [key["text"] if isinstance(key, dict) else key for row in rows for key in row]


def press_paged(buyer, label):
    """Press a key of the newest list, turning its pages; other tests leave theirs in it."""
    for _ in range(60):
        buyer.stack.idle()
        message = next(m for m in reversed(buyer.messages()) if keys(m))
        key = next((k for k in keys(message) if label in k["text"]), None)
        key = key or next(k for k in keys(message) if k["text"] == "»")
        buyer.tap(message, key["callback_data"])
        if label in key["text"]:
            buyer.stack.idle()
            return next(m for m in buyer.messages() if m["message_id"] == message["message_id"])
    raise AssertionError(f"no key {label}")


def to_category(buyer, category, buy="Купити"):
    """The first two taps: the category's values."""
    buyer.say("/start")
    # A key of the reply keyboard writes its text.
    buyer.say(next(k for k in until(lambda: reply_keys(buyer)) if buy in k))
    return press_paged(buyer, category)


@pytest.mark.parametrize("lang", ["uk", "en", "ru"])
def test_whole_path(shop, lang):
    words = WORDS[lang]
    slug = f"path-{lang}"
    codes = shop.catalogue(slug, codes=4, title={"uk": f"Сотня {lang}", "en": f"Hundred {lang}",
                                                 "ru": f"Сотка {lang}"})
    value = {"uk": "Сотня", "en": "Hundred", "ru": "Сотка"}[lang] + f" {lang}"
    buyer = shop.buyer(language=lang)
    to_category(buyer, f"Категорія {slug}", words["buy"])
    screen = press_paged(buyer, value)
    button = pay_key(screen)
    assert button["text"].replace("\u00a0", " ") == words["pay"]

    answer = http("GET", button["url"])
    assert answer.status in (302, 303)
    bill = answer.headers["Location"].rsplit("/", 1)[1]
    buyer.wait(words["opened"])
    paid = shop.pay(bill)
    message = buyer.wait(words["delivered"])
    assert buyer.codes() == [codes[0]]
    assert any(k.get("copy_text", {}).get("text") == codes[0] for k in keys(message))

    number = shop.api("GET", f"/api/bills/{bill}")["order"]
    assert number in message["text"]
    back = paid["return"]
    page = http("POST", back["url"], re.sub(r"\s", "+", "&".join(
        f"{k}={v}" for k, v in back["fields"].items())).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"})
    assert page.status == 200
    assert codes[0] not in page.text

    # My purchases shows it again.
    buyer.say(next(k for k in reply_keys(buyer) if words["purchases"] in k))
    buyer.press(f"{value} × 1")
    until(lambda: buyer.codes().count(codes[0]) >= 2, what="the code again")


def test_deep_link_shows_the_button_at_once(shop):
    shop.catalogue("deep-link", codes=1)
    assert "/pay/" in shop.buyer().offer("deep-link")


def test_value_button_shows_title_price_and_stock(shop):
    shop.catalogue("stock-shown", price="249.90", codes=7)
    shop.catalogue("stock-many", price="12345.60", codes=120)
    shop.catalogue("stock-none", codes=0)
    buyer = shop.buyer()
    for category, label in (
        ("stock-shown", "Картка stock-shown · 249,90 ₴ · 7"),
        ("stock-many", "Картка stock-many · 12 345,60 ₴ · >100"),
        ("stock-none", "Картка stock-none · немає 🔔"),
    ):
        message = to_category(buyer, f"Категорія {category}")
        key = next(k for k in keys(message) if f"Картка {category}" in k["text"])
        assert key["text"].replace("\u00a0", " ").replace("\u202f", " ") == label


def test_several_codes_and_a_file(shop):
    codes = shop.catalogue("several", codes=20)
    buyer = shop.buyer()
    _, bill = buyer.open_order("several", 3)
    shop.pay(bill)
    buyer.wait("Оплачено")
    assert sorted(buyer.codes()) == codes[:3]
    _, bill = buyer.open_order("several", 12)
    shop.pay(bill)
    until(lambda: len(buyer.codes()) == 15, what="the file of codes")
    assert sorted(buyer.codes()) == codes[:15]


def test_typed_quantity_survives_and_bad_input_is_kind(shop):
    """Scenario 14."""
    shop.catalogue("typed", codes=9)
    buyer = shop.buyer()
    buyer.offer("typed")
    message, _ = buyer.wait_key("➕")
    quantity = next(k for k in keys(message) if k["text"].strip() == "1")
    buyer.tap(message, quantity["callback_data"])
    shop.idle()
    for nonsense in ("багато", "0", "-3", "1e3", "99999999999999999999", "٣"):
        buyer.say(nonsense)
        shop.idle()
    buyer.say("4")
    until(lambda: any("400" in k["text"] for m in buyer.messages() for k in keys(m)),
          what="an order of four")


def test_cancel_frees_the_codes(shop):
    shop.catalogue("cancelled", codes=2)
    buyer = shop.buyer()
    url = buyer.offer("cancelled")
    message, _ = buyer.wait_key("Сплатити")
    # A message drawn by an edit has a number that the shop knows.
    buyer.press("➕")
    url = pay_key(next(m for m in buyer.messages() if m["message_id"] == message["message_id"]))["url"]
    bill = http("GET", url).headers["Location"].rsplit("/", 1)[1]
    number = shop.api("GET", f"/api/bills/{bill}")["order"]
    buyer.wait("Зарезервовано")
    buyer.press("Скасувати")
    shop.wait_state(number, "cancelled")
    # The same bill paid all the same is late money: the code is still there.
    shop.pay(bill)
    buyer.wait("Оплачено")


def test_one_link_in_ten_browsers(shop):
    shop.catalogue("ten-browsers", codes=5)
    buyer = shop.buyer()
    url = buyer.offer("ten-browsers")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(http("GET", url))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    places = {a.headers.get("Location") for a in answers if a.status in (302, 303)}
    assert len(places) == 1 and all(a.status < 500 for a in answers)
    bills = [b for b in shop.api("GET", "/api/bills?order=" + shop.api(
        "GET", "/api/bills/" + places.pop().rsplit("/", 1)[1])["order"])]
    assert len(bills) == 1
    shop.pay(bills[0]["bill"])
    buyer.wait("Оплачено")
    assert len(buyer.codes()) == 1


def test_one_tap_delivered_six_times(shop):
    """Scenario 33."""
    codes = shop.catalogue("six-taps", codes=5)
    buyer = shop.buyer()
    message_id = buyer.offer("six-taps") and buyer.wait_key("➕")[0]["message_id"]
    shop.faults(duplicate_taps=6)
    buyer.press("➕")
    shop.faults(duplicate_taps=1)
    shop.idle()
    message = next(m for m in buyer.messages() if m["message_id"] == message_id)
    bill = http("GET", pay_key(message)["url"]).headers["Location"].rsplit("/", 1)[1]
    shop.pay(bill)
    buyer.wait("Оплачено")
    assert sorted(buyer.codes()) == codes[:2]
    orders = shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}")
    assert orders == [["1"]]


def test_sold_out_says_so_and_owes_nothing(shop):
    shop.catalogue("sold-out", codes=1)
    first, second = shop.buyer(), shop.buyer()
    offer = second.offer("sold-out")
    first.open_order("sold-out")
    answer = http("GET", offer)
    assert answer.status in (200, 409, 410) and "Location" not in answer.headers
    assert "закінчил" in answer.text or "немає" in answer.text


def test_price_changed_is_shown_first(shop):
    shop.catalogue("repriced", price="100.00", codes=3)
    buyer = shop.buyer()
    offer = buyer.offer("repriced")
    shop.catalogue("repriced", price="120.00", codes=0)
    page = http("GET", offer)
    assert page.status == 409 and "120" in page.text and "100" in page.text
    fresh = re.search(r'(?:href|action)="([^"]*/pay/[A-Za-z0-9_-]+)"', page.text).group(1)
    fresh = fresh if fresh.startswith("http") else shop.shop_url + fresh
    answer = http("GET", fresh)
    bill = answer.headers["Location"].rsplit("/", 1)[1]
    assert shop.api("GET", f"/api/bills/{bill}")["amount"] in ("120.00", "120", 120, 120.0)


def test_tell_me_when_it_is_back(shop):
    shop.catalogue("restock", codes=0)
    buyer = shop.buyer()
    to_category(buyer, "Категорія restock")
    buyer.press("Картка restock · немає")
    buyer.press("Повідомити")
    shop.stock("restock", 3)
    until(lambda: any("Картка restock" in m["text"] and "🔔" in m["text"] for m in buyer.messages()),
          what="the notice")


def test_erase_me(shop):
    shop.catalogue("erase", codes=1)
    buyer = shop.buyer(first_name="Незабутня")
    _, bill = buyer.open_order("erase")
    shop.pay(bill)
    buyer.wait("Оплачено")
    buyer.say("/privacy")
    shop.idle()
    buyer.press("Видалити")
    shop.idle()
    buyer.press("Так, видалити")
    shop.idle()
    assert shop.sql(f"SELECT first_name, erased_at IS NOT NULL FROM users WHERE id = {buyer.id}") == [["", "1"]]
    assert shop.sql(f"SELECT COUNT(*) FROM orders WHERE user_id = {buyer.id}") == [["1"]]
