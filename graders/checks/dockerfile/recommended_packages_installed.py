"""Owns the check that apt installs only what is named and needed; must never know what a package recommends.

Only stages whose files reach the final image as a whole count, as it is a matter of size: in a builder the
recommended packages of a compiler cost a minute, and nobody ships them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graders.check import Check, NoParams, Sample
from graders.dockerfile.apt import Apt, apt_commands, setting_in
from graders.dockerfile.model import Instruction
from graders.dockerfile.origin import Origins
from graders.dockerfile.shipped import stages_that_ship
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_CONFIG = "/etc/apt/apt.conf"
_COMMENT = re.compile(r"^[ \t]*(?:#|//).*$", re.MULTILINE)
_PRINTED_COMMENT = re.compile(r"(?:(?<!:)//|#)[ \t]{0,9}APT\b", re.IGNORECASE)
"""A setting that is written to apt's configuration behind a mark for comments."""
_INSTALL = re.compile(r"\b(?:apt-get|apt|aptitude)\b[^&;|\n]{0,500}\binstall\b")


def find(context: DockerfileContext, params: NoParams) -> Iterator[Finding | Undecidable]:  # noqa: ARG001 - one shape
    """One finding for each apt command of a shipped stage that takes recommended packages along."""
    origins = context.origins()
    configured: dict[int, bool] = {}
    for stage in stages_that_ship(context.dockerfile, "/usr"):
        off = stage.parent is not None and configured.get(stage.parent, False)
        for instruction in stage.instructions:
            if instruction.onbuild:
                continue
            off = _configures(instruction, origins, off=off)
            for apt in apt_commands(instruction):
                if not apt.installs:
                    continue
                if apt.recommends is None and not off:
                    unknown = _unknown(apt, instruction)
                    if unknown:
                        yield Undecidable(f"Line {apt.command.line}: what {unknown} holds isn't known here")
                    else:
                        yield _finding(apt, instruction)
                elif apt.recommends:
                    yield _finding(apt, instruction)
        configured[stage.index] = off


def _finding(apt: Apt, instruction: Instruction) -> Finding:
    return Finding(
        f'"{apt.command.text[:120]}" also installs what the packages only recommend',
        observed="no option against recommended packages"
        if apt.recommends is None
        else "recommended packages asked for",
        expected="--no-install-recommends",
        line=apt.command.line,
        end_line=instruction.end_line,
    )


def _unknown(apt: Apt, instruction: Instruction) -> str:
    """The variable that may hold the option; empty when there is none."""
    if "APT_CONFIG" in instruction.variables or "APT_CONFIG" in apt.command.assignments:
        return "the file that APT_CONFIG names"
    return next((word for word in apt.command.words[1:] if word.startswith(("$", "`"))), "")


def _configures(instruction: Instruction, origins: Origins, *, off: bool) -> bool:
    """Whether apt's configuration leaves recommended packages out once the instruction has acted."""
    said: bool | None = None
    if instruction.keyword == "RUN":
        for script in instruction.shell_texts:
            text = _COMMENT.sub("", script)
            install = _INSTALL.search(text)
            before = text[: install.start()] if install else text
            if _CONFIG in text:
                answer = setting_in(_PRINTED_COMMENT.sub("", before))
                said = said if answer is None else answer
    elif instruction.keyword in ("COPY", "ADD") and instruction.words and instruction.words[-1].startswith("/etc"):
        texts = [heredoc.body for heredoc in instruction.heredocs if instruction.words[-1].startswith(_CONFIG)]
        texts += origins.texts(instruction, _CONFIG)
        for text in texts:
            answer = setting_in(_COMMENT.sub("", text))
            said = said if answer is None else answer
    return off if said is None else not said


_BASE = "FROM debian:bookworm-slim\n"
_UPDATE = "RUN apt-get update && "

CHECK = Check(
    id="recommended-packages-installed",
    claim="apt installs what is named and what that needs, and no more",
    why="Recommended packages suit a desktop; in an image they often weigh more than what was asked for.",
    hint="How many packages did you name, and how many does the build log say were installed?",
    sources=(
        "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages",
        "https://www.debian.org/doc/debian-policy/ch-relationships.html (Recommends)",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=NoParams,
    bad=(
        _BASE + _UPDATE + "apt-get install -y curl\n",
        _BASE + "run apt update -qq && DEBIAN_FRONTEND=noninteractive apt -yq install curl # --no-install-recommends\n",
        _BASE + _UPDATE + "apt-get install -y curl && echo --no-install-recommends\n",
        _BASE + _UPDATE + "apt-get install -y --no-install-recommends curl && apt-get install -y git\n",
        _BASE + _UPDATE + "apt-get install -y --no-install-recommends --install-recommends curl\n",
        _BASE + _UPDATE + "apt-get install -y -o APT::Install-Recommends=true curl\n",
        _BASE + "RUN <<EOF\napt-get update\napt-get install -y curl\nEOF\n",
        _BASE + _UPDATE + "apt-get install -y --no-install-suggests curl\n",
        _BASE
        + _UPDATE
        + "apt-get install -y curl\nRUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/9\n",
        _BASE + "RUN sh -c \"apt-get update; (apt-get -y install 'curl')\"\n",
        _BASE + "RUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/9\n" + _UPDATE + "apt-get install -y curl\n",
        _BASE
        + "RUN echo '// APT::Install-Recommends \"0\";' > /etc/apt/apt.conf\n"
        + _UPDATE
        + "apt-get install -y curl\n",
    ),
    good=(
        _BASE + _UPDATE + "apt-get install -y --no-install-recommends curl\n",
        _BASE + _UPDATE + "apt-get --no-install-recommends -qq install curl git\n",
        _BASE + _UPDATE + "apt-get install -y -o APT::Install-Recommends=false curl\n",
        _BASE + _UPDATE + "apt-get -oAPT::Install-Recommends=0 install -y curl\n",
        _BASE
        + "RUN echo 'APT::Install-Recommends \"false\";' > /etc/apt/apt.conf.d/99\n"
        + _UPDATE
        + "apt install -y curl\n",
        Sample(
            _BASE + "COPY apt.conf /etc/apt/apt.conf.d/99\n" + _UPDATE + "apt-get install -y curl\n",
            files=(("apt.conf", 'APT { Install-Recommends "no"; };\n'),),
        ),
        _BASE
        + 'COPY <<EOF /etc/apt/apt.conf.d/99\nAPT::Install-Recommends "0";\nEOF\n'
        + _UPDATE
        + "apt-get install -y curl\n",
        "FROM debian:bookworm AS b\nRUN apt-get install -y gcc\nFROM debian:bookworm\nCOPY --from=b /app /app\n",
        _BASE
        + "# RUN apt-get install -y curl\nRUN echo apt-get install -y curl\nONBUILD RUN apt-get install -y curl\n",
        _BASE + 'ARG OPTIONS="-y --no-install-recommends"\n' + _UPDATE + "apt-get install $OPTIONS curl\n",
        _BASE + _UPDATE + "apt-get install -y --simulate curl && aptitude -R -y install curl\n",
    ),
)
