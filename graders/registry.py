"""Owns which checks exist, found by walking `graders.checks`; must never hold a hand-made list of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

import graders.checks
from graders.check import AnyCheck, Check
from graders.errors import SpecError, UnknownCheckError
from graders.outcome import Level


@cache
def all_checks() -> Mapping[str, AnyCheck]:
    """Every check by its id, sorted by id; the modules are imported on the first call.

    Raises SpecError when two checks claim one id or alias, or when a module declares none.
    """
    return MappingProxyType(by_id(tuple(check for level in Level for check in _of_level(level))))


def checks_of(level: Level) -> Mapping[str, AnyCheck]:
    """The checks of one level by their ids, sorted by id; those of other levels are not imported.

    Raises SpecError as `all_checks`.
    """
    return MappingProxyType(by_id(_of_level(level)))


def find_check(check_id: str) -> AnyCheck:
    """The check with this id or alias; UnknownCheckError names the nearest ids."""
    direct = _by_module(check_id)
    if direct is not None:
        return direct
    checks = all_checks()
    if check_id in checks:
        return checks[check_id]
    for check in checks.values():
        if check_id in check.aliases:
            return check
    near = get_close_matches(check_id, checks, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"The checks are: {', '.join(checks)}."
    raise UnknownCheckError(f"No check has the id {check_id!r}", hint=hint)


def by_id(checks: tuple[AnyCheck, ...]) -> dict[str, AnyCheck]:
    """The checks sorted by id; SpecError when an id or alias is taken twice."""
    taken: set[str] = set()
    for check in checks:
        for name in (check.id, *check.aliases):
            if name in taken:
                raise SpecError(f"Two checks claim the name {name!r}", hint="Give one of them another id or alias.")
            taken.add(name)
    return {check.id: check for check in sorted(checks, key=lambda check: check.id)}


@cache
def _of_level(level: Level) -> tuple[AnyCheck, ...]:
    """The checks in the folder that is named after a level."""
    folder = import_module(f"{graders.checks.__name__}.{level.value}")
    names = (found.name for found in pkgutil.iter_modules(folder.__path__) if not found.name.startswith("_"))
    return tuple(_declared(f"{folder.__name__}.{name}") for name in names)


@cache
def _by_module(check_id: str) -> AnyCheck | None:
    """The check whose module is named after this id; None when there is none. It imports no other check."""
    name = check_id.replace("-", "_")
    if not name.isidentifier() or name.startswith("_"):
        return None
    for level in pkgutil.iter_modules(graders.checks.__path__, f"{graders.checks.__name__}."):
        if level.ispkg and find_spec(f"{level.name}.{name}") is not None:
            check = _declared(f"{level.name}.{name}")
            return check if check.id == check_id else None
    return None


def _declared(module_name: str) -> AnyCheck:
    check = getattr(import_module(module_name), "CHECK", None)
    if not isinstance(check, Check):
        raise SpecError(f"The module {module_name} declares no CHECK", hint="Checks live one a module, as CHECK.")
    return check
