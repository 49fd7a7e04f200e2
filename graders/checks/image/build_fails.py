"""Owns the check that the Dockerfile builds; must never explain more than the engine said."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graders.check import Check, NoParams
from graders.engine.base import BuildResult, StepStatus
from graders.finding import Finding
from graders.need import A_BASE
from graders.network_trouble import tells_of_network
from graders.outcome import Level
from graders.recorded import build, step

TAIL_LINES = 8
HINTS = (
    ("no active sessions", "A check gives no secret, and this line requires one. Can it do without?"),
    (
        "Unknown flag: link",
        "This engine is older than Docker 23 and doesn't know that flag. What does the line do without it?",
    ),
    (
        "missing ':' in substitution",
        "This engine fills in ${name}, ${name:-word} and ${name:+word}, and no other form. Can a RUN work it out?",
    ),
    (
        "unknown instruction",
        "Is the first word of that line an instruction? If it stands in a heredoc (<<): Docker before 23 reads none.",
    ),
    ("COPY failed", "Is the file in the folder, spelt like this, and not named in .dockerignore?"),
    ("failed to compute cache key", "Is the file in the folder, spelt like this, and not named in .dockerignore?"),
    ("No matching distribution", "Does this package exist in this version for this version of Python?"),
    ("Permission denied", "Which user runs this line, and who owns what it writes to?"),
    ("not found", "Which line above should have put it there?"),
)
PARSE_ERROR = re.compile(r"parse error (?:on )?line (\d{1,6})\b")
NETWORK_HINT = "Something on the network did not answer. Is its name right? Then it was away: check again in a while."


def find(result: BuildResult, _params: NoParams) -> Iterator[Finding]:
    """One finding that names the step that failed and the last lines it wrote."""
    if result.ok:
        return
    failed = next((each for each in result.steps if each.status is StepStatus.FAILED), None)
    tail = [text for step_id, text in result.log if failed is None or step_id == failed.id][-TAIL_LINES:]
    observed = "\n".join([*tail, result.error])
    if result.timed_out:
        message = f"The build was stopped after {result.elapsed_s:.0f} s: it is too slow or it hangs"
    elif failed is not None:
        message = f"The build failed at {failed.name}"
    else:
        message = "The build failed"
    hint = next((text for mark, text in HINTS if mark in observed), "")
    if failed is not None and tells_of_network(tail):
        hint = NETWORK_HINT
    said = PARSE_ERROR.search(result.error)
    line = failed.line if failed else int(said[1]) if said else None
    yield Finding(message, observed=observed, expected="an image", line=line, hint=hint)


CHECK = Check(
    id="build-fails",
    claim="The Dockerfile builds",
    why="Without an image there is nothing to ship; the first line that fails hides all that come after it.",
    hint="Read the last lines of the build log from the bottom up. Which line of the Dockerfile do they belong to?",
    sources=("https://docs.docker.com/reference/dockerfile/",),
    level=Level.IMAGE,
    find=find,
    params=NoParams,
    needs=A_BASE,
    of_build=True,
    bad=(
        build(step("[2/2] RUN false", status=StepStatus.FAILED, line=2), error="exit code: 1"),
        build(error="dockerfile parse error"),
        build(error="stopped", timed_out=True),
    ),
    good=(build(),),
)
