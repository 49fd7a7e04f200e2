"""Every text of the desk can be read in every theme: at least 4.5 to 1, the AA level of WCAG 2.2."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from rich.style import Style
from textual.color import Color
from textual.filter import Monochrome
from textual.theme import BUILTIN_THEMES

import course.tui
from course.tui.app import Dockyard
from course.tui.look import OWN_THEMES, TOOLKIT_THEMES
from course.tui.widgets.dockerfile_colours import LIGHT_MARK, LIGHT_STYLES, MARK, STYLES
from tests.course.tui.conftest import DeskDriver, ScriptedSession, building, built
from tests.rows import rows

ENOUGH = 4.5
ENOUGH_OF_A_LINE = 3.0
"""For bars and frames, which are no text."""
THEMES = BUILTIN_THEMES | {theme.name: theme for theme in OWN_THEMES}
TINTS = ("primary", "success", "warning", "error", "accent")
"""What callouts and the frame of a pass lay over the background, a tenth of it."""
FOUND = 0.2
"""Share of the first colour below what a search found."""
TEXTS = ("foreground", "text-primary", "text-accent", "text-success", "text-warning", "text-error")
FAINTEST = 0.65
"""Share of the foreground in words that step back."""


def variables(name: str) -> dict[str, str]:
    """Every colour of a theme."""
    theme = THEMES[TOOLKIT_THEMES[name]]
    return theme.to_color_system().generate() | theme.variables


def backgrounds(name: str) -> dict[str, Color]:
    """All that text of the desk stands on."""
    colours = variables(name)
    plain = {ground: Color.parse(colours[ground]) for ground in ("background", "surface", "panel")}
    shares = [*((tint, 0.1) for tint in TINTS), ("primary", FOUND)]
    below = plain["background"]
    tinted = {f"{tint} {share:.0%}": below.blend(Color.parse(colours[tint]), share) for tint, share in shares}
    return plain | tinted


def luminance(colour: Color) -> float:
    """Relative luminance. Source: WCAG 2.2, definition of relative luminance."""
    parts = (value / 255 for value in colour.rgb)
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio. Source: WCAG 2.2, definition of contrast ratio."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def on(ground: Color, colour: str, share: float = 1.0) -> float:
    """Contrast of a colour, which may be see-through, with the ground below it."""
    text = Color.parse(colour)
    return contrast(ground.blend(text, text.a * share), ground)


@rows("name", TOOLKIT_THEMES)
def test_text_is_readable_on_all_that_it_stands_on(name: str) -> None:
    """Plain words, faint words, and the colours of passes, warnings and failures."""
    colours = variables(name)
    faint = [
        f"{text} {share:.0%} on {ground}: {found:.2f}"
        for ground, colour in backgrounds(name).items()
        for text, share in ((*((text, 1.0) for text in TEXTS), ("foreground", FAINTEST)))
        if (found := on(colour, colours[text], share)) < ENOUGH
    ]

    assert [] == faint


@rows("name", TOOLKIT_THEMES)
def test_keys_and_frames_are_readable(name: str) -> None:
    """The keys of the last line are text; frames and the bar beside the pane in front are lines."""
    colours = variables(name)

    assert on(Color.parse(colours["footer-background"]), colours["footer-key-foreground"]) >= ENOUGH
    assert on(Color.parse(colours["background"]), colours["primary"]) >= ENOUGH_OF_A_LINE


@rows("name", TOOLKIT_THEMES)
def test_colours_of_the_editor_are_readable(name: str) -> None:
    """Each kind of word of a Dockerfile, and the mark of a finding."""
    is_dark = THEMES[TOOLKIT_THEMES[name]].dark
    ground = backgrounds(name)["surface"]
    found = {token: Style.parse(style).color for token, style in (STYLES if is_dark else LIGHT_STYLES).items()}
    colours = {token: colour.get_truecolor().hex for token, colour in found.items() if colour is not None}
    colours["mark"] = MARK if is_dark else LIGHT_MARK

    assert {} == {token: colour for token, colour in colours.items() if on(ground, colour) < ENOUGH}


def test_no_text_is_fainter_than_what_is_tested() -> None:
    """Whoever writes words in another share of the foreground has to measure it here."""
    folder = Path(course.tui.__file__).parent
    shares = {
        (path.name, int(share))
        for path in [*folder.rglob("*.py"), *folder.rglob("*.tcss")]
        for share in re.findall(r"\$foreground (\d+)%", path.read_text(encoding="utf-8"))
    }
    bars = {("layer_chart.py", 45)}

    assert set() == {found for found in shares - bars if found[1] < FAINTEST * 100}


def test_no_ground_is_stronger_than_what_is_tested() -> None:
    """Whoever lays more of a colour below words has to measure it here."""
    folder = Path(course.tui.__file__).parent
    style = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.tcss"))
    laid = {(tint, int(share)) for tint, share in re.findall(r"background: \$([\w-]+) (\d+)%", style)}

    assert laid - {("panel", 50)} <= {*((tint, 10) for tint in TINTS), ("primary", int(FOUND * 100))}


def painted(desk: DeskDriver, *, is_grey: bool) -> list[str]:
    """What the screen shows too faintly, with its ratio."""
    faint: dict[str, float] = {}
    for row in desk.app.screen._compositor.render_strips():
        segments = list(row)
        if is_grey:
            segments = Monochrome().apply(segments, Color.parse("black"))
        for segment in segments:
            style, words = segment.style, segment.text.strip()
            if style is None or style.color is None or style.bgcolor is None or not re.search(r"[\w✔✘]", words):
                continue
            ground, text = Color.from_rich_color(style.bgcolor), Color.from_rich_color(style.color)
            if (found := contrast(text, ground)) < ENOUGH:
                faint[words] = found
    return [f"{words}: {found:.2f}" for words, found in faint.items()]


@pytest.mark.asyncio(loop_scope="session")
async def test_all_that_is_painted_is_readable_in_each_theme(desk: DeskDriver, session: ScriptedSession) -> None:
    """Lesson, outline, editor with a finding, and a failed check; a theme is chosen by command, and remembered."""
    session.script = (*building("Collecting six"), *built())
    await desk.check("Not yet")
    faint = {"no colour": painted(desk, is_grey=True), "dark": painted(desk, is_grey=False)}
    for name, dark in (("light", False), ("high-contrast", True), ("dark", True)):
        await desk.enter(f"/theme {name}")
        await desk.until(partial(_is_chosen, desk, name), name)
        desk.app.clear_notifications()
        await desk.settle()
        faint[name] = painted(desk, is_grey=False)

        assert dark == desk.app.current_theme.dark
        assert desk.app.theme == Dockyard(session, clock=lambda: 0.0, environ={}).theme

    assert {"no colour", *TOOLKIT_THEMES} == set(faint)
    assert {} == {name: words for name, words in faint.items() if words}


def _is_chosen(desk: DeskDriver, name: str) -> bool:
    return TOOLKIT_THEMES[name] == desk.app.theme
