"""Owns which ARG and ENV values are in force in a stage; must never read text.

Source: "Understand how ARG and FROM interact" and "Using ARG variables" in the Dockerfile reference, read 2026-11:
an ENV outranks an ARG of its name, a stage sees a global ARG only when it declares it again, ENV passes on to a child
stage, ARG does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from graders.dockerfile.expand import Expanded


class Scope:
    """The variables of one stage, or those before the first FROM."""

    def __init__(self, env: Mapping[str, str] = MappingProxyType({}), unknown: frozenset[str] = frozenset()) -> None:
        self._env = dict(env)
        self._arg: dict[str, str] = {}
        self._unknown = unknown
        self._variables: Mapping[str, str] | None = None

    def child(self) -> Scope:
        """The scope of a stage that starts from this one's."""
        return Scope(self._env, self._unknown)

    @property
    def env(self) -> Mapping[str, str]:
        """What ENV has set and is known."""
        return dict(self._env)

    @property
    def variables(self) -> Mapping[str, str]:
        """What ENV and ARG have set and is known; never changed afterwards, so it can be kept."""
        if self._variables is None:
            known = {**self._arg, **self._env}
            self._variables = {name: value for name, value in known.items() if name not in self._unknown}
        return self._variables

    def set_env(self, name: str, value: Expanded) -> None:
        """An ENV comes into force; a value that isn't fully known makes the name unknown."""
        self._variables = None
        if value.missing:
            self._unknown |= {name}
            self._env.pop(name, None)
        else:
            self._unknown -= {name}
            self._env[name] = value.text

    def set_arg(self, name: str, value: Expanded | None, file: Scope | None) -> None:
        """An ARG comes into force; without a default it takes that of the global ARG of its name."""
        self._variables = None
        if value is None:
            inherited = file._arg.get(name) if file is not None else None
            if inherited is None:
                self._arg.pop(name, None)
            else:
                self._arg[name] = inherited
        elif value.missing:
            self._arg.pop(name, None)
        else:
            self._arg[name] = value.text
