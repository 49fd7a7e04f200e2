"""Owns the start of the program and its last resort; must never do any of the program's work."""

from __future__ import annotations

import os
import sys
from typing import TextIO

BUG_EXIT_CODE = 3
"""A bug of ours must not read as "checks failed"."""


def main() -> None:
    """Run `dockyard`; never returns."""
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    try:
        from course.bare_line import run_bare

        code = run_bare(sys.argv[1:], os.environ)
        if code is None:
            from course.cli import cli

            cli.main(prog_name="dockyard")
        sys.exit(code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:  # noqa: BLE001  the last resort: show everything, and say whose fault it is
        import traceback

        traceback.print_exc()
        sys.stderr.write(
            "\nThis is a bug in Dockyard, not in your work. Please report it with the lines above and the output of"
            " 'dockyard --version'.\n"
        )
        sys.exit(BUG_EXIT_CODE)


def _never_fail_to_encode(stream: TextIO) -> None:
    """Let a stream print a replacement for what its encoding lacks, instead of failing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


if __name__ == "__main__":
    main()
