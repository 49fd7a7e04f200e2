"""Secrets in the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graders.check import AnyCheck
from graders.checks.dockerfile.secret_in_dockerfile import CHECK
from graders.dockerfile.parse import parse
from graders.dockerfile_context import DockerfileContext
from graders.finding import Finding
from graders.secret import SHAPES, SecretWords
from tests.rows import rows

Lines = Callable[[AnyCheck, str, Mapping[str, str]], list[int | None]]
Ask = Callable[..., list[Any]]

CASES: list[tuple[str, str, dict[str, str], list[int]]] = [
    ("commented_out", "FROM python:3.11-slim\n# ENV API_TOKEN=hunter22\n", {}, []),
    ("unused_stage_is_read_too", ("FROM a AS t\nENV API_TOKEN=hunter22\nFROM python:3.11-slim\n"), {}, [2]),
    ("word_in_a_string", ("FROM python:3.11-slim\nRUN echo 'the password: ask somebody; token = none'\n"), {}, []),
    ("variable_hides_the_value", "FROM python:3.11-slim\nARG X=hunter22\nENV API_TOKEN=$X\n", {}, [3]),
    ("default_of_a_reference", "FROM python:3.11-slim\nENV API_TOKEN=${X:-hunter22}\n", {}, [2]),
    (
        "reference",
        ("FROM python:3.11-slim\nARG API_TOKEN\nENV API_TOKEN=$API_TOKEN\nRUN x --token $API_TOKEN --password=${P}\n"),
        {},
        [],
    ),
    ("onbuild_is_read_too", "FROM python:3.11-slim\nONBUILD ENV API_TOKEN=hunter22\n", {}, [2]),
    ("heredoc", ("FROM python:3.11-slim\nRUN <<EOF\nexport API_TOKEN=hunter22\nEOF\n"), {}, [2]),
    ("mixed_case", "FROM python:3.11-slim\neNv apiToken hunter22\n", {}, [2]),
    ("exact_line_of_many", ("FROM python:3.11-slim\nENV A=1 \\\n  B=2 \\\n  DB_PASSWORD=hunter22\n"), {}, [4]),
    ("env_prefix", "FROM python:3.11-slim\nRUN DB_PASSWORD=hunter22 ./x\n", {}, [2]),
    ("option", "FROM python:3.11-slim\nRUN ./x --password hunter22\n", {}, [2]),
    ("sh_c", ('FROM python:3.11-slim\nRUN sh -c "export DB_PASSWORD=hunter22; ./x"\n'), {}, [2]),
    (
        "address",
        ("FROM python:3.11-slim\nRUN pip install --index-url https://me:hunter22@example.org/simple a\n"),
        {},
        [2],
    ),
    ("shape_under_a_harmless_name", "FROM python:3.11-slim\nENV NOTE=AKIAQQQQQQQQQQQQQQQQ\n", {}, [2]),
    (
        "secret_mount",
        ('FROM python:3.11-slim\nRUN --mount=type=secret,id=t,env=API_TOKEN API_TOKEN="$(cat /run/secrets/t)" ./x\n'),
        {},
        [],
    ),
    (
        "things_about_secrets",
        (
            "FROM python:3.11-slim\n"
            "ENV TOKEN_TTL=3600s SECRET_NAME=prod PASSWORD_FILE=/run/p MAX_TOKENS=100 "
            "TOKENIZER=bert\n"
        ),
        {},
        [],
    ),
    ("placeholder", ("FROM python:3.11-slim\nENV API_TOKEN=changeme DB_PASSWORD=your-password\n"), {}, []),
    (
        "digest_is_none",
        (
            "FROM python:3.11-slim\n"
            "ENV PYTHON_SHA256=abababababababababababababababababababababababababababababababab "
            "GPG_KEY=A035C8C1\n"
        ),
        {},
        [],
    ),
]
"""Name, Dockerfile, the files beside it, the lines of the findings; 0 stands for what the text can't tell."""


def test_findings_stand_on_these_lines(lines: Lines) -> None:
    """Whoever cheats is caught, whoever does it in another way is not, and the line is the one to mend."""
    wrong = {name: found for name, text, files, expected in CASES if (found := lines(CHECK, text, files)) != expected}

    assert {} == wrong


def test_message_does_not_repeat_the_secret(ask: Ask) -> None:
    """A report may be shown to others: the value is masked everywhere."""
    text = "FROM a\nENV API_TOKEN=hunter22secret\nRUN git clone https://me:hunter22secret@example.org/a\n"

    answers = ask(CHECK, text)

    assert 2 == len(answers)
    assert "hunter22" not in str(answers)


@rows(
    "text",
    [
        "FROM a\n# ENV HUB_TOKEN=hub-5f2c9e71\n",
        "FROM a\nENV HUB=hub-5f2c9e71\n",
        "FROM a\nENV HUB_TOKEN=hub-5f2c9e71\n",
        "FROM a\nRUN echo hub-5f2c9e71 > /etc/hub\n",
    ],
)
def test_secret_that_a_starter_gave_away_is_found_once_wherever_it_stands(text: str) -> None:
    """Commented out or renamed it still goes to the repository."""
    context = DockerfileContext(parse(text.encode()), files={}, ignore=None)
    (found,) = CHECK.find(context, SecretWords(given=("hub-5f2c9e71",)))

    assert isinstance(found, Finding)
    assert 2 == found.line
    assert "hub-5f2c9e71" not in repr(found)


GIVEN = SecretWords(given=("hub-5f2c9e71d0a84b36",))


@rows(
    ("line", "said"),
    [
        ("ENV A=hub-5f2c9e71 B=d0a84b36", "a part of a secret"),
        ("LABEL a=hub-5f2 b=c9e71d0a c=84b36", "a part of a secret"),
        ("RUN echo aHViLTVmMmM5ZTcxZDBhODRiMzY= | base64 -d > /hub", "base64"),
        ("ENV A=hub-5f2 B=c9e71d0 C=a84b36", "in parts"),
        ("ENV C=a84b36 A=hub-5f2\nENV B=e71d0 D=c9e", "in parts"),
        ("ENV HEX=6875622D35663263396537316430613834623336", "hexadecimal"),
        ("ENV AUTH=dG9rZW46aHViLTVmMmM5ZTcxZDBhODRiMzYK", "base64"),
    ],
)
def test_given_secret_is_found_in_pieces_and_in_base64(line: str, said: str) -> None:
    """Whoever can read the pieces can put them together again, and base64 is no lock."""
    context = DockerfileContext(parse(f"FROM python:3.11-slim\n{line}\n".encode()), files={}, ignore=None)
    (found,) = CHECK.find(context, GIVEN)

    assert isinstance(found, Finding)
    assert said in found.message
    assert 2 == found.line
    assert "5f2" not in repr(found)


@rows(
    "line", ["ENV HUB=hub-5f2", "RUN pip install hub==9.71", "LABEL digest=9e71d0b84b36", "ENV A=hub-5f2 B=c9e C=84b36"]
)
def test_text_that_is_only_like_a_given_secret_is_left_alone(line: str) -> None:
    """A few characters in common mean nothing."""
    context = DockerfileContext(parse(f"FROM python:3.11-slim\n{line}\n".encode()), files={}, ignore=None)

    assert [] == [*CHECK.find(context, GIVEN)]


WORD = "a1B2" * 9
FORMS = {
    "an AWS access key": ("AKIA" + "A1B2" * 4, "ASIA" + "A1B2" * 4),
    "a GitHub token": (*(f"gh{kind}_{WORD}" for kind in "pousr"), f"github_pat_{WORD}"),
    "a GitLab token": (f"glpat-{WORD}",),
    "a Slack token": tuple(f"xox{kind}-{WORD}" for kind in "abprs"),
    "a Hugging Face token": (f"hf_{WORD}",),
    "an API key": (f"sk-{WORD}", f"sk-proj-{WORD}", f"sk-ant-{WORD}", f"AIza{WORD}"[:39]),
    "a package index token": (f"pypi-AgEI{WORD}", f"npm_{WORD}", f"dckr_pat_{WORD}"),
    "a private key": ("-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"),
    "a signed token": (f"eyJ{WORD}.eyJ{WORD}.{WORD}",),
    "a password in an address": ("x://me:hunter22@host",),
}


@rows(("what", "secret"), [(what, secret) for what, found in FORMS.items() for secret in found])
def test_every_form_is_found_by_itself(what: str, secret: str, ask: Ask) -> None:
    """No form is passed over because its text holds no mark of one."""
    (finding,) = ask(CHECK, f"FROM scratch\nLABEL note='{secret}'\n")

    assert finding.message.startswith(f"Line 2 of LABEL holds {what}: ")


def test_every_form_has_its_example() -> None:
    """A form that is added is tried above."""
    assert list(FORMS) == [what for what, _ in SHAPES]
