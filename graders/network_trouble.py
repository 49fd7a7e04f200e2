"""Owns how a build's output tells of a network that could not be reached; must never decide whose fault that is."""

from __future__ import annotations

import re
from collections.abc import Iterable

TROUBLE = re.compile(
    r"temporary failure|could not resolve|name resolution|connection (?:refused|reset|timed out)|network is unreachable"
    r"|read timed out|no route to host",
    re.IGNORECASE,
)


def tells_of_network(lines: Iterable[str]) -> bool:
    """Whether any of the lines does."""
    return any(TROUBLE.search(line) for line in lines)
