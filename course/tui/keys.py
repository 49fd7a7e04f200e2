"""Owns the keys of the desk in one table, which the bindings and the help screen both read; must never act."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the desk."""

    key: str
    """As Textual spells it; several are parted by commas."""
    shown: str
    """As people read it."""
    action: str
    """Action of the desk; empty for a key that the help screen explains and a widget handles by itself."""
    label: str
    """One word for the footer; empty: not in the footer."""
    help: str
    priority: bool = False
    """Whether the key works whatever has the focus."""


KEYS = (
    Key("f1", "F1", "help", "Help", "Keys and commands", priority=True),
    Key("f2", "F2", "pane('outline')", "Outline", "Go to the outline", priority=True),
    Key("f3", "F3", "pane('lesson')", "Lesson", "Go to the lesson", priority=True),
    Key("f4", "F4", "pane('editor')", "Editor", "Go to the editor; again: to the results below it", priority=True),
    Key("f5", "F5", "check", "Check", "Save, build, run and check your work", priority=True),
    Key("f6", "F6", "next_file", "", "Go to the next file of the exercise", priority=True),
    Key("f7", "F7", "next_tab", "", "Turn over: Checks, Build log, Layers", priority=True),
    Key("f8", "F8", "next_finding", "", "Go to the next finding in the editor", priority=True),
    Key("f9", "F9", "stop", "", "Stop the check that is running", priority=True),
    Key("ctrl+s", "^S", "save", "Save", "Save the file", priority=True),
    Key("ctrl+o", "^O", "external", "", "Open the file in your own editor ($EDITOR)", priority=True),
    Key("escape", "Esc", "leave", "", "Leave the editor or the slash bar; elsewhere: stop the check"),
    Key("slash", "/", "slash", "Command", "Type a command"),
    Key("f12", "F12", "explain", "", "Explain the finding under the cursor: claim, why, a nudge", priority=True),
    Key("c", "C", "contents", "", "In a lesson: its contents"),
    Key("s", "S", "search", "", "In a lesson: search; N goes to the next place"),
    Key("l", "L", "links", "", "In a lesson: its links"),
    Key("n", "N", "search_on", "", "In a lesson: the next place of the search"),
    Key("y", "Y", "copy_code", "", "In a lesson: copy its code; ^V in the editor puts it in"),
    Key("ctrl+p", "^P", "", "", "All commands, by name"),
    Key("ctrl+a", "^A", "", "", "In the editor: select all"),
    Key("ctrl+z", "^Z", "", "", "In the editor: undo (^Y: redo). ^ is Ctrl"),
    Key("enter", "Enter", "", "", "On a result: go to its line. In the outline: open. In a quiz: answer"),
    Key("tab", "Tab", "", "", "Go to the next thing that takes keys (quizzes and reveals in a lesson too)"),
    Key("ctrl+q", "^Q", "quit", "Quit", "Leave; asks when something isn't saved or a check is running", priority=True),
)
"""In the order of the footer and of the help screen."""


def bindings() -> list[Binding]:
    """The keys that the desk handles itself."""
    return [
        Binding(
            row.key,
            row.action,
            row.label or row.help,
            show=bool(row.label),
            key_display=row.shown,
            priority=row.priority,
        )
        for row in KEYS
        if row.action
    ]
