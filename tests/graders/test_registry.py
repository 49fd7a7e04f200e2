"""Finding checks."""

from __future__ import annotations

import pytest

from graders.errors import SpecError, UnknownCheckError
from graders.outcome import Level
from graders.registry import all_checks, by_id, checks_of, find_check


def test_every_module_of_checks_is_found_under_its_name() -> None:
    """The id is the module's name with hyphens."""
    checks = all_checks()

    assert {"build-fails", "leaked-file", "wrong-output", "runs-as-root"} <= set(checks)
    assert all(check_id == check.id for check_id, check in checks.items())
    assert list(checks) == sorted(checks)


def test_checks_of_the_levels_are_all_checks() -> None:
    """Each check lies in the folder of its own level, so that a level is found without the others."""
    levels = {level: checks_of(level) for level in Level}

    assert all(check.level is level for level, checks in levels.items() for check in checks.values())
    assert all_checks() == {check_id: check for checks in levels.values() for check_id, check in checks.items()}


def test_unknown_id_names_the_nearest() -> None:
    """A misspelt id is answered with ids that exist."""
    with pytest.raises(UnknownCheckError) as caught:
        find_check("leaked-fil")

    assert "leaked-file" in caught.value.hint


def test_id_taken_twice_is_refused() -> None:
    """Two checks can't share a name."""
    check = find_check("leaked-file")

    with pytest.raises(SpecError, match="claim the name"):
        by_id((check, check))
