"""Owns the slash commands: one table, its parser and its completion; must never carry a command out.

The bar at the foot of the desk, the help screen and the command line's help all read the same table.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from course.natural_words import ANSWERS, SAME


class Action(StrEnum):
    """What a slash command asks for."""

    START = "start"
    CHECK = "check"
    HINT = "hint"
    NEXT = "next"
    OPEN = "open"
    FILES = "files"
    EDIT = "edit"
    SHELL = "shell"
    RESET = "reset"
    SOLUTION = "solution"
    REVEAL = "reveal"
    CHECKLIST = "checklist"
    EXPLAIN = "explain"
    THEME = "theme"
    DOCTOR = "doctor"
    HELP = "help"
    QUIT = "quit"


class Argument(StrEnum):
    """What a slash command takes after its name."""

    NONE = ""
    LESSON = "X-Y"
    EXERCISE = "EX"
    LEVEL = "LEVEL"
    THEME = "NAME"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One row of the table."""

    action: Action
    argument: Argument
    help: str
    twin: str
    """The same on the command line; empty when only the desk has it."""
    required: bool = False
    """Whether the argument must be there."""
    flag: str = ""
    """What may follow, before or after the argument: "--fresh"."""
    flag_help: str = ""

    @property
    def name(self) -> str:
        """ "/check"."""
        return f"/{self.action}"

    @property
    def usage(self) -> str:
        """The command as help texts write it: "/start-X-Y", "/check [EX]", "/open EX"."""
        if self.argument is Argument.NONE:
            return self.name
        if self.argument is Argument.LESSON:
            return f"{self.name}-{self.argument}"
        return f"{self.name} {self.argument}" if self.required else f"{self.name} [{self.argument}]"


FRESH = "--fresh"
GIVE_UP = "--give-up"
THEMES = ("dark", "light", "high-contrast")
"""The themes that `/theme` knows."""

COMMANDS = (
    SlashCommand(
        Action.START, Argument.LESSON, "Go to lesson X.Y when it is open", "dockyard start X.Y", required=True
    ),
    SlashCommand(
        Action.CHECK,
        Argument.EXERCISE,
        "Build, run and check your work",
        "dockyard check [EX]",
        flag=FRESH,
        flag_help="The same, also when nothing changed since the last time",
    ),
    SlashCommand(Action.HINT, Argument.EXERCISE, "Show the next hint", "dockyard hint [EX]"),
    SlashCommand(Action.NEXT, Argument.NONE, "Go on: the next exercise or lesson", "dockyard status"),
    SlashCommand(Action.OPEN, Argument.EXERCISE, "Open another exercise", "dockyard start EX", required=True),
    SlashCommand(Action.FILES, Argument.NONE, "Read the other files of the exercise", ""),
    SlashCommand(Action.EDIT, Argument.NONE, "Open the file in your own editor", ""),
    SlashCommand(Action.SHELL, Argument.NONE, "Open a shell where your files are", ""),
    SlashCommand(Action.RESET, Argument.EXERCISE, "Put the starter back; your files are kept", "dockyard reset EX"),
    SlashCommand(
        Action.SOLUTION,
        Argument.EXERCISE,
        "Show the solution, once you passed",
        "dockyard solution EX",
        flag=GIVE_UP,
        flag_help="The same without a pass; this is recorded",
    ),
    SlashCommand(Action.REVEAL, Argument.EXERCISE, "What each fault cost, once you passed", "dockyard reveal EX"),
    SlashCommand(Action.CHECKLIST, Argument.LEVEL, "What a level still asks for", "dockyard checklist [LEVEL]"),
    SlashCommand(Action.EXPLAIN, Argument.NONE, "Explain the finding under the cursor", ""),
    SlashCommand(Action.THEME, Argument.THEME, f"Colours: {', '.join(THEMES)}", ""),
    SlashCommand(Action.DOCTOR, Argument.NONE, "What this machine still lacks", "dockyard doctor"),
    SlashCommand(Action.HELP, Argument.NONE, "Keys and commands", "dockyard --help"),
    SlashCommand(Action.QUIT, Argument.NONE, "Leave; your work stays", ""),
)
"""In the order in which help and completion show them."""

_OPENERS = (Action.START, Action.OPEN)
"""The commands that open a lesson or an exercise: what follows says which."""
_BY_NAME = {command.action.value: command for command in COMMANDS}
_SHARED = frozenset(
    command.action.value for command in COMMANDS if command.twin.startswith(f"dockyard {command.action}")
)
"""The names that the command line and the slash bar have in common."""
_ON_THE_COMMAND_LINE = re.compile(
    r"\bdockyard (?:(?:start|read|quiz) (?P<lesson>\d+\.\d+)(?!\w)|(?P<name>[a-z]+)(?![\w-]))"
)
_IN_A_LESSON = re.compile(r"(?:`|^)/(?P<name>[a-z]+)(?=[` -]|$)", re.MULTILINE)
_WORDS = re.compile(r"/?\s*(?P<name>[a-z]+)(?:(?:\s+(?=--)|[\s-]+)(?P<rest>\S.*?))?\s*", re.IGNORECASE)
_LESSON = re.compile(r"(\d{1,3})[.\-\s](\d{1,3})")
_LEVEL = re.compile(r"\d{1,3}")
_EXERCISE = re.compile(r"(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Call:
    """A slash command that was understood."""

    action: Action
    argument: str = ""
    """A lesson's number ("2.1"), an exercise's id or a level's number; empty when none was given."""
    flag: str = ""
    """The flag that was typed with it, FRESH or GIVE_UP; empty for none."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Text that is no slash command."""

    message: str
    """A sentence without a full stop; holds what was typed, so escape it where it is shown."""
    nearest: tuple[str, ...] = ()
    """Usages of the commands that may have been meant, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to go on typing."""

    text: str
    """What the bar holds when it is chosen: "/start-2-1", "/open cache-order"."""
    help: str


def parse(text: str, *, has_keys: bool = True) -> Call | Unknown:
    """Read a line of the slash bar. The slash may be missing; "/start-2-1", "/start 2.1" and "/start 2 1" are one.

    So are "/open 2.1" and "/read 2.1". "/start EX" is "/open EX". `has_keys`: whether the desk's keys are there, which
    is where a word that is no command mostly leads.
    """
    typed = text.strip()
    if typed in ("?", "/?"):
        return Call(Action.HELP)
    match = _WORDS.fullmatch(typed)
    if match is None:
        return Unknown("Type a command such as /check, or /help for all of them", ("/help",))
    name, rest = match["name"].lower(), (match["rest"] or "").strip()
    if has_keys and name in ANSWERS and not (rest and name in SAME):
        answer, instead = ANSWERS[name]
        return Unknown(answer, (_BY_NAME[instead].usage,) if instead else ())
    command = _BY_NAME.get(SAME.get(name, name))
    if command is None:
        close = difflib.get_close_matches(name, _BY_NAME, n=3, cutoff=0.5)
        return Unknown(f"There is no command /{name}", tuple(_BY_NAME[word].usage for word in close) or ("/help",))
    flag = command.flag if command.flag in rest.split() else ""
    if flag:
        rest = " ".join(word for word in rest.split() if word != flag)
    if not rest:
        if command.required:
            return Unknown(f"{command.name} needs to know which: {command.usage}", (command.usage,))
        return Call(command.action, flag=flag)
    if command.action in _OPENERS:
        is_spaced = typed[match.end("name") : match.start("rest")].isspace()
        return _opened(rest, command, is_spaced=is_spaced)
    argument = _argument(command.argument, rest)
    if argument is None:
        return Unknown(f'"{rest}" does not fit {command.usage}', (command.usage,))
    return Call(command.action, argument, flag)


def _opened(rest: str, command: SlashCommand, *, is_spaced: bool) -> Call | Unknown:
    """What is to be opened: a lesson by its number or an exercise by its id, whichever of the two words was typed.

    After "/start-" only a number is meant.
    """
    number, exercise = lesson_number(rest), _argument(Argument.EXERCISE, rest)
    if number is not None:
        return Call(Action.START, number)
    if exercise is not None and (is_spaced or command.action is Action.OPEN):
        return Call(Action.OPEN, exercise)
    return Unknown(f'"{rest}" does not fit {command.usage}', (command.usage,))


def lesson_number(text: str) -> str | None:
    """ "1.4" for "1.4", "1-4" and "1 4"; None for anything else."""
    match = _LESSON.fullmatch(text.strip())
    return f"{int(match[1])}.{int(match[2])}" if match else None


def start_command(number: str) -> str:
    """The slash command that opens the lesson with this number: "2.1" -> "/start-2-1"."""
    return f"/start-{number.replace('.', '-')}"


def in_slash_words(text: str) -> str:
    """A hint that names commands of the command line, in the words of the slash bar where it has them.

    "Try dockyard hint broken-a" -> "Try /hint broken-a"; "dockyard quiz 2.1" -> "/start-2-1", since a lesson asks its
    questions itself; "dockyard engine up" stays.
    """

    def here(match: re.Match[str]) -> str:
        if match["lesson"]:
            return start_command(match["lesson"])
        if match["name"] == Action.START:
            return f"/{Action.OPEN}"
        return f"/{match['name']}" if match["name"] in _SHARED else match[0]

    return _ON_THE_COMMAND_LINE.sub(here, text)


def twins_named(text: str) -> tuple[SlashCommand, ...]:
    """The slash commands that a text names, in code or at a line's beginning, and that the command line has too."""
    named = {match["name"] for match in _IN_A_LESSON.finditer(text)}
    return tuple(command for command in COMMANDS if command.twin and command.action.value in named)


def complete(
    prefix: str, *, lessons: Iterable[tuple[str, str]] = (), exercises: Iterable[tuple[str, str]] = ()
) -> tuple[Candidate, ...]:
    """How the typed `prefix` can go on, in the order of the table.

    `lessons` are (number, title) of the open lessons, `exercises` are (id, title). What begins with the prefix
    comes first, then what contains it (from three letters on).
    """
    typed = " ".join(prefix.lower().split())
    if not typed.startswith("/"):
        typed = f"/{typed}"
    typed = re.sub(r"^/start[ -](\d+)[. -]", r"/start-\1-", typed)
    typed = re.sub(r"^/start ", "/start-", typed)
    candidates = tuple(
        _candidates(tuple(lessons), tuple(exercises), with_arguments=" " in typed or prefix.endswith(" "))
    )
    word = typed.removeprefix("/")
    first = [candidate for candidate in candidates if candidate.text.startswith(typed)]
    if word in ANSWERS:
        first.append(Candidate(typed, ANSWERS[word][0]))
    elif word in SAME and not _BY_NAME[SAME[word]].required:
        first += [candidate for candidate in candidates if candidate.text == f"/{SAME[word]}"]
    later = [
        candidate for candidate in candidates if candidate not in first and len(word) > 2 and word in candidate.text
    ]
    return (*first, *later)


def _argument(kind: Argument, text: str) -> str | None:
    """The argument in its one spelling; None when the text is none of its kind."""
    match kind:
        case Argument.LESSON:
            return lesson_number(text)
        case Argument.EXERCISE:
            return text.lower() if _EXERCISE.fullmatch(text.lower()) else None
        case Argument.LEVEL:
            return str(int(text)) if _LEVEL.fullmatch(text) else None
        case Argument.THEME:
            return text.lower() if text.lower() in THEMES else None
        case Argument.NONE:
            return None


def _candidates(
    lessons: tuple[tuple[str, str], ...], exercises: tuple[tuple[str, str], ...], *, with_arguments: bool
) -> Iterable[Candidate]:
    """Every line that could be typed; those with an exercise only when one must or may be typed next."""
    for command in COMMANDS:
        if command.argument is Argument.LESSON:
            for number, title in lessons:
                yield Candidate(start_command(number), title)
            continue
        if not command.required:
            yield Candidate(command.name, command.help)
        if command.argument is Argument.THEME and with_arguments:
            for theme in THEMES:
                yield Candidate(f"{command.name} {theme}", f"The {theme} colours")
        if command.argument is Argument.EXERCISE and (command.required or with_arguments):
            for exercise, title in exercises:
                yield Candidate(f"{command.name} {exercise}", title)
        if command.flag and with_arguments:
            yield Candidate(f"{command.name} {command.flag}", command.flag_help)
