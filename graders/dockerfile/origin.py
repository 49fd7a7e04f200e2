"""Owns where a file of an image comes from: the build context, an earlier stage, a heredoc, or what a RUN prints.

Must never look outside the submission's files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import NamedTuple

from graders.dockerfile.ignore import IgnoreFile, paths_like
from graders.dockerfile.model import Command, Dockerfile, Instruction, Stage, mounts
from graders.dockerfile.printed import printed_to

_DEPTH_LIMIT = 20
_EDITORS = frozenset(("sed", "perl", "tee", "truncate"))
"""Programs that may write other text to a file that they name."""
_PLACERS = frozenset(("cp", "mv", "ln", "install"))
"""Programs that put a file, as it is, to another place."""
_MOVERS = _EDITORS | _PLACERS | {"cd", "pushd"}
"""All that says where a file of a RUN comes from."""


class Origin(NamedTuple):
    """A file that a build step reads, and where it came from."""

    path: str
    """Path in the build context; empty when it stands in the Dockerfile itself, as a heredoc or printed by a RUN."""
    data: bytes
    line: int
    """Line of the Dockerfile that brings it."""


class Origins:
    """Follows the files of a Dockerfile's stages back to where they came from."""

    def __init__(self, dockerfile: Dockerfile, files: Mapping[str, bytes], ignore: IgnoreFile | None) -> None:
        self._dockerfile = dockerfile
        self._files = files
        self._ignore = ignore
        self._has_any = bool(files) or any(_writes(each) for each in dockerfile.instructions)
        """Without files, and text that is written to some, nothing comes from anywhere that is known here."""
        self._folders: dict[int, list[str]] = {}
        self._copies: dict[int, list[tuple[int, Instruction, tuple[str, ...], str]]] = {}
        self._found: dict[tuple[int, int, str], Origin | None] = {}
        """Stage, number of an instruction and path -> what brought the file: many checks ask the same."""

    def of(self, instruction: Instruction, path: str, command: Command | None = None) -> Origin | None:
        """Where the file comes from that this RUN knows as `path`; None when it can't be told.

        With `command`, the folders into which the RUN goes before that command count.
        """
        if not self._has_any or not 0 <= instruction.stage < len(self._dockerfile.stages):
            return None
        stage = self._dockerfile.stages[instruction.stage]
        at = next((index for index, item in enumerate(stage.instructions) if item is instruction), None)
        if at is None:
            return None
        folder = self._folder(stage, at)
        for earlier in instruction.commands:
            if earlier is command:
                break
            if command is not None and earlier.words[0] in ("cd", "pushd") and len(earlier.words) > 1:
                folder = posixpath.join(folder, earlier.words[1])
        target = posixpath.normpath(posixpath.join(folder, path))
        for mount in mounts(instruction):
            place = posixpath.normpath(posixpath.join(self._folder(stage, at), mount.get("target", "")))
            if mount["type"] == "bind" and _below(target, place) is not None:
                source = posixpath.join("/", mount.get("source", ""), _below(target, place) or "")
                return self._fetch(source, mount.get("from", ""), stage, instruction, 0)
        return (
            self._printed(stage, at, target)
            or self._brings(stage, at, target)
            or self._renamed(stage, at, target, 0, command)
        )

    def of_image(self, path: str) -> Origin | None:
        """Where the file of the final image comes from that is at `path`, seen from its working folder."""
        stage = self._dockerfile.final
        if stage is None or not self._has_any:
            return None
        end = len(stage.instructions)
        return self._brings(stage, end, posixpath.normpath(posixpath.join(self._folder(stage, end), path)))

    def texts(self, instruction: Instruction, prefix: str) -> list[str]:
        """The texts of the context's files that a COPY or ADD puts at paths that begin with `prefix`."""
        if not 0 <= instruction.stage < len(self._dockerfile.stages) or instruction.flags.get("from"):
            return []
        found = []
        place = instruction.words[-1]
        for source in instruction.words[:-1]:
            plain = posixpath.normpath(posixpath.join("/", source)).lstrip("/")
            folder = place if place.endswith("/") or plain not in self._files else posixpath.dirname(place)
            matches = paths_like(plain or "**").excludes
            for path in self._files:
                if not matches(path) or (self._ignore is not None and self._ignore.excludes(path)):
                    continue
                inside = posixpath.relpath(path, plain or ".") if path != plain else posixpath.basename(path)
                if place.startswith(prefix) or posixpath.join(folder, inside).startswith(prefix):
                    found.append(self._files[path].decode("utf-8", "replace"))
        return found

    def _folder(self, stage: Stage, at: int) -> str:
        """The working folder in force at an instruction of the stage."""
        if stage.index not in self._folders:
            folder = "/"
            if stage.parent is not None:
                parent = self._dockerfile.stages[stage.parent]
                folder = self._folder(parent, len(parent.instructions))
            folders = []
            for instruction in stage.instructions:
                folders.append(folder)
                if instruction.keyword == "WORKDIR" and not instruction.onbuild:
                    folder = posixpath.normpath(posixpath.join(folder, instruction.expanded))
            self._folders[stage.index] = [*folders, folder]
        return self._folders[stage.index][at]

    def _brings(self, stage: Stage, before: int, target: str) -> Origin | None:
        """As `_find`, which is asked once."""
        asked = (stage.index, before, target)
        if asked not in self._found:
            self._found[asked] = self._find(stage, before, target, 0)
        return self._found[asked]

    def _find(self, stage: Stage, before: int, target: str, depth: int) -> Origin | None:
        """The last COPY or ADD above that brings `target`, in the stage or in its parents."""
        if depth > _DEPTH_LIMIT:
            return None
        for at, instruction, words, place in reversed(self._copies_of(stage)):
            if at >= before or _below(target, place) is None:
                continue
            origin = self._brought(instruction, words, stage, _below(target, place) or "", depth)
            if origin is not None:
                return origin
        above: Origin | None = None
        if stage.parent is not None:
            parent = self._dockerfile.stages[stage.parent]
            above = self._find(parent, len(parent.instructions), target, depth + 1)
        return above or self._renamed(stage, before, target, depth)

    def _printed(self, stage: Stage, at: int, target: str) -> Origin | None:
        """What a RUN up to number `at` has printed to the file, unless a COPY brings another one after that."""
        copied = max(
            (each for each, _, _, place in self._copies_of(stage) if _below(target, place) is not None), default=-1
        )
        for index in range(at, -1, -1):
            instruction = stage.instructions[index]
            if index < copied and self._brings(stage, at, target) != self._brings(stage, index, target):
                return None
            found = None
            if instruction.keyword == "RUN" and not instruction.onbuild:
                found = printed_to(instruction, target, self._folder(stage, index))
            if found is not None:
                before = self._brings(stage, index, target) if found.is_added else None
                text = found.text.encode()
                return Origin("", text if before is None else before.data + b"\n" + text, instruction.line)
        return None

    def _renamed(
        self, stage: Stage, before: int, target: str, depth: int, command: Command | None = None
    ) -> Origin | None:
        """Where the file comes from that a RUN above copies or moves to `target`.

        With `command`, what is in front of it in instruction number `before` counts too.
        """
        for at in range(before if command is not None else before - 1, -1, -1):
            instruction = stage.instructions[at]
            if instruction.keyword != "RUN" or instruction.onbuild:
                continue
            folder, source = self._folder(stage, at), ""
            for each in instruction.commands:
                if each is command:
                    break
                if each.words[0] not in _MOVERS:
                    continue
                names = [word for word in each.words[1:] if not word.startswith("-")]
                if each.words[0] in ("cd", "pushd") and names:
                    folder = posixpath.join(folder, names[0])
                elif each.words[0] in _EDITORS and posixpath.basename(target) in map(posixpath.basename, names):
                    return None
                elif each.words[0] in _PLACERS and len(names := _placed(each.words[0], names)) == 2:
                    place = posixpath.normpath(posixpath.join(folder, names[1]))
                    if target in (place, posixpath.join(place, posixpath.basename(names[0]))):
                        source = posixpath.normpath(posixpath.join(folder, names[0]))
            if source and source != target:
                return self._find(stage, at, source, depth + 1)
        return None

    def _copies_of(self, stage: Stage) -> list[tuple[int, Instruction, tuple[str, ...], str]]:
        """Each COPY and ADD of the stage: its index, itself, its sources and its full destination."""
        if stage.index not in self._copies:
            found = []
            for at, instruction in enumerate(stage.instructions):
                words = instruction.words if instruction.keyword in ("COPY", "ADD") and not instruction.onbuild else ()
                if len(words) > 1:
                    place = posixpath.normpath(posixpath.join(self._folder(stage, at), words[-1]))
                    found.append((at, instruction, words[:-1], place))
            self._copies[stage.index] = found
        return self._copies[stage.index]

    def _brought(
        self, instruction: Instruction, sources: tuple[str, ...], stage: Stage, inside: str, depth: int
    ) -> Origin | None:
        """The file at `inside` of the instruction's destination."""
        named = (instruction.flags.get("from") or ("",))[-1]
        for source in sources:
            if source.startswith("<<"):
                name = source.lstrip("<-").strip("\"'")
                for heredoc in instruction.heredocs:
                    if heredoc.name == name and inside in ("", name):
                        return Origin("", heredoc.body.encode(), instruction.line)
                continue
            found = self._matching(source, inside, named)
            for path in found:
                if (origin := self._fetch(path, named, stage, instruction, depth)) is not None:
                    return origin
        return None

    def _matching(self, source: str, inside: str, named: str) -> list[str]:
        """Paths that `inside` of the destination may have at the source."""
        plain = posixpath.normpath(posixpath.join("/", source))
        if not named and any(char in source for char in "*?["):
            matches = paths_like(plain.lstrip("/")).excludes
            return [f"/{path}" for path in self._files if inside in ("", posixpath.basename(path)) and matches(path)]
        found = [plain] if inside in ("", posixpath.basename(plain)) else []
        return [*found, posixpath.join(plain, inside)] if inside else found

    def _fetch(self, path: str, named: str, stage: Stage, instruction: Instruction, depth: int) -> Origin | None:
        """The file at a path of the context or of the stage that `--from` names."""
        if named:
            origin = self._dockerfile.find_stage(named, stage.index)
            return None if origin is None else self._find(origin, len(origin.instructions), path, depth + 1)
        inside = posixpath.normpath(path).lstrip("/")
        if inside not in self._files or (self._ignore is not None and self._ignore.excludes(inside)):
            return None
        return Origin(inside, self._files[inside], instruction.line)


def _below(path: str, folder: str) -> str | None:
    """`path` relative to `folder`, empty for the folder itself; None when it is elsewhere."""
    if path == folder:
        return ""
    prefix = "/" if folder == "/" else f"{folder}/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None


def _placed(program: str, names: list[str]) -> list[str]:
    """A file and its new place; the values of install's options stand in front of them."""
    return names[-2:] if program == "install" else names


def _writes(instruction: Instruction) -> bool:
    """Whether the instruction may write a text of its own to a file."""
    return bool(instruction.heredocs) or (
        instruction.keyword == "RUN" and (">" in instruction.value or "tee" in instruction.value)
    )
