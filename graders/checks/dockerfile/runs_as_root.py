"""Owns the check that the last USER is not root; must never trust what only a running container shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.dockerfile.image_ref import read_image_ref
from graders.dockerfile.model import Command, Dockerfile, Setting
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_NUMBER = re.compile(r"[+-]?[0-9]+\Z")
_MAKERS = frozenset(("useradd", "adduser", "usermod", "newusers"))
_SHORT_UID = re.compile(r"-[A-Za-z]*u(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Params:
    """What is known of base images that set no USER."""

    root_bases: tuple[str, ...] = (
        "scratch", "python", "debian", "ubuntu", "alpine", "busybox", "node", "fedora", "almalinux", "rockylinux",
        "buildpack-deps", "pypy", "golang", "rust", "ruby", "pytorch/pytorch", "nvidia/cuda", "tensorflow/tensorflow",
        "continuumio/miniconda3", "continuumio/anaconda3", "gcr.io/distroless/",
    )  # fmt: skip
    """Images that start as root; one that ends in a slash stands for all below it."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """At most one finding: the USER in force at the end, or its absence."""
    dockerfile = context.dockerfile
    if dockerfile.final is None:
        return
    setting = dockerfile.setting("USER")
    switched = _switches_to(dockerfile)
    if switched and (setting is None or (not setting.unresolved and _reason(_user(setting), dockerfile) is not None)):
        yield Undecidable(f'The image starts as root, and its ENTRYPOINT goes on as "{switched}": a run shows who runs')
        return
    if setting is None:
        yield from _base(dockerfile, params)
        return
    line = setting.instruction
    if setting.unresolved:
        names = ", ".join(f"${name}" for name in line.missing)
        yield Undecidable(f'Line {line.line}: "{line.text}" depends on {names}, which has no value here')
        return
    user = _user(setting)
    reason = _reason(user, dockerfile)
    if reason is not None:
        yield Finding(
            f'"{line.text}" runs the program as root{reason}',
            observed=_shown(setting),
            expected="a user whose id is not 0",
            line=line.line,
            end_line=line.end_line,
        )
    elif not _NUMBER.match(user) and _replaces_users(dockerfile):
        yield Undecidable(f"The file of users is replaced, so the id of {user} isn't known")


def _user(setting: Setting) -> str:
    return setting.value.partition(":")[0].strip()


def _switches_to(dockerfile: Dockerfile) -> str:
    """The user that the start command changes to by gosu and its kin; empty when it stays, or changes to root."""
    setting = dockerfile.setting("ENTRYPOINT") or dockerfile.setting("CMD")
    words = list(setting.instruction.exec_form or ()) if setting is not None else []
    while words and words[0].rpartition("/")[2] in ("tini", "dumb-init", "env"):
        words = words[1:]
        while words and words[0].startswith("-"):
            words = words[1:]
    program = words[0].rpartition("/")[2] if words else ""
    user = ""
    if program in ("gosu", "su-exec") and len(words) > 1:
        user = words[1].partition(":")[0]
    elif program == "setpriv":
        for index, word in enumerate(words):
            if word.startswith("--reuid"):
                user = word.partition("=")[2] or "".join(words[index + 1 : index + 2])
    return "" if user == "root" or (_NUMBER.match(user) and int(user) == 0) else user


def _reason(user: str, dockerfile: Dockerfile) -> str | None:
    """Why this user is root, to go after the claim; None when it is not."""
    if not user:
        return ": no user is named"
    if user == "root":
        return ""
    if _NUMBER.match(user):
        return " (id 0)" if int(user) == 0 else None
    # An entry of /etc/passwd, whole or as far as a sed writes it: a colon follows, or what ends sed's new text.
    entry = re.compile(rf"(?<![\w.-]){re.escape(user)}:[^:\s]*:0+[:/|#,]")
    for instruction in dockerfile.in_chain("RUN"):
        made = any(_gives_id_0(command, user) for command in instruction.commands)
        if made or any(entry.search(script) for script in instruction.written_texts):
            return f": line {instruction.line} gives {user} the id 0"
    return None


def _gives_id_0(command: Command, user: str) -> bool:
    """Whether `useradd -u 0` or one of its kin makes this user."""
    if command.words[0] not in _MAKERS or user not in command.words:
        return False
    words = command.words
    for index, word in enumerate(words[1:], 1):
        following = words[index + 1] if index + 1 < len(words) else ""
        if word == "--uid":
            value = following
        elif word.startswith("--uid="):
            value = word.removeprefix("--uid=")
        elif not word.startswith("--") and (match := _SHORT_UID.match(word)):
            value = match[1] or following
        else:
            continue
        if _NUMBER.match(value) and int(value) == 0:
            return True
    return False


def _replaces_users(dockerfile: Dockerfile) -> bool:
    return any(
        item.words and item.words[-1].rstrip("/") in ("/etc", "/etc/passwd")
        for item in dockerfile.in_chain("COPY", "ADD")
    )


def _base(dockerfile: Dockerfile, params: Params) -> Iterator[Finding | Undecidable]:
    """No USER at all: the base image decides."""
    final, lowest = dockerfile.chain()[-1], dockerfile.chain()[0]
    reference = read_image_ref(lowest.base)
    known = any(
        reference.name == base or (base.endswith("/") and reference.name.startswith(base)) for base in params.root_bases
    )
    if lowest.unresolved or not known or "nonroot" in reference.tag:
        if not (known and "nonroot" in reference.tag):
            yield Undecidable(f'No USER is set, and the user of the base "{lowest.base or "?"}" isn\'t known')
        return
    yield Finding(
        f"No USER is set in the final stage, and {reference.name} starts as root",
        observed="no USER",
        expected="a USER whose id is not 0",
        line=final.line,
    )


def _shown(setting: Setting) -> str:
    return f"USER {setting.value}"


CHECK = Check(
    id="runs-as-root",
    claim="The last USER is not root",
    why="Whoever breaks into a program that runs as root owns the whole container, and is a step closer to the host.",
    hint="Which user does the image end with, and who made that user?",
    sources=(
        "https://docs.docker.com/build/building/best-practices/#user",
        "https://docs.docker.com/reference/dockerfile/#user",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    decided_by=("user-is-root",),
    bad=(
        "FROM python:3.11-slim AS t\nUSER app\nONBUILD USER root\nFROM t\n",
        "FROM python:3.11-slim\nCMD []\n",
        "FROM python:3.11-slim\nUSER app\nUSER root\n",
        "FROM python:3.11-slim\nuser 0:0\n",
        "FROM python:3.11-slim\n# USER app\nRUN echo USER app\n",
        "FROM python:3.11-slim AS builder\nUSER app\nFROM python:3.11-slim\nCOPY --from=builder /a /a\n",
        "FROM python:3.11-slim\nRUN useradd -o -u 0 toor\nUSER toor\n",
        "FROM python:3.11-slim\nRUN echo 'app:x:0:0::/:/bin/sh' >> /etc/passwd\nUSER app\n",
        "FROM python:3.11-slim\nENV WHO=root\nUSER ${WHO:-app}\n",
        "FROM python:3.11-slim\nONBUILD USER app\n",
    ),
    good=(
        "FROM python:3.11-slim AS t\nONBUILD USER app\nFROM t\n",
        "FROM python:3.11-slim\nRUN useradd app\nUSER app\n",
        "FROM python:3.11-slim\nUSER 1000\n",
        "FROM python:3.11-slim\nUSER root\nRUN apt-get update\nuser 10001:0\n",
        "FROM python:3.11-slim AS base\nUSER app\nFROM BASE\n",
        "FROM python:3.11-slim\nARG UID=1000\nUSER ${UID}:root\nRUN <<EOF\nUSER root\nEOF\n",
        "FROM python:3.11-slim\nRUN useradd -u 0 -o toor && useradd app\nUSER app\n",
    ),
)
