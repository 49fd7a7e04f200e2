"""Owns which names promise a secret; must never look at a value."""

from __future__ import annotations

import re
from collections.abc import Collection

WORDS = ("password", "passwd", "passphrase", "secret", "token", "apikey", "credential", "credentials")
"""Words of a name: `DB_PASSWORD`, `apiToken`; "tokenizers" is another word."""
PAIRS = (
    "api key", "access key", "private key", "secret key", "signing key", "encryption key", "account key", "auth key",
)  # fmt: skip
"""Two words in a row."""
HARMLESS_ENDS = (
    "file", "path", "dir", "url", "uri", "name", "id", "header", "type", "length", "ttl", "expiry", "expires",
    "count", "limit", "policy", "algorithm", "enabled", "required", "version", "env", "size", "max", "min",
    "endpoint", "store",
)  # fmt: skip
"""Last words that make the name one of something about a secret."""
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def promises_secret(
    name: str, words: Collection[str] = WORDS, pairs: Collection[str] = PAIRS, ends: Collection[str] = HARMLESS_ENDS
) -> bool:
    """Whether a value under this name should be a secret."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    if not parts or parts[-1] in ends:
        return False
    joined = f" {' '.join(parts)} "
    return bool(set(parts) & set(words)) or any(f" {pair} " in joined for pair in pairs)
