"""Owns the proof that runs-as-root says what it should, and no more; its samples are in the check."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks.dockerfile.runs_as_root import CHECK

P = "FROM python:3.11-slim\n"

BAD = [
    (P + "# USER app\n", [1]),
    (P + "USER app\n#USER app\nuser root\n", [4]),
    ("FROM python:3.11-slim AS unused\nUSER app\nFROM python:3.11-slim\n", [3]),
    ("FROM python:3.11-slim AS a\nUSER app\nFROM a\nUSER 0\n", [4]),
    (P + 'RUN echo \'USER app\'\nCMD ["USER", "app"]\n', [1]),
    (P + "ARG WHO=root\nUSER ${WHO:-app}\n", [3]),
    (P + "ENV WHO=\nUSER ${WHO:-root}\n", [3]),
    (P + "ENV WHO=app\nARG WHO=root\nUSER $WHO\n", [4]),
    (P + "ONBUILD USER app\n", [1]),
    (P + "RUN <<EOF\nuseradd app\nUSER app\nEOF\n", [1]),
    (P + "USER 00\n", [2]),
    (P + "USER 0:1000\n", [2]),
    (P + "USER :1000\n", [2]),
    (P + 'USER ""\n', [2]),
    (P + "USER 'root'\n", [2]),
    (P + "RUN useradd --non-unique --uid=0 app\nUSER app\n", [3]),
    (P + "RUN useradd -ou 0 app\nUSER app\n", [3]),
    (P + "RUN sed -i '$ a app:x:0:0::/:/bin/sh' /etc/passwd\nUSER app\n", [3]),
    (P + "RUN <<EOF\nusermod -o -u 0 app\nEOF\nUSER app\n", [5]),
    (P + "RUN printf 'app:x:00:0::/:/bin/sh\\n' >> /etc/passwd\nUSER app\n", [3]),
    ('FROM debian:12-slim\nSHELL ["/bin/bash", "-c"]\nRUN su app\n', [1]),
    (P + 'ENTRYPOINT ["setpriv", "--reuid=0", "python"]\n', [1]),
    (P + 'ENTRYPOINT ["gosu", "root", "python"]\n', [1]),
]
GOOD = [
    P + "USER app\n# USER root\n",
    "FROM python:3.11-slim AS unused\nUSER root\nFROM python:3.11-slim\nUSER app\n",
    "FROM python:3.11-slim AS Base\nUSER app\nFROM base\nCMD []\n",
    P + "USER ${APP_USER:-app}\n",
    P + "ARG UID=10001\nARG GID=10001\nUSER ${UID}:${GID}\n",
    P + "ENV WHO=root\nENV WHO=app\nUSER $WHO\n",
    P + "user 1000\nONBUILD USER root\n",
    P + "USER app:root\n",
    P + "USER rooter\n",
    P + "USER 65532:65532\n",
    P + "USER nobody\nRUN <<EOF\nUSER root\nEOF\nRUN echo USER root\n",
    P + "RUN groupadd -g 0 -o app || true; useradd -u 1000 -g 0 app\nUSER app\n",
    P + "RUN useradd -u 1000 app && echo 'app:x:1000:0::/:/bin/sh'\nUSER app\n",
    P + "RUN adduser --disabled-password --uid 5678 app && chown -R app /app\nUSER app\n",
    P + "COPY --chown=0:0 --link src /app\nUSER app\n",
    "FROM gcr.io/distroless/python3-debian12:nonroot\n",
    "FROM python:3.11-slim AS a\nUSER root\nFROM a\nUSER app\n",
]
UNDECIDED = [
    P + "USER $WHO\n",
    P + "ARG WHO\nUSER ${WHO}\n",
    "FROM registry.example.com:5000/team/base:1.0\n",
    "ARG BASE\nFROM $BASE\n",
    P + "COPY passwd /etc/passwd\nUSER app\n",
    P + 'ENTRYPOINT ["gosu", "app", "python", "app.py"]\n',
    P + 'ENTRYPOINT ["setpriv", "--reuid=1000", "--init-groups", "python", "app.py"]\n',
    P + 'USER root\nENTRYPOINT ["/usr/bin/tini", "--", "su-exec", "app:app", "python"]\n',
]

WrongAnswers = Callable[..., dict[str, list[int | None]]]


def test_answers_are_those_of_the_tables(wrong_answers: WrongAnswers) -> None:
    """Each fault on its line, however it is written; words that only look like one mean nothing."""
    assert {} == wrong_answers(CHECK, bad=BAD, good=GOOD, undecided=UNDECIDED)
