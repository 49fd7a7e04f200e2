"""Owns the check that a path in ENV is a full one; must never open a file.

Judged is what the final image carries: the last value of each name along the chain. A value counts as a path when it
begins with a dot or a tilde, when it is a file or folder of the submission, or when its name says that it is a path
(`MODEL_DIR=models`, `PYTHONPATH=src`). Names of models on a hub, of modules, addresses, routes and bare file names
(`MODEL_NAME=a/b`, `APP_MODULE=app.main:app`, `API_PATH=v1/predict`, `MODEL_NAME=w.json`) look like paths and are none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.check import Check, Sample
from graders.dockerfile.environment import Pair, in_force, line_of_pair
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding, Undecidable
from graders.outcome import Level

_WORDS = re.compile(r"[A-Z0-9]+")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_LIST = re.compile(r"[A-Z0-9_]*PATH\Z")
_PLAIN = re.compile(r"[\w.@~+/-]+\Z")


@dataclass(frozen=True, slots=True)
class Params:
    """What tells a path by its name or by its ending."""

    path_words: tuple[str, ...] = (
        "PATH", "PATHS", "DIR", "DIRS", "DIRECTORY", "FOLDER", "HOME", "ROOT", "CACHE", "PYTHONPATH", "FILE",
        "WORKSPACE", "WORKDIR", "VENV", "PREFIX",
    )  # fmt: skip
    """Words of a variable's name, in upper case, that stand for a path."""
    other_words: tuple[str, ...] = (
        "URL", "URI", "API", "HTTP", "ROUTE", "ENDPOINT", "HEALTH", "METRICS", "HOST", "HUB", "REPO", "REPOSITORY",
        "REGISTRY", "IMAGE", "MODULE", "NAME", "ID", "TAG", "VERSION", "S3", "GCS", "BUCKET", "BLOB", "KEY", "TYPE",
        "ARGS", "OPTS", "OPTIONS", "FLAGS", "TZ", "USER",
    )  # fmt: skip
    """Words that say that it is something else: an address, a route, the name of a model on a hub."""
    endings: tuple[str, ...] = (
        ".joblib", ".pkl", ".pickle", ".onnx", ".pt", ".pth", ".h5", ".keras", ".safetensors", ".gguf", ".npz", ".npy",
        ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".csv", ".tsv", ".parquet", ".txt",
        ".db", ".sqlite", ".bin", ".pem", ".crt", ".log", ".zst",
    )  # fmt: skip
    """Endings of a file's name; they count after a folder only."""


def find(context: DockerfileContext, params: Params) -> Iterator[Finding | Undecidable]:
    """One finding for each name whose value is a relative path."""
    for pair in in_force(context.dockerfile, "ENV").values():
        if pair.raw is None:
            continue
        for entry in _entries(pair):
            if not _is_relative(entry) or not _is_path(pair.name, entry, context, params):
                continue
            if pair.missing and pair.raw.lstrip("\"'").startswith("$"):
                line = line_of_pair(context.dockerfile, pair)
                yield Undecidable(f"Line {line}: ${pair.missing[0]} has no value here, so {pair.name} isn't known")
                break
            tilde = ", and ENV leaves a ~ as it is" if entry.startswith("~") else ""
            yield Finding(
                f'"{pair.name}={pair.value[:120]}" has a path that depends on the working folder: {entry[:80]}{tilde}',
                observed=entry[:200],
                expected="a path that begins with /",
                line=line_of_pair(context.dockerfile, pair),
                end_line=pair.instruction.end_line,
            )
            break


def _entries(pair: Pair) -> list[str]:
    """The value, or the parts of a list of folders."""
    if _LIST.match(pair.name) and ":" in pair.value and "://" not in pair.value and not _WINDOWS.match(pair.value):
        return [entry for entry in pair.value.split(":") if entry]
    return [pair.value]


def _is_relative(entry: str) -> bool:
    return bool(entry) and not entry.startswith(("/", "\\", "$", "-")) and not _WINDOWS.match(entry)


def _is_path(name: str, entry: str, context: DockerfileContext, params: Params) -> bool:
    if not _PLAIN.match(entry):
        return False
    if entry.startswith(("./", "../", "~")) or entry in (".", ".."):
        return True
    words = set(_WORDS.findall(name.upper()))
    if words & set(params.other_words) or name.upper().endswith("_APP"):
        return False
    if "/" in entry:
        plain = posixpath.normpath(entry)
        if plain in context.files or any(path.startswith(f"{plain}/") for path in context.files):
            return True
        if entry.lower().endswith(params.endings):
            return True
    named = bool(words & set(params.path_words)) or name.upper().endswith(("PATH", "DIR", "HOME"))
    is_name_of_file = "/" not in entry and words & {"FILE"} and not words & {"PATH"}
    return named and not is_name_of_file and not entry.replace(".", "").isdigit() and not _is_switch(entry)


def _is_switch(entry: str) -> bool:
    """`USE_CACHE=true` says yes or no."""
    return entry.lower() in ("true", "false", "yes", "no", "on", "off", "none", "null", "default", "auto", "disabled")


_BASE = "FROM python:3.11-slim\nWORKDIR /app\n"
_FILES = (("models/sentiment/words.json", "{}\n"), ("src/app.py", "\n"))

CHECK = Check(
    id="relative-env-path",
    claim="Every path in ENV is a full path",
    why="A relative path means another file as soon as somebody starts the program in another folder.",
    hint="In which folder does the program start, and who decides that?",
    sources=(
        "https://docs.docker.com/reference/dockerfile/#env",
        "https://docs.docker.com/reference/dockerfile/#workdir",
    ),
    level=Level.DOCKERFILE,
    find=find,
    params=Params,
    bad=(
        _BASE + "ENV MODEL_PATH=./models/words.json\n",
        _BASE + "env MODEL_PATH models/words.joblib\n",
        _BASE + "ARG DIR=models\nENV MODEL_PATH=${DIR}/words.json\n",
        _BASE + "ENV A=1 \\\n    MODEL_DIR=models \\\n    B=2\n",
        _BASE + "ENV PYTHONPATH=/app:src\n",
        _BASE + "ENV CONFIG=~/config.yaml\n",
        Sample(_BASE + "ENV MODEL=models/sentiment\n", files=_FILES),
        "FROM python AS base\nENV MODEL_PATH='../m.pkl'\nFROM base\n# ENV MODEL_PATH=/m\nRUN echo ENV MODEL_PATH=/m\n",
        _BASE + "ENV MODEL_PATH=/app/m.json\nENV MODEL_PATH=m.json\n",
    ),
    good=(
        _BASE + "ENV MODEL_PATH=/app/models/words.json\n",
        _BASE + "ARG HOME_DIR=/srv\nENV APP_HOME=${HOME_DIR} MODEL_PATH=${HOME_DIR}/m.json\n",
        _BASE + "ENV MODEL_NAME=acme/sentiment.v1 HF_MODEL=acme/words API_PATH=v1/predict APP_MODULE=app.main:app\n",
        _BASE + "ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app:$PYTHONPATH LD_LIBRARY_PATH=/usr/lib:\n",
        _BASE + "ENV MODEL_URL=https://example.org/m.json DATABASE_URL=sqlite:///./app.db TZ=Europe/Berlin\n",
        _BASE
        + "ENV MODEL_DIR=/app/models MODEL_FILE=words.json USE_CACHE=true CONTENT=application/json CACHE_SIZE=10\n",
        _BASE + "# ENV MODEL_PATH=./m.json\nENV MODEL_PATH=./m.json\nENV MODEL_PATH=/app/m.json\n",
        "FROM python:3.11-slim AS b\nENV MODEL_PATH=./m.json\nFROM python:3.11-slim\nONBUILD ENV MODEL_PATH=./m.json\n",
        Sample(_BASE + "ENV MODE=src PIP_NO_CACHE_DIR=1 GUNICORN_CMD_ARGS='--config conf/g.py'\n", files=_FILES),
        _BASE + "RUN MODEL_PATH=./m.json python -c 'print(1)'\nENV PIP_CACHE_DIR=off\n",
    ),
)
