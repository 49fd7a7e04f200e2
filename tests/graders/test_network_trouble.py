"""Words of a build that tell of a network which did not answer, now or when a step was cached."""

from __future__ import annotations

from graders.network_trouble import may_have_old_lists, tells_of_network
from tests.rows import rows

UPDATE, INSTALL = "[2/5] RUN apt-get -q update", "[3/5] RUN apt-get install -y zstd"
MISSED = "E: Unable to locate package zstd"


@rows(
    "line",
    [
        "W: Failed to fetch http://deb.example/Packages  Unable to connect to deb.example:http:",
        "Could not connect to deb.example:80 (203.0.113.80), connection timed out",
        "pip._vendor.urllib3 ... Failed to establish a new connection: [Errno 101] Network is unreachable",
    ],
)
def test_network_that_does_not_answer_is_told(line: str) -> None:
    """In the words of apt and pip."""
    assert tells_of_network([line])


@rows(
    ("cached", "line", "is_told"),
    [
        ([UPDATE], MISSED, True),
        (["[2/5] RUN apt update && echo done"], "E: Package 'zstd' has no installation candidate", True),
        ([INSTALL], MISSED, False),
        ([], MISSED, False),
        (["[2/5] RUN pip install --upgrade apt-update-tool"], "exit code: 1", False),
        ([UPDATE], "E: Invalid operation instal", False),
    ],
)
def test_lists_from_the_cache_may_be_the_cause(cached: list[str], line: str, *, is_told: bool) -> None:
    """Only where a cached step fetched lists, and apt then missed something."""
    assert is_told is may_have_old_lists(cached, [line])
