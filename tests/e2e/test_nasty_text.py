"""Whatever titles, instructions, codes and names hold: every screen is valid and shows it."""

import concurrent.futures
import html
import json
import re

import pytest
from stack import Stack, http, keys, pay_key, until

# What an administrator's spreadsheet or a prankster may bring.
NASTY = {
    "markup": "<b>&\"'</b><script>alert(1)</script>",
    "end-of-link": "</a><a href=\"tg://user?id=1\">x",
    "entities": "&amp; &lt; &#60; &nbsp; &quot &",
    "family": "👩‍👩‍👧‍👦 🏳️‍🌈 ✌🏽",
    "backwards": "\u202eзадом\u202c \u200fнаперед\u2067!\u2069",
    "hebrew": "שלום 100 ₴",
    "long": "Ж😀" * 32768,
    "surrogates": "a\ud800b\udfffc",
    "nul": "до\0після",
    "lines": "a\nb\r\n\r\nc\u2028d\te",
    "markdown": "`*_[x](http://y)~|>#+-=.!```",
    "places": "{{name}} {{{html}}} {{#a}} %s %n %lld \\n ${x}",
    "spaces": "   a      b   ",
    "zalgo": "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d" * 8,
    "quotes": "\"'«»`''--/*\\",
    "one": "<",
}
ADMIN = 1002  # one of the sandbox's own three: reads of every title as well
INSTRUCTION = "Рядок <1> & \"2\"\n*123*код#\n</code><pre>{{x}}"

WORDS = {
    "uk": dict(mark="УКР", waiting="Оплату отримано", expired="Час на оплату"),
    "en": dict(mark="ENG", waiting="Your payment is here", expired="The time to pay"),
    "ru": dict(mark="РУС", waiting="Оплата получена", expired="Время на оплату"),
}
HIDDEN = re.compile("[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]")
PER_PAGE = 6


def clean(text, points=64):
    """What people are to see: one line, nothing hidden, cut with an ellipsis."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    text = re.sub("[ \t\n\r\u000b\u000c\u0085\u2028\u2029]+", " ", text).strip(" ")
    text = HIDDEN.sub("", text)
    return text if len(text) <= points else text[:points].rstrip(" ") + "…"


def title(name, lang, more=""):
    """What was typed: the nasty part first, then what tells one from the other."""
    return f"{NASTY[name]} {WORDS[lang]['mark']} {name}{more}"


def titles(name, more=""):
    return {lang: title(name, lang, more) for lang in WORDS}


@pytest.fixture(scope="module")
def nasty_shop():
    with Stack(THROTTLE_RATE=1000, THROTTLE_BURST=8000, ADMIN_CHAT_IDS=ADMIN) as stack:
        stack.quiet()
        stack.api("POST", f"/api/users/{ADMIN}/say", {"text": "/start"})
        stack.import_catalogue([
            {"slug": f"n-{name}", "title": titles(name), "values": [
                {"slug": f"n-{name}", "price": "100.00", "title": titles(name, "!"),
                 "instruction": {lang: f"{text} {INSTRUCTION}" for lang in WORDS}}]}
            for name, text in NASTY.items()])
        for name in NASTY:
            stack.stock(f"n-{name}", 30)
        yield stack


@pytest.fixture
def shop(nasty_shop):
    seen = len(nasty_shop.violations())
    yield nasty_shop
    assert nasty_shop.violations()[seen:] == []
    nasty_shop.check()


def said(buyer, text):
    """Everything that the newest message says: its text, and its keys."""
    buyer.stack.idle()
    message = buyer.last()
    shown = message["text"] + "\n" + "\n".join(key["text"] for key in keys(message))
    assert text in shown.replace("\u00a0", " "), (text, shown)
    return message


def find_key(buyer, label):
    """Turn the pages of a list until the key is there; press it."""
    for _ in range(100):
        buyer.stack.idle()
        message = buyer.last()
        key = next((k for k in keys(message) if label in k["text"]), None)
        if key:
            buyer.tap(message, key["callback_data"])
            buyer.stack.idle()
            return next(m for m in buyer.messages() if m["message_id"] == message["message_id"])
        key = next(k for k in keys(message) if k["text"] == "»")
        buyer.tap(message, key["callback_data"])
    raise AssertionError(label)


def order_of(shop, answer):
    bill = answer.headers["Location"].rsplit("/", 1)[1]
    return shop.api("GET", f"/api/bills/{bill}")["order"], bill


def offered(buyer, name):
    """Counts on buttons may be a second old."""
    buyer.say(f"/start v_n-{name}")
    buyer.stack.idle()
    return pay_key(buyer.last())


def alerts(shop):
    return [m for m in shop.api("GET", f"/api/chats/{ADMIN}")["messages"] if "⚠️" in m["text"]]


# ---- every screen ----


@pytest.mark.parametrize("lang", WORDS)
def test_bought(shop, lang):
    """Scenario 40."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(buy, shop, lang, name) for name in NASTY]:
            done.result()


def buy(shop, lang, name):
    """The whole way to a code, by keys whose labels are the titles."""
    category, value = clean(title(name, lang)), clean(title(name, lang, "!"))
    buyer = shop.buyer(language=lang)
    buyer.say("/buy")
    message = find_key(buyer, category)
    assert category in message["text"]
    message = find_key(buyer, value[:50])
    assert category in message["text"] and value in message["text"]

    # Typed quantity, then the payment page.
    data = next(k["callback_data"] for k in keys(message) if k["text"] == "1")
    buyer.tap(message, data)
    said(buyer, value)
    buyer.say("2")
    message = said(buyer, category)
    answer = http("GET", pay_key(message)["url"])
    assert answer.status == 303, answer.text
    bill = answer.headers["Location"].rsplit("/", 1)[1]
    number = shop.api("GET", f"/api/bills/{bill}")["order"]
    assert number in shop.api("GET", f"/api/bills/{bill}")["description"]

    shop.pay(bill)
    until(lambda: len(buyer.codes()) == 2, what="the codes")
    message = buyer.wait(number)
    assert category in message["text"] and value in message["text"]
    assert clean(NASTY[name], 900)[:100] in message["text"]
    if name != "long":
        assert "<1> & \"2\"\n*123*код#\n</code><pre>{{x}}" in message["text"]

    # Bought things.
    buyer.say("/purchases")
    said(buyer, value[:50])
    buyer.press(value[:50])
    until(lambda: len(buyer.codes()) == 4, what="the codes again")


@pytest.mark.parametrize("lang", WORDS)
def test_waiting(shop, lang):
    """The codes are gone when the money comes; then there are new ones."""
    buyers = {}
    for name in NASTY:
        buyer = buyers[name] = shop.buyer(language=lang)
        until(lambda b=buyer, n=name: offered(b, n), what="the codes of the test before")
        number, bill = buyer.open_order(f"n-{name}")
        shop.sql("UPDATE card_codes c JOIN card_values v ON v.id = c.value_id SET c.state = "
                 f"'withdrawn', c.order_id = NULL, c.slot = NULL WHERE v.slug = 'n-{name}' AND "
                 "c.state IN ('available', 'reserved')")
        shop.pay(bill)
    for name, buyer in buyers.items():
        message = buyer.wait(WORDS[lang]["waiting"])
        assert clean(title(name, lang)) in message["text"]
        buyer.say(f"/start v_n-{name}")
        said(buyer, clean(title(name, lang, "!")))
        buyer.say("/purchases")
        said(buyer, clean(title(name, lang, "!"))[:50])
        shop.stock(f"n-{name}", 20, prefix=f"W{lang}")
    for name, buyer in buyers.items():
        until(buyer.codes, what="the code")
        assert clean(title(name, lang)) in buyer.last()["text"]
        buyer.press("Problem" if lang == "en" else "Проблема")
    until(lambda: all(any(clean(title(name, "en")) in m["text"] for m in alerts(shop))
                      for name in NASTY), what="the administrator's messages")


@pytest.mark.parametrize("lang", WORDS)
def test_expired(shop, lang):
    """Drawn by an edit, so its message is rewritten when it is opened, and when it is over."""
    buyers = {}
    for name in NASTY:
        buyer = buyers[name] = shop.buyer(language=lang)
        number, bill = buyer.open_order(f"n-{name}", 2)
        message = buyer.wait(number)
        assert clean(title(name, lang)) in message["text"]
        shop.api("POST", f"/api/bills/{bill}/decline", {})
    shop.sql("UPDATE orders SET expires_at = UTC_TIMESTAMP(6), ask_at = UTC_TIMESTAMP(6) "
             "WHERE state = 'pending'")
    for name, buyer in buyers.items():
        message = buyer.wait(WORDS[lang]["expired"])
        assert clean(title(name, lang)) in message["text"]


@pytest.mark.parametrize("lang", WORDS)
def test_the_payment_page(shop, lang):
    """Not the redirect: a page in words, with the title in it."""
    for name in NASTY:
        url = shop.buyer(language=lang).offer(f"n-{name}")
        shop.sql(f"UPDATE card_values SET price_kop = 20000 WHERE slug = 'n-{name}'")
        page = http("GET", url)
        shop.sql(f"UPDATE card_values SET price_kop = 10000 WHERE slug = 'n-{name}'")
        assert page.status == 409
        assert clean(title(name, lang)) in html.unescape(page.text)
        assert "<script" not in page.text and "<b>" not in page.text


def test_restock(shop):
    shop.import_catalogue([{"slug": f"r-{name}", "title": titles(name), "values": [
        {"slug": f"r-{name}", "price": "0.01", "title": titles(name)}]} for name in NASTY])
    buyers = {name: shop.buyer() for name in NASTY}
    for name, buyer in buyers.items():
        buyer.say(f"/start v_r-{name}")
        said(buyer, clean(title(name, "uk")))
        buyer.press("🔔")
        said(buyer, clean(title(name, "uk")))
    for name in NASTY:
        shop.stock(f"r-{name}", 1)
    for name, buyer in buyers.items():
        message = buyer.wait("Знову є в продажу")
        assert clean(title(name, "uk")) in message["text"]
        buyer.press("Купити за")
        said(buyer, clean(title(name, "uk")))


# ---- people ----


@pytest.mark.parametrize("lang", WORDS)
def test_names(shop, lang):
    """Scenario 39."""
    for n, text in enumerate(NASTY.values()):
        person = shop.buyer(language=lang)
        says = ["/start", "/help", "/terms", "/privacy", "/paysupport", "/language", "/menu", "?",
                text[:4000], f"/start {text[:100]}", f"/start v_{text[:60]}", f"/{text[:30]}"]
        for k, said_text in enumerate(says):
            shop.api("POST", "/api/update", {"update": {"message": {
                "message_id": 5000 + 20 * n + k, "date": 1800000000, "text": said_text,
                "from": {"id": person.id, "is_bot": False, "first_name": text, "last_name": text,
                         "username": text[:32], "language_code": lang},
                "chat": {"id": person.id, "type": "private", "first_name": text}}}})
        until(lambda p=person: len(p.messages()) == len(says), what="every answer")
        assert clean(text) in person.messages()[0]["text"]


# ---- lists ----


def test_sixty_and_sixty(shop):
    """Every one of them can be reached, none is shown twice, and back leads to its page."""
    shop.import_catalogue([{"slug": "sixty", "title": {"uk": "Шістдесят"}, "values": [
        {"slug": f"sixty-{n}", "title": {"uk": f"Номінал {n:02d}"}, "price": "10.00"}
        for n in range(60)]}] + [
        {"slug": f"many-{n}", "title": {"uk": f"Розділ {n:02d}"}, "values": []} for n in range(60)])
    buyer = shop.buyer()
    buyer.say("/buy")
    shop.idle()
    assert pages(buyer, "Розділ") == [f"Розділ {n:02d}" for n in range(60)]
    buyer.say("/buy")
    find_key(buyer, "Шістдесят")
    assert [label.split(" · ")[0] for label in pages(buyer, "Номінал")] == [
        f"Номінал {n:02d}" for n in range(60)]
    message = find_back(buyer, "Номінал 59")
    # A value of the last page: its back key leads to the last page again.
    back = next(k for k in keys(message) if "Назад" in k["text"])
    buyer.tap(message, back["callback_data"])
    said(buyer, "Номінал 59")


def pages(buyer, prefix):
    """The labels that start so, page by page, in the newest message."""
    found = []
    for _ in range(100):
        buyer.stack.idle()
        message = buyer.last()
        own = [k["text"] for k in keys(message) if k["text"].startswith(prefix)]
        assert len([k for k in keys(message) if k["text"] not in "«»"]) <= PER_PAGE + 3
        found += own
        following = next((k for k in keys(message) if k["text"] == "»"), None)
        if not following:
            return found
        buyer.tap(message, following["callback_data"])
    raise AssertionError("no end")


def find_back(buyer, label):
    """Press a key of the page that is shown."""
    message = buyer.press(label)
    return next(m for m in buyer.messages() if m["message_id"] == message["message_id"])


# ---- codes ----


def codes_file(shop, codes):
    path = shop.var / "codes-nasty.txt"
    path.write_text("\n".join(codes))
    return path


def test_codes_with_markup(shop):
    codes = ["<&>\"'-1", "</code><b>2", "&amp;&lt;3", "`4`*_5_*", "Код ЇЄҐ 6", "{{x}}7", "%s%n8",
             "C:\\9\\n", "👩‍👩‍👧‍👦10"]
    shop.catalogue("markup-codes", codes=0)
    shop.kartka("codes", "import", "markup-codes", codes_file(shop, codes))
    for code in codes:
        buyer = shop.buyer()
        _, bill = buyer.open_order("markup-codes")
        shop.pay(bill)
        message = buyer.wait("Ваш код")
        copied = next(k["copy_text"]["text"] for k in keys(message) if "copy_text" in k)
        entity = next(e for e in message["entities"] if e["type"] == "code")
        units = message["text"].encode("utf-16-le")
        shown = units[entity["offset"] * 2:(entity["offset"] + entity["length"]) * 2]
        assert copied in codes and shown.decode("utf-16-le") == copied
        codes = [c for c in codes if c != copied]
    assert codes == []


@pytest.mark.parametrize("filler", ["x", "Ж", "😀"])
def test_fifty_of_the_longest_come_as_a_file(shop, filler):
    length = 256 if filler != "😀" else 256
    slug = f"longest-{ord(filler)}"
    codes = [f"{n:04d}" + filler * (length - 4) for n in range(60)]
    shop.catalogue(slug, codes=0)
    shop.kartka("codes", "import", slug, codes_file(shop, codes))
    buyer = shop.buyer()
    number, bill = buyer.open_order(slug, 50)
    shop.pay(bill)
    document = until(lambda: next((m["document"] for m in buyer.messages() if m.get("document")),
                                  None), what="the file")
    assert document["file_name"] == f"{number}.txt"
    assert document["text"].split() == codes[:50]
    # Ten are few, but these are too long for one message.
    number, bill = buyer.open_order(slug, 10)
    shop.pay(bill)
    until(lambda: len(buyer.codes()) == 60, what="ten more")
    assert sorted(buyer.codes()) == codes


def test_one_of_the_longest_is_shown(shop):
    code = "<" * 255 + "&"
    shop.catalogue("longest-one", codes=0, instruction={"uk": "&<>" * 330})
    shop.kartka("codes", "import", "longest-one", codes_file(shop, [code]))
    buyer = shop.buyer()
    _, bill = buyer.open_order("longest-one")
    shop.pay(bill)
    message = buyer.wait("Ваш код")
    assert code in message["text"] and "&<>" * 330 in message["text"]
    assert next(k["copy_text"]["text"] for k in keys(message) if "copy_text" in k) == code


def test_export_brings_it_back(shop):
    exported = json.loads(shop.kartka("catalog", "export").stdout)
    own = {c["slug"]: c for c in exported["categories"]}
    for name in NASTY:
        assert own[f"n-{name}"]["title"]["uk"] == clean(title(name, "uk"))
    shop.import_catalogue(exported["categories"])
    again = json.loads(shop.kartka("catalog", "export").stdout)
    assert again == exported
