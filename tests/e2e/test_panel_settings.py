"""Settings, the switch that pauses sales, and the page of health, through the panel."""

import os
import re
import signal
import urllib.parse

import pytest

from panel import Browser
from stack import http, keys, pay_key, until
from test_panel_shop import fields


@pytest.fixture(scope="module")
def owner(session_shop):
    yield Browser(session_shop, "settler").sign_in()


@pytest.fixture(autouse=True)
def as_it_was(session_shop):
    """Other tests meet the shop's own words, and sales that are open."""
    yield
    session_shop.sql(
        "DELETE FROM settings WHERE name LIKE 'text_%' OR name = 'sales' OR name LIKE 'limit_%' "
        "OR name IN ('alert_sales', 'alert_stock', 'low_stock'); UPDATE settings SET value = value + 1 WHERE "
        "name = 'policy_version'")


def form_of(page, action):
    """The form that goes there, as it stands."""
    form = page.split(f'action="{action}"', 1)[1].split("</form>")[0]
    return fields('<main><form class="form"' + form)


def wait_words(buyer, command, words):
    """The bot's answer to the command holds these words; said again, because they come late."""
    def said():
        buyer.say(command)
        buyer.stack.idle()
        return words in (buyer.last().get("text") or "")

    until(said, what=f"{words!r} after {command}")
    return buyer.last()


def test_own_words_reach_the_bot(shop, owner):
    buyer = shop.buyer()
    buyer.say("/terms")
    shop.idle()
    assert "Умови" in buyer.last()["text"]
    owner.get("/admin/settings/words")
    answer = owner.post("/admin/settings/words", fields(
        owner.page, terms_uk="Наші <b>умови\nПовертаємо & не питаємо", terms_en="Our terms",
        contact_uk="@live_person", greeting_uk="Тут лише найкращі картки"))
    assert answer.status == 200 and "Збережено" in answer.text
    message = wait_words(buyer, "/terms", "Повертаємо & не питаємо")
    assert message["html"].startswith("<b>Наші &lt;b&gt;умови</b>")  # markup in it is none
    assert "Our terms" not in message["text"]
    assert "@live_person" in wait_words(buyer, "/paysupport", "@live_person")["text"]
    assert buyer.stack and "найкращі картки" in wait_words(buyer, "/start", "найкращі")["text"]
    stranger = shop.buyer("Ann", "en")
    assert wait_words(stranger, "/terms", "Our terms")
    # The words are shown in the form as they were typed, and the trail knows what they were.
    assert "Наші &lt;b&gt;умови" in owner.get("/admin/settings/words").text
    rows = shop.sql("SELECT actor, detail FROM audit WHERE object = 'settings words' "
                    "ORDER BY id DESC LIMIT 1")
    assert rows[0][0] == "settler" and "text_terms_uk" in rows[0][1]
    # Emptied, it is the shop's own text again.
    owner.post("/admin/settings/words", fields(owner.page, terms_uk="", terms_en=""))
    assert "Умови" in wait_words(buyer, "/terms", "Ціни — у гривнях")["text"]


def test_two_editors_of_words(shop, owner):
    owner.get("/admin/settings/words")
    first = fields(owner.page, privacy_uk="перша")
    second = fields(owner.page, privacy_uk="друга")
    assert owner.post("/admin/settings/words", first, follow=False).status == 303
    owner.get("/admin/settings/words")
    stale = owner.post("/admin/settings/words", second, follow=False)
    assert stale.status == 409 and "друга" in stale.text  # what was typed is kept
    assert shop.sql("SELECT value FROM settings WHERE name = 'text_privacy_uk'") == [["перша"]]


@pytest.mark.parametrize("changed, wrong", [
    ({"terms_uk": "х" * 2501}, "terms_uk"), ({"greeting_ru": "😀" * 251}, "greeting_ru"),
    ({"contact_uk": "x" * 101}, "contact_uk")])
def test_words_too_long(shop, owner, changed, wrong):
    owner.get("/admin/settings/words")
    answer = owner.post("/admin/settings/words", fields(owner.page, **changed), follow=False)
    assert answer.status == 422 and "Задовго" in answer.text
    field = answer.text.split(f'name="{wrong}"', 1)[1].split(">", 1)[0]
    assert 'aria-invalid="true"' in field
    assert not shop.sql(f"SELECT 1 FROM settings WHERE name = 'text_{wrong}'")


@pytest.mark.parametrize("name, value", [
    ("limit_open_orders", "-1"), ("limit_open_orders", ""), ("limit_open_orders", "1e3"),
    ("limit_order_ttl", "4"), ("limit_order_ttl", "86401"), ("limit_unpaid_pause", "3601")])
def test_bounds_say_what_is_wrong(shop, owner, name, value):
    page = owner.get("/admin/settings").text
    typed = form_of(page, "/admin/settings/bounds")
    answer = owner.post("/admin/settings/bounds", {**typed, name: value}, follow=False)
    assert answer.status == 422
    assert 'aria-invalid="true"' in answer.text.split(f'name="{name}"', 1)[1][:300]
    assert not shop.sql(f"SELECT 1 FROM settings WHERE name = '{name}'")


def test_bounds_take_effect(shop, owner):
    shop.catalogue("bounds", codes=4)
    page = owner.get("/admin/settings").text
    typed = form_of(page, "/admin/settings/bounds")
    answer = owner.post("/admin/settings/bounds",
                        {**typed, "limit_reserved_codes": "1", "limit_order_ttl": "600"})
    assert answer.status == 200
    buyer = shop.buyer()
    number, _ = buyer.open_order("bounds")
    assert shop.sql("SELECT TIMESTAMPDIFF(SECOND, created_at, expires_at) FROM orders "
                    f"WHERE number = '{number}'") == [["600"]]
    assert http("GET", shop.buyer().offer("bounds", quantity=2)).status == 409


def test_fixed_outside_is_shown_and_no_secret(shop, owner):
    page = owner.get("/admin/settings").text
    assert "PUBLIC_URL" in page and shop.shop_url in page
    for line in (shop.var / "sandbox.env").read_text().splitlines():
        name, _, value = line.partition("=")
        if name in ("BOT_TOKEN", "PORTMONE_PASSWORD", "PORTMONE_KEY"):
            assert name in page and value not in page, name
    assert shop.secret not in page
    # Where each comes from, and what nobody gave is there by its default.
    assert re.search(r"<code>PUBLIC_URL</code></td>", page)
    assert re.search(r"<code>HTTP_LISTEN</code> <span[^>]*>оточення<", page)
    assert re.search(r"<code>WEBHOOK_SECRET</code> <span[^>]*>secrets.json<", page)


def test_sales_paused_and_resumed(shop, owner):
    shop.catalogue("switch", codes=3)
    buyer = shop.buyer()
    number, bill = buyer.open_order("switch")
    late = shop.buyer()
    offer = late.offer("switch")
    page = owner.get("/admin/settings").text
    answer = owner.post("/admin/settings/pause", {
        "paused_uk": "Рахуємо картки <до 18:00>", "paused_en": "Counting", "paused_ru": ""})
    assert answer.status == 200 and "Продаж призупинено" in answer.text
    # Every page of the panel says so.
    assert "banner" in owner.get("/admin/orders").text
    # The payment page says why; the browser of nobody known reads the buyer's language.
    until(lambda: http("GET", offer).status == 409, what="the payment page that says so")
    assert "Рахуємо картки &lt;до 18:00&gt;" in http("GET", offer).text

    # The catalogue is there, with the words in place of the payment button.
    def words_shown():
        late.say("/start v_switch")
        shop.idle()
        return "Рахуємо картки" in late.last()["text"]

    until(words_shown, what="the words in the bot")
    assert not pay_key(late.last())
    assert any("Назад" in k["text"] or "Меню" in k["text"] for k in keys(late.last()))
    # What is open is paid and delivered.
    shop.pay(bill)
    buyer.wait("Оплачено")
    assert len(buyer.codes()) == 1
    # The same form again is the same; another text is another.
    owner.get("/admin/settings")
    owner.post("/admin/settings/pause", {"paused_uk": "Ще трохи", "paused_en": "",
                                         "paused_ru": ""})
    assert "Ще трохи" in http("GET", offer).text
    # One tap, from anywhere.
    owner.get("/admin/orders")
    owner.post("/admin/settings/resume")
    assert "banner" not in owner.get("/admin/orders").text
    until(lambda: http("GET", offer).status in (302, 303), what="sales that go on")
    actions = [r[0] for r in shop.sql("SELECT action FROM audit WHERE object = 'sales' ORDER BY id")]
    assert actions[-3:] == ["sales_pause", "sales_pause", "sales_resume"]
    assert page


def test_manager_may_switch_but_not_set(shop, owner):
    manager = Browser(shop, "switcher", "manager").sign_in()
    page = manager.get("/admin/settings").text
    assert 'action="/admin/settings/pause"' in page
    assert "Зберегти" not in page
    typed = form_of(page, "/admin/settings/bounds")
    assert manager.post("/admin/settings/bounds", typed, follow=False).status == 403


def test_few_codes_left_is_told(shop, owner):
    # The worker's look is twenty seconds apart at most; here only that it is asked for.
    page = owner.get("/admin/settings").text
    typed = form_of(page, "/admin/settings/alerts")
    assert typed["alert_stock"] == "1" and typed["low_stock"] == "5"
    owner.post("/admin/settings/alerts", {**typed, "alert_stock": "0", "low_stock": "9"})
    assert shop.sql("SELECT value FROM settings WHERE name = 'alert_stock'") == [["0"]]
    owner.get("/admin/values/new")
    assert 'name="low_stock" type="text" value="9"' in owner.page


# ---- health ----


def test_health_tells_what_there_is(shop, owner):
    shop.catalogue("health", codes=1)
    buyer = shop.buyer()
    _, bill = buyer.open_order("health")
    shop.pay(bill)
    buyer.wait("Оплачено")
    page = owner.get("/admin/health").text
    for word in ("telegram", "portmone", "worker", "Схема", "жодної: зробіть kartka backup"):
        assert word in page, word
    assert "{{" not in page and "admin.health" not in page
    # Portmone was heard.
    until(lambda: "Остання добра відповідь</dt><dd>ще ні разу" not in
          owner.get("/admin/health").text.replace("\n", ""), what="Portmone's answer")


def test_webhook_asked_and_set(shop, owner):
    owner.get("/admin/health")
    answer = owner.post("/admin/health/webhook/ask")
    assert f"{shop.shop_url}/telegram/webhook" in answer.text
    owner.get("/admin/health")
    answer = owner.post("/admin/health/webhook/set")
    assert "Вебхук, команди та опис бота встановлено" in answer.text
    assert shop.sql("SELECT COUNT(*) > 0 FROM audit WHERE action = 'webhook_set'") == [["1"]]


def test_health_while_parts_are_down(shop, owner):
    """It is read when something is wrong: then it has to be there, and say what."""
    shop.faults(telegram_down=True, portmone_down=True)
    owner.get("/admin/health")
    answer = owner.post("/admin/health/webhook/ask")
    assert answer.status == 200 and "Telegram не відповів як слід" in answer.text
    workers = shop.processes("worker")
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: "Жоден воркер не працює" in owner.get("/admin/health").text,
              what="the word that no worker is alive")
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        shop.faults(reset=True)
    until(lambda: "Жоден воркер не працює" not in owner.get("/admin/health").text,
          what="a worker that is alive")


def test_dead_letters(shop, owner):
    buyer = shop.buyer()
    buyer.say("/start")
    shop.idle()
    shop.sql("INSERT INTO outbox (fact, kind, chat_id, data, priority, state, not_before, attempts, "
             "last_error, created_at) VALUES "
             f"('letter:1:{buyer.id}', 'words', {buyer.id}, '{{\"text\":\"Лист перший\"}}', 2, 'dead', "
             "UTC_TIMESTAMP(6), 9, 'Bad Request: <b>', UTC_TIMESTAMP(6)), "
             f"('letter:2:{buyer.id}', 'words', {buyer.id}, '{{\"text\":\"Лист другий\"}}', 2, 'dead', "
             "UTC_TIMESTAMP(6), 9, 'Bad Request', UTC_TIMESTAMP(6))")
    rows = {fact: row for row, fact in
            shop.sql(f"SELECT id, fact FROM outbox WHERE chat_id = {buyer.id} AND kind = 'words'")}
    page = owner.get("/admin/health").text
    assert "Bad Request: &lt;b&gt;" in page
    owner.post(f"/admin/messages/{rows[f'letter:1:{buyer.id}']}/retry")
    buyer.wait("Лист перший")
    owner.post(f"/admin/messages/{rows[f'letter:2:{buyer.id}']}/bury")
    owner.post(f"/admin/messages/{rows[f'letter:2:{buyer.id}']}/retry")  # somebody was faster
    assert shop.sql("SELECT state FROM outbox WHERE id = "
                    + rows[f"letter:2:{buyer.id}"]) == [["buried"]]
    assert not any("Лист другий" in (m.get("text") or "") for m in buyer.messages())


@pytest.mark.parametrize("path", ["/admin/settings", "/admin/settings/words", "/admin/buyers"])
def test_viewer_sees_none_of_it(shop, path):
    rows = shop.sql("SELECT login FROM staff WHERE login = 'onlooker'")
    viewer = Browser(shop, None if rows else "onlooker", "viewer")
    viewer.login = "onlooker"
    viewer.sign_in()
    assert viewer.get(path, follow=False).status == 403
    assert path not in re.findall(r'href="([^"]+)"', viewer.get("/admin/health").text)
    assert urllib.parse.urlparse(path).path == path
