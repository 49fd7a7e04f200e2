"""Owns which submissions are alike, with the lines that show it: evidence for a human; must never give a verdict.

    alike = Similarity(given)
    alike.add("s1", content_sha256, files) ...
    found = alike.result()

Compared is what is a student's own (own_line.py). Equal content is one entry; equal own lines without comments make a
group. Other pairs are found through an index of lines, rare ones first, and a line that many have is no evidence: so
ten thousand submissions cost no ten thousand times ten thousand comparisons.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from graders.cohort.similarity.own_line import Given, OwnLine

PAIRS_SHOWN = 100
LINES_SHOWN = 12
LINES_AT_LEAST = 3
"""Rare lines that a pair must share."""
SHARE_AT_LEAST = 0.5
"""Of the weight of the smaller one's own lines that a pair must share."""
WORK_MAX = 1_000_000
"""Shared lines that are counted, the rarest first."""


class Kind(StrEnum):
    """How submissions are alike."""

    IDENTICAL = "identical"
    """Every file, byte for byte."""
    SAME_LINES = "same-lines"
    """The own lines, but for comments, spacing and order."""


@dataclass(frozen=True, slots=True)
class SharedLine:
    """A line that is in each of them."""

    text: str
    places: tuple[str, ...]
    """`file:line` in each of the first two."""


@dataclass(frozen=True, slots=True)
class Group:
    """Students with the same work."""

    kind: Kind
    students: tuple[str, ...]
    lines: tuple[SharedLine, ...]
    """The first of their own lines."""
    own_lines: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two students with rare lines in common."""

    students: tuple[str, str]
    share: float
    """0 to 1: of the own lines of the one who has fewer, rare lines weighing more."""
    lines: tuple[SharedLine, ...]
    """The rarest first."""
    shared_lines: int


@dataclass(frozen=True, slots=True)
class Alike:
    """What was found."""

    compared: int
    """Submissions."""
    unread: int
    """Submissions that could not be read again, so are compared with none."""
    nothing_own: int
    """Submissions that hold nothing but what was given."""
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]
    pairs_found: int
    """Also those that are not among `pairs`."""


@dataclass(slots=True)
class _Content:
    """One content and who handed it in."""

    lines: tuple[OwnLine, ...]
    students: list[str] = field(default_factory=list)


class Similarity:
    """Collects submissions, then tells which are alike."""

    def __init__(self, given: Iterable[Mapping[str, bytes]] = ()) -> None:
        self._given = Given(given)
        self._contents: dict[str, _Content] = {}
        self._unread = 0

    def knows(self, content_sha256: str) -> bool:
        """Whether equal content was added, so that `add` needs no files."""
        return content_sha256 in self._contents

    def add(self, student: str, content_sha256: str, files: Mapping[str, bytes] | None) -> None:
        """Add a submission; `files` may be None when its content is known or can't be read."""
        content = self._contents.get(content_sha256)
        if content is None:
            if files is None:
                self._unread += 1
                return
            content = self._contents[content_sha256] = _Content(self._given.own_lines(files))
        content.students.append(student)

    def result(self) -> Alike:
        """What is alike, the strongest first."""
        contents = [content for content in self._contents.values() if content.lines]
        classes: dict[frozenset[int], list[_Content]] = defaultdict(list)
        for content in contents:
            keys = frozenset(line.key for line in content.lines if not line.is_comment)
            classes[keys or frozenset(line.key for line in content.lines)].append(content)
        pairs = list(_Pairs([members[0] for members in classes.values()]).found())
        return Alike(
            compared=sum(len(content.students) for content in self._contents.values()),
            unread=self._unread,
            nothing_own=sum(len(content.students) for content in self._contents.values() if not content.lines),
            groups=tuple(sorted(_groups(contents, classes), key=lambda group: (-group.own_lines, group.students))),
            pairs=tuple(pairs[:PAIRS_SHOWN]),
            pairs_found=len(pairs),
        )


def _groups(contents: list[_Content], classes: Mapping[frozenset[int], list[_Content]]) -> Iterator[Group]:
    for content in contents:
        if len(content.students) > 1:
            lines = tuple(SharedLine(line.text, (_place(line),)) for line in content.lines[:LINES_SHOWN])
            yield Group(Kind.IDENTICAL, tuple(content.students), lines, len(content.lines))
    for keys, members in classes.items():
        if len(members) > 1 and len(keys) > 1:
            first, second = (_by_key(content) for content in members[:2])
            shared = [key for key in first if key in second]
            lines = tuple(_shared(first[key], second[key]) for key in shared[:LINES_SHOWN])
            students = tuple(student for content in members for student in content.students)
            yield Group(Kind.SAME_LINES, students, lines, len(shared))


class _Pairs:
    """Finds pairs among contents whose own lines differ."""

    def __init__(self, contents: list[_Content]) -> None:
        self._contents = contents
        self._holders: dict[int, list[int]] = defaultdict(list)
        for index, content in enumerate(contents):
            for line in content.lines:
                self._holders[line.key].append(index)

    def found(self) -> list[Pair]:
        """The pairs, the strongest first."""
        count = len(self._contents)
        # With few to compare, a line that two have is still rare; with many, one that 50 have is not.
        common = max(2, min(50, count // 5))
        weight = {key: math.log2(1 + count / len(holders)) for key, holders in self._holders.items()}
        whole = [sum(weight[line.key] for line in content.lines) for content in self._contents]
        times: Counter[int] = Counter()
        work = 0
        for _, holders in sorted(self._holders.items(), key=lambda item: (len(item[1]), item[0])):
            if not 1 < len(holders) <= common:
                continue
            work += len(holders) * (len(holders) - 1) // 2
            if work > WORK_MAX:
                break
            times.update(one * count + other for one, other in combinations(holders, 2))
        ranked = []
        for number, shared_lines in times.items():
            if shared_lines >= LINES_AT_LEAST:
                pair = divmod(number, count)
                rare = {key for key in self._keys(pair[0]) if len(self._holders[key]) <= common}
                value = sum(weight[key] for key in rare & self._keys(pair[1]))
                share = value / min(whole[pair[0]], whole[pair[1]])
                if share >= SHARE_AT_LEAST:
                    ranked.append((share * value, share, pair))
        ranked.sort(key=lambda one: (-one[0], one[2]))
        return [self._pair(share, pair, weight) for _, share, pair in ranked]

    def _keys(self, index: int) -> set[int]:
        return {line.key for line in self._contents[index].lines}

    def _pair(self, share: float, pair: tuple[int, int], weight: Mapping[int, float]) -> Pair:
        first, second = (self._contents[index] for index in pair)
        one, other = _by_key(first), _by_key(second)
        keys = sorted((key for key in one if key in other), key=lambda key: (-weight[key], one[key].line))
        lines = tuple(_shared(one[key], other[key]) for key in keys[:LINES_SHOWN])
        return Pair((first.students[0], second.students[0]), min(1.0, share), lines, len(keys))


def _by_key(content: _Content) -> dict[int, OwnLine]:
    return {line.key: line for line in content.lines}


def _shared(one: OwnLine, other: OwnLine) -> SharedLine:
    return SharedLine(one.text, (_place(one), _place(other)))


def _place(line: OwnLine) -> str:
    return f"{line.file}:{line.line}" if line.line else line.file
