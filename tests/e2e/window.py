"""Chromium without a window, for what only a real browser can tell."""

import contextlib
import shutil
import tempfile
import time
from pathlib import Path

import pytest

webdriver = pytest.importorskip("selenium.webdriver")

from selenium.common.exceptions import WebDriverException  # noqa: E402
from selenium.webdriver.chrome.options import Options  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
CHROMIUM = shutil.which("chromium")
CHROMEDRIVER = shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason="not installed: chromium, chromium-driver")

DESK = (1440, 900)
PHONE = (390, 844)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--hide-scrollbars")


class Window:
    def __init__(self, script=True, language="uk"):
        self.profile = tempfile.mkdtemp(prefix="kartka-chromium-")
        options = Options()
        options.binary_location = CHROMIUM
        for flag in FLAGS:
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={self.profile}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        prefs = {"intl.accept_languages": language}
        if not script:
            prefs["profile.managed_default_content_settings.javascript"] = 2
        options.add_experimental_option("prefs", prefs)
        self.driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
        self.driver.set_page_load_timeout(60)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # ---- what it looks like ----

    def size(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})

    def theme(self, name):
        # Nothing fades from one into the other: what is looked at next has its colours.
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": name},
                         {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def picture(self, name, size):
        """All of the page, down to 4,000 pixels."""
        metrics = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})
        height = int(metrics["cssContentSize"]["height"])
        self.size(size[0], max(size[1], min(height, 4000)))
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))
        self.size(*size)

    def width_needed(self):
        metrics = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})
        return int(metrics["cssContentSize"]["width"])

    def complaints(self):
        """What the browser's console has to say since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    # ---- what one does ----

    def open(self, url):
        self.driver.get(url)

    @property
    def html(self):
        return self.driver.page_source

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def fill(self, **fields):
        for name, value in fields.items():
            self.find(f'main [name="{name}"]').send_keys(value)

    def press(self, selector):
        """A click, and the page that comes of it, whole."""
        before = self.find("html").id
        self.find(selector).click()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            # The old page is gone for a moment before the new one is there.
            with contextlib.suppress(WebDriverException):
                if self.find("html").id != before and \
                        self.driver.execute_script("return document.readyState") == "complete":
                    return
            time.sleep(0.02)
        raise AssertionError(f"{selector}: no page came of it")
