"""Secrets in what an image says of itself, and words that only look like some."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.image.leaked_secret import CHECK, Params
from graders.engine.base import ImageInfo, LayerInfo
from graders.finding import Finding
from graders.recorded import IMAGE, image_context, layer
from tests.rows import rows

TOKEN = "ghp_" + "a1B2" * 9
SECRETS = (TOKEN, "hunter22", "123456", "a1B2a1B2")


def judged(image: ImageInfo, dockerfile: str = "FROM a\n") -> list[Finding]:
    found = CHECK.find(image_context(dockerfile, image=image), Params())
    return [item for item in found if isinstance(item, Finding)]


@rows(
    "image",
    [
        pytest.param(replace(IMAGE, env={"dbPassword": "hunter22"}), id="variable"),
        pytest.param(replace(IMAGE, env={"NOTE": f"use {TOKEN}"}), id="variable with a harmless name"),
        pytest.param(replace(IMAGE, env={"DB_PASSWORD": "123456"}), id="number"),
        pytest.param(replace(IMAGE, env={"INDEX": "dckr_pat_" + "a1B2" * 7}), id="form that the text check knows"),
        pytest.param(replace(IMAGE, labels={"api.token": "hunter22"}), id="label"),
        pytest.param(replace(IMAGE, entrypoint=("sh", "-c", "API_KEY=hunter22 serve")), id="command"),
        pytest.param(
            replace(IMAGE, layers=(*IMAGE.layers, layer("RUN |2 A=1 API_TOKEN=hunter22 /bin/sh -c x", 1))),
            id="argument",
        ),
        pytest.param(
            replace(IMAGE, layers=(*IMAGE.layers, layer(f"RUN git clone https://me:{TOKEN}@git.invalid/a", 1))),
            id="address in the history",
        ),
    ],
)
def test_secret_is_found_and_never_repeated_whole(image: ImageInfo) -> None:
    """The finding shows enough to find it, too little to use it."""
    found = judged(image)

    assert found
    assert not [item for item in found if any(secret in repr(item) for secret in SECRETS)]


@rows(
    "env",
    [
        {"TOKENIZERS_PARALLELISM": "false"},
        {"API_KEY": ""},
        {"API_KEY": "$API_KEY"},
        {"SECRET_FILE": "/run/secrets/key"},
        {"PASSWORD_MIN_LENGTH": "12"},
        {"KEYBOARD": "qwertz", "AUTHOR": "Ada"},
        {"API_TOKEN": "your-token-here", "DB_PASSWORD": "change-me", "AUTH_TOKEN": "auto"},
    ],
)
def test_words_about_secrets_pass(env: dict[str, str]) -> None:
    """A path, a switch, a reference, a stand-in and another word are no secrets."""
    assert [] == judged(replace(IMAGE, env=env))


def test_secret_mount_leaves_nothing_and_passes() -> None:
    """The name of a mount is no value."""
    text = "RUN --mount=type=secret,id=api_token TOKEN=$(cat /run/secrets/api_token) fetch"

    assert [] == judged(replace(IMAGE, layers=(*IMAGE.layers, LayerInfo("", 0, text))))


def test_line_of_a_variable_is_named() -> None:
    """The finding jumps to the line that wrote it."""
    (found,) = judged(replace(IMAGE, env={"API_TOKEN": "hunter22"}), "FROM a\n\nENV API_TOKEN=hunter22\n")

    assert 3 == found.line


def test_secret_that_a_starter_gave_away_is_found_under_any_name() -> None:
    """A new name makes it sound harmless, and a file of the image has no name at all."""
    given = replace(Params(), given=("hub-5f2c9e71",))
    echoed = LayerInfo("", 0, "RUN echo hub-5f2c9e71 > /etc/hub")
    for image in (replace(IMAGE, env={"HUB": "hub-5f2c9e71"}), replace(IMAGE, layers=(*IMAGE.layers, echoed))):
        assert [] == judged(image)
        (found,) = CHECK.find(image_context(image=image), given)

        assert "hub-5f2c9e71" not in repr(found)


def test_known_secret_in_parts_is_found_whatever_their_order() -> None:
    """Neither variable is worth anything, both together are all; a part that is missing is the secret that is left."""
    known = Params(given=("hub-5f2c9e71d0",))
    whole = image_context(image=replace(IMAGE, env={"B": "9e71d0", "A": "hub-5f2c"}, labels={"c": "5f2c9"}))
    part = image_context(image=replace(IMAGE, env={"B": "71d0", "A": "hub-5f2"}))

    found = [item for item in CHECK.find(whole, known) if isinstance(item, Finding)]

    assert 1 == len(found)
    assert "9e71" not in repr(found)
    assert [] == list(CHECK.find(part, known))
