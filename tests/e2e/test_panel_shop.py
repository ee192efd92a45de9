"""What administrators do all day: the catalogue, uploads of codes, orders and buyers."""

import re
import urllib.parse

import pytest

from panel import Browser, totp
from stack import until


@pytest.fixture(scope="module")
def owner(session_shop):
    browser = Browser(session_shop, "shopkeeper").sign_in()
    yield browser


def fields(page, **changed):
    """The main form as it stands, with what is typed over."""
    form = page.split("<main", 1)[1]
    form = form.split('<form class="form"', 1)[1].split("</form>")[0]
    import html

    typed = {n: html.unescape(v) for n, v in re.findall(
        r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form) if not n.startswith("tab_")}
    typed.update({n: html.unescape(v) for n, v in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S)})
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        typed[name] = chosen[1] if chosen else ""
    typed.pop("csrf", None)
    typed.update(changed)
    return typed


def new_value(owner, slug, price="100,50"):
    """A category and a value by the forms; the value's id."""
    owner.get("/admin/catalog/new")
    page = owner.post("/admin/catalog/new",
                      fields(owner.page, names_uk=f"Розділ {slug}", slug=f"c-{slug}"))
    assert f"Розділ {slug}" in page.text
    found = owner.shop.sql(f"SELECT id FROM categories WHERE slug = 'c-{slug}'")[0][0]
    owner.get(f"/admin/values/new?category={found}")
    answer = owner.post("/admin/values/new", fields(
        owner.page, names_uk=f"Номінал {slug} <b>", names_en="Value", slug=slug, price=price,
        category=found, instruction_uk="Наберіть *123#"), follow=False)
    assert answer.status == 303, answer.text
    return answer.headers["Location"].rsplit("/", 1)[1]


def upload(owner, value, text, batch="партія 1"):
    """The first step: the preview's page and its address."""
    owner.get(f"/admin/stock/{value}")
    boundary = "limit-of-parts"
    parts = {"csrf": owner.token, "codes": "", "batch": batch, "supplier": "ТОВ", "cost": "90"}
    body = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
                   for n, v in parts.items())
    body += (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="../x.txt"\r\n'
             f"Content-Type: text/plain\r\n\r\n{text}\r\n--{boundary}--\r\n")
    answer = owner.request("POST", f"/admin/stock/{value}/upload", body.encode(),
                           {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    assert answer.status == 303, answer.text
    place = answer.headers["Location"]
    return owner.get(place), place


def step_up(owner):
    """Who one is once more, for what asks for it."""
    # The sandbox lets one sign in without a second factor: then it is the password.
    proof = {"step_up": totp(owner.secret) if owner.secret else owner.password}
    owner.forget_steps()
    owner.get("/admin/step-up")
    answer = owner.post("/admin/step-up", {**owner.hidden(), **proof}, follow=False)
    assert answer.status == 303, answer.text


def figures(page):
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page))


def test_catalogue_to_sale(session_shop, owner):
    shop = session_shop
    value = new_value(owner, "panel-sale")
    page, place = upload(owner, value, "PA-1\nPA-2\nPA-2\n" + "x" * 300 + "\n")
    assert "PA-1" not in page.text  # a preview counts, it does not show
    assert list(figures(page.text).values())[:4] == ["2", "0", "1", "1"]
    owner.post(place + "/confirm")
    owner.post(place + "/confirm")  # a second click
    until(lambda: shop.sql(f"SELECT COUNT(*) FROM card_codes WHERE value_id = {value}") == [["2"]],
          what="the codes on the shelf")
    # The same file once more changes nothing.
    page, again = upload(owner, value, "PA-1\nPA-2\n")
    assert list(figures(page.text).values())[:2] == ["0", "2"]
    assert again + "/confirm" not in page.text
    owner.post(again + "/discard")
    # A buyer buys it.
    buyer = shop.buyer()
    number, bill = buyer.open_order("panel-sale")
    shop.pay(bill)
    buyer.wait("Оплачено")
    assert len(buyer.codes()) == 1
    # Its page tells the story, without the code.
    page = owner.get(f"/admin/orders?q={number}")
    assert number in page.text and "PA-1" not in page.text and "PA-2" not in page.text
    assert "надіслано" in page.text
    # A bad code is replaced.
    order = shop.sql(f"SELECT id FROM orders WHERE number = '{number}'")[0][0]
    code = shop.sql(f"SELECT id FROM card_codes WHERE order_id = {order}")[0][0]
    owner.post(f"/admin/orders/{order}/replace", {"slot": "1", "code": code})
    owner.post(f"/admin/orders/{order}/replace", {"slot": "1", "code": code})
    until(lambda: len(set(buyer.codes())) == 2, what="the new code")
    shop.check()


@pytest.mark.parametrize("page", ["/admin/orders?q=", "/admin/audit?action=", "/admin/audit?actor="])
def test_searching_in_any_letters(owner, page):
    for text in ("Людина", "€", "%", "'"):
        assert owner.get(page + urllib.parse.quote(text)).status == 200


def test_two_administrators_at_once(session_shop, owner):
    value = new_value(owner, "panel-race")
    owner.get(f"/admin/values/{value}")
    first = fields(owner.page, price="111")
    second = fields(owner.page, price="222")
    assert owner.post(f"/admin/values/{value}", first, follow=False).status == 303
    owner.get(f"/admin/values/{value}")
    stale = owner.post(f"/admin/values/{value}", second, follow=False)
    assert stale.status == 409
    assert 'value="222.00"' in stale.text or 'value="222"' in stale.text  # what was typed is kept
    assert session_shop.sql(f"SELECT price_kop FROM card_values WHERE id = {value}") == [["11100"]]
    history = session_shop.sql(f"SELECT COUNT(*) FROM price_changes WHERE value_id = {value}")
    assert history == [["2"]]


@pytest.mark.parametrize("changed, wrong", [
    ({"names_uk": ""}, "names_uk"), ({"slug": "Бе"}, "slug"), ({"price": "0"}, "price"),
    ({"price": "1e3"}, "price"), ({"price": "-5"}, "price"), ({"pattern": "("}, "pattern"),
    ({"picture": "http://x"}, "picture"), ({"max_per_order": "51"}, "max_per_order"),
    ({"category": "999999"}, "category"),
])
def test_form_says_what_is_wrong(session_shop, owner, changed, wrong):
    """Scenario 14."""
    rows = session_shop.sql("SELECT id FROM card_values WHERE slug = 'panel-form'")
    value = rows[0][0] if rows else new_value(owner, "panel-form")
    owner.get(f"/admin/values/{value}")
    answer = owner.post(f"/admin/values/{value}", fields(owner.page, **changed), follow=False)
    assert answer.status == 422
    assert 'aria-invalid="true"' in answer.text, wrong
    assert session_shop.sql(f"SELECT price_kop FROM card_values WHERE id = {value}") == [["10050"]]


def test_code_is_found_and_shown_with_a_reason(session_shop, owner):
    shop = session_shop
    value = new_value(owner, "panel-code")
    _, place = upload(owner, value, "SECRET-PANEL-1\n")
    owner.post(place + "/confirm")
    until(lambda: shop.sql(f"SELECT COUNT(*) FROM card_codes WHERE value_id = {value}") == [["1"]])
    owner.get("/admin/codes/search")
    missing = owner.post("/admin/codes/search", {"code": "NO-SUCH-CODE"})
    assert missing.status == 422 and "SECRET-PANEL-1" not in missing.text
    owner.get("/admin/codes/search")
    answer = owner.post("/admin/codes/search", {"code": "secret panel 1".upper()}, follow=False)
    place = answer.headers["Location"]
    page = owner.get(place)
    assert "SECRET-PANEL-1" not in page.text
    step_up(owner)
    owner.get(place)
    # Without a reason nothing is shown; with one it is, and the trail knows.
    refused = owner.post(place + "/reveal", {"why": " "})
    assert "SECRET-PANEL-1" not in refused.text
    owner.get(place)
    shown = owner.post(place + "/reveal", {"why": "скарга 5"})
    assert "SECRET-PANEL-1" in shown.text
    rows = shop.sql("SELECT actor, detail FROM audit WHERE action = 'code_reveal'")
    assert rows[-1][0] == "shopkeeper" and "скарга 5" in rows[-1][1]
    assert not shop.sql("SELECT 1 FROM audit WHERE detail LIKE '%SECRET-PANEL%'")
    # Stepped up too long ago: the second factor is asked for first.
    owner.let_step_up_pass()
    owner.get(place)
    asked = owner.post(place + "/reveal", {"why": "ще раз"}, follow=False)
    assert 'name="step_up"' in asked.text and "SECRET-PANEL-1" not in asked.text


def test_short_money_is_decided(session_shop, owner):
    shop = session_shop
    shop.catalogue("panel-short", codes=2)
    buyer = shop.buyer()
    number, bill = buyer.open_order("panel-short")
    shop.pay(bill, amount="60.00")
    until(lambda: shop.sql("SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id "
                           f"WHERE o.number = '{number}' AND p.state = 'review'"),
          what="the payment in review")
    order, payment = shop.sql("SELECT o.id, p.id FROM payments p JOIN orders o ON "
                              f"o.id = p.order_id WHERE o.number = '{number}'")[0]
    step_up(owner)  # money may go back by it
    owner.get(f"/admin/orders/{order}")
    owner.post(f"/admin/orders/{order}/payments/{payment}/decide",
               {"choice": "deliver", "why": "домовилися"})
    buyer.wait("Оплачено")
    assert len(buyer.codes()) == 1
    shop.check()


def test_ban(session_shop, owner):
    shop = session_shop
    shop.catalogue("panel-ban", codes=1)
    buyer = shop.buyer()
    offer = buyer.offer("panel-ban")
    owner.get(f"/admin/buyers/{buyer.id}")
    owner.post(f"/admin/buyers/{buyer.id}/ban", {"why": "шахрай"})
    from stack import http

    assert http("GET", offer).status == 403
    owner.get(f"/admin/buyers/{buyer.id}")
    owner.post(f"/admin/buyers/{buyer.id}/unban")
    assert http("GET", offer).status in (302, 303)


def test_lists_filter_and_export(session_shop, owner):
    shop = session_shop
    page = owner.get("/admin/orders?state=delivered")
    assert page.status == 200
    page = owner.get("/admin/orders?" + urllib.parse.urlencode({"q": "<script>"}))
    assert page.status == 200 and "<script>alert" not in page.text
    for nonsense in ("state=nonsense", "from=yesterday", "before=-1", "before=x", "q=%00"):
        assert owner.get("/admin/orders?" + nonsense).status in (200, 400), nonsense
    step_up(owner)
    csv = owner.get("/admin/orders.csv")
    assert csv.status == 200 and csv.headers["Content-Type"].startswith("text/csv")
    count = int(shop.sql("SELECT COUNT(*) FROM orders")[0][0])
    assert len(csv.text.strip().splitlines()) == count + 1
