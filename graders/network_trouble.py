"""Owns how a build's output tells of a network that could not be reached; must never decide whose fault that is."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
