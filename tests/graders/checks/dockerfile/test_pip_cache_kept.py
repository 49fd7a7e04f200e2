"""Owns the proof that pip-cache-kept says what it should, and no more; its samples are in the check."""

from __future__ import annotations

from collections.abc import Callable

from graders.checks.dockerfile.pip_cache_kept import CHECK

P = "FROM python:3.11-slim\n"

BAD = [
    (P + "RUN pip install a\nFROM scratch AS b\nCOPY --from=0 /* /\nFROM scratch\nCOPY --from=b root /root\n", [2]),
    (P + "# RUN pip install --no-cache-dir a\nRUN pip install a\n", [3]),
    (P + "run PIP3 --version; Pip install a; pip3.11 install a\n".replace("PIP3", "pip3").replace("Pip", "pip"), [2]),
    ("FROM python:3.11-slim AS a\nRUN pip install a\nFROM a\n", [2]),
    ("FROM python:3.11-slim AS a\nRUN pip install a\nFROM python:3.11-slim\nCOPY --from=a /root /root\n", [2]),
    (P + "ENV PIP_NO_CACHE_DIR=1\nENV PIP_NO_CACHE_DIR=\nRUN pip install a\n", [4]),
    (P + "ARG FLAGS\nRUN pip install $FLAGS a\n", [3]),
    (P + "ARG FLAGS=--quiet\nRUN pip install $FLAGS a\n", [3]),
    (P + "RUN <<EOF\npip install a # --no-cache-dir\nEOF\n", [3]),
    (P + "RUN python -m pip install a && rm -rf /var/cache\n", [2]),
    (P + "RUN pip install a\nENV PIP_NO_CACHE_DIR=1\n", [2]),
    (P + "RUN rm -rf /root/.cache && pip install a\n", [2]),
    (P + "RUN uv pip install --system a\n", [2]),
    (P + 'RUN pip install \'a\' "--no-cache" "b # --no-cache-dir" && pip install c\n', [2]),
    (P + "RUN --mount=type=cache,target=/root/.cache/pip pip install a\nRUN pip install b\n", [3]),
    (P + "RUN --mount=type=bind,source=wheels,target=/root/.cache pip install a\n", [2]),
    (P + "RUN bash -c 'pip install a'\n", [2]),
    (P + "RUN PIP_NO_CACHE_DIR=1 true && pip install a\n", [2]),
    (P + "RUN if true; then pip install a; fi\n", [2]),
    (P + "RUN pip download --no-cache-dir a && pip install a\n", [2]),
    (P + "RUN pip install --target=/opt/libs a\n", [2]),
    (P + "RUN python -m venv /venv && /venv/bin/pip install a\n", [2]),
]
GOOD = [
    P + "# RUN pip install a\nRUN pip install --no-cache-dir a\n",
    P + "RUN echo 'pip install a' && echo pip install a\n",
    "FROM python:3.11-slim AS unused\nRUN pip install a\nFROM python:3.11-slim\n",
    "FROM python:3.11 AS b\nRUN pip wheel -w /w a\nFROM python:3.11-slim\nCOPY --from=b /w /w\n"
    "RUN pip install --no-cache-dir /w/*\n",
    "FROM python:3.11 AS b\nRUN python -m venv /v && /v/bin/pip install a\nFROM python:3.11-slim\nCOPY --from=b /v /\n",
    "FROM python:3.11 AS b\nRUN pip install --prefix=/i a\nFROM python:3.11-slim\nCOPY --from=b --link /i /usr/local\n",
    "FROM python:3.11-slim AS a\nENV PIP_NO_CACHE_DIR=1\nFROM a\nRUN pip install a\n",
    P + 'ENV PIP_NO_CACHE_DIR="true"\nRUN pip install a\n',
    P + "ARG PIP_NO_CACHE_DIR=1\nRUN pip install a\n",
    P + "ONBUILD RUN pip install a\n",
    P + "RUN --mount=type=cache,target=/root/.cache pip install a\n",
    P + "RUN --mount=type=cache,dst=/root/.cache/pip/ --mount=type=bind,source=r.txt,target=/r pip install -r /r\n",
    P + "RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen\n",
    P + "ENV UV_NO_CACHE=1\nRUN uv sync --frozen\n",
    P + "ENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install a\n",
    P + "RUN pip install a && pip cache purge\n",
    P + 'RUN pip install a && rm -rf "$HOME/.cache"\n',
    P + "RUN pip install a && rm -fr /root/.cache/*\n",
    P + "RUN set -ex; pip install a; rm -r -f ~/.cache/pip\n",
    P + "RUN <<EOF\nexport PIP_NO_CACHE_DIR=1\npip install a\nEOF\n",
    P + "RUN pip config set global.no-cache-dir true && pip install a\n",
    P + "ARG FLAGS=--no-cache-dir\nRUN pip install $FLAGS a\n",
    P + "RUN poetry export -o r.txt && pip install --no-cache-dir -r r.txt\n",
    P + "RUN pip --version && pip list && pip check && pip uninstall -y pip\n",
    P + "COPY --from=ghcr.io/astral-sh/uv:0.5.11 /uv /bin/\nRUN uv pip install --system --no-cache -r r.txt\n",
    P + 'SHELL ["/bin/bash", "-c"]\nRUN pip install --no-cache-dir a\n',
]
UNDECIDED = [P + "ARG INSTALL\nRUN $INSTALL a\n", P + "RUN ${PIP} install a\n"]

WrongAnswers = Callable[..., dict[str, list[int | None]]]


def test_answers_are_those_of_the_tables(wrong_answers: WrongAnswers) -> None:
    """Each fault on its line, however it is written; words that only look like one mean nothing."""
    assert {} == wrong_answers(CHECK, bad=BAD, good=GOOD, undecided=UNDECIDED)
