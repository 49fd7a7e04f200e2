"""Owns the reference page of each check, made from its declaration; must never say what the declaration doesn't."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from graders.check import AnyCheck, Sample
from graders.outcome import Level

INDEX = "README.md"
_LEVELS = {
    Level.DOCKERFILE: "Read from the text of the Dockerfile and the files beside it, without an engine.",
    Level.IMAGE: "Read from the built image: its settings, its history and the files of every layer.",
    Level.REBUILD: "Read from the engine's own account of a second build, after a change.",
    Level.CONTAINER: "Read from outside a running container.",
}
_NOTE = "<!-- Made by `dockyard author page` from the check's declaration: change that, and make the pages again. -->"


def pages(checks: Mapping[str, AnyCheck]) -> dict[str, str]:
    """File name -> text of every page, the index among them."""
    found = {f"{check.id}.md": page(check) for check in checks.values()}
    return {INDEX: index(checks), **found}


def write_pages(folder: Path, checks: Mapping[str, AnyCheck]) -> tuple[str, ...]:
    """Bring the folder up to date; the names of the files that were written or removed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages(checks)
    changed = []
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    for path in sorted(folder.glob("*.md")):
        if path.name not in wanted:
            path.unlink()
            changed.append(path.name)
    return tuple(changed)


def index(checks: Mapping[str, AnyCheck]) -> str:
    """The list of all checks, by level."""
    lines = ["# The checks", "", _NOTE, ""]
    for level in Level:
        of_level = [check for check in checks.values() if check.level is level]
        if not of_level:
            continue
        lines += [
            f"## {level.value.capitalize()}",
            "",
            _LEVELS[level],
            "",
            "| check | true when it passes |",
            "|---|---|",
        ]
        lines += [f"| [`{check.id}`]({check.id}.md) | {_cell(check.claim)} |" for check in of_level]
        lines.append("")
    return "\n".join(lines)


def page(check: AnyCheck) -> str:
    """The page of one check."""
    lines = [f"# `{check.id}`", "", _NOTE, "", f"**{check.claim}.** {check.why}", ""]
    if check.deprecated:
        lines += [f"Deprecated: {check.deprecated}", ""]
    lines += [f"Level: {check.level.value}. {_LEVELS[check.level]}", ""]
    if check.service:
        lines += ["Needs a `[service]` in the exercise: without one it is skipped.", ""]
    if check.needs:
        lines += [f"Needs to pass first: {_links(check.needs)}.", ""]
    if check.decided_by:
        lines += [f"What is observed outranks the text: {_links(check.decided_by)} may decide the same claim.", ""]
    if check.advisory:
        lines += ["Advisory in every exercise: it reports and costs nothing.", ""]
    if check.change is not None:
        lines += [f"What the second build changes: the {check.change.value}.", ""]
    if check.aliases:
        lines += [f"Also known as: {', '.join(f'`{alias}`' for alias in check.aliases)}.", ""]
    lines += ["## Hint", "", check.hint, ""]
    lines += _params(check)
    lines += _samples("Caught", check.bad)
    lines += _samples("Let through", check.good)
    lines += ["## Sources", "", *(f"- {_source(source)}" for source in check.sources), ""]
    return "\n".join(lines)


def _params(check: AnyCheck) -> list[str]:
    fields = dataclasses.fields(check.params)
    if not fields:
        return []
    notes = _field_notes(check.params)
    lines = ["## Parameters", ""]
    default = check.params()
    for field in fields:
        note = notes.get(field.name, "")
        lines.append(f"- `{field.name}` = `{_value(getattr(default, field.name))}`{': ' + note if note else ''}")
    return [*lines, ""]


def _field_notes(params: type) -> dict[str, str]:
    """The string under each field of the dataclass, read from its source."""
    import ast
    import inspect
    import textwrap

    body = ast.parse(textwrap.dedent(inspect.getsource(params))).body[0]
    if not isinstance(body, ast.ClassDef):
        return {}
    found = {}
    for item, following in zip(body.body, body.body[1:], strict=False):
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            found[item.target.id] = " ".join(str(following.value.value).split())
    return found


def _samples(heading: str, samples: tuple[object, ...]) -> list[str]:
    """The samples that are Dockerfiles; those of the other levels are recorded outcomes, too long for a page."""
    whole = (Sample(sample) if isinstance(sample, str) else sample for sample in samples)
    texts = [sample for sample in whole if isinstance(sample, Sample)]
    if not texts:
        return []
    lines = [f"## {heading}", ""]
    for sample in texts:
        lines += _fenced(sample.dockerfile, "dockerfile")
        for path, text in sample.files:
            lines += [f"with `{path}`", "", *_fenced(text, "text")]
        if sample.must_ignore:
            lines += [f"where {', '.join(f'`{path}`' for path in sample.must_ignore)} must stay out", ""]
    return lines


def _fenced(text: str, kind: str) -> list[str]:
    shown = text if len(text) <= 2000 else text[:2000] + "...\n"
    return [f"````{kind}", *shown.rstrip("\n").split("\n"), "````", ""]


def _links(ids: tuple[str, ...]) -> str:
    return ", ".join(f"[`{check_id}`]({check_id}.md)" for check_id in ids)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value).replace("\n", "\\n")


def _source(source: str) -> str:
    return f"<{source}>" if source.startswith("http") and " " not in source else source


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
