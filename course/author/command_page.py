"""Owns the page of all commands, made from their help texts; must never say what `--help` doesn't."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

WIDTH = 100
_NOTE = "<!-- Made by `dockyard author page` from the help texts: change those, and make the page again. -->"


def command_page(cli: click.Group) -> str:
    """The help of every command that is not hidden, in the order of the program's own list."""
    lines = ["# Commands", "", _NOTE, "", "The same texts as `dockyard help COMMAND` and `--help`.", ""]
    for path, text in _help_texts(cli, "dockyard", None):
        lines += [f"## `{path}`", "", "```text", *text.rstrip().splitlines(), "```", ""]
    return "\n".join(lines)


def write_command_page(path: Path, cli: click.Group) -> bool:
    """Bring the page up to date; whether it had to change."""
    text = command_page(cli)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def _help_texts(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        color=False,
        help_option_names=command.context_settings.get("help_option_names"),
    )
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from _help_texts(found, child, context)
