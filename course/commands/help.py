"""Owns `dockyard help` and `dockyard completion`; must never say what `--help` does not."""

from __future__ import annotations

import click

from course.commands.output import emit

SHELLS = {
    "bash": 'eval "$(dockyard completion bash)"          in ~/.bashrc',
    "zsh": 'eval "$(dockyard completion zsh)"           in ~/.zshrc, below compinit',
    "fish": "dockyard completion fish | source           in ~/.config/fish/config.fish",
}


@click.command("help")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def help_command(ctx: click.Context, *, words: tuple[str, ...]) -> None:
    """Show the help of a command, the same as its --help.

    \b
    Examples:
      dockyard help
      dockyard help author verify
    """
    context = ctx.find_root()
    command = context.command
    for word in words:
        if not isinstance(command, click.Group):
            raise click.UsageError(f"{context.command_path} has no command {word!r}", ctx)
        found = command.get_command(context, word)
        if found is None:
            raise click.UsageError(
                f"{context.command_path} has no command {word!r}. There are: "
                f"{', '.join(command.list_commands(context))}",
                ctx,
            )
        command = found
        context = click.Context(command, info_name=word, parent=context)
    emit(command.get_help(context))


@click.command(
    "completion",
    help="Print the lines that make a shell complete commands, options and exercises.\n\n\b\n"
    + "Where they go:\n"
    + "\n".join(f"  {line}" for line in SHELLS.values()),
)
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
@click.pass_context
def completion_command(ctx: click.Context, *, shell: str) -> None:
    """Print click's own script for the shell."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    emit(made(ctx.find_root().command, {}, "dockyard", "_DOCKYARD_COMPLETE").source())
