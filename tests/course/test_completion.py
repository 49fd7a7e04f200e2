"""A shell completes what `dockyard` understands, and help is one text everywhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click
from click.testing import CliRunner, Result

from course.author.command_page import command_page, write_command_page
from course.cli import COMMANDS, cli
from tests.rows import rows

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(*args: str) -> Result:
    """`dockyard` with these words."""
    return CliRunner().invoke(cli, list(args), prog_name="dockyard")


def completed(*lines: str) -> list[list[str]]:
    """What a real bash offers for the last word of each line, once it has read our script."""
    bash = shutil.which("bash")
    assert bash is not None
    script = ['eval "$(dockyard completion bash)"']
    for words in (line.split(" ") for line in lines):
        script += [
            f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; COMPREPLY=()",
            '_dockyard_completion dockyard; echo "${COMPREPLY[@]}"',
        ]
    env = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": "/nonexistent"}
    words_of = [bash, "--norc", "-c", "\n".join(script)]
    done = subprocess.run(words_of, env=env, capture_output=True, text=True, check=False)
    assert "" == done.stderr
    return [line.split() for line in done.stdout.splitlines()]


def test_bash_completes() -> None:
    """Commands, exercises, values of options, commands of groups."""
    offered = completed("dockyard che", "dockyard check first", "dockyard check --format j", "dockyard author ver")

    assert [["check", "checklist"], ["first-image"], ["json", "junit"], ["verify"]] == offered


@rows("shell", ["zsh", "fish"])
def test_other_shells_get_a_script_of_their_own(shell: str) -> None:
    """The script asks our program, in that shell's way."""
    result = run("completion", shell)

    assert result.exit_code == 0
    assert f"_DOCKYARD_COMPLETE={shell}_complete" in result.output


@rows("words", [("check",), ("author", "verify"), ("engine",)])
def test_help_is_what_help_says(words: tuple[str, ...]) -> None:
    """`dockyard help X` and `dockyard X --help` print the same."""
    assert run(*words, "--help").output == run("help", *words).output


def test_help_alone_is_the_help_of_the_program() -> None:
    """Without a command it lists them all."""
    assert run("--help").output == run("help").output


@rows(("words", "said"), [(("chek",), "check"), (("check", "x"), "has no command 'x'")])
def test_help_of_what_is_no_command_says_what_there_is(words: tuple[str, ...], said: str) -> None:
    """A misspelt command is an error of usage."""
    result = run("help", *words)

    assert result.exit_code == 2
    assert said in result.output


def test_page_of_commands_is_current() -> None:
    """What is committed is what the help says in a new process; `dockyard author page` mends it."""
    script = "from course.author.command_page import command_page; from course.cli import cli; print(command_page(cli))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == (ROOT / "docs/commands.md").read_text(encoding="utf-8") + "\n"


def test_page_of_commands_names_every_command() -> None:
    """Each command of the table has a section, and a second writing changes nothing."""
    text = command_page(cli)

    assert [] == [name for name in COMMANDS if f"## `dockyard {name}`" not in text]
    assert "## `dockyard author export gradescope`" in text


def test_page_of_commands_is_written_once(tmp_path: Path) -> None:
    """A page that is current is left alone."""
    path = tmp_path / "commands.md"

    assert (True, False) == (write_command_page(path, cli), write_command_page(path, cli))


def test_every_command_loads_and_says_what_it_does() -> None:
    """The table's places are right, and no help text is empty."""
    context = click.Context(cli, info_name="dockyard")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.get_help(click.Context(command, info_name=name, parent=context))
