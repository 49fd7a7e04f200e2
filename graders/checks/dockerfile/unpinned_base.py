"""Owns the check that base images name a version; must never ask a registry which versions there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check
from graders.dockerfile.image_ref import read_image_ref
from graders.dockerfile.model import ImageRef
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_LEADING = re.compile(r"v?(\d+(?:\.\d+)*)(?![A-Za-z0-9])")
_LATER = re.compile(r"[-_]v?\d+(?:\.\d+)+(?![A-Za-z0-9])")
_DATE = re.compile(r"(?<!\d)20\d{6}(?!\d)")
_COMMIT = re.compile(r"(?=[a-f0-9]*\d)(?=[0-9]*[a-f])[a-f0-9]{7,40}\Z")
_DIGEST = re.compile(r"[a-z0-9+._-]+:[a-f0-9]{32,}\Z")


@dataclass(frozen=True, slots=True)
class Params:
    """What counts as a version."""

    parts: int = 2
    """Numbers that a version needs: 2 is "3.11", 3 is "3.11.9"."""
    releases: tuple[str, ...] = (
        "debian", "ubuntu", "bullseye", "bookworm", "trixie", "focal", "jammy", "noble",
        "fedora", "almalinux", "rockylinux",
    )  # fmt: skip
    """Distributions whose release is one number or a code name, and those names."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each stage that starts from an image without a fixed version."""
    for stage in context.dockerfile.reached():
        if stage.parent is not None or stage.base.lower() == "scratch":
            continue
        line = next(item for item in context.dockerfile.instructions if item.line == stage.line)
        if stage.unresolved:
            names = ", ".join(f"${name}" for name in line.missing)
            yield Undecidable(f"Line {stage.line}: {names} has no value here, so the base image isn't known")
            continue
        reference = read_image_ref(stage.base)
        fault = _fault(reference, params)
        if fault:
            yield Finding(
                f'"{line.text}" {fault}',
                observed=stage.base,
                expected=f"a tag with a version of at least {params.parts} numbers, or a digest",
                line=stage.line,
                end_line=line.end_line,
            )


def _fault(reference: ImageRef, params: Params) -> str:
    """What is wrong, to go after the quoted line; empty when a version is named."""
    tag = reference.tag
    if _DIGEST.match(reference.digest):
        return ""
    if not tag:
        return "names no tag, so it means latest: whatever is newest on the day of the build"
    if tag == "latest" or tag.startswith("latest-"):
        return f'has the tag "{tag}", which means another image after every release'
    if _DATE.search(tag) or _COMMIT.match(tag) or _LATER.search(tag):
        return ""
    match = _LEADING.match(tag)
    if reference.name.rpartition("/")[2] in params.releases and (
        match or re.split(r"[-_.]", tag)[0] in params.releases
    ):
        return ""
    if match is None:
        return f'has the tag "{tag}", which names no version'
    count = match[1].count(".") + 1
    if count < params.parts:
        return f'has the tag "{tag}", whose version {match[1]} has {count} of {params.parts} numbers and moves on'
    return ""


CHECK = Check(
    id="unpinned-base",
    claim="Every base image names a fixed version",
    why="A base without a version can change between two builds of the same commit, and break the second one.",
    hint="Which version of the base did you try? Could a colleague read it from your FROM line?",
    sources=(
        "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
        "https://docs.docker.com/reference/dockerfile/#from",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        "FROM python\n",
        "FROM python:latest\n",
        "FROM python:slim\n",
        "FROM python:3-slim\n",
        "FROM python:alpine3.19\n",
        "ARG TAG=latest\nFROM python:${TAG}\n",
        "FROM localhost:5000/python\n",
        "from python AS builder\nFROM python:3.11-slim\nCOPY --from=Builder /wheels /wheels\n",
    ),
    good=(
        "FROM python:3.11-slim\n",
        "FROM python:3.12.4-slim-bookworm\n",
        "FROM scratch\n",
        "# FROM python:latest\nARG TAG=3.11-slim\nFROM python:${TAG}\n",
        "FROM python AS unused\nFROM python:3.11-slim\n",
        "FROM python:3.11-slim AS latest\nFROM latest\n",
        f"FROM python@sha256:{'0a' * 32}\n",
        "FROM debian:bookworm-slim\n",
        "FROM ubuntu:24.04\n",
    ),
)
