"""The line to blame for a container that can't be started."""

from __future__ import annotations

from graders.engine.start_wish import volume_on_file
from graders.recorded import source
from graders.start_line import start_line
from tests.rows import rows

DOCKERFILE = """FROM python:3.11-slim
USER app
VOLUME /data //
VOLUME ["/etc/passwd", "/var/lib/x"]
WORKDIR /proc/nope
CMD ["python", "app.py"]
"""


@rows(
    ("error", "line"),
    [
        ("VOLUME / hides what every container needs there: open /proc/sys: no such file or directory", 3),
        ("VOLUME at /etc/passwd, where the image has a file: only a folder can be a volume", 4),
        (volume_on_file(""), 4),
        ("VOLUME /proc hides what every container needs there", 4),
        ("WORKDIR /proc/nope lies where no folder can be made: mkdir /proc/nope: no such file or directory", 5),
        ("unable to find user app: no matching entries in passwd file", 2),
        ('exec: "python": executable file not found in $PATH', 6),
        ("No command specified", 6),
    ],
)
def test_line_is_that_of_what_the_engine_did_not_give(error: str, line: int) -> None:
    """A path that no line names so is put down to the last line of its kind."""
    assert line == start_line(source(DOCKERFILE), error)


@rows("error", ["VOLUME / hides what it needs there", "unable to find user x", "exec: x"])
def test_what_the_base_image_asks_for_has_no_line(error: str) -> None:
    """Then the Dockerfile says nothing of it."""
    assert start_line(source("FROM python:3.11-slim\n"), error) is None
