"""Owns a new exercise: a small one that proves itself, to be changed into another; must never overwrite a file."""

from __future__ import annotations

import shutil
from pathlib import Path

from course.errors import ContentError
from graders.exercise import SLUG

TEMPLATE = Path(__file__).parent / "template"


def write_exercise(slug: str, parent: Path) -> Path:
    """Write the exercise into a new folder `slug` of `parent`, and return it.

    Raises ContentError for a name that is no slug, a folder that is there already, or one that can't be written.
    """
    if not SLUG.fullmatch(slug):
        raise ContentError(
            f"{slug!r} can't be the name of an exercise", hint="Use lower case words and numbers joined by hyphens."
        )
    folder = parent / slug
    title = slug.replace("-", " ").capitalize()
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise ContentError(f"{folder} is there already", hint="Take another name, or remove it first.") from error
    except OSError as error:
        raise ContentError(f"Can't make {folder}: {error.strerror or error}", hint="Say where: --in DIR") from error
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        target = folder / source.relative_to(TEMPLATE)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        target.write_text(text.replace("{{slug}}", slug).replace("{{title}}", title), encoding="utf-8")
        shutil.copymode(source, target)
    return folder
