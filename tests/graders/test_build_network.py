"""An exercise says which network its builds get, the settings may give less, and nobody is blamed for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.build_network import SETTING, BuildNetwork, given_network, network_notice, read_network
from graders.engine.base import Network
from graders.errors import EngineError, SpecError
from graders.exercise import read_exercise
from tests.rows import rows

SPEC = """\
format = 1
id = "tiny"
title = "Tiny"
minutes = 1

[build]
network = {}

[[checks]]
use = "build-fails"
"""


@rows(
    ("text", "network"),
    [
        ('"on"', Network.BRIDGE),
        ("true", Network.BRIDGE),
        ('"index"', Network.INDEX),
        ('"off"', Network.NONE),
        ("false", Network.NONE),
    ],
)
def test_exercise_names_its_network(tmp_path: Path, text: str, network: Network) -> None:
    """By a word, or by true and false."""
    (tmp_path / "exercise.toml").write_text(SPEC.format(text))

    assert read_exercise(tmp_path).build.network.network is network


@rows(("text", "hint"), [('"indx"', "'index'"), ('"none"', "on"), ("3", "on, index, off")])
def test_other_word_is_refused_with_the_nearest(tmp_path: Path, text: str, hint: str) -> None:
    """The key is named."""
    (tmp_path / "exercise.toml").write_text(SPEC.format(text))
    with pytest.raises(SpecError) as caught:
        read_exercise(tmp_path)

    assert "build.network" in caught.value.message
    assert hint in caught.value.hint


@rows("wanted", list(BuildNetwork))
def test_settings_give_less_and_never_more(wanted: BuildNetwork) -> None:
    """The smaller of both holds; without a setting the exercise's own."""
    order = list(BuildNetwork)

    assert given_network(wanted, {}) is wanted
    for most in order:
        assert given_network(wanted, {SETTING: most.value}) is order[max(order.index(wanted), order.index(most))]


def test_setting_that_makes_no_sense_is_our_error() -> None:
    """Nobody's build is graded under a policy that can't be read."""
    with pytest.raises(EngineError):
        given_network(BuildNetwork.ON, {SETTING: "maybe"})


def test_notice_is_given_where_the_policy_is_not_what_it_seems() -> None:
    """Less than wanted, or an index that nobody keeps; silence otherwise."""
    on, index = BuildNetwork.ON, BuildNetwork.INDEX

    assert not network_notice(index, index, keeps_index=True)
    assert not network_notice(on, on, keeps_index=False)
    assert "can't keep" in network_notice(index, index, keeps_index=False)
    assert "less network" in network_notice(on, index, keeps_index=True)
    assert read_network("off") is BuildNetwork.OFF
