"""Owns .dockerignore: which paths of a context reach the engine; must never touch the file system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The patterns of a .dockerignore, matched as Docker's engine matches them."""

    patterns: tuple[str, ...]

    @classmethod
    def parse(cls, data: bytes) -> IgnoreFile:
        """Read the file: BOM dropped, comments and blank lines skipped, patterns cleaned."""
        raise NotImplementedError

    def excludes(self, path: str) -> bool:
        """Whether the file at this relative path (forward slashes) is kept out of the context."""
        raise NotImplementedError
