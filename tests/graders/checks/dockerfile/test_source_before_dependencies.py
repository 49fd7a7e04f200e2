"""Owns the proof that source-before-dependencies says what it should, and no more; its samples are in the check."""

from __future__ import annotations

from collections.abc import Callable

from graders.check import Sample
from graders.checks.dockerfile.source_before_dependencies import CHECK

P = "FROM python:3.11-slim\n"

H = P + "WORKDIR /app\n"
R = "RUN pip install -r requirements.txt\n"
FILES = {
    "app.py": "\n", "src/a.py": "\n", "requirements.txt": "six\n", "constraints.txt": "\n", "README.md": "\n",
    "data/raw.csv": "1\n", "models/m.joblib": "1\n", "pyproject.toml": "\n", "uv.lock": "\n",
}  # fmt: skip
BAD = [
    (H + "# COPY requirements.txt .\nCOPY . .\n" + R, [4]),
    (H + "copy . .\nrun uv pip install --system -r requirements.txt\n", [3]),
    (H + "COPY src/ src/\nCOPY requirements.txt .\n" + R, [3]),
    (H + "COPY requirements.txt app.py ./\n" + R, [3]),
    (H + "COPY --chown=1000 --link . .\n" + R, [3]),
    (H + 'COPY [".", "/app"]\n' + R, [3]),
    (H + "ARG WHAT=.\nCOPY ${WHAT} .\n" + R, [4]),
    (H + "ENV WHAT=requirements.txt\nENV WHAT=.\nCOPY $WHAT .\n" + R, [5]),
    ("FROM python:3.11-slim AS a\nCOPY . /app\nFROM a\n" + R, [2]),
    ("FROM python:3.11-slim AS s\nCOPY . /s\nFROM python:3.11-slim\nCOPY --from=s /s/src /src\n" + R, [4]),
    (H + "ADD . .\nRUN <<EOF\nset -e\npip install -r requirements.txt\nEOF\n", [3]),
    (H + "COPY ./ ./\nRUN poetry install\n", [3]),
    (H + "COPY . .\nRUN uv sync --frozen\n", [3]),
    (H + "COPY . .\nRUN pip install .\n", [3]),
    (H + "COPY *.py requirements.txt ./\n" + R, [3]),
    (H + "RUN --mount=type=bind,source=.,target=/c pip install -r /c/requirements.txt\n", [3]),
    (H + "RUN --mount=type=bind,target=/c cp /c/requirements.txt .\n" + R, [3]),
    (H + "COPY a* r* ./\n" + R, [3]),
    (H + "COPY requirements.txt .\nCOPY . .\n" + R, [4]),
    (H + "COPY . .\nRUN sh -c 'pip install -r requirements.txt'\n", [3]),
]
GOOD = [
    H + "COPY requirements.txt .\n" + R + "COPY . .\n# COPY . .\n",
    H + "# COPY . .\nCOPY requirements.txt .\n" + R,
    "FROM python:3.11-slim AS unused\nCOPY . .\n" + R + H + "COPY requirements.txt .\n" + R + "COPY . .\n",
    H + "COPY . .\nRUN echo 'pip install -r requirements.txt'\n",
    H + "ONBUILD COPY . .\nCOPY requirements.txt .\n" + R,
    H + "COPY <<EOF requirements.txt\nsix\nEOF\n" + R + "COPY . .\n",
    H + "ARG WHAT=requirements.txt\nCOPY ${WHAT} .\n" + R,
    H + "COPY requirements*.txt constraints.txt README.md ./\n" + R + "COPY src src\n",
    H + "COPY pyproject.toml uv.lock ./\nRUN uv sync --frozen --no-install-project\nCOPY . .\nRUN uv sync --frozen\n",
    H + "RUN --mount=type=bind,source=uv.lock,target=uv.lock --mount=type=bind,source=pyproject.toml,target=p"
    " uv sync --locked --no-install-project\nCOPY . /app\n"
    "RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked\n",
    H + "COPY requirements.txt .\n" + R + "COPY . .\nRUN pip install --no-deps .\n",
    H + "COPY requirements.txt .\n" + R + "COPY . .\nRUN pip install -e .\n",
    "FROM python:3.11 AS b\nCOPY requirements.txt .\nRUN pip wheel -w /w -r requirements.txt\nFROM python:3.11-slim\n"
    "COPY --from=b /w /w\nRUN pip install /w/*.whl\nCOPY . .\n",
    "FROM python:3.11 AS b\nCOPY pyproject.toml poetry.lock ./\nRUN poetry export -o /r.txt\nFROM python:3.11-slim\n"
    "COPY --from=b /r.txt .\nRUN pip install -r r.txt\nCOPY . .\n",
    "FROM python:3.11 AS b\nCOPY requirements.txt .\nRUN pip install --target /libs -r requirements.txt\n"
    "FROM python:3.11-slim\nCOPY . .\nCOPY --from=b /libs /libs\n",
    H + "COPY data/ data/\nCOPY models models\nCOPY requirements.txt .\n" + R + "COPY src src\n",
    H + "COPY . .\nRUN pip install --upgrade pip\n",
    H
    + "COPY --from=ghcr.io/astral-sh/uv:0.5.11 /uv /bin/\n"
    + "COPY requirements.txt .\nRUN uv pip install -r requirements.txt\n",
    H
    + "COPY requirements.txt .\nRUN --mount=type=bind,source=requirements.txt,target=/r pip install -r /r\nCOPY . .\n",
    H + "COPY . .\n",
]
UNDECIDED = [H + "COPY . .\nARG GET\nRUN $GET -r requirements.txt\n"]

WrongAnswers = Callable[..., dict[str, list[int | None]]]


def with_files(text: str) -> Sample:
    return Sample(text, files=tuple(FILES.items()))


def test_answers_are_those_of_the_tables(wrong_answers: WrongAnswers) -> None:
    """Each fault on its line, however it is written; words that only look like one mean nothing."""
    assert {} == wrong_answers(CHECK, bad=BAD, good=GOOD, undecided=UNDECIDED, sample=with_files)
