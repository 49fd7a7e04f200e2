"""Owns what people type into the slash bar that is not the name of a command; must never name one that is."""

from __future__ import annotations

from collections.abc import Mapping

SAME: Mapping[str, str] = {
    **dict.fromkeys(("exit", "leave", "bye", "logout"), "quit"),
    **dict.fromkeys(("run", "build", "test", "grade", "submit", "verify"), "check"),
    **dict.fromkeys(("continue", "forward", "skip", "proceed"), "next"),
    **dict.fromkeys(("read", "lesson", "goto", "go"), "start"),
    **dict.fromkeys(("exercise", "load"), "open"),
    **dict.fromkeys(("tip", "clue", "stuck"), "hint"),
    **dict.fromkeys(("commands", "keys", "man"), "help"),
    **dict.fromkeys(("editor", "vim", "vi", "nano"), "edit"),
    **dict.fromkeys(("bash", "terminal", "console"), "shell"),
    **dict.fromkeys(("colour", "colours", "color", "colors"), "theme"),
    **dict.fromkeys(("ls", "cat", "readme"), "files"),
    **dict.fromkeys(("why",), "explain"),
}
"""Word -> name of the command that does just that."""

_OUTLINE = ("F2 shows all lessons and what you passed", "checklist")
_BACK = ("A lesson is opened again by its number", "start")
_STOP = ("F9 stops a check", "")
_TABS = ("F7 turns over: Checks, Build log, Layers", "")
_SEEN = ("The text is looked at while you type", "check")

ANSWERS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("list", "lessons", "exercises", "outline", "status", "score", "points", "progress"), _OUTLINE),
    **dict.fromkeys(("back", "prev", "previous"), _BACK),
    **dict.fromkeys(("stop", "cancel", "abort"), _STOP),
    **dict.fromkeys(("log", "logs", "layers", "checks"), _TABS),
    **dict.fromkeys(("lint", "watch"), _SEEN),
    **dict.fromkeys(("quiz", "answer", "question"), ("A quiz is in its lesson: Tab goes there, Enter answers", "next")),
    **dict.fromkeys(("search", "find"), ("In a lesson S searches", "")),
    **dict.fromkeys(("read", "lesson"), ("F3 goes to the open lesson; another one needs its number", "start")),
    "undo": ("Ctrl+Z in the editor takes back what you typed", "reset"),
    "redo": ("Ctrl+Y in the editor does again what Ctrl+Z took back", ""),
    "save": ("Ctrl+S saves, and a check saves first", "check"),
    "copy": ("In a lesson Y copies its code; Ctrl+V in the editor puts it in", ""),
    "restart": ("The starter is put back by a command", "reset"),
    "give": ("A solution can be had without a pass; that is recorded: /solution --give-up", ""),
    "engine": ("An engine is started in a shell: dockyard engine up", "doctor"),
}
"""Word that stands alone -> a sentence without a full stop on what is meant here, and the command to try, or none."""
