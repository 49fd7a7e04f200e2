"""What no container can be given is put into words, and read out of them again."""

from __future__ import annotations

from graders.engine.start_wish import impossible_wish, volume_on_file, wish_said
from tests.rows import rows


@rows(
    ("volumes", "folder", "said"),
    [
        (("/",), "", "VOLUME / "),
        (("//",), "", "VOLUME / "),
        (("/data", "/./"), "/app", "VOLUME / "),
        (("/../..",), "", "VOLUME / "),
        (("/proc",), "", "VOLUME /proc "),
        (("proc/sys/",), "", "VOLUME /proc/sys "),
        (("/dev",), "", "VOLUME /dev "),
        (("/dev/null",), "", "VOLUME /dev/null "),
        ((), "/proc/nope", "WORKDIR /proc/nope "),
        (("/data",), "/sys/x", "WORKDIR /sys/x "),
    ],
)
def test_wish_that_nothing_can_start_with_is_named(volumes: tuple[str, ...], folder: str, said: str) -> None:
    """However its path is written; and the words lead back to the keyword and the path."""
    wish = impossible_wish(volumes, folder)

    assert wish.startswith(said)
    assert tuple(said.split()) == wish_said(wish)


@rows(
    ("volumes", "folder"),
    [
        ((), ""),
        ((), "/"),
        (("/dev/shm", "/dev/mine", "/sys", "/processed", "/device"), "/system"),
        (("data",), "/app"),
    ],
)
def test_wish_that_does_no_harm_is_not_blamed(volumes: tuple[str, ...], folder: str) -> None:
    """With these a container starts, so that a refusal has another cause."""
    assert "" == impossible_wish(volumes, folder)


@rows(
    ("words", "said"),
    [
        (volume_on_file("/etc/passwd"), ("VOLUME", "/etc/passwd")),
        (volume_on_file(""), None),
        ("No command specified", None),
        ('exec: "VOLUME /": not found', None),
    ],
)
def test_words_of_others_name_no_wish(words: str, said: tuple[str, str] | None) -> None:
    """Only where they begin with a keyword and a path is a line to be looked for."""
    assert said == wish_said(words)
