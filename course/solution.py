"""Owns reading an exercise's reference solution; must never decide who may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.errors import ContentError

if TYPE_CHECKING:
    from graders.exercise import ExerciseSpec


def read_solution(spec: ExerciseSpec) -> dict[str, str]:
    """Path -> text of the files that differ from the starter, the Dockerfile first. Raises ContentError."""
    from graders.submission import is_editable

    texts: dict[str, str] = {}
    try:
        for path in sorted(spec.solution.rglob("*")):
            name = path.relative_to(spec.solution).as_posix()
            if not path.is_file() or not is_editable(name, spec.files):
                continue
            data = path.read_bytes()
            starter = spec.starter / name
            if not starter.is_file() or starter.read_bytes() != data:
                texts[name] = data.decode("utf-8", "replace")
    except OSError as error:
        raise ContentError(f"{error.filename}: can't be read: {error.strerror}") from error
    return dict(sorted(texts.items(), key=lambda item: (item[0] != "Dockerfile", item[0])))
