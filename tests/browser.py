"""Owns the real Chromium of the tests that look at pages; must never download a browser or a driver."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,800",
)


@contextmanager
def open_chromium(profile: Path) -> Iterator[Chrome]:
    """A headless Chromium with an empty profile; it and its driver are ended after it. It logs what it requests."""
    # Half a second, which a run without a browser would pay while its tests are collected.
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.fail("Chromium or its driver is missing: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    opened = Chrome(options=options, service=ChromeService(executable_path=driver))
    try:
        yield opened
    finally:
        opened.quit()


def requested(browser: Chrome) -> set[str]:
    """The addresses that the page asked for since the last call, websockets too; data and blobs are no requests."""
    urls: set[str] = set()
    for entry in log_of(browser, "performance"):
        message = json.loads(entry)["message"]
        if message["method"] == "Network.requestWillBeSent":
            urls.add(message["params"]["request"]["url"])
        elif message["method"] == "Network.webSocketCreated":
            urls.add(message["params"]["url"])
    return {url for url in urls if urlsplit(url).scheme in {"http", "https", "ws", "wss", "file"}}


def log_of(browser: Chrome, kind: str) -> list[str]:
    """The messages of a log ("browser" is the console's) since the last call."""
    return [str(entry["message"]) for entry in browser.get_log(kind)]  # type: ignore[no-untyped-call]
