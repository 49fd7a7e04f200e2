"""Owns how a build context is changed between two builds; must never build."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import PurePosixPath

from graders.build_context import PreparedContext
from graders.check import Change
from graders.context_file import ContextFile
from graders.exercise import ExerciseSpec
from graders.rebuild.lock_change import with_other_lock

SLASH_COMMENT_SUFFIXES = frozenset({".js", ".ts", ".go", ".rs", ".java", ".c", ".cc", ".cpp"})


@dataclass(frozen=True, slots=True)
class ChangedContext:
    """A context in which one file was changed."""

    context: PreparedContext
    changed: str
    """Path of the file."""
    probe: str
    """Text that was put into it and occurs nowhere else."""


def change(context: PreparedContext, spec: ExerciseSpec, what: Change, nonce: str) -> ChangedContext:
    """Change one file: a comment more in the source, or a requirement that no installer accepts.

    Change.IGNORED adds a line to every planted file instead, Change.LOCK exchanges every fingerprint in the lock;
    `changed` is empty when there is none.

    A file that the submission lacks is made; a link gives way to a file with its target's content.
    """
    probe = f"dockyard_probe_{sha256(nonce.encode()).hexdigest()[:16]}"
    if what is Change.IGNORED:
        planted = {canary.path for canary in context.canaries}
        files = tuple(
            replace(file, data=file.data + f"\n{probe}\n".encode()) if file.path in planted else file
            for file in context.files
        )
        return ChangedContext(replace(context, files=files), ", ".join(sorted(planted)), probe)
    if what is Change.LOCK:
        other = with_other_lock(context, spec.build.lock, probe)
        return ChangedContext(other or context, spec.build.lock if other else "", probe)
    is_source = what in {Change.SOURCE, Change.LINE}
    path = spec.build.source if is_source else spec.build.requirements
    line = f"{_comment_mark(path)} {probe}" if is_source else f"{probe}=!="
    by_path = {file.path: file for file in context.files}
    old = _followed(by_path, path)
    by_path[path] = replace(old, path=path, data=old.data + f"\n{line}\n".encode(), link="")
    files = tuple(by_path[name] for name in sorted(by_path))
    return ChangedContext(replace(context, files=files), path, probe)


def with_test(context: PreparedContext, folder: str, name: str, text: str) -> ChangedContext:
    """The context with one test more; its name is the probe. What can't lie beside it gives way."""
    path = f"{folder}/{name}"
    by_path = {file.path: file for file in context.files}
    for taken in (path, *(str(parent) for parent in PurePosixPath(path).parents)):
        by_path.pop(taken, None)
    by_path[path] = ContextFile(path, text.encode())
    files = tuple(by_path[key] for key in sorted(by_path))
    return ChangedContext(replace(context, files=files), path, PurePosixPath(name).stem)


def _comment_mark(path: str) -> str:
    return "//" if PurePosixPath(path).suffix in SLASH_COMMENT_SUFFIXES else "#"


def _followed(files: dict[str, ContextFile], path: str) -> ContextFile:
    """The entry at a path, one link inside the submission followed; an empty file where there is none."""
    file = files.get(path, ContextFile(path))
    if file.link:
        parts: list[str] = []
        for part in (PurePosixPath(path).parent / file.link).parts:
            if part == ".." and parts:
                parts.pop()
            elif part not in {"..", "/"}:
                parts.append(part)
        return files.get("/".join(parts), ContextFile(path))
    return file
