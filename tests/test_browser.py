"""Tests of the browser that other tests look through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By

from tests.browser import requested

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.mark.engine
def test_browser_runs_a_page_and_tells_what_it_asked_for(chromium: Chrome, tmp_path: Path) -> None:
    """A page's script has run when the test looks, and every file that it wanted is known."""
    page = tmp_path / "page.html"
    page.write_text("<p id=said></p><img src=near.png><script>said.textContent = 6 * 7</script>")

    chromium.get(page.as_uri())

    assert "42" == chromium.find_element(By.ID, "said").text
    assert {page.as_uri(), (tmp_path / "near.png").as_uri()} == requested(chromium)
