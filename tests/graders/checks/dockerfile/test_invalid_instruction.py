"""Owns the proof that invalid-instruction says what it should, and no more; its samples are in the check."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks.dockerfile.invalid_instruction import CHECK

P = "FROM python:3.11-slim\n"

BAD = [
    (P + "COPPY . .\n", [2]),
    (P + "# COPY\nCOPY\n", [3]),
    (P + "RUN echo 'COPPY' \\\n  && true\nENTRYPIONT [\"a\"]\n", [4]),
    ("FROM python:3.11-slim AS unused\nFOO\nFROM python:3.11-slim\n", [2]),
    ("FROM python:3.11-slim AS Base\nFROM Base\n", [2]),
    ("FROM Python:3.11-slim\n", [1]),
    ("ARG TAG=\nFROM ${TAG}\n", [2]),
    (P + "ENV A=${B\n", [2]),
    (P + "ONBUILD FROM x\n", [2]),
    (P + "RUN <<EOF\nFOO\nEOF\nFOO\n", [5]),
    (P + "cmd [1]\n", [2]),
    (P + "COPY --chown app:app . .\n", [2]),
    (P + "COPY --from=${STAGE} /a /b\n", [2]),
    (P + "RUN --mount=type=volume,target=/x true\n", [2]),
    (P + "HEALTHCHECK --interval=30 CMD true\n", [2]),
    (P + "EXPOSE http\n", [2]),
    (P + "pip install -r requirements.txt\n", [2]),
    ("version: '3'\nservices:\n  web:\n", [1, 1, 2, 3]),
]
GOOD = [
    P + "# COPPY . .\n",
    P + "#COPPY\n  # FOO\nRUN true\n",
    P + "RUN echo COPPY; echo 'FOO'\n",
    "FROM python:3.11-slim AS unused\nEXPOSE http\nENV A='x\nFROM python:3.11-slim\n",
    "FROM --platform=$BUILDPLATFORM python:3.11-slim AS build\nFROM python:3.11-slim\nCOPY --from=BUILD /a /b\n",
    "FROM localhost:5000/team/python:3.11-slim\n",
    "FROM registry.example.com:8443/a/b_c/d--e:1.2@sha256:" + "0a" * 32 + "\n",
    "ARG REGISTRY\nFROM ${REGISTRY}/python:3.11-slim\n",
    P + "ONBUILD FOO\nONBUILD COPY x\n",
    P + "RUN <<-EOF\n\tFOO\n\tEOF\nCOPY <<a.txt <<b.txt /c/\nFOO\na.txt\nBAR\nb.txt\n",
    P + "COPY --link --chown=1000:1000 --chmod=755 --exclude=*.md --exclude=*.txt . .\n",
    P + "RUN --mount=type=bind,source=a,target=/a --mount=type=secret,id=t,required --network=none true\n",
    P + "healthcheck --start-period=0s --retries=3 cmd curl localhost\n",
    P + "HEALTHCHECK NONE\nSTOPSIGNAL SIGRTMIN+3\nEXPOSE 8080/tcp 9000-9001/udp ${PORT}\n",
    "# syntax=docker/dockerfile:1\n# escape=`\nfrom python:3.11-slim\nrun echo a `\n && echo b\n",
    P + "ENV A=1 \\\n    # a comment\n\n    B=2\n",
    P + 'USER ${APP_USER:-app}\nWORKDIR "/a b"\nSHELL ["/bin/bash", "-c"]\n',
    P + 'ENV PATH=/opt/venv/bin:$PATH GREETING="it\'s"\n',
    P + 'COPY ["a b", "/c d/"]\nVOLUME /data\nMAINTAINER me\n',
    "\ufeff" + P + "RUN true\r\n",
]

WrongAnswers = Callable[..., dict[str, list[int | None]]]


def test_answers_are_those_of_the_tables(wrong_answers: WrongAnswers) -> None:
    """Each fault on its line, however it is written; words that only look like one mean nothing."""
    assert {} == wrong_answers(CHECK, bad=BAD, good=GOOD)
