"""Owns tests of a table: one test goes through all its rows and tells of each that failed; must never leave one out.

`pytest.mark.parametrize` makes a test of each row. That costs some 5 ms (collected by each worker, a home of its own,
five messages), which is many times what a row of a pure function asks. The rows of one test share its fixtures, all but
`tmp_path`, of which each has a folder of its own: where a row writes elsewhere, or takes long, `parametrize` stays.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

SHOWN = 200
"""How many characters of a row are told."""

NamedRow = type(pytest.param())


def rows(
    names: str | Sequence[str],
    table: Iterable[object],
    *,
    ids: Iterable[str] | Callable[[Any], str] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Like `pytest.mark.parametrize`, but of all rows one test, which fails with what each failing row raised."""
    columns = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    lines = list(table)
    told = [_name(row, ids if callable(ids) else repr) for row in lines] if ids is None or callable(ids) else list(ids)
    named = list(zip(told, (_values(row, len(columns)) for row in lines), strict=True))
    if not named or any(len(values) != len(columns) for _, values in named):
        raise ValueError(f"Each row needs a value for {', '.join(columns)}, and there has to be a row")

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(test)
        if missing := set(columns) - set(signature.parameters):
            raise ValueError(f"{test.__name__} takes no {', '.join(sorted(missing))}")

        @functools.wraps(test)
        def whole(**fixtures: object) -> None:
            failed: list[BaseException] = []
            for place, (name, values) in enumerate(named):
                try:
                    test(**dict(zip(columns, values, strict=True)), **_own(fixtures, place))
                except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whatever it is, the next row is run
                    error.add_note(f"Row {name}")
                    failed.append(error)
            if failed:
                raise BaseExceptionGroup(f"{len(failed)} of {len(named)} rows of {test.__name__}", failed)

        kept = [value for name, value in signature.parameters.items() if name not in columns]
        whole.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        return whole

    return decorate


def _own(fixtures: dict[str, object], place: int) -> dict[str, object]:
    folder = fixtures.get("tmp_path")
    if not isinstance(folder, Path):
        return fixtures
    own = folder / str(place)
    own.mkdir()
    return {**fixtures, "tmp_path": own}


def _values(row: object, columns: int) -> tuple[object, ...]:
    if isinstance(row, NamedRow):
        return tuple(row.values)
    if columns == 1:
        return (row,)
    return tuple(row) if isinstance(row, Iterable) else (row,)


def _name(row: object, name: Callable[[Any], str]) -> str:
    if isinstance(row, NamedRow):
        if row.marks:
            raise ValueError("A row of a table has no marks of its own")
        return str(row.id or name(row.values))[:SHOWN]
    return str(name(row))[:SHOWN]
