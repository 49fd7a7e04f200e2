"""Owns what a check of the text may look at: the parsed Dockerfile and the files beside it; must never read a disk.

It knows nothing of an engine's words: linting a thousand files pays for none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graders.dockerfile.ignore import IgnoreFile
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.origin import Origins


@dataclass(frozen=True, slots=True)
class DockerfileContext:
    """Evidence of the dockerfile level: parsed text and the submission's files."""

    dockerfile: Dockerfile
    files: Mapping[str, bytes]
    """The submission's files by path, before the .dockerignore is applied."""
    ignore: IgnoreFile | None
    """None: there is no .dockerignore."""
    requirements: str = "requirements.txt"
    """Path of the file that lists what to install; empty when the exercise has none."""
    source: str = ""
    """Path of a source file of the application; empty when the exercise has none."""
    must_ignore: tuple[str, ...] = ()
    """Paths (of the canaries) that the .dockerignore should keep out."""
    _origins: Origins | None = field(init=False, repr=False, compare=False, default=None)
    """What `origins` answered: many checks ask."""

    def origins(self) -> Origins:
        """What follows the files of the image back to where they came from."""
        if self._origins is None:
            origins = Origins(self.dockerfile, self.files, self.ignore)
            object.__setattr__(self, "_origins", origins)
            return origins
        return self._origins

    def setting_line(self, *keywords: str) -> int | None:
        """The line of the first of these settings that the image gets from this Dockerfile; None when of none."""
        found = (self.dockerfile.setting(keyword) for keyword in keywords)
        return next((setting.instruction.line for setting in found if setting), None)
