"""Owns the check that no compiler and no build tool is shipped; must never go by a program's name.

A tool is known by its content, so a renamed or moved one counts, and a script of the same name doesn't. What the
base image brings is nobody's fault, also when a line writes it again. A tool that a later line deletes is shipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.blame import unknown_base
from graders.check import Check
from graders.context import ImageContext, LayerFile, LayerScan
from graders.finding import Finding, Undecidable
from graders.layers.hidden import told_by_layer
from graders.layers.program import PROGRAM, TOOL_KINDS
from graders.limits import in_mb
from graders.need import AN_IMAGE
from graders.outcome import Level
from graders.recorded import image_context, scan

HEADERS = "headers"
HEADER_FOLDERS = ("usr/include/", "usr/local/include/")
PACKAGE_HEADERS = ("usr/local/include/python", "usr/local/include/site/python", "usr/include/python")
"""Python packages put their own headers there, also when they come ready made."""
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Params:
    """What counts as a build tool."""

    kinds: tuple[str, ...] = (*TOOL_KINDS, HEADERS)
    """Of "compiler", "linker", "assembler", "make" (CMake and ninja too) and "headers" of C in the system's folders."""
    max_headers: int = 20
    """Some packages that a program needs to run bring a few."""

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.kinds if kind not in {*TOOL_KINDS, HEADERS}]
        if unknown or not self.kinds:
            raise ValueError(f"the kinds are: {', '.join((*TOOL_KINDS, HEADERS))}")
        if self.max_headers < 0:
            raise ValueError("the number of headers must be 0 or more")


def find(context: ImageContext, params: Params) -> Iterator[Finding | Undecidable]:
    """A finding a layer that ships tools, with the largest of them."""
    if unknown := unknown_base(context.source.dockerfile, context.base):
        yield unknown
        return
    found = context.layers.scan()
    tools = _tools(found, params)
    for layer, of_layer, later in told_by_layer(tools, found.files):
        yield _finding(of_layer, context.layer_line(layer), later)
    if found.problem and not tools:
        yield Undecidable(found.problem)


def _tools(found: LayerScan, params: Params) -> list[LayerFile]:
    base = {(file.path, file.program) for file in found.base_files}
    files = [file for file in found.files if file.kind == "file" and not file.whiteout]
    tools = [
        file
        for file in files
        if file.program in params.kinds and file.program != PROGRAM and (file.path, file.program) not in base
    ]
    headers = [file for file in files if _is_header(file.path)] if HEADERS in params.kinds else []
    return tools + (headers if len(headers) > params.max_headers else [])


def _is_header(path: str) -> bool:
    return path.startswith(HEADER_FOLDERS) and not path.startswith(PACKAGE_HEADERS) and path.endswith((".h", ".hpp"))


def _finding(tools: list[LayerFile], line: int | None, later: str) -> Finding:
    programs = sorted((file for file in tools if file.program), key=lambda file: -file.size_bytes)
    headers = [file for file in tools if not file.program]
    named = [f"/{file.path} ({file.program}, {in_mb(file.size_bytes)})" for file in programs[:SHOWN]]
    if len(programs) > SHOWN:
        named.append(f"{len(programs) - SHOWN} more")
    if headers:
        named.append(f"{len(headers)} headers such as /{headers[0].path}")
    total_bytes = sum(file.size_bytes for file in tools)
    return Finding(
        f"The image ships what only a build needs: {', '.join(named)}{later}",
        observed=f"{in_mb(total_bytes)} of build tools",
        expected="no compiler, linker, make or header in any layer above the base image",
        line=line,
    )


def _file(path: str, program: str = "", *, layer: int = 1) -> LayerFile:
    return LayerFile(layer, path, 1_300_000, 0o755, 0, 0, "file", program=program)


GCC = _file("usr/bin/x86_64-linux-gnu-gcc-12", "compiler")
STDLIB = tuple(_file(f"usr/include/part{at}.h") for at in range(21))
NUMPY = tuple(_file(f"usr/local/lib/python3.11/site-packages/numpy/_core/include/{at}.h") for at in range(40))

CHECK = Check(
    id="build-tool-left",
    claim="The image ships no compiler and no other tool of the build",
    why="A compiler weighs as much as the program, ages like it, and is a gift to whoever breaks in.",
    hint="Where does the compiling happen, and what of its result does the last stage need?",
    sources=("https://docs.docker.com/build/building/multi-stage/",),
    level=Level.IMAGE,
    find=find,
    params=Params,
    needs=AN_IMAGE,
    bad=(
        image_context(scan=scan(files=(GCC,))),
        image_context(scan=scan(files=(_file("app/bin/helper", "make"),))),
        image_context(scan=scan(files=STDLIB)),
        image_context(scan=scan(files=(GCC, LayerFile(2, GCC.path, 0, 0, 0, 0, "other", whiteout=True)))),
        image_context("FROM scratch\nCOPY . .\n", base=None, scan=scan(files=(GCC,))),
    ),
    good=(
        image_context(),
        image_context(scan=scan(files=(_file("usr/bin/gcc"), _file("usr/bin/curl", PROGRAM)))),
        image_context(scan=scan(files=(GCC,), base_files=(_file(GCC.path, "compiler", layer=0),))),
        image_context(scan=scan(files=NUMPY)),
        image_context(scan=scan(files=STDLIB[:20])),
    ),
)
