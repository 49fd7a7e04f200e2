"""Owns the check that the final image starts from a small base; must never fetch an image to weigh it."""

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

_MIRRORS = re.compile(r"\A(?:mirror\.gcr\.io|public\.ecr\.aws/docker|(?=[^/]*[.:])[^/]*)/library/")


@dataclass(frozen=True, slots=True)
class Params:
    """Which images are full ones."""

    full_unless_slim: tuple[str, ...] = (
        "python",
        "debian",
        "node",
        "ruby",
        "rust",
        "golang",
        "perl",
        "openjdk",
        "pypy",
    )
    """Images that come in a small form too; a tag word of `slim_words` names it."""
    slim_words: tuple[str, ...] = ("slim", "alpine")
    fat_words: tuple[str, ...] = ("devel", "jupyter", "full")
    """Tag words that name the form with compilers or notebooks, of any image."""
    fat_images: tuple[str, ...] = ("buildpack-deps", "continuumio/anaconda3", "jupyter/", "quay.io/jupyter/")
    """Images for a desk, not for shipping; one that ends in a slash stands for all below it."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """At most one finding: on the line that gives the final image its base."""
    chain = context.dockerfile.chain()
    if not chain:
        return
    stage = chain[0]
    line = next(item for item in context.dockerfile.instructions if item.line == stage.line)
    if stage.unresolved:
        names = ", ".join(f"${name}" for name in line.missing)
        yield Undecidable(f"Line {stage.line}: {names} has no value here, so the base image isn't known")
        return
    reference = read_image_ref(stage.base)
    reference = ImageRef(_MIRRORS.sub("", reference.name), reference.tag, reference.digest)
    if reference.name in params.full_unless_slim and reference.digest and not reference.tag:
        yield Undecidable(f"Line {stage.line}: a digest alone doesn't say which form of {reference.name} it is")
        return
    fault = _fault(reference, params)
    if fault:
        yield Finding(
            f'"{line.text}" {fault}',
            observed=stage.base,
            expected="a base with the interpreter and little else, such as a -slim tag",
            line=stage.line,
            end_line=line.end_line,
        )


def _fault(reference: ImageRef, params: Params) -> str:
    words = [re.sub(r"\d.*", "", word) for word in re.split(r"[-_]", reference.tag.lower())]
    for image in params.fat_images:
        if reference.name == image or (image.endswith("/") and reference.name.startswith(image)):
            return "starts from an image made for a desk, with tools that the program never calls"
    for word in words:
        if word in params.fat_words:
            return f'starts from a "{word}" image, with tools that are needed to develop and not to run'
    if reference.name in params.full_unless_slim and not set(words) & set(params.slim_words):
        small = " or ".join(f"-{word}" for word in params.slim_words)
        return f"starts from the full {reference.name} image, with compilers and headers; a {small} form exists"
    return ""


CHECK = Check(
    id="fat-base",
    claim="The final image starts from a small base",
    why="A full base brings hundreds of megabytes that every pull moves and every scan has to go through.",
    hint="The same Python comes in more than one form. What does your program call that the small one lacks?",
    sources=(
        "https://hub.docker.com/_/python (Image Variants)",
        "https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        "FROM python:3.11\n",
        "FROM python\n",
        "FROM docker.io/library/python:3.11-bookworm\n",
        "FROM python:3.11 AS slim\n",
        "FROM python:3.11-slim AS builder\nFROM python:3.11\nCOPY --from=builder /a /a\n",
        "ARG BASE=python:3.11\nFROM ${BASE}\n",
        "FROM pytorch/pytorch:2.4.0-cuda12.4-cudnn9-devel\n",
    ),
    good=(
        "FROM python:3.11-slim\n",
        "FROM python:3.11-alpine3.20\n",
        "FROM python:3.11 AS builder\nFROM python:3.11-slim\nCOPY --from=builder /a /a\n",
        "# FROM python:3.11\nARG BASE=python:3.11-slim\nFROM $BASE AS full\nFROM FULL\n",
        "FROM ubuntu:24.04\n",
        "FROM gcr.io/distroless/python3-debian12\n",
    ),
)
