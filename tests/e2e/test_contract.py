"""What programs from outside may rely on, in the forms that they may use."""

import json
import subprocess
import urllib.parse

import pytest

from stack import BIN, ROOT, http

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

NOTIFICATIONS = {
    "an array": (JSON, lambda number, bill: json.dumps([{"shopOrderNumber": number, "shopBillId": bill}])),
    "numbers": (JSON, lambda number, bill: f'{{"shop_bill_id": {bill}, "shop_order_number": "{number}"}}'),
    "no type": (None, lambda number, bill: json.dumps({"shopOrderNumber": number, "shopBillId": bill})),
    "JSON called a form": (FORM, lambda number, bill: json.dumps({"shopOrderNumber": number})),
    "JSON in data": (FORM, lambda number, bill: urllib.parse.urlencode(
        {"data": json.dumps({"shopOrderNumber": number})})),
    "fields": (FORM, lambda number, bill: urllib.parse.urlencode({"SHOPORDERNUMBER": number, "SHOPBILLID": bill})),
    "bare XML": ("application/xml", lambda number, bill:
                 f"<BILLS><BILL><BILL_NUMBER>{number}</BILL_NUMBER></BILL></BILLS>"),
}


@pytest.mark.parametrize("form", NOTIFICATIONS)
def test_a_notification_counts_in_whatever_form(shop, form):
    content_type, body = NOTIFICATIONS[form]
    slug = f"note-{list(NOTIFICATIONS).index(form)}"
    shop.catalogue(slug, codes=1)
    buyer = shop.buyer()
    number, bill = buyer.open_order(slug)
    paid = shop.pay(bill, notify="none")
    # urllib would name a type of its own.
    answer = http("POST", f"{shop.shop_url}/portmone/notify", body(number, paid["shopBillId"]).encode(),
                  {"Content-Type": content_type or ""})
    assert answer.status == 200
    if answer.headers["Content-Type"] == JSON:
        assert answer.json()["errorCode"] == "0"
    else:
        assert "<ERROR_CODE>0</ERROR_CODE>" in answer.text
    hints = shop.sql(f"SELECT COUNT(*) FROM payment_hints h JOIN orders o ON o.id = h.order_id"
                     f" WHERE o.number = '{number}' AND h.source = 'notify'")
    assert hints == [["1"]]
    buyer.wait("Ваш код")


def test_a_code_is_good_until_the_day_that_its_file_names(shop):
    shop.catalogue("dated", codes=0)
    file = shop.var / "dated.csv"
    file.write_text("code,serial,expires\nDATED-0001,s-7,2031-05-06\n")
    shop.kartka("codes", "import", "dated", file)
    buyer = shop.buyer()
    _, bill = buyer.open_order("dated")
    shop.pay(bill)
    assert "до 06.05.2031" in buyer.wait("Ваш код")["text"]


def test_the_version_is_told(shop):
    version = (ROOT / "VERSION").read_text().strip()
    assert shop.kartka("--version").stdout == f"kartka {version}\n"
    assert shop.sql("SELECT DISTINCT version FROM workers") == [[version]]


def test_two_deep_links_are_two_orders(shop):
    for slug in ("link-a", "link-b"):
        shop.catalogue(slug, codes=1)
    buyer = shop.buyer()
    orders = [buyer.open_order(slug)[0] for slug in ("link-a", "link-b")]
    assert [shop.state(number) for number in orders] == ["pending", "pending"]


@pytest.mark.parametrize("path", ["/admin", "/pay"])
def test_a_redirect_names_no_port_of_ours(shop, path):
    answer = http("GET", shop.shop_url + path, headers={"Host": "shop.example.org"})
    assert answer.status in (301, 308) and answer.headers["Location"] == f"{path}/"


def test_the_webhook_says_what_it_takes(shop):
    answer = http("GET", f"{shop.shop_url}/telegram/webhook",
                  headers={"X-Telegram-Bot-Api-Secret-Token": shop.secret})
    assert answer.status == 405 and answer.headers["Allow"] == "POST"


ADMIN = 900001


@pytest.mark.settings(ADMIN_CHAT_IDS=ADMIN)
def test_administrators_are_told_of_sales(own_shop):
    shop = own_shop
    admin = shop.buyer(first_name="Адмін", id=ADMIN)
    admin.say("/start")
    shop.catalogue("told", codes=1)
    number, bill = shop.buyer().open_order("told")
    shop.pay(bill)
    sale = admin.wait("Продано")["text"].replace("\u00a0", " ")
    assert "Картка told × 1" in sale and f"Замовлення {number}, 100 ₴" in sale


def test_telegram_knows_the_bot_in_every_language(shop):
    shop.kartka("webhook", "set")
    seen = {language: shop.api("GET", f"/api/bot?language={language}") for language in ("uk", "en", "ru", "de")}
    for bot in seen.values():
        assert [c["command"] for c in bot["commands"]] == ["start", "menu", "help", "terms", "privacy", "paysupport"]
    assert seen["de"]["description"] == seen["uk"]["description"]
    assert len({bot["short_description"] for bot in seen.values()}) == 3
    # The address comes first: a Telegram that does not take the words reaches the shop all the same.
    shop.faults(telegram_status={"method": "setMyCommands", "status": 400, "count": 1})
    last = shop.api("GET", "/api/events?limit=1&after=-1")[-1]["seq"]
    refused = shop.kartka("webhook", "set", check=False)
    assert refused.returncode == 1 and "setMyCommands" in refused.stderr
    told = [e["what"] for e in shop.api("GET", f"/api/events?after={last}&limit=1000")]
    assert "setWebhook" in told


COMMANDS = [
    "migrate", "status", "check", "doctor", "admin add", "admin list", "admin reset-2fa", "admin disable",
    "catalog import", "catalog export", "codes import", "codes count", "order show", "order settle",
    "order refund", "order replace", "webhook set", "webhook info", "webhook delete", "keys rotate",
    "backup", "restore",
]


def kartka(*args):
    return subprocess.run([BIN / "kartka", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def test_every_command_explains_itself():
    for command in COMMANDS:
        done = kartka(*command.split(), "--help")
        assert done.returncode == 0 and done.stderr == "", command
        assert done.stdout.startswith(f"usage: kartka {command}"), command
    shown = kartka("--help")
    assert shown.returncode == 0 and kartka("help").stdout == shown.stdout
    assert all(f"  {command}" in shown.stdout for command in COMMANDS)
    assert kartka("help", "order").stdout.count("  order ") >= 4


@pytest.mark.parametrize("command", ["", "nonsense", "order", "order frobnicate"])
def test_what_is_no_command_is_refused(command):
    done = kartka(*command.split())
    assert done.returncode == 1 and done.stdout == "" and done.stderr
