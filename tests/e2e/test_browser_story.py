"""The desk in a real Chromium, behind the gate that `dockyard serve` puts before it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import log_of, requested
from tests.e2e.progress import pass_before
from tests.e2e.served import Page, is_alive, new_user, serving, until

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

ROOT = Path(__file__).parents[2]


@pytest.mark.engine
@pytest.mark.e2e
def test_story_in_the_browser(chromium: Chrome, sealed_environment: Path) -> None:
    """A learner reads, is told that level 2 is locked, leaves, comes back; nothing is asked of another host."""
    pass_before(ROOT, sealed_environment, "ship-the-classifier")
    with serving(new_user(sealed_environment)) as server:
        page = Page(chromium, server.address)

        page.wait("Packaging for production")
        assert server.root == chromium.current_url
        page.keys("/")
        page.wait("/check")
        page.keys("start-2-1", Keys.ENTER)
        page.wait("A container engine answers")
        page.keys(Keys.ESCAPE)
        page.wait(lambda screen: "A container engine answers" not in screen)
        page.keys(Keys.F1)
        page.wait("Keys and commands")
        page.keys(Keys.ESCAPE)
        page.wait(lambda screen: "Keys and commands" not in screen)
        asked = requested(chromium)
        (desk,) = server.children()
        page.keys("/")
        page.wait("/check")
        page.keys("quit", Keys.ENTER)
        until(lambda: "The desk has ended." in chromium.page_source and not is_alive(desk))
        chromium.refresh()
        page.wait("Packaging for production")
        desks = server.children()
        server.process.send_signal(signal.SIGINT)

        assert 0 == server.process.wait(30)
        assert not any(is_alive(pid) for pid in desks)
        assert {f"127.0.0.1:{server.port}"} == {urlsplit(url).netloc for url in asked}
        assert f"ws://127.0.0.1:{server.port}/ws" in {url.partition("?")[0] for url in asked}
        assert [] == [text for text in log_of(chromium, "browser") if "Content Security Policy" in text]


@pytest.mark.engine
@pytest.mark.e2e
def test_other_page_in_the_same_browser_gets_nothing(
    chromium: Chrome, sealed_environment: Path, tmp_path: Path
) -> None:
    """A page of another origin can open neither the desk nor its websocket, though the browser holds the cookie."""
    trick = tmp_path / "trick.html"
    with serving(new_user(sealed_environment)) as server:
        trick.write_text(
            f"""<p id=said>waiting</p><iframe src="{server.root}"></iframe><script>
            const socket = new WebSocket("ws://127.0.0.1:{server.port}/ws");
            socket.onopen = () => said.textContent = "open";
            socket.onerror = () => said.textContent = "refused";
            </script>"""
        )
        Page(chromium, server.address).wait(lambda screen: bool(screen.strip()))
        chromium.get(trick.as_uri())

        until(lambda: chromium.execute_script("return said.textContent") == "refused")
        # A desk that has ended is a child until the server has looked at its end.
        until(lambda: not server.children())


@pytest.mark.engine
@pytest.mark.e2e
async def test_server_that_is_killed_takes_its_desks_with_it(sealed_environment: Path) -> None:
    """A desk looks for its server and leaves when that was killed: no process stays."""
    from aiohttp import ClientSession

    with serving(new_user(sealed_environment)) as server:
        headers = {"Origin": server.root.rstrip("/"), "Cookie": f"dockyard-{server.port}={server.token}"}
        async with ClientSession() as client, client.ws_connect(f"{server.root}ws", headers=headers) as page:
            await page.receive_bytes(timeout=30)
            (desk,) = server.children()
            server.process.send_signal(signal.SIGKILL)

            until(lambda: not is_alive(desk))
