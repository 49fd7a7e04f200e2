"""Owns which of a student's submissions counts; must never choose between two where nothing tells them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from graders.cohort.collect.archive import NodeKind, shown
from graders.cohort.collect.naming import Naming
from graders.cohort.collect.open_archive import split_ending
from graders.context_file import DOCKERFILE

ONLY_TEXT = "Only typed text was handed in, and no file"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing at the top of a place full of submissions."""

    path: str
    """In the place, with forward slashes."""
    kind: NodeKind
    naming: Naming
    time: datetime | None = None
    """When the file was written, as a download keeps it; of a folder: None."""
    size_bytes: int = 0

    @property
    def name(self) -> str:
        """What it is called, as it may stand in a sentence."""
        return shown(self.path.rpartition("/")[2])

    @property
    def is_whole(self) -> bool:
        """Whether it is a submission by itself: a folder or an archive, and not one file of several."""
        return self.kind is not NodeKind.FILE or not self.naming.file or bool(split_ending(self.naming.file)[1])

    @property
    def order(self) -> tuple[int, int]:
        """Later attempts are greater."""
        return self.naming.attempt, self.naming.attachment


@dataclass(frozen=True, slots=True)
class Hand:
    """What one student handed in."""

    items: tuple[Item, ...]
    """What counts: one folder or archive, or files one by one."""
    older: tuple[Item, ...] = ()
    """Earlier attempts."""
    fault: str = ""
    """Why it can't be told what counts, or what it is; empty when it can."""
    note: str = ""

    @property
    def time(self) -> datetime | None:
        """When the last of it was handed in."""
        return max((item.time for item in self.items if item.time is not None), default=None)

    @property
    def is_late(self) -> bool:
        """Whether a platform calls any of it late."""
        return any(item.naming.is_late for item in self.items)


def what_counts(items: Iterable[Item]) -> Hand:
    """Sort out all that one student handed in: of each file the last attempt counts."""
    found = list(items)
    files = [item for item in found if not item.naming.is_text]
    if not files:
        return Hand(tuple(found), fault=ONLY_TEXT)
    slots: dict[str, list[Item]] = defaultdict(list)
    for item in files:
        slots["" if item.is_whole and not item.naming.number else item.naming.file.casefold()].append(item)
    newest: list[Item] = []
    older: list[Item] = []
    for rivals in slots.values():
        ordered = sorted(rivals, key=lambda item: item.order)
        last = [list(group) for _, group in groupby(ordered, key=lambda item: item.order)][-1]
        newest += last
        older += [item for item in ordered if item not in last]
    return _chosen(newest, tuple(older))


def _chosen(newest: list[Item], older: tuple[Item, ...]) -> Hand:
    whole = [item for item in newest if item.is_whole]
    loose = [item for item in newest if not item.is_whole]
    if len(whole) > 1 or (whole and any(item.naming.file == DOCKERFILE for item in loose)):
        names = ", ".join(sorted(item.name for item in newest)[:5])
        return Hand(tuple(newest), older, f"Handed in more than once, and nothing tells which counts: {names}")
    if whole:
        beside = ", ".join(sorted(item.name for item in loose)[:5])
        return Hand(tuple(whole), older, note=f"Handed in beside it, and not looked at: {beside}" if beside else "")
    return Hand(tuple(sorted(loose, key=lambda item: item.naming.file)), older)
