"""Owns which ARG and ENV values are in force in a stage; must never read text.

A stage sees a global ARG only when it declares it again; both ENV and ARG pass on to a child stage; of an ENV and an
ARG of one name, the later one counts. Proved on BuildKit (Docker 20.10.24, 2026-11) by
tests/graders/dockerfile/test_meaning.py; the classic builder lets an ENV outrank a later ARG.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from graders.dockerfile.expand import Expanded

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Scope:
    """The variables of one stage, or those before the first FROM."""

    def __init__(self, env: Mapping[str, str] = _NOTHING, known: Mapping[str, str] = _NOTHING) -> None:
        self._env = dict(env)
        self._known = dict(known)
        self._variables: Mapping[str, str] | None = None

    def child(self) -> Scope:
        """The scope of a stage that starts from this one's."""
        return Scope(self._env, self._known)

    @property
    def env(self) -> Mapping[str, str]:
        """What ENV has set and is known: the variables of the running program."""
        return dict(self._env)

    @property
    def variables(self) -> Mapping[str, str]:
        """What ENV and ARG have set and is known; never changed afterwards, so it can be kept."""
        if self._variables is None:
            self._variables = dict(self._known)
        return self._variables

    def set_env(self, name: str, value: Expanded) -> None:
        """An ENV comes into force; a value that isn't fully known makes the name unknown."""
        self._variables = None
        self._env.pop(name, None)
        self._known.pop(name, None)
        if not value.missing:
            self._env[name] = self._known[name] = value.text

    def set_arg(self, name: str, value: Expanded | None, file: Scope | None) -> None:
        """An ARG comes into force; without a default it takes that of the global ARG, or leaves all as it was."""
        self._variables = None
        if value is None:
            inherited = None if file is None else file._known.get(name)
            if inherited is not None:
                self._known[name] = inherited
        elif value.missing:
            self._known.pop(name, None)
        else:
            self._known[name] = value.text
