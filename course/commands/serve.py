"""Owns `dockyard serve`; must never show a desk itself."""

from __future__ import annotations

import sys

import click

from course.commands.invocation import Invocation
from course.commands.options import pass_invocation
from course.commands.output import emit, say

DEFAULT_PORT = 8421


@click.command("serve")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    metavar="N",
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@pass_invocation
def serve_command(invocation: Invocation, *, port: int) -> None:
    """The course in a browser: the same desk, on this machine only.

    Prints an address with a token that is new at each start: who has it may use your desk, so keep it to yourself.
    The browser remembers the token until you stop the server. Nothing is asked of any other machine.

    Each page is a desk of its own; closing or reloading it ends that desk and stops its check. ctrl+c ends the server
    and all its desks. From another machine, go through ssh: ssh -L 8421:127.0.0.1:8421 HOST

    In a browser, ctrl+q may belong to the browser: /quit leaves the desk.

    \b
    Examples:
      dockyard serve
      dockyard serve --port 0

    \b
    Exit codes: 0 stopped by ctrl+c, 2 the port can't be had.
    """
    import asyncio

    from course.tui.serve import listen, serve
    from graders.safe_text import clean_lines

    def ready(address: str) -> None:
        emit(address)
        say("Open this address in a browser on this machine. ctrl+c ends the server.")

    def told(errors: str) -> None:
        for line in clean_lines(errors):
            say(line)

    with listen(port) as listening:
        asyncio.run(serve(listening, _desk_argv(invocation), invocation.environ, ready=ready, told=told))
    say("The server has ended.")


def _desk_argv(invocation: Invocation) -> tuple[str, ...]:
    """The command that shows one desk, started as this one was."""
    # -P: a file in the folder where we stand must not be taken for a module of ours.
    argv = [sys.executable, "-P", "-m", "course", "--in-browser"]
    if invocation.workspace is not None:
        argv += ["--workspace", str(invocation.workspace.absolute())]
    if invocation.unlock_all:
        argv.append("--unlock-all")
    if invocation.no_colour:
        argv.append("--no-color")
    return tuple(argv)
