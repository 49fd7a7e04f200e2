"""Owns which outcomes of a report share their reason, so that a page tells it once; must never leave an outcome out."""

from __future__ import annotations

from collections.abc import Iterable

from graders.outcome import Outcome, Status


def same_reason(outcomes: Iterable[Outcome]) -> dict[str, tuple[Outcome, ...]]:
    """Id of the first skipped or errored outcome with a reason -> the later ones with the same status and words."""
    groups: dict[tuple[Status, str, str], list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.status in (Status.SKIPPED, Status.ERRORED) and outcome.reason:
            groups.setdefault((outcome.status, outcome.reason, outcome.remedy), []).append(outcome)
    return {first.id: tuple(others) for first, *others in groups.values()}
