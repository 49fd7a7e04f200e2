"""Owns what a check of the image and of what follows may look at; must never fetch anything itself.

A check is a pure function of one of these. Whatever costs an engine call hides behind a handle (`LayerReader`,
`ContainerHandle`) that asks at most once for the same thing, so that a check pays only for the evidence it
reads and two checks share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from graders.canary import Canary
from graders.dockerfile_context import DockerfileContext
from graders.engine.base import BuildResult, BuildStep, ImageInfo, RunResult


@dataclass(frozen=True, slots=True)
class LayerFile:
    """One entry of one layer."""

    layer: int
    """Index into `ImageInfo.diff_ids`, 0 is the lowest."""
    path: str
    """Relative to the root, without a leading slash."""
    size_bytes: int
    mode: int
    uid: int
    gid: int
    kind: str
    """"file", "dir", "link" or "other"."""
    whiteout: bool = False
    """The entry hides `path` of the layers below."""
    program: str = ""
    """What kind of program its content is (`graders.layers.program`); empty for a script, a library, and all else."""
    capabilities: int = 0
    """The capabilities that whoever starts it is given, a bit each (capabilities(7))."""


@dataclass(frozen=True, slots=True)
class TokenHit:
    """A canary's token found in a layer."""

    token: str
    layer: int
    """As in `LayerFile`; -1 when it stands in the image's configuration or history."""
    path: str
    """The file that holds it; empty when it stands in the image's configuration or history."""


@dataclass(frozen=True, slots=True)
class LayerScan:
    """The files of the layers above the base, and where the canaries' tokens turned up."""

    files: tuple[LayerFile, ...]
    hits: tuple[TokenHit, ...]
    passwd: bytes | None = None
    """The topmost /etc/passwd of the whole image, base included; None when it has none that is a plain file."""
    shadow: bytes | None = None
    """/etc/shadow, likewise."""
    group: bytes | None = None
    """/etc/group, likewise."""
    base_files: tuple[LayerFile, ...] = ()
    """The files of the base that are tools or give rights: what a layer above may write again without blame."""
    closed: tuple[LayerFile, ...] = ()
    """The folders of the whole image that not everybody may enter, as the topmost layer has them."""
    unopened: str = ""
    """The first packed file whose content could not be looked through, and why; empty when all were."""
    problem: str = ""
    """Why not all could be read; empty when all was. The rest of the scan is then a part of the truth."""


class LayerReader(Protocol):
    """Reads the layers of the graded image, once."""

    def scan(self) -> LayerScan:
        """All layers above the base, files that a later layer deleted included. Raises EngineError."""
        ...


@dataclass(frozen=True, slots=True)
class ImageContext:
    """Evidence of the image level, but for a check that says `of_build`."""

    source: DockerfileContext
    image: ImageInfo
    base: ImageInfo | None
    """The image that the final chain of stages starts from; None for scratch or when the engine lacks it."""
    layers: LayerReader
    canaries: tuple[Canary, ...] = ()
    layer_lines: tuple[int | None, ...] = ()
    """Line of the Dockerfile for each of `image.diff_ids`; None for the base's."""

    def layer_line(self, layer: int) -> int | None:
        """Line of the Dockerfile that made this one of `image.diff_ids`; None where none did."""
        return self.layer_lines[layer] if 0 <= layer < len(self.layer_lines) else None


@dataclass(frozen=True, slots=True)
class RebuildContext:
    """Evidence of the rebuild level: the graded build and one after a change."""

    source: DockerfileContext
    first: BuildResult
    second: BuildResult
    changed: str
    """Path of the file that was changed in between."""
    probe: str = ""
    """Text that was put into the changed file and occurs nowhere else."""
    dependency_steps: tuple[BuildStep, ...] = ()
    """Steps of the graded build that install dependencies, by what they run and by what they left."""
    image: ImageInfo | None = None
    """What the graded build made."""
    second_image: ImageInfo | None = None
    """What the second build made (Change.LINE), or the control (Change.LOCK); None when that made nothing."""
    control: BuildResult | None = None
    """A third build: with a test that passes in place of the one that broke the second (Change.TEST), or with the
    lock's own fingerprints in other places (Change.LOCK)."""
    cases: tuple[TextCase, ...] = ()
    """Texts that the exercise's own model labels so."""
    run: RunResult | None = None
    """What the control's image did with these texts on its standard input (Change.LOCK); None when it was not run."""
    stopped_early: bool = False
    """The second build was stopped because it had shown enough: its later steps are missing, its error is ours."""


class ContainerHandle(Protocol):
    """Runs the graded image; equal calls share one run."""

    def run(
        self,
        *,
        stdin: bytes | None = None,
        args: tuple[str, ...] = (),
        read_only: bool = False,
        tmpfs: tuple[str, ...] = (),
        hardened: bool = True,
    ) -> RunResult:
        """Run to the end within the limits. Raises EngineError for what is not the learner's.

        `read_only`: nothing of the image can be written to; `tmpfs` are folders in memory that can. `hardened`: as
        in `RunRequest`.
        """
        ...


@dataclass(frozen=True, slots=True)
class TextCase:
    """One text given to the program, and the label that the exercise's model gives it."""

    text: str
    label: str


@dataclass(frozen=True, slots=True)
class ContainerContext:
    """Evidence of the container level, but for a check that says `service`."""

    source: DockerfileContext
    built: ImageContext
    container: ContainerHandle
    cases: tuple[TextCase, ...] = ()
    """Texts chosen for this check, fed on standard input, one a line."""
