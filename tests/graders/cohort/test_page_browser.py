"""Tests of the report page in a real Chromium: it reads without its script, sorts and filters with it, and prints."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from selenium.webdriver.common.by import By

from graders.cohort.gradebook.worth import LatePolicy, score
from graders.cohort.page.file import PageFile
from graders.cohort.page.top import Heading
from graders.cohort.row import GradedRow
from graders.cohort.similarity.compare import Alike, Group, Kind, Pair, SharedLine
from tests.browser import log_of, open_chromium, requested
from tests.graders.cohort.hostile_rows import HOSTILE, hostile_rows
from tests.graders.cohort.made_rows import DUE, EXERCISE, NOW, made_rows

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.engine

T = TypeVar("T")
ROWS = 120


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One Chromium for all tests here: starting it takes longer than they do."""
    with open_chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def page_of(folder: Path, rows: list[GradedRow], alike: Alike | None = None, title: str = EXERCISE.title) -> str:
    """The address of a page of these rows."""
    policy = LatePolicy(DUE, percent_per_day=10)
    with PageFile(Heading(title, EXERCISE.id, NOW)) as page:
        for row in rows:
            page.add(row, score(row, policy, EXERCISE.max_points), "folder")
        page.write(folder / "report.html", alike)
    return (folder / "report.html").as_uri()


@pytest.fixture
def made(browser: Chrome, tmp_path: Path) -> Chrome:
    """The page of a made cohort, open."""
    browser.get(page_of(tmp_path, list(made_rows(ROWS))))
    return browser


def shown(browser: Chrome) -> list[str]:
    """The names of the students who are listed, in their order."""
    script = (
        "return [...document.querySelectorAll('.s')].filter(r => !r.hidden).map(r => r.querySelector('b').textContent)"
    )
    return list(browser.execute_script(script))


def asked(browser: Chrome, script: str) -> object:
    """What a script answers."""
    return browser.execute_script(f"return {script}")


def choose(browser: Chrome, name: str, value: str) -> None:
    """Choose from a list of the page."""
    from selenium.webdriver.support.ui import Select

    Select(browser.find_element(By.NAME, name)).select_by_value(value)


def wait_until(browser: Chrome, claim: Callable[[], bool]) -> None:
    """Wait until it is so, ten seconds at most."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 10).until(lambda _: claim())


def wait_for(browser: Chrome, students: int) -> None:
    """Wait until so many students are listed: a choice in a list takes effect a moment after the call."""
    wait_until(browser, lambda: len(shown(browser)) == students)


def test_page_opens_from_disk_and_asks_for_nothing_else(browser: Chrome, tmp_path: Path) -> None:
    """The file itself is the one request, and the console has nothing to say."""
    browser.get("about:blank")
    requested(browser)
    log_of(browser, "browser")
    address = page_of(tmp_path, list(made_rows(ROWS)))
    browser.get(address)

    assert {address} == requested(browser)
    assert [] == log_of(browser, "browser")
    assert ROWS == len(shown(browser))


def test_students_are_filtered_by_name_state_check_and_group(made: Chrome) -> None:
    """Each field narrows the list, they work together, and one button shows all again."""
    everybody = shown(made)
    words = made.find_element(By.NAME, "words")
    words.send_keys("kaya s1000")
    named = shown(made)

    assert named == [name for name in everybody if "Kaya" in name and "s1000" in name]
    assert named
    assert f"{len(named)} of {ROWS}" == made.find_element(By.ID, "shown").text

    made.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    wait_for(made, ROWS)
    choose(made, "state", "errored")
    errored = asked(made, "[...document.querySelectorAll('.s')].filter(r => r.dataset.t === 'errored').length")

    assert isinstance(errored, int)
    assert 0 < errored < ROWS
    wait_for(made, errored)
    choose(made, "check", "runs-as-root")

    wait_for(made, 0)

    assert made.find_element(By.ID, "none").is_displayed()

    made.find_element(By.ID, "all").click()
    wait_for(made, ROWS)
    choose(made, "group", "Group 2")
    wait_for(made, ROWS // 4)


def test_check_in_the_table_filters_the_students(made: Chrome) -> None:
    """A click on a check shows who failed it."""
    link = made.find_element(By.CSS_SELECTOR, "a[data-check]")
    failed = int(made.find_element(By.CSS_SELECTOR, "td.bars b").text)
    made.execute_script("arguments[0].click()", link)
    wait_for(made, failed)

    assert asked(made, "document.getElementById('filter').elements.check.value") == link.get_attribute("data-check")


def test_students_are_sorted_up_and_down(made: Chrome) -> None:
    """A heading sorts by its column, numbers as numbers, and who has none stays at the end."""

    def values(key: str) -> list[float]:
        script = f"[...document.querySelectorAll('.s')].map(r => parseFloat(r.dataset.{key})).filter(v => !isNaN(v))"
        found = asked(made, script)
        assert isinstance(found, list)
        return [float(value) for value in found]

    button = made.find_element(By.CSS_SELECTOR, "button[data-key=z]")
    button.click()
    up = values("z")
    button.click()
    down = values("z")

    assert sorted(up) == up
    assert sorted(up, reverse=True) == down
    assert len(up) > 100
    assert "z" not in str(asked(made, "Object.keys([...document.querySelectorAll('.s')].at(-1).dataset).join(' ')"))

    made.find_element(By.CSS_SELECTOR, "button[data-key=n]").click()
    names = shown(made)

    assert names[0].startswith("Ada ")
    assert len(names) == ROWS


def test_link_to_a_student_opens_their_part(made: Chrome) -> None:
    """A name above leads to the part below, opened, also when a filter had hidden it."""
    made.find_element(By.NAME, "words").send_keys("nobody has this name")
    link = made.find_element(By.CSS_SELECTOR, "#attention ~ div a")
    made.execute_script("arguments[0].click()", link)
    target = str(link.get_attribute("href")).partition("#")[2]
    part = made.find_element(By.ID, target)
    wait_until(made, part.is_displayed)

    assert "The engine did not answer within 60 s" in part.text


def test_page_reads_without_its_script(browser: Chrome, tmp_path: Path) -> None:
    """Everything is there and opens by itself; what only a script can do is not offered."""
    address = page_of(tmp_path, list(made_rows(ROWS)))
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(address)
        parts = browser.find_elements(By.CSS_SELECTOR, ".s")
        parts[10].find_element(By.TAG_NAME, "summary").click()

        assert ROWS == len(parts)
        assert parts[10].find_element(By.TAG_NAME, "div").is_displayed()
        assert not browser.find_element(By.ID, "filter").is_displayed()
        assert [] == browser.find_elements(By.CSS_SELECTOR, "#head button")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_hostile_rows_do_nothing(browser: Chrome, tmp_path: Path) -> None:
    """Names, evidence, paths and shared lines that try to act are shown, and the page still works."""
    rows = []
    shared: list[Pair | Group] = []
    for number, text in enumerate(HOSTILE):
        armed = text.replace("alert(1)", "window.owned=1;document.body.remove()")
        rows += [
            replace(row, row=replace(row.row, student=replace(row.row.student, id=f"{number}{row.row.student.id}")))
            for row in hostile_rows(armed)
        ]
        line = SharedLine(armed, (armed, armed))
        shared += [Pair((armed, armed), 0.9, (line,), 1), Group(Kind.IDENTICAL, (armed, armed), (line,), 1)]
    pairs = tuple(one for one in shared if isinstance(one, Pair))
    groups = tuple(one for one in shared if isinstance(one, Group))
    log_of(browser, "browser")
    requested(browser)
    address = page_of(tmp_path, rows, Alike(4, 0, 0, groups, pairs, len(pairs)), title=HOSTILE[0])
    browser.get(address)

    assert {address} == requested(browser)
    assert asked(browser, "window.owned === undefined") is True
    assert [] == log_of(browser, "browser")
    assert len(rows) == len(shown(browser))
    assert HOSTILE[0] == browser.find_element(By.TAG_NAME, "h1").text
    assert asked(browser, "[...document.links].every(a => a.protocol === 'file:')") is True

    browser.find_element(By.NAME, "words").send_keys("onmouseover")

    assert 0 < len(shown(browser)) < len(rows)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_a_narrow_window(browser: Chrome, tmp_path: Path, scheme: str) -> None:
    """400 pixels hold the page without scrolling sideways, and its colours follow the reader's choice."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    metrics = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        browser.get(page_of(tmp_path, [*made_rows(ROWS), *hostile_rows("x" * 300)]))
        back = asked(browser, "getComputedStyle(document.body).backgroundColor")

        assert asked(browser, "document.documentElement.scrollWidth <= document.documentElement.clientWidth") is True
        assert ("rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)") == back
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_page_prints(made: Chrome) -> None:
    """On paper are the overview and the list, dark on white, without what only a screen needs."""
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    made.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    try:
        assert "rgb(255, 255, 255)" == asked(made, "getComputedStyle(document.body).backgroundColor")
        assert not made.find_element(By.ID, "filter").is_displayed()
        assert not made.find_element(By.TAG_NAME, "nav").is_displayed()
    finally:
        made.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    printed = made.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False})
    pages = len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(printed["data"])))

    assert 4 <= pages <= 12
