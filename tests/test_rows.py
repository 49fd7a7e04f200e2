"""Tests of the tables of tests: a row that fails is told, and those after it are run all the same."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tests.rows import rows


def test_every_row_that_fails_is_told() -> None:
    """With its values, whatever it raised; the rows between pass, and all are run."""
    seen = []

    @rows(("number", "square"), [(1, 1), (2, 5), pytest.param(3, 9), pytest.param(4, 0, id="four"), (5, 0)])
    def squares(number: int, square: int) -> None:
        seen.append(number)
        if number == 4:
            pytest.fail("no four")
        assert square == number**2

    with pytest.raises(BaseExceptionGroup) as caught:
        squares()

    assert [1, 2, 3, 4, 5] == seen
    assert "3 of 5 rows of squares (3 sub-exceptions)" == str(caught.value)
    assert [["Row (2, 5)"], ["Row four"], ["Row (5, 0)"]] == [error.__notes__ for error in caught.value.exceptions]


def test_rows_that_hold_are_silent() -> None:
    """A table of tables is run in every combination, and what is no column is a fixture."""
    seen = []

    @rows("left", (1, 2), ids=str)
    @rows("right", "ab", ids=["first", "second"])
    def pairs(left: int, right: str, other: str) -> None:
        seen.append((left, right, other))

    pairs(other="x")

    assert [(1, "a", "x"), (1, "b", "x"), (2, "a", "x"), (2, "b", "x")] == seen
    assert ["other"] == list(inspect.signature(pairs).parameters)


def test_each_row_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """What one row writes is not there for the next; a table of tables has one for each combination."""
    seen = []

    @rows("left", "ab")
    @rows("right", "cd")
    def writes(left: str, right: str, tmp_path: Path) -> None:
        assert [] == list(tmp_path.iterdir())
        (tmp_path / left).write_text(right)
        seen.append(tmp_path)

    writes(tmp_path=tmp_path)

    assert 4 == len(set(seen))


def test_a_name_is_that_of_the_row() -> None:
    """From `ids`, a list or what makes one of the row."""
    for ids in (["odd"], lambda _: "odd"):

        @rows("number", [1], ids=ids)
        def even(number: int) -> None:
            assert number % 2 == 0

        with pytest.raises(BaseExceptionGroup) as caught:
            even()

        assert ["Row odd"] == caught.value.exceptions[0].__notes__


def test_a_table_that_says_nothing_is_refused() -> None:
    """A table without rows would pass; so would a column that the test does not take."""
    for names, table in (("number", []), (("number", "other"), [(1,)]), ("numbr", [1])):
        with pytest.raises(ValueError, match=r"there has to be a row|takes no numbr"):

            @rows(names, table)
            def never(number: int) -> None:
                pytest.fail(str(number))

    with pytest.raises(ValueError, match="no marks"):
        rows("number", [pytest.param(1, marks=pytest.mark.skip)])
