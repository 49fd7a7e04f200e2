"""Owns the proof that the pages about Dockyard are true: commands exist, run, and print what is shown."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import chdir
from dataclasses import dataclass, fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from course.cli import cli
from course.commands.invocation import Invocation
from graders.engine.base import Engine
from graders.exercise import SUB_TABLES, CheckUse, ExerciseSpec
from graders.service.spec import FixedRequest
from tests.rows import rows

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PAGES = [ROOT / "README.md", *sorted(path for path in ROOT.glob("docs/*.md") if path.name != "commands.md")]
LANGUAGES = frozenset(("console", "text", "toml", "dockerfile", "ini", "csv", "yaml", "json"))
ILLUSTRATION, ENGINE = "illustration", "engine"
"""Words after "console": shown and not run; run where an engine is, with everything above it on the page."""
COMMAND_S = 120.0
_END = re.compile(r"\s+#\s*exit code (\d+)\s*$")
_OURS = re.compile(r"((?:[A-Z_]+=\S+ )*)dockyard( [^#|;&<>$`*?~\n]*)?(?:#.*)?")
"""A command of ours alone, and its comment: nothing in it is for a shell to act on."""
_FENCE = re.compile(r"^(`{3,})(\w*)([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<<'?(\w+)'?")


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of a page, and what the page says it prints."""

    text: str
    shown: tuple[str, ...]
    words: frozenset[str]
    """What the fence says beside its language."""

    @property
    def exit_code(self) -> int:
        """As a comment at its end says, else 0."""
        match = _END.search(self.text)
        return int(match[1]) if match else 0


def fences(page: Path) -> Iterator[tuple[str, frozenset[str], str]]:
    """Language, other words and text of each fenced block."""
    for _, language, words, text in _FENCE.findall(page.read_text(encoding="utf-8")):
        yield language, frozenset(words.split()), text


def typed(page: Path) -> Iterator[Typed]:
    """The commands of the console blocks: lines after "$ ", each with the lines below it."""
    for language, words, text in fences(page):
        if language != "console":
            continue
        for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            heredoc = _HEREDOC.search(command)
            if heredoc:
                end = shown.index(heredoc[1]) + 1
                command, shown = "\n".join([command, *shown[:end]]), shown[end:]
            yield Typed(command, tuple(line for line in shown if line.strip()), words)


def named(page: Path) -> Iterator[str]:
    """Every command of ours that the page names: typed ones, and those within a sentence."""
    for command in typed(page):
        yield from re.findall(r"(?:^|[|;&] *)(dockyard\b[^|;&]*)", _END.sub("", command.text))
    for language, _, text in fences(page):
        if language == "text":
            yield from re.findall(r"^(dockyard [a-z]+)", text, flags=re.MULTILINE)
    prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
    yield from re.findall(r"`(dockyard [^`]+)`", prose)


def fault(text: str) -> str:
    """What is wrong with a command of ours; empty when its words and options exist."""
    command: click.Command = cli
    words = [word for word in shlex.split(text, comments=True)[1:] if word != "..."]
    context = click.Context(cli, info_name="dockyard")
    while isinstance(command, click.Group):
        while words and words[0].startswith("-"):
            option = words.pop(0)
            if option not in {name for parameter in command.params for name in parameter.opts}:
                return "" if option in ("--help", "-h") else f"{command.name} has no option {option}"
        if not words:
            return ""
        found = command.get_command(context, words[0])
        if found is None:
            return f"there is no command {words[0]}"
        command, words = found, words[1:]
    try:
        command.make_parser(click.Context(command, parent=context)).parse_args(words)
    except click.UsageError as error:
        return error.format_message()
    return ""


def missing(shown: tuple[str, ...], printed: str) -> list[str]:
    """Lines that a page shows and the command did not print; … stands for anything."""
    flat = [" ".join(line.split()) for line in printed.splitlines()]
    lacking = []
    for line in shown:
        pattern = re.compile(".*".join(re.escape(" ".join(part.split())) for part in line.split("…")))
        if not any(pattern.search(text) for text in flat):
            lacking.append(line)
    return lacking


def in_a_shell(text: str, here: Path, env: Mapping[str, str], scratch: Path) -> tuple[int, str, Path]:
    """Exit code and output of what is typed, and the folder that it leaves one in."""
    where = scratch / "where"
    done = subprocess.run(
        ["bash", "-c", f"{text}\ncode=$?; pwd > {shlex.quote(str(where))}; exit $code"],
        cwd=here,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )
    return done.returncode, done.stdout, Path(where.read_text().strip())


def in_this_process(variables: str, words: str, here: Path, env: Mapping[str, str]) -> tuple[int, str, Path]:
    """The same of a command of ours, without the time that a start of the program takes."""
    own = dict(word.split("=", 1) for word in shlex.split(variables))
    with chdir(here):
        done = CliRunner().invoke(cli, shlex.split(words), obj=Invocation({**env, **own}))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output, here


def play(page: Path, folder: Path, home: Path, *, engine: str | None) -> list[str]:
    """Type a page's commands one after the other in an empty folder; what came out otherwise than the page says.

    With an engine each command starts the program, as a reader does; without one, only what needs a shell.
    """
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8", "COLUMNS": "100"}
    if engine:
        env["DOCKER_HOST"] = engine
    wrong = []
    here = folder
    for command in typed(page):
        if ILLUSTRATION in command.words or (ENGINE in command.words and not engine):
            continue
        ours = None if engine else _OURS.fullmatch(command.text)
        if ours:
            code, printed, here = in_this_process(ours[1], ours[2] or "", here, env)
        else:
            code, printed, here = in_a_shell(command.text, here, env, folder.parent)
        if code != command.exit_code:
            wrong.append(f"{command.text}: exit code {code}\n{printed}")
        wrong += [f"{command.text}: never printed {line!r}\n{printed}" for line in missing(command.shown, printed)]
    return wrong


def names(pages: list[Path]) -> list[str]:
    """How the tests of the pages are called."""
    return [page.name for page in pages]


def pages_that_run(word: str) -> list[Path]:
    """Pages with a console block that is run, with or without an engine."""
    kinds = {page: [command.words for command in typed(page) if ILLUSTRATION not in command.words] for page in PAGES}
    return [page for page, words in kinds.items() if any((ENGINE in row) == (word == ENGINE) for row in words)]


@rows("page", PAGES, ids=names(PAGES))
def test_page_names_only_commands_that_exist(page: Path) -> None:
    """Each `dockyard ...` is a command with these options."""
    assert {} == {text: said for text in named(page) if (said := fault(text))}


@rows("page", PAGES, ids=names(PAGES))
def test_page_names_only_targets_of_the_makefile(page: Path) -> None:
    """Each `make ...` can be made."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    typed_targets = re.findall(r"(?:`|^\$ )make (?:[A-Z]+=\S+ )?([a-z]+)", text, flags=re.MULTILINE)

    assert set() == set(typed_targets) - targets


@rows("page", PAGES, ids=names(PAGES))
def test_page_links_lead_somewhere(page: Path) -> None:
    """Each relative link and picture is a file of this tree."""
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    assert [] == [link for link in links if "://" not in link and not (page.parent / link).exists()]


@rows("page", PAGES, ids=names(PAGES))
def test_page_blocks_say_what_they_are(page: Path) -> None:
    """Each fence has a language; TOML parses."""
    blocks = list(fences(page))
    for language, _, text in blocks:
        if language == "toml":
            tomllib.loads(text)

    assert set() == {language for language, _, _ in blocks} - LANGUAGES


@pytest.mark.parametrize("page", pages_that_run(""), ids=names(pages_that_run("")))
def test_page_runs_as_it_stands(page: Path, tmp_path: Path, sealed_environment: Path) -> None:
    """Typed in order in an empty folder, the commands print what is shown."""
    folder = tmp_path / "here"
    folder.mkdir()

    wrong = play(page, folder, sealed_environment, engine=None)
    assert not wrong, "\n".join(wrong)


@pytest.mark.engine
@pytest.mark.parametrize("page", pages_that_run(ENGINE), ids=names(pages_that_run(ENGINE)))
def test_page_runs_on_an_engine(
    page: Path, engine: Engine, python_base: str, tmp_path: Path, sealed_environment: Path
) -> None:
    """With an engine, also those that build and run."""
    folder = tmp_path / "here"
    folder.mkdir()

    wrong = play(page, folder, sealed_environment, engine=engine.info().socket)
    assert not wrong, "\n".join(wrong)


def test_authors_page_explains_every_key() -> None:
    """Each key of exercise.toml stands in the tables of the page, and no key that there isn't."""
    tables = {
        "": (ExerciseSpec, {"root", "texts", "content_sha256"}, {"format", "run"}),
        "checks": (CheckUse, {"check"}, {"use"}),
    }
    known = {
        f"{table}.{item.name}".lstrip(".")
        for table, (kind, hidden, _) in tables.items()
        for item in fields(kind)
        if item.name not in hidden
    }
    known |= {f"{table}.{name}".lstrip(".") for table, (_, _, more) in tables.items() for name in more}
    known |= {f"{table}.{item.name}" for table, kind in SUB_TABLES.items() for item in fields(kind)}
    known |= {f"service.requests.{item.name}" for item in fields(FixedRequest)}
    known -= {"limits", "build", "run", "service", "checks", "run.texts", "service.predict", "service.requests"}
    text = (ROOT / "docs/authors.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z_.]+)`", text, flags=re.MULTILINE))

    assert (set(), set()) == (known - told, told - known)


@rows(
    ("text", "said"),
    [
        ("dockyard chek first-image", "there is no command chek"),
        ("dockyard check --quik", "--quik"),
        ("dockyard --unlock check", "no option --unlock"),
        ("dockyard author verify ./x --only y", ""),
        ("dockyard checklist 1 --format html --output a.html", ""),
    ],
)
def test_fault_of_a_command(text: str, said: str) -> None:
    """A page with a wrong command would be found."""
    assert (said in fault(text)) if said else not fault(text)


def test_missing_lines_are_found() -> None:
    """A page that shows what is not printed would be found; spaces don't matter, … is anything."""
    assert ["d"] == missing(("a  b", "c … e", "d"), "x a b\nc 1 e\n")
