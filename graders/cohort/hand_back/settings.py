"""Owns how results are handed back, kept in `--out` from one writing to the next; must never hold a grade."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from graders.cohort.gradebook.worth import LatePolicy
from graders.cohort.hand_back.student_folder import replace_text
from graders.errors import GradebookError

FILE_NAME = "hand-back.json"
SCHEMA = "dockyard/hand-back/v1"
_NUMBERS = ("free_days", "percent_per_day", "cap_percent")


@dataclass(frozen=True, slots=True)
class HandBackSettings:
    """What an instructor says once."""

    late: LatePolicy = field(default_factory=LatePolicy)
    assignment: str = ""
    """The assignment's name in Canvas; empty: the exercise's title."""


def keep_settings(out: Path, said: HandBackSettings) -> HandBackSettings:
    """What holds: what is said now, and for the rest what was kept. It is kept. Raises GradebookError and OSError."""
    kept = read_settings(out)
    default = LatePolicy()
    changed = {
        name: getattr(said.late, name)
        for name in ("due", *_NUMBERS)
        if getattr(said.late, name) != getattr(default, name)
    }
    holds = HandBackSettings(replace(kept.late, **changed), said.assignment or kept.assignment)
    if holds != kept:
        write_settings(out, holds)
    return holds


def read_settings(out: Path) -> HandBackSettings:
    """What is kept in `out`; nothing kept: what costs nothing. Raises GradebookError for a file that is not ours."""
    path = out / FILE_NAME
    try:
        values = json.loads(path.read_bytes())
        if values["schema"] != SCHEMA:
            raise ValueError(f"its schema is {values['schema']!r}, and this Dockyard knows {SCHEMA}")
        late = values["late"]
        due = None if late["due"] is None else datetime.fromisoformat(late["due"])
        numbers = {name: float(late[name]) for name in _NUMBERS}
        return HandBackSettings(LatePolicy(due, **numbers), str(values["assignment"]))
    except FileNotFoundError:
        return HandBackSettings()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GradebookError(
            f"{path} can't be read: {error}",
            hint=f"Take it away (rm {path}) and say again what it held: dockyard report {out} --due ...",
        ) from error


def write_settings(out: Path, settings: HandBackSettings) -> None:
    """Keep these. Raises OSError."""
    late = settings.late
    document = {
        "schema": SCHEMA,
        "assignment": settings.assignment,
        "late": {
            "due": None if late.due is None else late.due.isoformat(),
            **{name: getattr(late, name) for name in _NUMBERS},
        },
    }
    replace_text(out / FILE_NAME, json.dumps(document, indent=2) + "\n")
