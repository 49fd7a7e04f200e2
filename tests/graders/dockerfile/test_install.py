"""Owns the proof that a command which installs Python packages is known for one, and read right."""

from __future__ import annotations

from graders.dockerfile.install import (
    Install,
    compiles_a_list,
    hides_its_program,
    installs_dependencies,
    python_installs,
)
from graders.dockerfile.model import Instruction
from graders.dockerfile.parse import parse
from tests.rows import rows


def run(text: str) -> Instruction:
    return parse(f"FROM a\nRUN {text}\n".encode()).instructions[-1]


def only(text: str) -> Install:
    (install,) = python_installs(run(text))
    return install


@rows(
    ("text", "tool", "files", "packages"),
    [
        ("pip install a b", "pip", (), ("a", "b")),
        ("pip3.11 install -r r.txt", "pip", ("r.txt",), ()),
        ("pip install -rr.txt --requirement=s.txt", "pip", ("r.txt", "s.txt"), ()),
        ("pip --quiet --proxy x install -c c.txt a", "pip", (), ("a",)),
        ("pip install -i https://x/simple --target /t -e . 'a>=1'", "pip", (), (".", "a>=1")),
        ("python3 -I -m pip install a", "pip", (), ("a",)),
        ("/opt/venv/bin/python -m pip wheel -w /w -r r.txt", "pip", ("r.txt",), ()),
        ("sudo -H pip install a", "pip", (), ("a",)),
        ("uv pip install --system -r r.txt", "uv", ("r.txt",), ()),
        ("uv sync --frozen", "uv", (), ()),
        ("poetry install --no-root", "poetry", (), ()),
        ("conda env update -f e.yml", "conda", (), ()),
        ("conda install -y a", "conda", (), ("a",)),
        ("pip-sync r.txt", "pip", ("r.txt",), ()),
        ("pip-sync -q", "pip", ("requirements.txt",), ()),
        ("uv pip sync --system r.txt s.txt", "uv", ("r.txt", "s.txt"), ()),
        ("uv tool install --python 3.11 a", "uv", (), ("a",)),
        ("pipx install a", "pipx", (), ("a",)),
    ],
)
def test_install_is_read(text: str, tool: str, files: tuple[str, ...], packages: tuple[str, ...]) -> None:
    """The tool, the files it reads and the packages it names come out."""
    install = only(text)

    assert (tool, files, packages) == (install.tool, install.requirement_files, install.packages)


@rows(
    "text",
    [
        "echo pip install a",
        "pip list",
        "pip install --help",
        "pip install --dry-run a",
        "uv venv",
        "uv pip list",
        "poetry export -o r.txt",
        "apt-get install -y python3-pip",
        "grep 'pip install' x",
        "python setup.py build",
        "pipx --version",
        "true # pip install a",
    ],
)
def test_other_commands_are_no_installs(text: str) -> None:
    """Words of an install inside other commands mean nothing."""

    assert [] == list(python_installs(run(text)))


@rows(
    ("text", "expected"),
    [
        ("pip install -U pip setuptools wheel", False),
        ("pip install 'uv==0.5.11'", False),
        ("pip install --no-deps .", False),
        ("pip install .", True),
        ("pip install pip six", True),
        ("pip install -r r.txt", True),
    ],
)
def test_installers_and_the_project_are_no_dependencies(text: str, expected: bool) -> None:
    """Only what fetches the packages of others counts."""

    assert expected is installs_dependencies(run(text))


@rows(
    ("text", "expected"),
    [
        ("pip-compile -q -o r.txt r.in", True),
        ("python -m piptools compile r.in", True),
        ("uv pip compile r.in -o r.txt", True),
        ("uv export --frozen > r.txt", True),
        ("poetry export -o r.txt", True),
        ("pip install pip-tools", False),
        ("uv pip install -r r.txt", False),
        ("echo pip-compile r.in", False),
    ],
)
def test_what_makes_a_list_of_a_list_is_known(text: str, expected: bool) -> None:
    """The tools that pin what a shorter list asks for."""

    assert expected is compiles_a_list(run(text))


def test_only_a_run_installs_and_hides() -> None:
    """A CMD that installs is another matter; a program in an unknown variable is hidden."""
    text = 'FROM a\nCMD ["pip", "install", "a"]\n'

    assert [] == list(python_installs(parse(text.encode()).instructions[-1]))
    assert hides_its_program(run("$PIP install a"))
    assert not hides_its_program(run("echo $PIP"))


def test_long_command_is_read_as_a_short_one() -> None:
    """What is kept of short commands and not of long ones makes no difference."""
    names = tuple(f"package{number}" for number in range(300))

    assert names == only(f"pip install {' '.join(names)}").packages
    assert names[:50] == only(f"pip install {' '.join(names[:50])}").packages
