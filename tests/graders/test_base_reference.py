"""Which images a build needs before it starts."""

from __future__ import annotations

from graders.base_reference import base_references
from graders.recorded import source
from tests.rows import rows


@rows(
    ("dockerfile", "expected"),
    [
        ("FROM python:3.11-slim\n", ("python:3.11-slim",)),
        ("FROM scratch\nCOPY a a\n", ()),
        ("FROM a:1 AS x\nFROM b:1\nCOPY --from=X /f /f\nCOPY --from=0 /g /g\n", ("a:1", "b:1")),
        ("FROM a:1\nCOPY --from=c:2 /f /f\n", ("a:1", "c:2")),
        ("FROM a:1\nRUN --mount=type=bind,from=c:2,target=/c true\n", ("a:1", "c:2")),
        ("FROM a:1\nRUN --mount=from=c:2,target=/c --mount=type=cache,target=/d true\n", ("a:1", "c:2")),
        ("FROM a:1 AS x\nFROM b:1\nRUN --mount=from=x,target=/c true\n", ("a:1", "b:1")),
        ("FROM a:1 AS unused\nFROM b:1\n", ("b:1",)),
        ("FROM a:1\nONBUILD COPY --from=c:2 /f /f\n", ("a:1",)),
    ],
)
def test_images_that_a_build_starts_from_or_takes_from_are_made_ready(
    dockerfile: str, expected: tuple[str, ...]
) -> None:
    """Stages, numbers and what is not reached are left out."""
    assert set(expected) == set(base_references(source(dockerfile)))
