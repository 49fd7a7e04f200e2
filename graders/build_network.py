"""Owns what the network of a build is called in an exercise and in a setting; must never make or change a network."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from graders.errors import EngineError
from graders.safe_text import clean

if TYPE_CHECKING:
    from graders.engine.base import Network

SETTING = "DOCKYARD_BUILD_NETWORK"
"""Variable that names the most network that any build gets."""


class BuildNetwork(StrEnum):
    """What the RUN lines of a submission reach."""

    ON = "on"
    """All that the machine reaches."""
    INDEX = "index"
    """The package indexes of Python and Debian, and those of the settings; nothing else."""
    OFF = "off"

    @property
    def network(self) -> Network:
        """In the engine's words."""
        from graders.engine.base import Network

        return {BuildNetwork.ON: Network.BRIDGE, BuildNetwork.INDEX: Network.INDEX}.get(self, Network.NONE)


def read_network(value: object) -> BuildNetwork:
    """The policy that a text names; true is on and false is off. Raises ValueError with the nearest name."""
    if isinstance(value, bool):
        return BuildNetwork.ON if value else BuildNetwork.OFF
    names = [item.value for item in BuildNetwork]
    if isinstance(value, str) and value in names:
        return BuildNetwork(value)
    near = get_close_matches(str(value).lower(), names, n=1, cutoff=0.4)
    raise ValueError(f"Did you mean {near[0]!r}?" if near else f"It is one of: {', '.join(names)}.")


def given_network(wanted: BuildNetwork, environ: Mapping[str, str]) -> BuildNetwork:
    """What a build gets: what its exercise asks for, or less where the settings say so. Raises EngineError."""
    named = environ.get(SETTING, "")
    try:
        most = read_network(named) if named else BuildNetwork.ON
    except ValueError as error:
        raise EngineError(
            f"{SETTING}={clean(named, max_len=60)} names no network of a build", hint=str(error)
        ) from error
    order = list(BuildNetwork)
    return max(wanted, most, key=order.index)


def network_notice(wanted: BuildNetwork, given: BuildNetwork, *, keeps_index: bool) -> str:
    """What is worth saying about the network of a build on this engine; mostly nothing."""
    if given is not wanted:
        return f"The settings give builds less network ({given}) than this exercise asks for ({wanted})"
    if given is BuildNetwork.INDEX and not keeps_index:
        return "This engine can't keep a build to the package index: its RUN lines reach all that the machine reaches"
    return ""
