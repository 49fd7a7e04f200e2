"""The page on architecture names what there is: every folder of ours, and no module that was moved or removed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.rows import rows

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
FOLDERS = sorted(
    f"{file.parent.relative_to(ROOT).as_posix()}/"
    for top in ("course", "graders")
    for file in ROOT.glob(f"{top}/*/*.py")
)
NAMES = sorted(set(re.findall(r"\b(?:course|graders)(?:\.[a-z_]+)+\b", PAGE)))


@rows("folder", sorted(set(FOLDERS)))
def test_every_folder_is_told_of(folder: str) -> None:
    """A newcomer finds a row for each."""
    row = folder if folder != "graders/checks/" else "graders/checks/<level>/"

    assert f"| `{row}` |" in PAGE


@rows("name", NAMES)
def test_every_module_that_is_named_exists(name: str) -> None:
    """As a module or as a folder of them; a function's name may stand behind it."""
    places = [ROOT / Path(*name.split(".")[:length]) for length in (len(name.split(".")), len(name.split(".")) - 1)]

    assert places[0].with_suffix(".py").is_file() or places[0].is_dir() or places[1].with_suffix(".py").is_file()
