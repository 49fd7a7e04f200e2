"""Owns the check that pip leaves no cache in the final image; must never look into layers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graders.check import Check
from graders.dockerfile.dependency import option_values
from graders.dockerfile.install import Install, hides_its_program, python_installs
from graders.dockerfile.model import Command, Dockerfile, Instruction, mounts
from graders.dockerfile.removal import in_their_folders
from graders.dockerfile.shipped import stages_that_ship
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_BOOLEANS = frozenset(("y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0"))
"""pip switches its cache off for each of these in PIP_NO_CACHE_DIR, "0" too; an empty value counts as unset."""
_CACHES = "/root/.cache"
_ROOT = frozenset(("", "root", "0"))
_UNKNOWN = "?"
_SWITCHES = re.compile(r"\b(?:su|sudo|gosu|su-exec|runuser|setpriv)\s")
_SETTING = re.compile(r"(?:^|\\n|[\"'])[ \t]*no[-_]cache[-_]dir\s*=", re.MULTILINE)
_FILE_OF_PIP = re.compile(r"(?<![\w.-])pip\.conf\b")
_ON_FAILURE = re.compile(r"\binstall\s[^;&|\n]{0,500}\|\|\s*[({]?\s*(?:rm|find)\s")
_TILDE_IN_QUOTES = re.compile(r"\brm\s[^;&|\n]{0,200}[\"']~/")
_TRUE = frozenset(("y", "yes", "t", "true", "on", "1"))


@dataclass(frozen=True, slots=True)
class Params:
    """Where installers keep what they fetched."""

    folders: tuple[str, ...] = (".cache/pip", ".cache/uv")
    """Below the home of the user."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each RUN of a shipped stage that leaves a cache behind."""
    configured = _copies_config(context)
    hidden: Instruction | None = None
    found = False
    for instruction, user in _shipped(context.dockerfile):
        if hides_its_program(instruction):
            hidden = hidden or instruction
        if _configures(instruction):
            configured = True
        for install in python_installs(instruction):
            if configured or not _keeps(install, instruction, user, params):
                continue
            found = True
            option = "--no-cache" if install.tool == "uv" else "--no-cache-dir"
            yield Finding(
                f'"{install.command.text[:120]}" leaves its downloads in the image',
                observed=install.command.text[:200],
                expected=f"{option}, or a cache mount, so that nothing is left in the layer",
                line=install.command.line,
                end_line=instruction.end_line,
            )
            break
    if hidden is not None and not found:
        yield Undecidable(f'Line {hidden.line}: "{hidden.text[:80]}" runs a program that a variable names')


def _shipped(dockerfile: Dockerfile) -> Iterator[tuple[Instruction, str]]:
    """RUN lines of the stages whose caches reach the final image, and the user that each has."""
    users: dict[int, str] = {}
    for stage in stages_that_ship(dockerfile, _CACHES):
        user = "" if stage.parent is None else users.get(stage.parent, "")
        for instruction in stage.instructions:
            if instruction.keyword == "USER" and not instruction.onbuild:
                user = instruction.expanded.partition(":")[0].strip() or _UNKNOWN
            if instruction.keyword == "RUN" and not instruction.onbuild:
                yield instruction, _UNKNOWN if _SWITCHES.search(instruction.value) else user
        users[stage.index] = user


def _home(user: str, variables: Mapping[str, str]) -> str:
    """The home of a user, as far as the Dockerfile tells."""
    return variables.get("HOME", "/root" if user in _ROOT else f"/home/{user}")


def _keeps(install: Install, instruction: Instruction, user: str, params: Params) -> bool:
    """Whether this command leaves a cache in the layer."""
    if install.tool not in ("pip", "uv"):
        return False
    if any(_switches_off(option, install.tool) for option in install.options):
        return False
    before, after = _around(install, instruction)
    exported = (word for each in before if each.words[0] == "export" for word in each.words[1:])
    variables = {
        **instruction.variables,
        **dict(word.partition("=")[::2] for word in exported),
        **install.command.assignments,
    }
    if _switched_off_by(variables, install.tool):
        return False
    home = _home(user, variables)
    moved = variables.get("UV_CACHE_DIR" if install.tool == "uv" else "PIP_CACHE_DIR", "")
    below = variables.get("XDG_CACHE_HOME", "")
    usual = [posixpath.join(below, each.rpartition("/")[2]) if below else f"{home}/{each}" for each in params.folders]
    folders = option_values(install, "--cache-dir")[-1:] or ((moved,) if moved else tuple(usual))
    quoted = instruction.exec_form is None and bool(_TILDE_IN_QUOTES.search(instruction.value))
    removing = sum(_removes(command, folders, "~" if quoted else home) for command in in_their_folders(after))
    if removing > len(_ON_FAILURE.findall(instruction.value)):
        return False
    return not any(_covers(mount, folders, home) for mount in mounts(instruction))


def _around(install: Install, instruction: Instruction) -> tuple[list[Command], list[Command]]:
    """The commands of the RUN in front of the install, and those after it."""
    commands = list(instruction.commands)
    at = next((index for index, each in enumerate(commands) if each is install.command), len(commands))
    return commands[:at], commands[at + 1 :]


def _switches_off(option: str, tool: str) -> bool:
    """`--no-cache-dir`, or a beginning of it that pip takes for it."""
    if tool == "uv":
        return option in ("--no-cache", "--no-cache-dir", "-n")
    return "--no-cache-dir".startswith(option) and option.startswith("--no-ca")


def _switched_off_by(variables: Mapping[str, str], tool: str) -> bool:
    if tool == "uv":
        return variables.get("UV_NO_CACHE", "").lower() in _TRUE
    return variables.get("PIP_NO_CACHE_DIR", "").lower() in _BOOLEANS


def _covers(mount: Mapping[str, str], folders: tuple[str, ...], home: str) -> bool:
    """Whether the mount keeps a cache folder out of the layer."""
    target = mount.get("target", "").rstrip("/")
    if mount["type"] not in ("cache", "tmpfs") or not target:
        return False
    is_usual = not target.startswith("/root/") and home != "/root"
    if is_usual and folders[0].startswith(f"{home}/") and target.endswith(("/.cache", "/.cache/pip", "/.cache/uv")):
        return True  # an account may have its home anywhere
    return any(folder == target or folder.startswith(f"{target}/") for folder in folders)


def _removes(command: Command, folders: tuple[str, ...], home: str) -> bool:
    """Whether the command empties the cache: in the same RUN, so that no layer keeps it."""
    words = command.words
    if words[:3] in (("pip", "cache", "purge"), ("uv", "cache", "clean")):
        return True
    recursive = words[0] == "rm" and any(word.startswith("-") and {"r", "R"} & set(word) for word in words[1:])
    all_found = words[0] == "find" and "-delete" in words and not {"-name", "-iname", "-path"} & set(words)
    if not recursive and not all_found:
        return False
    for word in words[1:2] if all_found else words[1:]:
        path = word.replace("${HOME}", home).replace("$HOME", home)
        path = home + path[1:] if path.startswith("~/") or path == "~" else path
        path = path.rstrip("/*").rstrip("/")
        if path and any(folder == path or folder.startswith(f"{path}/") for folder in folders):
            return True
    return False


def _configures(instruction: Instruction) -> bool:
    """Whether the RUN tells pip for good to keep no cache."""
    if any(_FILE_OF_PIP.search(text) and _SETTING.search(text) for text in instruction.written_texts):
        return True
    return any(
        command.words[:3] == ("pip", "config", "set") and any(word.endswith("no-cache-dir") for word in command.words)
        for command in instruction.commands
    )


def _copies_config(context: DockerfileContext) -> bool:
    """Whether a pip.conf that switches the cache off is copied in."""
    for copy in context.dockerfile.in_chain("COPY", "ADD"):
        for source in copy.words[:-1]:
            path = posixpath.normpath(source).lstrip("/")
            target = copy.words[-1]
            if target.endswith("pip.conf") and b"no-cache-dir" in context.files.get(path, b""):
                return True
    return False


CHECK = Check(
    id="pip-cache-kept",
    claim="Installing Python packages leaves no cache in the image",
    why="The installer keeps every download for a next time that never comes in an image: it is shipped to everybody.",
    hint="Where does pip keep what it downloads, and who will ever read it again?",
    sources=(
        "https://pip.pypa.io/en/stable/topics/caching/",
        "https://docs.docker.com/build/cache/optimize/#use-cache-mounts",
        "https://docs.astral.sh/uv/guides/integration/docker/#caching",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        "FROM python:3.11-slim\nRUN pip install six\n",
        "FROM python:3.11-slim\nrun apt-get update && \\\n  python3 -m pip install -r requirements.txt\n",
        "FROM python:3.11-slim\nRUN pip install six # --no-cache-dir\n",
        "FROM python:3.11-slim\nRUN pip install six && echo --no-cache-dir\n",
        "FROM python:3.11-slim\nRUN pip install six\nRUN rm -rf /root/.cache\n",
        "FROM python:3.11-slim\nENV PIP_NO_CACHE_DIR=\nRUN pip3 install six\n",
        "FROM python:3.11-slim\nRUN --mount=type=cache,target=/var/cache/apt pip install six\n",
        'FROM python:3.11-slim\nENV GET="pip install"\nRUN $GET six\n',
        "FROM python:3.11-slim\nRUN <<EOF\nset -e\npip install six\nEOF\n",
        "FROM python:3.11-slim\nRUN uv pip install --system six\n",
        "FROM python:3.11-slim\nRUN pip install --cache-dir /c six && rm -rf /root/.cache\n",
        "FROM python:3.11-slim\nENV PIP_CACHE_DIR=/c\nRUN pip install six && rm -rf /root/.cache\n",
        "FROM python:3.11-slim\nRUN useradd -m app\nUSER app\nRUN pip install six; rm -rf /root/.cache\n",
        "FROM python:3.11-slim\nUSER app\nRUN --mount=type=cache,target=/root/.cache pip install six\n",
        "FROM python:3.11-slim\nRUN --mount=type=cache,target=/home/app/.cache/pip pip install six\n",
        'FROM python:3.11-slim\nRUN pip install six && rm -rf "~/.cache/pip"\n',
        "FROM python:3.11-slim\nRUN pip install six || rm -rf /root/.cache\n",
        "FROM python:3.11-slim\nRUN printf '[global]\\n# no-cache-dir = true' > /etc/pip.conf\nRUN pip install six\n",
        "FROM python:3.11-slim\nRUN pip install six; find /root/.cache -name '*.whl' -delete\n",
        "FROM python:3.11-slim AS builder\nRUN pip install six\nFROM scratch\nCOPY --from=builder / /\n",
        'FROM python:3.11-slim\nRUN ["sh", "-c", "pip install six"]\n',
    ),
    good=(
        "FROM python:3.11-slim\nRUN pip install --no-cache-dir six\n",
        "FROM python:3.11-slim\nRUN pip --no-cache-dir install six\n",
        "FROM python:3.11-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install six\n",
        "FROM python:3.11-slim\nRUN PIP_NO_CACHE_DIR=off pip install six\n",
        "FROM python:3.11-slim\nRUN --mount=type=cache,target=/root/.cache/pip pip install six\n",
        "FROM python:3.11-slim\nRUN pip install six && rm -rf ~/.cache/pip\n",
        "FROM python:3.11 AS builder\nRUN pip install six\nFROM python:3.11-slim\nCOPY --from=builder /venv /venv\n",
        "FROM python:3.11-slim\n# RUN pip install six\nRUN echo 'pip install six'\nONBUILD RUN pip install six\n",
        "FROM python:3.11-slim\nRUN uv pip install --system --no-cache six\n",
        "FROM python:3.11-slim\nRUN pip install --cache-dir=/tmp/c six && rm -rf /tmp/c\n",
        "FROM python:3.11-slim\nENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install six\n",
        "FROM python:3.11-slim\nENV XDG_CACHE_HOME=/c\nRUN pip install six && rm -rf $HOME/.cache /c/pip\n",
        "FROM python:3.11-slim\nUSER app\nRUN pip install --user six && rm -rf ~/.cache\n",
        "FROM python:3.11-slim\nRUN pip install six && cd /root && rm -rf .cache\n",
        "FROM python:3.11-slim\nRUN pip install six && find /root/.cache -type f -delete\n",
        "FROM python:3.11-slim\nUSER app:app\nRUN --mount=type=cache,target=/srv/.cache/pip pip install six\n",
        "FROM python:3.11-slim\nUSER $WHO\nRUN --mount=type=cache,target=/srv/.cache/pip pip install six\n",
        "FROM python:3.11-slim\nRUN --mount=type=cache,target=/home/a/.cache su a -c 'pip install six'\n",
        "FROM python:3.11-slim\nENV HOME=/srv\nRUN --mount=type=cache,target=/srv/.cache pip install six\n",
        "FROM python:3.11-slim\nRUN printf '[global]\\nno-cache-dir = true\\n' > /etc/pip.conf\nRUN pip install six\n",
        "FROM python:3.11-slim\nRUN export PIP_NO_CACHE_DIR=1 && pip install six\n",
        'FROM python:3.11-slim\nARG OPTIONS="--no-cache-dir --quiet"\nRUN pip install $OPTIONS six\n',
    ),
)
