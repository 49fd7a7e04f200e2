"""Owns whose a submission is; must never choose between two students who fit."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict

from graders.cohort.collect.naming import Naming, without_again
from graders.cohort.row import Student

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_ID_CHARACTERS = 4
"""A shorter id in the middle of a name may be a coincidence."""
_WORDS_JOINED = 6


class Matcher:
    """Finds the student of a name on a roster: by id first, then by name."""

    def __init__(self, roster: tuple[Student, ...], exercise: str = "") -> None:
        self._exercise = exercise.casefold()
        self._by_id = {student.id.casefold(): student for student in roster}
        self._by_number = {student.lms_id: student for student in roster if student.lms_id}
        self._by_name: dict[tuple[str, ...], list[Student]] = defaultdict(list)
        self._by_joined: dict[str, list[Student]] = defaultdict(list)
        for student in roster:
            words = _words(student.name)
            if words:
                self._by_name[tuple(sorted(words))].append(student)
            for joined in {"".join(words[turn:] + words[:turn]) for turn in range(len(words))}:
                self._by_joined[joined].append(student)

    def match(self, naming: Naming) -> tuple[Student | None, int, str]:
        """The student, which attempt the name tells, and why there is no student."""
        if naming.number:
            student, why = self._by_platform(naming)
            return student, naming.attempt, why
        bare, attempt = without_again(naming.text)
        for text, number in ((naming.text, 0), (bare, attempt)):
            for variant in self._variants(text):
                if variant in self._by_id:
                    return self._by_id[variant], number, ""
        fits = {student.id: student for student in (*self._ids_within(naming.text), *self._named(naming.text, bare))}
        if len(fits) == 1:
            return next(iter(fits.values())), attempt, ""
        return None, attempt, _why(naming.text, list(fits.values()))

    def _by_platform(self, naming: Naming) -> tuple[Student | None, str]:
        words = _words(naming.person)
        named = self._by_name.get(tuple(sorted(words)), []) or self._by_joined.get("".join(words), [])
        numbered = self._by_number.get(naming.number) or self._by_id.get(naming.number)
        if numbered is not None and len(named) == 1 and named[0] is not numbered:
            return None, f"The number {naming.number} is that of {numbered.id}, the name that of {named[0].id}"
        if numbered is not None:
            return numbered, ""
        if len(named) == 1:
            other = named[0].lms_id
            if other:
                return None, f"The name is that of {named[0].id}, whose number is {other} and not {naming.number}"
            return named[0], ""
        return None, _why(f"{naming.person} ({naming.number})", named)

    def _variants(self, text: str) -> list[str]:
        """A name, and what is left of it without the exercise's id in front or behind."""
        folded = text.casefold().strip()
        found = [folded]
        if self._exercise:
            for mark in "-_. ":
                found += [folded.removeprefix(self._exercise + mark), folded.removesuffix(mark + self._exercise)]
        return found

    def _ids_within(self, text: str) -> list[Student]:
        """Students whose id is a part of the name between marks: with a digit in it, or it may be a word."""
        pieces = re.split(r"([\W_]+)", text.casefold())
        found = []
        for start in range(0, len(pieces), 2):
            for stop in range(start + 1, min(start + 2 * _WORDS_JOINED, len(pieces) + 1), 2):
                student = self._by_id.get("".join(pieces[start:stop]))
                if student is not None and len(student.id) >= _ID_CHARACTERS and re.search(r"\d", student.id):
                    found.append(student)
        return found

    def _named(self, text: str, bare: str) -> list[Student]:
        """Students whose name this is, in any order of its words, numbers beside it left out."""
        for variant in dict.fromkeys((*self._variants(text), *self._variants(bare))):
            words = [word for word in _words(variant) if not word.isdigit()]
            if words and tuple(sorted(words)) in self._by_name:
                return self._by_name[tuple(sorted(words))]
            if len(words) == 1 and words[0] in self._by_joined:
                return self._by_joined[words[0]]
        return []


def _words(name: str) -> list[str]:
    """A name's words without case, accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter) and letter not in "'’`´ʼ")
    return [word for word in re.split(r"[\W_]+", letters) if word]


def _why(text: str, fits: list[Student]) -> str:
    if len(fits) > 1:
        return f"{text} fits several on the roster: {', '.join(sorted(student.id for student in fits)[:5])}"
    return f"Nobody on the roster is {text}; name it by the student's id"
