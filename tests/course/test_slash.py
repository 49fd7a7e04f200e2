"""Owns the tests of the slash commands: the parser, the completion and the table itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import course
from course.natural_words import ANSWERS, SAME
from course.slash import (
    COMMANDS,
    Action,
    Call,
    Unknown,
    complete,
    in_slash_words,
    lesson_number,
    parse,
    start_command,
    twins_named,
)
from tests.rows import rows

LESSONS = (("1.4", "Packaging for production"), ("2.1", "Versioning data"))
EXERCISES = (("cache-order", "Order for the cache"), ("ship-the-classifier", "Ship the classifier"))


@rows(
    ("text", "expected"),
    [
        ("/start-2-1", Call(Action.START, "2.1")),
        ("/start-2.1", Call(Action.START, "2.1")),
        ("/start 2.1", Call(Action.START, "2.1")),
        ("start 2 1", Call(Action.START, "2.1")),
        ("  /START-02-1  ", Call(Action.START, "2.1")),
        ("/check", Call(Action.CHECK)),
        ("check", Call(Action.CHECK)),
        ("/check cache-order", Call(Action.CHECK, "cache-order")),
        ("/open Cache-Order", Call(Action.OPEN, "cache-order")),
        ("/checklist", Call(Action.CHECKLIST)),
        ("/checklist 1", Call(Action.CHECKLIST, "1")),
        ("/hint", Call(Action.HINT)),
        ("/next", Call(Action.NEXT)),
        ("/edit", Call(Action.EDIT)),
        ("/reset", Call(Action.RESET)),
        ("/solution", Call(Action.SOLUTION)),
        ("/doctor", Call(Action.DOCTOR)),
        ("/help", Call(Action.HELP)),
        ("/quit", Call(Action.QUIT)),
        ("/open 1.1", Call(Action.START, "1.1")),
        ("/open-1-1", Call(Action.START, "1.1")),
        ("/read 1.1", Call(Action.START, "1.1")),
        ("read cache-order", Call(Action.OPEN, "cache-order")),
        ("/start cache-order", Call(Action.OPEN, "cache-order")),
        ("/exit", Call(Action.QUIT)),
        ("/run", Call(Action.CHECK)),
        ("/run cache-order --fresh", Call(Action.CHECK, "cache-order", "--fresh")),
        ("/?", Call(Action.HELP)),
    ],
)
def test_parse_command_is_understood(text: str, expected: Call) -> None:
    """Each command parses to one value, however the number is spelled."""
    assert expected == parse(text)


@rows(
    ("text", "nearest"),
    [
        ("/chek", "/check [EX]"),
        ("/strat-2-1", "/start-X-Y"),
        ("/start", "/start-X-Y"),
        ("/start-2", "/start-X-Y"),
        ("/start-two-one", "/start-X-Y"),
        ("/open", "/open EX"),
        ("/open 1", "/open EX"),
        ("/hint 2", "/hint [EX]"),
        ("/read", "/start-X-Y"),
        ("/read two one", "/start-X-Y"),
        ("/back", "/start-X-Y"),
        ("/list", "/checklist [LEVEL]"),
        ("/score 1", "/checklist [LEVEL]"),
        ("/undo", "/reset [EX]"),
        ("/save", "/check [EX]"),
        ("/open x; rm -rf", "/open EX"),
        ("/open ../../etc", "/open EX"),
        ("/quit now", "/quit"),
        ("/zzzzzz", "/help"),
        ("/", "/help"),
        ("", "/help"),
        ("\x1b[2J", "/help"),
    ],
)
def test_parse_nonsense_names_what_may_be_meant(text: str, nearest: str) -> None:
    """What is no command is a value that names the nearest one, never an exception."""
    answer = parse(text)

    assert isinstance(answer, Unknown)
    assert nearest == answer.nearest[0]


@rows(
    ("prefix", "expected"),
    [
        ("/st", ["/start-1-4", "/start-2-1"]),
        ("/start-2", ["/start-2-1"]),
        ("/start 2.", ["/start-2-1"]),
        ("/che", ["/check", "/checklist"]),
        ("/check ", ["/check", "/check cache-order", "/check ship-the-classifier"]),
        ("/open s", ["/open ship-the-classifier"]),
        ("klist", ["/checklist"]),
        ("/list", ["/list", "/checklist"]),
        ("/run", ["/check"]),
        ("/build", ["/check"]),
        ("/nothing", []),
    ],
)
def test_complete_prefix_yields_candidates(prefix: str, expected: list[str]) -> None:
    """What begins with the prefix is offered in the table's order, then what contains it."""
    texts = [candidate.text for candidate in complete(prefix, lessons=LESSONS, exercises=EXERCISES)]

    assert expected == [text for text in texts if text in expected] == texts[: len(expected)]


def test_complete_empty_prefix_offers_every_command_once() -> None:
    """An empty bar offers all commands, the open lessons among them, and nothing twice."""
    texts = [candidate.text for candidate in complete("", lessons=LESSONS, exercises=EXERCISES)]

    assert len(set(texts)) == len(texts)
    assert {command.action for command in COMMANDS} == {
        answer.action for text in texts if isinstance(answer := parse(text), Call)
    }


def test_complete_candidates_parse() -> None:
    """Whatever completion offers is a command."""
    for prefix in ("", "/check ", "/hint ", "/reset ", "/solution ", "/open "):
        for candidate in complete(prefix, lessons=LESSONS, exercises=EXERCISES):
            assert isinstance(parse(candidate.text), Call)
            assert candidate.help


def test_table_holds_every_action_once() -> None:
    """Each action has exactly one row, with a help text."""
    assert sorted(Action) == sorted(command.action for command in COMMANDS)
    assert all(command.help and command.usage.startswith("/") for command in COMMANDS)


def test_start_command_and_lesson_number_are_inverse() -> None:
    """The lesson 2.1 is opened by /start-2-1, and only numbers are lessons."""
    assert start_command("2.1") == "/start-2-1"
    assert lesson_number("2-1") == "2.1"
    assert lesson_number("cache-order") is None


@rows("text", ["/check --fresh", "check --fresh", "/check  --fresh "])
def test_check_can_be_fresh(text: str) -> None:
    """`--fresh` may follow, with an exercise or without one, in either order."""
    assert Call(Action.CHECK, flag="--fresh") == parse(text)
    assert Call(Action.CHECK, "cache-order", flag="--fresh") == parse("/check cache-order --fresh")
    assert Call(Action.CHECK, "cache-order", flag="--fresh") == parse("/check --fresh cache-order")


def test_a_solution_can_be_had_by_giving_up() -> None:
    """`--give-up` belongs to /solution alone, and completion tells what it does."""
    assert Call(Action.SOLUTION, "broken-a", flag="--give-up") == parse("/solution broken-a --give-up")
    assert isinstance(parse("/check --give-up"), Unknown)
    assert "/solution --give-up" in [candidate.text for candidate in complete("/solution ")]


@rows(
    ("hint", "here"),
    [
        (
            "Try dockyard hint broken-a, or give up: dockyard solution broken-a --give-up",
            "Try /hint broken-a, or give up: /solution broken-a --give-up",
        ),
        ("Go on with dockyard start 1.4.", "Go on with /start-1-4."),
        ("Try dockyard start cache-order", "Try /open cache-order"),
        ("Start one: dockyard engine up", "Start one: dockyard engine up"),
        ("Lesson 1.3, answer it: dockyard quiz 1.3", "Lesson 1.3, answer it: /start-1-3"),
        ("dockyard read 2.1", "/start-2-1"),
        ("dockyard status shows it", "dockyard status shows it"),
        ("dockyard checklist-of-mine", "dockyard checklist-of-mine"),
    ],
)
def test_a_hint_of_the_command_line_in_words_of_the_bar(hint: str, here: str) -> None:
    """Where the bar has the command, the desk names it as it is typed there."""
    assert in_slash_words(hint) == here


def test_a_lesson_names_commands_that_a_shell_has_too() -> None:
    """Those in code and at a line's beginning, in the table's order; no path, and none that the desk alone has."""
    text = "`/hint` or `/open EX`, `/theme dark`, `GET /check`, /doctor and `/start-up.sh`:\n/start-2-1\n"

    assert [Action.START, Action.HINT, Action.OPEN] == [command.action for command in twins_named(text)]


def _texts(path: Path) -> Iterator[str]:
    """The strings of a module but for its docstrings."""
    tree = ast.parse(path.read_text())
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_each_side_names_commands_in_its_own_words() -> None:
    """Below the desk they are the command line's, at the desk the slash bar's."""
    root = Path(course.__file__).parent
    both = "|".join(command.action for command in COMMANDS if command.twin)
    slash = re.compile(rf"(?:^|[\s\"(])/(?:{both})(?=[\s.,:;-]|$)")
    twin = re.compile(rf"\bdockyard (?:{both})\b")
    at_the_desk = {"natural_words.py", "slash.py", "plain_desk.py"}
    found = []
    for path in root.rglob("*.py"):
        wrong = twin if "tui" in path.parts else slash
        if path.name not in at_the_desk:
            found += [f"{path.relative_to(root)}: {text}" for text in _texts(path) if wrong.search(text)]

    # `dockyard start /start-2-1` is understood, too.
    assert ["commands/learn.py: /start-"] == found


def test_fresh_fits_no_other_command() -> None:
    """What can't be done again says so."""
    assert isinstance(parse("/hint --fresh"), Unknown)


def test_natural_words_are_none_of_the_commands() -> None:
    """Each leads to a command that there is, is no beginning of another one's name, and is offered by completion."""
    names = [str(command.action) for command in COMMANDS]
    words = {**SAME, **{word: command for word, (_, command) in ANSWERS.items() if word not in SAME}}
    for word, command in words.items():
        assert command in names or not command
        assert not [name for name in names if name.startswith(word) and name != command]
    assert [word for word in ANSWERS if word not in [one.text[1:] for one in complete(f"/{word}")]] == []


@rows("word", sorted(ANSWERS))
def test_a_word_that_is_no_command_is_answered(word: str) -> None:
    """What is meant here is said in a sentence, not that there is no such command."""
    answer = parse(f"/{word}")

    assert isinstance(answer, Unknown)
    assert ANSWERS[word][0] == answer.message
    assert not answer.message.endswith(".")
