"""Owns how a build's output tells of a network that could not be reached, now or when a step was cached.

Must never decide whose fault that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graders.engine.base import BuildResult

# Words of the C library, pip, apt, and uv (reqwest, rustls), seen 2026-11.
TROUBLE = re.compile(
    r"temporary failure|could not resolve|name resolution|connection (?:refused|reset|aborted|timed out)"
    r"|(?:unable to|could not) connect to"
    r"|network is unreachable|read timed out|no route to host|failed to establish|error sending request for url"
    r"|dns error|certificate verify failed|invalid peer certificate",
    re.IGNORECASE,
)


def tells_of_network(lines: Iterable[str]) -> bool:
    """Whether any of the lines does."""
    return any(TROUBLE.search(line) for line in lines)


_LISTS = re.compile(r"\bapt(?:-get)?\b.{0,999}\bupdate\b")
_MISSED = re.compile(r"unable to locate package|has no installation candidate|failed to fetch", re.IGNORECASE)


def may_have_old_lists(cached: Iterable[str], lines: Iterable[str]) -> bool:
    """Whether apt missed something though its lists came from the cache: it keeps also those that it got half of.

    `cached` are the names of the steps that came from the cache. `apt-get update` ends with 0 when no server answered.
    """
    return any(_LISTS.search(name) for name in cached) and any(_MISSED.search(line) for line in lines)


def may_have_missed_something(build: BuildResult) -> bool:
    """Whether a build failed and its output says that something did not answer, now or when a step was cached."""
    lines = [line for _, line in build.log]
    cached = [step.name for step in build.steps if step.status == "cached"]
    return not build.ok and (tells_of_network(lines) or may_have_old_lists(cached, lines))
