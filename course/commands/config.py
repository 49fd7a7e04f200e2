"""Owns `dockyard config`; must never change a setting."""

from __future__ import annotations

import json
from pathlib import Path

import click

from course.commands.invocation import Invocation
from course.commands.options import format_option, output_option, pass_invocation
from course.commands.output import emit
from course.config import KEYS, MACHINE_FILE, user_file
from graders.safe_text import clean


def _listed() -> str:
    """The settings, for the help text."""
    width = max(len(key.name) for key in KEYS)
    return "\n".join(f"  {key.name:<{width}}  {key.about}" for key in KEYS)


@click.command(
    "config",
    help=f"""Show the settings that hold here, and where each comes from.

    A setting is a line in the settings file (the machine's, {MACHINE_FILE}, or your own, whose path this
    command shows), or a variable: DOCKYARD_ and the name in capitals. A variable outranks your file, which outranks
    the machine's; flags of commands outrank them all.

    \b
    Settings:
    {_listed().replace(chr(10), chr(10) + "    ")}

    \b
    Example of a file:
      registry_mirror = "http://mirror.example:5000"
      build_network = "index"
      index_hosts = ["packages.example", "packages.example:8443"]
    """,
)
@format_option
@output_option
@pass_invocation
def config_command(invocation: Invocation, *, output_format: str, output: Path | None) -> None:
    """Print what was read when the program started."""
    settings = invocation.settings
    own = user_file(invocation.environ, invocation.home)
    if output_format == "json":
        rows = [
            {"name": item.key.name, "value": item.value, "source": item.source, "variable": item.key.variable}
            for item in settings
        ]
        files = [{"path": str(path), "exists": path.is_file()} for path in (MACHINE_FILE, own)]
        emit(json.dumps({"schema": "dockyard/config/v1", "settings": rows, "files": files}, indent=2), output)
        return
    width = max(len(item.key.name) for item in settings)
    lines = [
        f"{item.key.name:<{width}}  {clean(item.value) or 'not set'}"
        + (f"  ({clean(item.source)})" if item.value else "")
        for item in settings
    ]
    lines += ["", *(f"{clean(str(path))}: {'read' if path.is_file() else 'not there'}" for path in (MACHINE_FILE, own))]
    emit("\n".join(lines), output)
