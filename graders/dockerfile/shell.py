"""Owns the splitting of shell text into simple commands; must never run or expand what only a running shell knows.

A tokenizer of our own, because none that exists fits: bashlex is GPL and takes 2 s for what this does in 0.1 s;
tree-sitter-bash reads slightly more of the grammar, but needs two compiled wheels, builds a tree to throw away, and
still leaves wrappers, `sh -c` and line numbers to us; shlex doesn't know operators. Every character is read once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from graders.dockerfile.model import Command
from graders.dockerfile.wrapper import unwrap

DEPTH_LIMIT = 12
"""Substitutions and `sh -c` nested deeper than this stay unread."""
COMMAND_LIMIT = 5000
REREAD_LIMIT = 256 * 1024
"""Characters of one script that may be read again, inside `sh -c` or as the value of a variable."""

_SPACES = re.compile(r"(?:[ \t\r]|\\\n)+")
_COMMENT = re.compile(r"#[^\n]*")
_OPERATOR = re.compile(r"&&|\|\||;;&|;;|;&|;|\|&|\||&(?!>)|\n")
_REDIRECT = re.compile(r"(?:[0-9]{1,3}|&)?(?:<<<|<<-?|<>|<&|>>|>\||>&|>|<)(?!\()")
_OPERATOR_STARTS = frozenset("&|;\n")
_REDIRECT_STARTS = frozenset("0123456789&<>")
"""With what an operator and a redirection begin: most characters need neither pattern."""
_PLAIN = re.compile(r"[^\s\\'\"`$;&|<>()#]+|#")
_QUOTED = re.compile(r'[^"\\$`]+')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=(.*)", re.DOTALL)
_SKIPPED = frozenset(
    ("if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "{", "}", "!", "time")
)
_HEADS = frozenset(("for", "case", "select", "function"))
_DEFINES = re.compile(r"\(\s*\)\s*\{(?=\s)")
_ARGUMENT = re.compile(r"\$\{?([1-9])\}?\Z")
_ARGUMENTS = frozenset(("$@", "${@}", "$*"))


def split_commands(script: str, line_at: Callable[[int], int], variables: Mapping[str, str]) -> list[Command]:
    """All simple commands of a script, substitutions and `sh -c` included, roughly in order.

    Those of a function `name() { ... }` stand where it is called, with its arguments, and nowhere when it never is.
    `line_at` tells the line of an offset in the script. `variables` are those whose values the Dockerfile fixes.
    """
    state = _State(dict(variables))
    _Scanner(script, line_at, state, 0).scan("")
    return state.commands


def split_exec(words: tuple[str, ...], line: int, variables: Mapping[str, str]) -> list[Command]:
    """The commands of an exec form: itself, or the script that it hands to a shell."""
    state = _State(dict(variables))
    _emit(list(words), {}, line, state, 0)
    return state.commands


class _State:
    """What the scanners of one script share."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self.commands: list[Command] = []
        self.functions: dict[str, tuple[Command, ...]] = {}
        self._budget = REREAD_LIMIT

    def spend(self, size: int) -> bool:
        """Whether text of this size may be read again: bounds nesting and expansion together."""
        self._budget -= size
        return self._budget >= 0


def _emit(words: list[str], assignments: dict[str, str], line: int, state: _State, depth: int) -> None:
    """Add one command, or those of the script that it carries."""
    if len(state.commands) >= COMMAND_LIMIT:
        return
    words, inner, script = unwrap(words)
    assignments = assignments | inner
    if script is None:
        if words and words[0] in state.functions:
            _call(words, assignments, state, depth)
        elif words:
            state.commands.append(Command(tuple(words), assignments, line))
    elif depth < DEPTH_LIMIT and state.spend(len(script)):
        before = len(state.commands)
        _Scanner(script, lambda _: line, state, depth + 1).scan("")
        for index in range(before, len(state.commands)):
            command = state.commands[index]
            state.commands[index] = Command(command.words, {**assignments, **command.assignments}, command.line)


def _call(words: list[str], assignments: dict[str, str], state: _State, depth: int) -> None:
    """Add the commands of a function."""
    arguments = words[1:]

    def filled(word: str) -> list[str]:
        match = _ARGUMENT.match(word)
        if match is not None and int(match[1]) <= len(arguments):
            return [arguments[int(match[1]) - 1]]
        return arguments if word in _ARGUMENTS else [word]

    for command in state.functions[words[0]]:
        whole = [each for word in command.words for each in filled(word)]
        inner = {**assignments, **command.assignments}
        if len(state.commands) >= COMMAND_LIMIT or not state.spend(sum(map(len, whole))):
            return
        if command.words[0] not in _ARGUMENTS:
            state.commands.append(Command(tuple(whole), inner, command.line))
        elif depth < DEPTH_LIMIT:
            _emit(whole, inner, command.line, state, depth + 1)


class _Scanner:
    """One pass over one script."""

    def __init__(self, text: str, line_at: Callable[[int], int], state: _State, depth: int) -> None:
        self._text = text
        self._line_at = line_at
        self._state = state
        self._variables = state.variables
        self._depth = depth
        self._at = 0
        self._braces = 0
        self._defining: list[tuple[str, int, int]] = []
        """Functions whose end is not read yet: name, its first command's number, and the braces around it."""
        self._pending: list[tuple[str, bool]] = []
        """Heredocs announced on this line: name, and whether leading tabs are dropped."""

    def scan(self, stop: str) -> None:
        """Read commands up to `stop` (")" or "`") or the end."""
        current = _Simple()
        while self._at < len(self._text):
            if match := _SPACES.match(self._text, self._at):
                self._at = match.end()
                continue
            char = self._text[self._at]
            if stop and char == stop:
                break
            if char == "#" and (match := _COMMENT.match(self._text, self._at)):
                self._at = match.end()
            elif char in _OPERATOR_STARTS and (match := _OPERATOR.match(self._text, self._at)):
                self._finish(current)
                current = _Simple()
                self._at = match.end()
                if match[0] == "\n":
                    self._skip_heredocs()
            elif char == "(" and len(current.words) == 1 and (match := _DEFINES.match(self._text, self._at)):
                self._defining.append((current.words[0], len(self._state.commands), self._braces))
                self._braces += 1
                current = _Simple()
                self._at = match.end()
            elif char == "(":
                self._finish(current)
                current = _Simple()
                self._at += 1
                self._nested(")")
            elif char == ")":
                # Not ours to close: the end of a `case` pattern.
                current = _Simple()
                self._at += 1
            elif char in _REDIRECT_STARTS and (match := _REDIRECT.match(self._text, self._at)):
                self._at = match.end()
                self._redirect(match[0])
            else:
                self._word(current)
        self._finish(current)

    def _nested(self, stop: str) -> None:
        """Commands between an opening that was read and `stop`."""
        if self._depth >= DEPTH_LIMIT:
            return
        self._depth += 1
        self.scan(stop)
        self._depth -= 1
        self._at += 1

    def _redirect(self, operator: str) -> None:
        if match := _SPACES.match(self._text, self._at):
            self._at = match.end()
        start = self._at
        parts = self._read_word(operator)
        target = "".join(parts)
        if self._at == start:
            # `>&2` has its target in the word; an operator before nothing is broken shell, and left behind.
            return
        if "<<" in operator and "<<<" not in operator:
            self._pending.append((target, operator.endswith("-")))

    def _skip_heredocs(self) -> None:
        pending, self._pending = self._pending, []
        for name, chomp in pending:
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                end = len(self._text) if end < 0 else end
                line = self._text[self._at : end]
                self._at = end + 1
                if (line.lstrip("\t") if chomp else line) == name:
                    break

    def _word(self, current: _Simple) -> None:
        start = self._at
        parts = self._read_word("")
        if self._at == start:
            # A character that fits nowhere, such as a lone "<(": pass it by.
            self._at += 1
            return
        if not current.words and not current.assignments and not current.skipping:
            current.line = self._line_at(start)
        for index, word in enumerate(parts):
            if index == 0 and not current.words and self._takes(word, current):
                continue
            current.words.append(word)

    def _takes(self, word: str, current: _Simple) -> bool:
        """Whether the word in front of a command is a keyword or an assignment."""
        if current.skipping:
            return True
        if word in _HEADS:
            current.skipping = True
            return True
        if word in _SKIPPED:
            self._braces += (word == "{") - (word == "}")
            if word == "}" and self._defining and self._defining[-1][2] == self._braces:
                name, first, _ = self._defining.pop()
                self._state.functions[name] = tuple(self._state.commands[first:])
                del self._state.commands[first:]
            return True
        match = _ASSIGNMENT.match(word)
        if match is None:
            return False
        current.assignments[match[1]] = match[2]
        return True

    def _finish(self, current: _Simple) -> None:
        if current.words:
            if current.words[0] == "export":
                self._remember(current.words[1:])
            _emit(current.words, current.assignments, current.line, self._state, self._depth)
        else:
            self._variables.update(current.assignments)

    def _remember(self, words: list[str]) -> None:
        for word in words:
            if match := _ASSIGNMENT.match(word):
                self._variables[match[1]] = match[2]

    def _read_word(self, operator: str) -> list[str]:
        """One word as the fields that it becomes: mostly one, more when an unquoted variable holds spaces."""
        fields: list[list[str]] = [[]]
        seen = False
        start = self._at
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in " \t\n":
                break
            if match := _PLAIN.match(self._text, self._at):
                fields[-1].append(match[0])
                self._at = match.end()
            elif char == "\\":
                following = self._text[self._at + 1 : self._at + 2]
                fields[-1].append("" if following == "\n" else following)
                self._at += 2
            elif char == "'":
                end = self._text.find("'", self._at + 1)
                end = len(self._text) if end < 0 else end
                fields[-1].append(self._text[self._at + 1 : end])
                self._at = end + 1
                seen = True
            elif char == '"':
                self._at += 1
                fields[-1].append(self._double())
                seen = True
            elif char in "`$":
                self._dollar_or_backtick(char, fields)
            else:
                break
        self._at = min(self._at, len(self._text))
        words = ["".join(field) for field in fields]
        if operator:
            return words
        return [word for word in words if word or seen] if self._at > start else []

    def _dollar_or_backtick(self, char: str, fields: list[list[str]]) -> None:
        value, known = self._substitution(char)
        if not known:
            fields[-1].append(value)
            return
        pieces = re.split(r"[ \t\n]+", value)
        fields[-1].append(pieces[0])
        fields.extend([piece] for piece in pieces[1:])

    def _double(self) -> str:
        """The inside of double quotes, whose opening was read."""
        out: list[str] = []
        text = self._text
        while self._at < len(text):
            char = text[self._at]
            if char == '"':
                self._at += 1
                break
            if char == "\\":
                following = text[self._at + 1 : self._at + 2]
                out.append(
                    following if following in ('"', "$", "`", "\\") else "" if following == "\n" else char + following
                )
                self._at += 2
            elif char in "$`":
                out.append(self._substitution(char)[0])
            else:
                match = _QUOTED.match(text, self._at)
                end = match.end() if match else self._at + 1
                out.append(text[self._at : end])
                self._at = end
        return "".join(out)

    def _substitution(self, char: str) -> tuple[str, bool]:
        """Read `$name`, `${...}`, `$(...)` or backticks; the value, and whether the Dockerfile fixes it."""
        text, start = self._text, self._at
        if char == "`":
            return self._backticks(), False
        following = text[start + 1 : start + 2]
        if text.startswith("$((", start):
            end = text.find("))", start, start + 200)
            if end > 0:
                self._at = end + 2
                return text[start : self._at], False
        if following == "(":
            self._at += 2
            self._nested(")")
            return text[start : self._at], False
        if following == "{":
            end = text.find("}", start, start + 400)
            self._at = start + 2 if end < 0 else end + 1
            name = text[start + 2 : end] if end > 0 else ""
            return self._value(name, text[start : self._at])
        match = _NAME.match(text, start + 1)
        if match is None:
            self._at += 1
            return "$", False
        self._at = match.end()
        return self._value(match[0], text[start : self._at])

    def _value(self, name: str, raw: str) -> tuple[str, bool]:
        plain, operator, default = name, "", ""
        match = re.match(r"([A-Za-z_][A-Za-z0-9_]*):?([-+])(.*)\Z", name, re.DOTALL)
        if match:
            plain, operator, default = match[1], match[2], match[3]
        value = self._variables.get(plain)
        if operator == "+":
            return (default, True) if value else (raw, False)
        if value is None or not self._state.spend(len(value)):
            return (default, True) if operator == "-" and "$" not in default else (raw, False)
        return value, True

    def _backticks(self) -> str:
        start = self._at
        end = self._text.find("`", start + 1)
        if end < 0:
            self._at = len(self._text)
            return self._text[start:]
        self._at = end + 1
        if self._depth < DEPTH_LIMIT and self._state.spend(end - start):
            line = self._line_at(start)
            _Scanner(self._text[start + 1 : end], lambda _: line, self._state, self._depth + 1).scan("")
        return self._text[start : self._at]


class _Simple:
    """A simple command being read."""

    __slots__ = ("assignments", "line", "skipping", "words")

    def __init__(self) -> None:
        self.words: list[str] = []
        self.assignments: dict[str, str] = {}
        self.line = 1
        self.skipping = False
        """After `for` or `case`: what follows up to the next operator is no command."""
