"""Owns the check that planted files and given secrets reach no layer; must never look at a learner's own secrets.

A file counts wherever its token turns up: under another name, in an archive or a wheel, in base64, in a link, in the
image's configuration, or in a layer whose file a later layer deletes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.canary import Canary
from graders.check import Check
from graders.context import ImageContext, TokenHit
from graders.finding import Finding, Undecidable
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import image_context, scan
from graders.secret import masked

ENV = Canary(".env", "dockyard-canary-0123456789abcdef", b"API_KEY=dockyard-canary-0123456789abcdef\n")


@dataclass(frozen=True, slots=True)
class Params:
    """What is looked for beside the planted files."""

    given: tuple[str, ...] = ()
    """Secrets that a starter gives away."""


def find(context: ImageContext, params: Params) -> Iterator[Finding | Undecidable]:
    """A finding a leaked file or secret; the first place where it was found is named."""
    if not (context.canaries or params.given):
        yield Undecidable("The exercise plants no files")
        return
    found = context.layers.scan()
    names = {canary.token: f"The content of {canary.path}" for canary in context.canaries}
    names |= {secret: f"The secret {masked(secret)}" for secret in params.given}
    told: set[str] = set()
    for hit in found.hits:
        what = names.get(hit.token)
        if hit.layer < 0 and hit.token in params.given:
            continue  # What the configuration and the history say is leaked-secret's to judge.
        if what is not None and what not in told:
            told.add(what)
            yield _finding(context, what, hit)
    if (found.problem or found.unopened) and not told:
        yield Undecidable(found.problem or found.unopened)


def _finding(context: ImageContext, what: str, hit: TokenHit) -> Finding:
    line = context.layer_line(hit.layer)
    if hit.layer < 0:
        place = "the image's configuration or history"
    elif hit.path:
        place = f"/{hit.path}"
    else:
        place = "a layer"
    return Finding(
        f"{what} is in the image, at {place}",
        observed=place,
        expected=f"{what[:1].lower()}{what[1:]} in no layer, not even in one whose files are deleted later",
        line=line,
    )


CHECK = Check(
    id="leaked-file",
    claim="Secrets, history, notebooks and raw data stay out of every layer",
    why="Whoever can pull an image can read every layer of it, also what a later line deleted.",
    hint="What does COPY . . take along that nobody needs to get a prediction?",
    sources=("https://docs.docker.com/build/concepts/context/#dockerignore-files",),
    level=Level.IMAGE,
    find=find,
    params=Params,
    seeks=lambda params: params.given,
    needs=AN_IMAGE,
    bad=(
        image_context(canaries=(ENV,), scan=scan(hits=(TokenHit(ENV.token, 1, "app/.env"),))),
        image_context(canaries=(ENV,), scan=scan(hits=(TokenHit(ENV.token, -1, ""),))),
    ),
    good=(image_context(canaries=(ENV,)),),
)
