"""Owns what one call of the program was started with; must never read the environment itself.

The group in course/cli.py makes one, or a test hands one in with an engine of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from course.terminal import Terminal, look

if TYPE_CHECKING:
    from course.catalog import Catalog
    from course.config import Setting
    from course.paths import Paths
    from course.session import Session
    from graders.engine.base import Engine


@dataclass(slots=True)
class Invocation:
    """The environment, the global options, and the doors to the session and the engine."""

    environ: Mapping[str, str]
    open_engine: Callable[[], Engine] | None = None
    """Set by tests; else the engine is looked for when it is first needed."""
    fixed_paths: Paths | None = None
    """Set by tests; else content, state and workspace are looked for."""
    workspace: Path | None = None
    unlock_all: bool = False
    no_colour: bool = False
    settings: tuple[Setting, ...] = ()
    """Filled in by `configure`."""
    _terminal: Terminal | None = field(default=None, repr=False)

    def configure(self) -> None:
        """Read the settings and let the environment hold them. Raises ConfigError."""
        from course.config import overlaid, read_settings

        self.settings = read_settings(self.environ, self.home)
        self.environ = overlaid(self.environ, self.settings)

    def outrank(self, flags: Mapping[str, str]) -> None:
        """Let flags of a command, by the names of settings, outrank the rest. Raises ConfigError."""
        from course.config import BY_NAME, read_settings

        named = {BY_NAME[name].variable: value for name, value in flags.items() if value}
        self.settings = read_settings({**self.environ, **named}, self.home)
        self.environ = {**self.environ, **named}

    @property
    def terminal(self) -> Terminal:
        """Facts about the standard streams."""
        if self._terminal is None:
            self._terminal = look(self.environ, no_colour=self.no_colour)
        return self._terminal

    def move_to(self, workspace: Path) -> None:
        """Work in this folder from now on; also at the next start, unless a flag or a variable names another."""
        from course.config import keep, user_file

        named = next((item.source for item in self.settings if item.key.name == "workspace"), "")
        if self.workspace is None and not named.startswith("DOCKYARD_"):
            keep(user_file(self.environ, self.home), "workspace", str(workspace))
        self.workspace = workspace

    def turn_on(self, name: str) -> None:
        """Turn on a switch among the settings."""
        from course.config import BY_NAME, ON

        self.environ = {**self.environ, BY_NAME[name].variable: ON[0]}

    @property
    def plain(self) -> bool:
        """Whether to speak in sentences, without marks and columns."""
        from course.config import is_on

        return is_on(self.environ, "plain")

    @property
    def still(self) -> bool:
        """Whether nothing may move by itself."""
        from course.config import is_still

        return is_still(self.environ)

    @property
    def has_status_line(self) -> bool:
        """Whether a line at the foot of the terminal may say what is going on."""
        return self.terminal.stderr and self.terminal.moves and not self.still

    def take_colours_away(self) -> None:
        """No colours from now on."""
        self.no_colour = True
        self._terminal = None

    @property
    def home(self) -> Path:
        """The user's home folder; ConfigError when there is none."""
        from course.paths import find_home

        return find_home(self.environ)

    def paths(self) -> Paths:
        """Where content, state and workspace are."""
        if self.fixed_paths is not None:
            return self.fixed_paths
        from course.paths import find_paths

        return find_paths(self.environ, workspace=self.workspace)

    def catalog(self) -> Catalog:
        """The course's table of contents. Raises ContentError."""
        from course.catalog import read_catalog

        return read_catalog(self.paths().content)

    def engine(self) -> Engine:
        """A reachable engine; raises EngineUnavailable."""
        if self.open_engine is not None:
            return self.open_engine()
        from graders.engine.find import find_engine

        return find_engine(self.environ, self.home)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The learner's session, closed at the end."""
        from course.session import Session

        session = Session(self.paths(), environ=self.environ, open_engine=self.open_engine, unlock_all=self.unlock_all)
        try:
            yield session
        finally:
            session.close()
