"""Owns the check that no secret stands in what an image says of itself; must never repeat a whole secret.

The configuration (variables, labels, command) and the history (build arguments that a RUN used, the words of every
line) can be read by all who can pull the image. What the base image says is not the learner's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from graders.check import Check
from graders.context import ImageContext
from graders.engine.base import LayerInfo
from graders.finding import Finding
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import BASE, IMAGE, image_context, layer
from graders.secret import SecretWords, given_in, is_harmless, masked, promises_secret, scattered_in, shapes_in

ASSIGNMENT = re.compile(r"(?<![\w$%{-])(\w{1,80})=(\"[^\"\n]{1,300}\"|'[^'\n]{1,300}'|[^\s;&|\"']{1,300})")


Params = SecretWords


def find(context: ImageContext, params: Params) -> Iterator[Finding]:
    """A finding a secret, at the line that wrote it where the history tells."""
    told: set[str] = set()
    for place, line, text, pairs in _places(context):
        named = [(f"a value for {name}", value) for name, value in pairs if _is_secret(name, value, params)]
        for what, secret in [*shapes_in(text), *named, *given_in(text, params)]:
            if secret not in told:
                told.add(secret)
                yield Finding(
                    f"{place} holds {what}: {masked(secret)}",
                    observed=masked(secret),
                    expected="no secret in the configuration or the history",
                    line=line if line is not None else _line_with(context, secret),
                )
    for part, secret in () if told else scattered_in("\n".join(text for *_, text, _ in _places(context)), params):
        yield Finding(
            f"The configuration and the history together hold a secret, in parts: {masked(secret)}",
            observed=masked(secret),
            expected="no secret in the configuration or the history",
            line=_line_with(context, part),
        )


def _places(context: ImageContext) -> Iterator[tuple[str, int | None, str, list[tuple[str, str]]]]:
    """What the image says beyond its base: where, at which line, its words, and the names with their values."""
    image, base = context.image, context.base
    for kind, mine, theirs in (
        ("The variable", image.env, base.env if base else {}),
        ("The label", image.labels, base.labels if base else {}),
    ):
        for name, value in mine.items():
            if theirs.get(name) != value:
                yield f"{kind} {name} of the image", None, value, [(name, value)]
    words = " ".join((*(image.entrypoint or ()), *(image.command or ())))
    if base is None or words != " ".join((*(base.entrypoint or ()), *(base.command or ()))):
        yield "The command of the image", None, words, _pairs(words)
    known = {entry.created_by for entry in (base.layers if base else ())}
    for entry in image.layers:
        if entry.created_by not in known:
            yield (
                "The history of the image",
                _line_of(context, entry),
                entry.created_by,
                _pairs(entry.created_by),
            )


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(match[1], match[2].strip("\"'")) for match in ASSIGNMENT.finditer(text)]


def _line_of(context: ImageContext, wanted: LayerInfo) -> int | None:
    digests = context.image.diff_ids
    return context.layer_line(digests.index(wanted.diff_id)) if wanted.diff_id in digests else None


def _line_with(context: ImageContext, secret: str) -> int | None:
    return next((item.line for item in context.source.dockerfile.instructions if secret in item.text), None)


def _is_secret(name: str, value: str, params: Params) -> bool:
    plain = value.strip()
    if len(plain) < 3 or plain[0] in "$<{`" or is_harmless(plain, params):
        return False
    return promises_secret(name, params)


OF_THE_BASE = {"API_TOKEN": "of-the-base"}
ARGUMENT = layer("RUN |1 HUB_TOKEN=hub-5f2c9e71d0a84b36 /bin/sh -c fetch # buildkit", 10)

CHECK = Check(
    id="leaked-secret",
    claim="No secret is in the image's configuration or history",
    why="Whoever can pull an image can read its variables, its labels and the words of each line that made it.",
    hint="Run docker inspect and docker history --no-trunc on the image. What can a stranger read there?",
    sources=("https://docs.docker.com/build/building/secrets/",),
    level=Level.IMAGE,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    bad=(
        image_context(image=replace(IMAGE, env={"HUB_TOKEN": "hub-5f2c9e71d0a84b36"})),
        image_context(image=replace(IMAGE, labels={"built-with": "ghp_" + "a1B2" * 9})),
        image_context(image=replace(IMAGE, layers=(*IMAGE.layers, ARGUMENT))),
        image_context(image=replace(IMAGE, layers=(*IMAGE.layers, LayerInfo("", 0, "ARG DB_PASSWORD=hunter22")))),
        image_context(image=replace(IMAGE, command=("serve", "--db", "postgres://me:hunter22@db/app"))),
    ),
    good=(
        image_context(),
        image_context(image=replace(IMAGE, env={"API_TOKEN": "your-token", "DB_PASSWORD": "changeme"})),
        image_context(image=replace(IMAGE, env={"TOKENIZERS_PARALLELISM": "false", "MAX_TOKENS": "512"})),
        image_context(image=replace(IMAGE, env={"DB_PASSWORD_FILE": "/run/db", "TOKEN": "", "GPG_KEY": "A035"})),
        image_context(image=replace(IMAGE, env=OF_THE_BASE), base=replace(BASE, env=OF_THE_BASE)),
        image_context(image=replace(IMAGE, layers=(*IMAGE.layers, LayerInfo("", 0, "ARG HUB_TOKEN")))),
    ),
)
