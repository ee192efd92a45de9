"""Cases, buyers, and what is done about one order, through the panel."""

import html
import re
import urllib.parse

import pytest

from panel import Browser
from stack import until
from test_panel_shop import fields, figures, new_value, step_up, upload


@pytest.fixture(scope="module")
def owner(session_shop):
    yield Browser(session_shop, "caretaker").sign_in()


def bought(shop, slug, codes=3, quantity=1):
    """(buyer, order's id, number) of a delivered order."""
    shop.catalogue(slug, codes=codes)
    buyer = shop.buyer()
    number, bill = buyer.open_order(slug, quantity)
    shop.pay(bill)
    buyer.wait("Оплачено")
    order = shop.sql(f"SELECT id FROM orders WHERE number = '{number}'")[0][0]
    return buyer, order, number


def complain(shop, buyer, words):
    """By the button under the codes; the case's id."""
    before = {r[0] for r in shop.sql("SELECT id FROM tickets")}
    buyer.press("Проблема з кодом")
    buyer.say(words)
    shop.idle()
    buyer.wait("прийнято")
    return ({r[0] for r in shop.sql("SELECT id FROM tickets")} - before).pop()


def test_case_replaced(shop, owner):
    buyer, order, number = bought(shop, "case-replace")
    case = complain(shop, buyer, "Пише: <код> уже використано")
    page = owner.get("/admin/cases?state=open").text
    assert f'href="/admin/cases/{case}"' in page
    assert f'href="/admin/cases/{case}"' in owner.get(f"/admin/cases?q={number}").text
    assert f'href="/admin/cases/{case}"' in owner.get(f"/admin/cases?q={buyer.id}").text
    page = owner.get(f"/admin/cases/{case}").text
    assert "Пише: &lt;код&gt; уже використано" in page and number in page
    code = buyer.codes()[0]
    assert code not in page  # never in clear
    owner.post(f"/admin/cases/{case}/replace")
    owner.get(f"/admin/cases/{case}")
    owner.post(f"/admin/cases/{case}/replace")  # a second click
    until(lambda: len(set(buyer.codes())) == 2, what="the new code")
    assert shop.sql(f"SELECT state FROM tickets WHERE id = {case}") == [["closed"]]
    assert shop.sql(f"SELECT COUNT(*) FROM code_replacements WHERE order_id = {order}") == [["1"]]


def test_case_answered_and_refused(shop, owner):
    buyer, _, _ = bought(shop, "case-answer")
    case = complain(shop, buyer, "не працює")
    owner.get(f"/admin/cases/{case}")
    empty = owner.post(f"/admin/cases/{case}/answer", {"answer": " "}, follow=False)
    assert empty.status == 422
    owner.get(f"/admin/cases/{case}")
    owner.post(f"/admin/cases/{case}/answer", {"answer": "Перевіряємо <зараз>"})
    buyer.wait("Перевіряємо <зараз>")
    assert shop.sql(f"SELECT state FROM tickets WHERE id = {case}") == [["answered"]]
    owner.get(f"/admin/cases/{case}")
    empty = owner.post(f"/admin/cases/{case}/refuse", {"refusal": ""}, follow=False)
    assert empty.status == 422 and '<details class="confirm" open>' in empty.text
    owner.get(f"/admin/cases/{case}")
    owner.post(f"/admin/cases/{case}/refuse", {"refusal": "Код активовано Вами 5 травня"})
    buyer.wait("активовано Вами")
    assert shop.sql(f"SELECT state FROM tickets WHERE id = {case}") == [["closed"]]


def test_case_refunded(shop, owner):
    buyer, order, _ = bought(shop, "case-refund", quantity=2)
    buyer.press("Проблема з кодом")
    buyer.press("Код 1")
    buyer.say("порожній")
    shop.idle()
    case = until(lambda: shop.sql(f"SELECT id FROM tickets WHERE order_id = {order}"),
                 what="the case")[0][0]
    owner.let_step_up_pass()
    owner.get(f"/admin/cases/{case}")
    asked = owner.post(f"/admin/cases/{case}/refund", {"amount": "100", "why": "брак"},
                       follow=False)
    assert 'name="step_up"' in asked.text  # money asks who one is
    step_up(owner)
    page = owner.get(f"/admin/cases/{case}").text
    assert 'value="100.00"' in page  # the price of the one code
    wrong = owner.post(f"/admin/cases/{case}/refund", {"amount": "0", "why": ""}, follow=False)
    assert wrong.status == 422
    owner.get(f"/admin/cases/{case}")
    owner.post(f"/admin/cases/{case}/refund", {"amount": "100", "why": "брак"})
    buyer.wait("Частину грошей повернуто")
    assert shop.sql(f"SELECT state FROM tickets WHERE id = {case}") == [["closed"]]
    page = owner.get(f"/admin/orders/{order}").text
    assert "повернено" in page and "брак" in page


def test_order_note_masks_the_code(shop, owner):
    buyer, order, number = bought(shop, "order-note")
    code = buyer.codes()[0]
    owner.get(f"/admin/orders/{order}")
    empty = owner.post(f"/admin/orders/{order}/note", {"note": " "}, follow=False)
    assert empty.status == 422
    owner.get(f"/admin/orders/{order}")
    page = owner.post(f"/admin/orders/{order}/note",
                      {"note": f"Дзвонив. Код {code.lower()} <не> приймає"}).text
    assert "Дзвонив. Код ••• &lt;не&gt; приймає" in page
    assert not shop.sql(f"SELECT 1 FROM order_notes WHERE text LIKE '%{code}%'")
    assert not shop.sql(f"SELECT 1 FROM audit WHERE detail LIKE '%{code}%'")
    # The trail of the order is one step away.
    link = html.unescape(re.search(r'href="(/admin/audit\?object=[^"]+)"', page)[1])
    assert "нотатка до замовлення" in owner.get(link).text
    assert number in owner.page


def test_order_sent_again_and_asked(shop, owner):
    buyer, order, _ = bought(shop, "order-again")
    seen = len(buyer.codes())
    owner.get(f"/admin/orders/{order}")
    owner.post(f"/admin/orders/{order}/send")
    until(lambda: len(buyer.codes()) == seen + 1, what="the codes once more")
    assert len(set(buyer.codes())) == 1
    owner.get(f"/admin/orders/{order}")
    asks = int(shop.sql(f"SELECT asks FROM orders WHERE id = {order}")[0][0])
    owner.post(f"/admin/orders/{order}/ask")
    until(lambda: int(shop.sql(f"SELECT asks FROM orders WHERE id = {order}")[0][0]) > asks,
          what="the question")
    page = owner.get(f"/admin/orders/{order}").text
    assert page.count("надіслано") >= 2 and "<code>delivered" not in page


def test_dispute_lifted(shop, owner):
    _, order, _ = bought(shop, "order-dispute")
    shop.sql(f"UPDATE orders SET state = 'disputed' WHERE id = {order}")
    page = owner.get(f"/admin/orders/{order}").text
    assert "Спір" in page
    assert owner.post(f"/admin/orders/{order}/dispute", {"choice": "lift", "why": ""},
                      follow=False).status == 422
    owner.get(f"/admin/orders/{order}")
    owner.post(f"/admin/orders/{order}/dispute", {"choice": "lift", "why": "банк помилився"})
    assert shop.sql(f"SELECT state FROM orders WHERE id = {order}") == [["delivered"]]
    owner.post(f"/admin/orders/{order}/dispute", {"choice": "keep", "why": "ще раз"})
    assert shop.sql(f"SELECT state FROM orders WHERE id = {order}") == [["delivered"]]


# ---- buyers ----


def test_buyer_found_and_summed(shop, owner):
    buyer, _, number = bought(shop, "buyer-page")
    shop.sql("UPDATE users SET first_name = 'Ярослава%', last_name = 'Ґудзь', "
             f"username = 'yaro_{buyer.id}' WHERE id = {buyer.id}")
    link = f'href="/admin/buyers/{buyer.id}"'
    for search in ("Ярослава%", "ґуд", f"@yaro_{buyer.id}", "ярос"):
        page = owner.get("/admin/buyers?" + urllib.parse.urlencode({"q": search}))
        assert link in page.text, search
    assert owner.get(f"/admin/buyers?q={buyer.id}").text.count(number) >= 1
    page = owner.page
    assert list(figures(page).values())[:3] == ["100\u00a0₴", "1", "1"]
    assert link not in owner.get("/admin/buyers?q=%25").text
    assert "Нікого не знайдено" in owner.get("/admin/buyers?q=zzzzzz").text
    for nonsense in ("after=x", "after=1:x", "after=:", "state=nonsense", "q=%00"):
        assert owner.get("/admin/buyers?" + nonsense).status in (200, 400), nonsense


def test_people_and_cases_as_csv(shop, owner):
    buyer, _, number = bought(shop, "people-csv")
    case = complain(shop, buyer, "=1+1 не працює")
    shop.sql(f"UPDATE users SET first_name = '=cmd()' WHERE id = {buyer.id}")
    step_up(owner)
    text = owner.get("/admin/buyers.csv").text
    line = next(line for line in text.splitlines() if line.startswith(str(buyer.id)))
    assert "'=cmd()" in line  # nothing that a spreadsheet would run
    count = int(shop.sql("SELECT COUNT(*) FROM users")[0][0])
    assert len(text.strip().splitlines()) == count + 1
    only = owner.get(f"/admin/buyers.csv?q={urllib.parse.quote('=cmd')}").text
    assert len(only.strip().splitlines()) == 2
    text = owner.get("/admin/cases.csv?state=open").text
    line = next(line for line in text.splitlines() if line.startswith(case + ";"))
    assert number in line and "'=1+1 не працює" in line
    assert len(owner.get("/admin/cases.csv?q=nothing").text.strip().splitlines()) == 1


def test_buyer_written_to(shop, owner):
    buyer = shop.buyer()
    buyer.say("/start")
    shop.idle()
    owner.get(f"/admin/buyers/{buyer.id}")
    assert owner.post(f"/admin/buyers/{buyer.id}/write", {"text": ""}, follow=False).status == 422
    owner.get(f"/admin/buyers/{buyer.id}")
    assert owner.post(f"/admin/buyers/{buyer.id}/write", {"text": "х" * 901},
                      follow=False).status == 422
    owner.get(f"/admin/buyers/{buyer.id}")
    owner.post(f"/admin/buyers/{buyer.id}/write", {"text": "Вітаємо <b>з днем</b>\nнародження"})
    message = buyer.wait("з днем")
    assert "&lt;b&gt;з днем&lt;/b&gt;\nнародження" in message["html"]
    assert shop.sql("SELECT COUNT(*) FROM audit WHERE action = 'user_message' AND "
                    f"object = 'user {buyer.id}'") == [["1"]]


def test_buyer_language_note_and_ban(shop, owner):
    buyer = shop.buyer()
    buyer.say("/start")
    shop.idle()
    place = f"/admin/buyers/{buyer.id}"
    owner.get(place)
    owner.post(place + "/language", {"speaks": "en"})
    assert owner.post(place + "/language", {"speaks": "de"}, follow=False).status == 400
    buyer.say("/terms")
    shop.idle()
    assert "Terms" in buyer.last()["text"]
    owner.get(place)
    assert "опт, дзвонити" in owner.post(place + "/note", {"note": "опт, дзвонити"}).text
    page = owner.post(place + "/ban", {"why": "шахрай <x>"}).text
    assert "шахрай &lt;x&gt;" in page
    assert f'href="{place}"' in owner.get("/admin/buyers?state=banned").text
    owner.get(place)
    owner.post(place + "/unban")
    assert f'href="{place}"' not in owner.get("/admin/buyers?state=banned").text
    actions = [r[0] for r in shop.sql(
        f"SELECT action FROM audit WHERE object = 'user {buyer.id}' ORDER BY id")]
    assert actions == ["user_lang", "user_note", "user_ban", "user_unban"]


# ---- values and batches ----


def test_value_preview_stores_nothing(shop, owner):
    value = new_value(owner, "preview-only")
    owner.get(f"/admin/values/{value}")
    answer = owner.post(f"/admin/values/{value}", fields(
        owner.page, names_uk="Інша назва", names_en="Another", price="321,00",
        picture="https://pictures.example/x.png", instruction_uk="Наберіть\n*777#", preview="1"),
        follow=False)
    assert answer.status == 200
    preview = answer.text.split("<aside", 1)[1]
    for part in ("Інша назва", "Another", "321\u00a0₴", "₴321", "*777#",
                 "https://pictures.example/x.png"):
        assert part in preview, part
    assert shop.sql(f"SELECT price_kop FROM card_values WHERE id = {value}") == [["10050"]]
    # Looked at, it is saved as it stands.
    assert owner.post(f"/admin/values/{value}", fields(answer.text), follow=False).status == 303
    assert shop.sql(f"SELECT price_kop FROM card_values WHERE id = {value}") == [["32100"]]


def test_picture_is_a_link_preview(shop, owner):
    value = new_value(owner, "with-picture")
    owner.get(f"/admin/values/{value}")
    owner.post(f"/admin/values/{value}", fields(
        owner.page, picture="https://pictures.example/card.png"))
    _, place = upload(owner, value, "PICTURE-1\n")
    owner.post(place + "/confirm")
    until(lambda: shop.sql(f"SELECT COUNT(*) FROM card_codes WHERE value_id = {value}") == [["1"]])
    buyer = shop.buyer()
    buyer.offer("with-picture")
    assert buyer.last().get("link_preview") == "https://pictures.example/card.png"


def test_batch_expiry_and_end(shop, owner):
    value = new_value(owner, "batch-end")
    _, place = upload(owner, value, "BATCH-1\nBATCH-2\nBATCH-3\n", "партія кінця")
    owner.post(place + "/confirm")
    until(lambda: shop.sql(f"SELECT COUNT(*) FROM card_codes WHERE value_id = {value}") == [["3"]])
    batch = shop.sql(f"SELECT id FROM code_batches WHERE value_id = {value}")[0][0]
    assert "BATCH-" not in owner.get(f"/admin/batches/{batch}").text
    for day in ("2020-01-01", "yesterday", "2999-01-01"):
        assert owner.post(f"/admin/batches/{batch}/expiry", {"expires": day},
                          follow=False).status == 422, day
        owner.get(f"/admin/batches/{batch}")
    owner.post(f"/admin/batches/{batch}/expiry", {"expires": "2040-05-06"})
    # Good until the end of that day in Kyiv.
    assert shop.sql("SELECT DISTINCT expires_at FROM card_codes WHERE batch_id = "
                    + batch)[0][0].startswith("2040-05-06 21:00:00")
    owner.get(f"/admin/batches/{batch}")
    owner.post(f"/admin/batches/{batch}/defective")
    assert "Браковані</dt><dd>3" in owner.get(f"/admin/batches/{batch}").text
    assert shop.sql("SELECT COUNT(*) FROM audit WHERE action IN ('batch_expiry', "
                    f"'batch_defective') AND object = 'batch {batch}'") == [["2"]]
