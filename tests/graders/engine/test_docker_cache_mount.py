"""Cache mounts of different owners are kept apart, and nothing else of a Dockerfile changes."""

from __future__ import annotations

import re

import pytest

from graders.engine.docker.cache_mount import with_own_caches, without_marks

MARK = re.compile(r"dockyard-[0-9a-f]{16}-")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RUN --mount=type=cache,target=/c true", "RUN --mount=type=cache,target=/c,id=MARK=/c true"),
        ("run --mount=target=/c,id=pip,type=CACHE true", "run --mount=target=/c,id=MARKpip,type=CACHE true"),
        ("ONBUILD RUN --mount=type=cache,dst=/c true", "ONBUILD RUN --mount=type=cache,dst=/c,id=MARK=/c true"),
        (
            "RUN \\\n  --mount=type=cache,target=/c \\\n  true",
            "RUN \\\n  --mount=type=cache,target=/c,id=MARK=/c \\\n  true",
        ),
        ("RUN --mount=type=bind,target=/c true", "RUN --mount=type=bind,target=/c true"),
        ("# --mount=type=cache,target=/c\nRUN true", "# --mount=type=cache,target=/c\nRUN true"),
        ("RUN echo a-b", "RUN echo a-b"),
    ],
)
def test_ids_are_marked(line: str, expected: str) -> None:
    """Those of cache mounts only."""
    changed, problem = with_own_caches(f"FROM a\n{line}\n".encode(), "one")

    assert (f"FROM a\n{expected}\n", "") == (MARK.sub("MARK", changed.decode()), problem)


@pytest.mark.parametrize(
    "mount",
    [
        "--mount=ty\\\npe=cache,target=/c",
        "--mo\\\nunt=type=cache,target=/c",
        "--mo\\\n# a line between\nunt=type=cache,target=/c",
        '--mount="type=cache",target=/c',
        "--mount=type=${T},target=/c\\\n,id=x",
    ],
)
def test_mount_that_hides_is_refused(mount: str) -> None:
    """With its line and the way out."""
    _, problem = with_own_caches(f"FROM a\nRUN {mount} true\n".encode(), "one")

    assert "Line 2: write --mount=type=cache in one piece" in problem


def test_owners_differ_and_no_owner_changes_nothing() -> None:
    """The mark is the owner's."""
    text = b"FROM a\nRUN --mount=type=cache,target=/c true\n"

    assert with_own_caches(text, "one") != with_own_caches(text, "two")
    assert (text, "") == with_own_caches(text, "")


def test_marks_are_taken_out_of_names() -> None:
    """The learner sees their own words."""
    name = "[2/2] RUN --mount=type=cache,target=/c --mount=type=cache,id=pip,target=/d true"
    changed, _ = with_own_caches(f"FROM a\n{name[6:]}\n".encode(), "one")

    assert name[6:] == without_marks(changed.decode().splitlines()[1])
