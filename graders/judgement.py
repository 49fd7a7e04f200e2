"""Owns how evidence becomes outcomes: one check at a time, what needs what, and what overrules what.

Must never talk to an engine; an engine error that a check's evidence raises passes through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graders.errors import EngineError, GraderError
from graders.exercise import CheckUse, ExerciseSpec
from graders.finding import Finding, Undecidable
from graders.outcome import Outcome, Status

MAX_FINDINGS = 50
"""A check that finds more reports these and says that there are more."""
DEFAULT_REMEDY = "dockyard doctor"


def look(use: CheckUse, context: object) -> tuple[list[Finding], str]:
    """What a check finds, and why it could not decide: empty when it could. Raises what the check raises."""
    findings: list[Finding] = []
    undecided = ""
    for item in use.check.find(context, use.params):
        if isinstance(item, Undecidable):
            undecided = item.reason
        elif len(findings) < MAX_FINDINGS:
            findings.append(item)
        else:
            findings.append(Finding(f"There are more than {MAX_FINDINGS} findings; mend these first", file=""))
            break
    return findings, undecided


def judge(use: CheckUse, context: object, clock: Callable[[], float]) -> tuple[Outcome, bool]:
    """Run one check: its outcome, and whether its evidence could not decide.

    A crash of the check is ERRORED. Raises EngineError and Cancelled from the evidence it reads.
    """
    started_s = clock()
    try:
        findings, undecided = look(use, context)
    except GraderError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug in one check must not cost the others
        reason = (
            f"The check {use.check.id} crashed ({type(error).__name__}: {error}): a fault of ours, please report it"
        )
        return replace(blank(use), status=Status.ERRORED, reason=reason, elapsed_s=clock() - started_s), False
    elapsed_s = clock() - started_s
    if findings:
        return blank(use, Status.FAILED, elapsed_s=elapsed_s, findings=tuple(findings)), False
    if undecided:
        return blank(use, Status.SKIPPED, elapsed_s=elapsed_s, reason=undecided), True
    return blank(use, Status.PASSED, elapsed_s=elapsed_s), False


def blank(
    use: CheckUse,
    status: Status = Status.SKIPPED,
    *,
    elapsed_s: float = 0.0,
    findings: tuple[Finding, ...] = (),
    reason: str = "",
) -> Outcome:
    """An outcome with all that comes from the exercise and the check; it has the points when it is PASSED."""
    check = use.check
    max_points = 0 if use.advisory else use.points
    return Outcome(
        id=check.id,
        claim=check.claim,
        level=check.level,
        status=status,
        required=not use.advisory,
        points=max_points if status is Status.PASSED else 0,
        max_points=max_points,
        elapsed_s=elapsed_s,
        findings=findings,
        reason=reason,
        why=check.why,
        hint=use.hint or check.hint,
    )


def errored(use: CheckUse, error: EngineError) -> Outcome:
    """What the engine failed to do, as an outcome that names the command that mends it."""
    return replace(blank(use), status=Status.ERRORED, reason=error.message, remedy=error.hint or DEFAULT_REMEDY)


def skipped(use: CheckUse, reason: str) -> Outcome:
    """A check that did not run."""
    return replace(blank(use), status=Status.SKIPPED, reason=reason)


class Ledger:
    """The outcomes of one submission, in the exercise's order."""

    def __init__(self, spec: ExerciseSpec) -> None:
        self._uses = {use.check.id: use for use in spec.checks}
        self._decided_by: dict[str, list[CheckUse]] = {}
        for use in spec.checks:
            for decider in use.check.decided_by:
                self._decided_by.setdefault(decider, []).append(use)
        self._outcomes: dict[str, Outcome] = {}
        self._undecided: set[str] = set()

    def record(self, outcome: Outcome, *, undecided: bool = False) -> tuple[Outcome, ...]:
        """Note an outcome; it and each outcome that it overrules, as they stand now."""
        self._outcomes[outcome.id] = outcome
        if undecided:
            self._undecided.add(outcome.id)
        changed = [outcome]
        for use in self._decided_by.get(outcome.id, ()):
            if self._is_overruled(use):
                changed.append(self._overruled(use))
                self._outcomes[use.check.id] = changed[-1]
                self._undecided.discard(use.check.id)
        return tuple(changed)

    def blocked(self, use: CheckUse, *, past_errors: bool = False) -> str:
        """Why a check can't run: a need that did not pass. Empty when nothing is in its way.

        A need whose evidence could not decide is not in the way: nothing speaks against it. With `past_errors`
        an ERRORED need isn't either: the check then shares its error.
        """
        for need in use.needs:
            outcome = self._outcomes.get(need)
            status = outcome.status if outcome else Status.SKIPPED
            is_open = need in self._undecided or (past_errors and status is Status.ERRORED)
            if status is not Status.PASSED and not is_open:
                return f"Needs {need} to pass first"
        return ""

    def outcomes(self) -> tuple[Outcome, ...]:
        """All outcomes so far, in the exercise's order."""
        return tuple(self._outcomes[check_id] for check_id in self._uses if check_id in self._outcomes)

    def _deciders(self, use: CheckUse) -> list[str]:
        return [check_id for check_id in use.check.decided_by if check_id in self._uses]

    def _is_overruled(self, use: CheckUse) -> bool:
        own = self._outcomes.get(use.check.id)
        if own is None or own.status is Status.PASSED:
            return False
        if own.status is Status.SKIPPED and use.check.id not in self._undecided:
            return False
        decided = [self._outcomes.get(check_id) for check_id in self._deciders(use)]
        return all(outcome is not None and outcome.status is Status.PASSED for outcome in decided)

    def _overruled(self, use: CheckUse) -> Outcome:
        own = self._outcomes[use.check.id]
        reason = f"Observed: {' and '.join(self._deciders(use))} passed, whatever the text looks like"
        return replace(_passed(use, own), findings=(), reason=reason, remedy="")


def _passed(use: CheckUse, outcome: Outcome) -> Outcome:
    return replace(outcome, status=Status.PASSED, points=outcome.max_points if not use.advisory else 0)
