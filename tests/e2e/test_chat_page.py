"""The sandbox's chat page in a browser: what a newcomer does, from /start to the code.

`shop` is a running stack with the sandbox as its Telegram and its Portmone; `shop.chat_url` is
the address of the chat page.  Pictures of the way are left in build/pictures.
"""

import contextlib
import json
import re
import shutil
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

webdriver = pytest.importorskip("selenium.webdriver")

from selenium.webdriver.chrome.options import Options  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.common.exceptions import StaleElementReferenceException  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "pictures"
CHROMIUM = shutil.which("chromium")
CHROMEDRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason="not installed: chromium, chromium-driver"
)

PATIENCE = 20  # seconds; the machine may be busy with other tests
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)

PHONE = (390, 844)
DESK = (1440, 900)

WORDS = {
    "uk": {
        "buy": "Купити",
        "category": "Київстар",
        "value": "Поповнення 100",
        "pay": "Сплатити 100",
        "paid": "Оплачено. Ваш код",
        "copy": "Скопіювати код",
    },
    "en": {
        "buy": "Buy",
        "category": "Kyivstar",
        "value": "Top-up 100",
        "pay": "Pay ₴100",
        "paid": "Paid. Your code",
        "copy": "Copy",
    },
}


class Page:
    """The browser with the chat page in it; elements are found by their data-testid."""

    def __init__(self, driver, url):
        self.driver = driver
        self.url = url

    def wait(self, what, look):
        """Whatever LOOK finds, once it finds something."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(StaleElementReferenceException):
                found = look()
                if found:
                    return found
            time.sleep(0.05)
        pytest.fail(f"{what}: not within {PATIENCE} s; the page says:\n{self.text()}")

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def find(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def all(self, name, text=""):
        found = self.find(f'[data-testid="{name}"]')
        return [one for one in found if one.is_displayed() and text in one.text]

    def last(self, name, text=""):
        return self.wait(f"{name} {text}", lambda: (self.all(name, text) or [None])[-1])

    def click(self, name, text=""):
        self.click_what(lambda: self.last(name, text))

    def click_what(self, find):
        """What FIND finds; what is drawn anew under the pointer is found and clicked again."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                find().click()
                return
            except StaleElementReferenceException:
                if time.monotonic() > end:
                    raise

    def messages(self, side="bot"):
        return [one for one in self.all("message") if one.get_attribute("data-from") == side]

    def message(self, text):
        return self.wait(
            f"a message with {text}",
            lambda: next((one for one in reversed(self.messages()) if text in one.text), None),
        )

    def idle(self):
        """No key waits for its answer."""
        self.wait("no spinner", lambda: not self.find(".key.spins"))

    def picture(self, name):
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))

    def person(self, name, language):
        """A buyer of this test's own, so that tests don't see each other's chats."""
        made = api(self.url, "/api/users", {"first_name": name, "language_code": language})
        self.driver.get(self.url)
        self.click_what(lambda: self.buyer(made["id"]))
        self.last("start")
        return made["id"]

    def buyer(self, user):
        """The buyer's button above the chat."""
        css = f'[data-testid="buyer"][data-id="{user}"]'
        return self.wait(f"buyer {user}", lambda: self.find(css))[0]

    def complaints(self):
        """What the browser's console holds against the pages."""
        return [
            line["message"]
            for line in self.driver.get_log("browser")
            if line["level"] == "SEVERE" and "favicon" not in line["message"]
        ]


def api(url, path, body=None):
    """Ask the sandbox itself."""
    request = urllib.request.Request(
        url.rstrip("/") + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def screen(driver, size, dark):
    """A window can't be as narrow as a phone; the emulated screen of a tab can."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": size[0],
            "height": size[1],
            "deviceScaleFactor": 1,
            "mobile": size == PHONE,
        },
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


@contextlib.contextmanager
def browser(size, language="uk", dark=False):
    """Headless Chromium of that size, the page's own words in LANGUAGE."""
    profile = tempfile.mkdtemp(prefix="kartka-chromium-")
    options = Options()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    try:
        screen(driver, size, dark)
        driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument",
            {"source": f"try {{ localStorage.lang ??= '{language}' }} catch {{}}"},
        )
        yield driver
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


def three_taps(page, words, picture=lambda name: None):
    """/start, then buy, category, value: the payment button is there."""
    page.click("start")
    page.wait("the greeting", page.messages)
    picture("start")
    page.click("reply-key", words["buy"])
    page.click("key", words["category"])
    page.idle()
    value = page.last("key", words["value"])
    assert re.search(r"100.*·\s*>?\s*\d+", value.text), "title, price and stock"
    picture("values")
    page.click("key", words["value"])
    key = page.last("key", words["pay"])
    assert key.get_attribute("data-kind") == "url"
    page.idle()
    return key


@pytest.mark.parametrize(
    ("language", "size", "dark"),
    [("uk", PHONE, False), ("en", DESK, True)],
    ids=["uk-phone", "en-desk-dark"],
)
def test_from_start_to_the_code(shop, language, size, dark):
    """What the README promises a newcomer, click by click."""
    words = WORDS[language]
    violations = len(api(shop.chat_url, "/api/violations"))
    with browser(size, language, dark) as driver:
        page = Page(driver, shop.chat_url)

        def picture(name):
            page.picture(f"chat-{language}-{size[0]}-{name}")

        user = page.person("Олена" if language == "uk" else "Emma", language)
        picture("empty")
        three_taps(page, words, picture)
        picture("order")

        # The payment page opens in a tab of its own.
        chat = driver.current_window_handle
        page.click("key", words["pay"])
        page.wait("the second tab", lambda: len(driver.window_handles) > 1)
        driver.switch_to.window([one for one in driver.window_handles if one != chat][0])
        screen(driver, size, dark)
        page.last("pay")
        assert page.last("test-mark").text.startswith("TEST")
        assert "100" in page.last("amount").text
        assert re.fullmatch(r"\d{1,2}:\d\d", page.last("countdown").text)
        order = page.last("order").text
        picture("pay")
        page.click("pay")
        page.wait("the way back to the shop", lambda: "/portmone/return" in driver.current_url)
        driver.close()
        driver.switch_to.window(chat)

        delivered = page.message(words["paid"])
        code = delivered.find_element(By.TAG_NAME, "code").text
        assert re.fullmatch(r"[\d-]{6,}", code)
        assert order in delivered.text
        codes = (ROOT / "sql/demo/codes/kyivstar-100.txt").read_text().split()
        assert code in codes
        picture("delivered")

        # Copying says so.
        page.click("key", words["copy"])
        page.last("toast")

        # What happened stands beside the chat, and nothing of it broke a rule.
        if size == PHONE:
            page.click("view-happens")
        line = page.last("event")
        line.find_element(By.TAG_NAME, "summary").click()
        page.wait("the unfolded line", lambda: line.find_elements(By.TAG_NAME, "pre"))
        picture("happens")
        assert not page.complaints()

        assert api(shop.chat_url, f"/api/chats/{user}?after=0&wait=0")["spinners"] == []
        assert len(api(shop.chat_url, "/api/violations")) == violations


def test_keyboard_alone(shop):
    """Everything of the way to the payment button without a pointer."""
    words = WORDS["uk"]
    with browser(DESK) as driver:
        page = Page(driver, shop.chat_url)
        page.person("Ключник", "uk")
        page.last("start").send_keys(Keys.ENTER)
        page.last("reply-key", words["buy"]).send_keys(Keys.ENTER)
        page.last("key", words["category"]).send_keys(Keys.ENTER)
        page.last("key", words["value"]).send_keys(Keys.ENTER)
        page.last("key", words["pay"])
        focus = "return getComputedStyle(document.activeElement).outlineStyle"
        assert driver.execute_script(focus) == "solid", "what has the focus shows it"
        before = len(page.messages())
        page.last("composer").send_keys("/help", Keys.ENTER)
        page.wait("the help", lambda: len(page.messages()) > before)


def test_two_buyers_and_a_deep_link(shop):
    """Unread marks, languages, and t.me/…?start=v_… straight to the payment button."""
    with browser(DESK, "en") as driver:
        page = Page(driver, shop.chat_url)
        first = page.person("Тарас", "uk")
        page.click("start")
        page.wait("the greeting", page.messages)
        page.person("Sam", "en")
        page.click("deep-open")
        page.last("deep-input").send_keys("v_kyivstar-100", Keys.ENTER)
        page.last("key", WORDS["en"]["pay"])

        # News for the other one is marked, and read when looked at.
        def unread():
            return int(page.buyer(first).get_attribute("data-unread"))

        assert unread() == 0
        api(shop.chat_url, f"/api/users/{first}/say", {"text": "/help"})
        page.wait("the unread mark", unread)
        page.picture("chat-en-1440-unread")
        page.click_what(lambda: page.buyer(first))
        page.wait("the mark gone", lambda: unread() == 0)

        # Blocking: the field gives way to a button, and comes back.
        page.click("buyer-menu")
        page.click("buyer-block")
        page.click("unblock")
        page.last("composer")


def test_payment_page_states(shop):
    """Declined, and paid all the same; closed; run out of time."""
    with browser(PHONE) as driver:
        page = Page(driver, shop.chat_url)
        user = page.person("Ірина", "uk")

        def bill_open():
            before = len(page.messages())
            api(shop.chat_url, f"/api/users/{user}/say", {"text": "/start v_lifecell-100"})
            page.wait("the order", lambda: len(page.messages()) > before)
            driver.get(page.last("key", "Сплатити").get_attribute("href"))
            page.last("pay")
            return driver.current_url

        def state(name):
            page.wait(name, lambda: page.find(f'[data-testid="page"][data-state="{name}"]'))

        bill = bill_open()
        page.find('label:has([data-testid="card-bad"])')[0].click()
        page.click("pay")
        page.wait("the shop's page", lambda: "/portmone/return" in driver.current_url)
        driver.get(bill)
        page.last("rejected")
        page.picture("pay-uk-390-rejected")
        page.click("close")
        state("closed")
        page.click("back")
        page.click("pay")
        page.wait("the shop's page", lambda: "/portmone/return" in driver.current_url)
        driver.get(bill)
        state("paid")

        driver.get(shop.chat_url)
        page.message(WORDS["uk"]["paid"])
        bill = bill_open()
        api(shop.chat_url, f"/api/bills/{bill.rsplit('/', 1)[1]}/expire", {})
        state("expired")
        page.picture("pay-uk-390-expired")


def test_text_is_never_markup(shop):
    """Scenario 40: Whatever a buyer writes is shown as written."""
    nasty = '<img src=x onerror="document.title=1"><b>&amp;"\' \u202etfel 🎁'
    with browser(DESK) as driver:
        page = Page(driver, shop.chat_url)
        user = page.person('<i>&"\'', "uk")
        api(shop.chat_url, f"/api/users/{user}/say", {"text": nasty})
        page.wait("the shop's answer", page.messages)
        shown = page.find('[data-from="buyer"] [data-testid="message-text"]')
        assert [one.get_attribute("textContent") for one in shown] == [nasty]
        assert not page.find("#messages img")
        assert not page.complaints()


def test_switches(shop):
    """A switch is the sandbox's fault by the same name, and *all off* puts them off."""
    with browser(PHONE) as driver:
        page = Page(driver, shop.chat_url)
        driver.get(shop.chat_url)
        page.click("view-happens")
        driver.execute_script("document.getElementById('switches').open = true")
        names = ["lose_notification", "portmone_down", "duplicate_taps", "test_mode"]

        def fault(name):
            return api(shop.chat_url, "/api/faults").get(name)

        try:
            for name in names:
                page.find(f'label:has([data-testid="switch-{name}"])')[0].click()
                page.wait(name, lambda name=name: fault(name))
            page.picture("switches-uk-390")
            page.click("switches-reset")
            page.wait("all off", lambda: not any(fault(name) for name in names))
        finally:
            api(shop.chat_url, "/api/faults", {"reset": True})
