"""Owns what gives a secret away: the name it stands under, or a form of its own; must never repeat one whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graders.layers.leak_search import encoded_parts

SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an AWS access key", re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")),
    ("a GitHub token", re.compile(r"(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{30,255})")),
    ("a GitLab token", re.compile(r"(?<!\w)glpat-[\w-]{20,100}")),
    ("a Slack token", re.compile(r"(?<!\w)xox[abprs]-[\w-]{10,100}")),
    ("a Hugging Face token", re.compile(r"(?<!\w)hf_[A-Za-z0-9]{30,60}(?!\w)")),
    ("an API key", re.compile(r"(?<!\w)(?:sk-(?:proj-|ant-)?[\w-]{20,200}|AIza[\w-]{35})")),
    (
        "a package index token",
        re.compile(r"(?<!\w)(?:pypi-AgEI[\w-]{20,300}|npm_[A-Za-z0-9]{36}|dckr_pat_[\w-]{20,60})"),
    ),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")),
    ("a signed token", re.compile(r"(?<![\w.])eyJ[\w-]{8,500}\.eyJ[\w-]{8,2000}\.[\w-]{8,500}")),
    ("a password in an address", re.compile(r"://[^\s/:@$\"'<>]{1,100}:(?![$<{*]|x{3,})[^\s/:@$\"'<>]{3,200}@")),
)
"""What a text is, and its form."""
_MARK = re.compile(
    r"AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|hf_|sk-|AIza|pypi-AgEI|npm_|dckr_pat_|-----BEGIN |eyJ|://"
)
"""What every one of the forms holds: most texts hold none of it, and need not be searched ten times."""
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
PIECE_CHARACTERS = 8
"""So many characters in a row of a secret are a part of it, when digits are among them: no word looks like that."""
_WORD = re.compile(r"[\w-]{3,}")
_DIGITS = re.compile(r"\d{1,5}(?:\.\d+)?\Z")


@dataclass(frozen=True, slots=True)
class SecretWords:
    """Which names promise a secret, and which values are none."""

    words: tuple[str, ...] = (
        "password", "passwd", "passphrase", "secret", "token", "apikey", "credential", "credentials",
    )  # fmt: skip
    """Words of a name: `DB_PASSWORD`, `apiToken`; "tokenizers" is another word."""
    pairs: tuple[str, ...] = (
        "api key", "access key", "private key", "secret key", "signing key", "encryption key", "account key",
        "auth key",
    )  # fmt: skip
    """Two words in a row."""
    harmless_ends: tuple[str, ...] = (
        "file", "path", "dir", "url", "uri", "name", "id", "header", "type", "length", "ttl", "expiry", "expires",
        "count", "limit", "policy", "algorithm", "enabled", "required", "version", "env", "size", "max", "min",
        "endpoint", "store",
    )  # fmt: skip
    """Last words that make the name one of something about a secret."""
    placeholders: tuple[str, ...] = (
        "changeme", "change-me", "change_me", "placeholder", "example", "dummy", "todo", "redacted", "your-", "your_",
        "xxx", "replace",
    )  # fmt: skip
    """Beginnings of values that stand for a secret to come."""
    switches: tuple[str, ...] = (
        "none", "null", "true", "false", "off", "on", "yes", "no", "unset", "auto", "required",
        "dev", "development", "debug",
    )  # fmt: skip
    """Whole values that only switch something, or say that the real one comes elsewhere, as Flask's `dev` does."""
    given: tuple[str, ...] = ()
    """Secrets that a starter gives away: wherever they stand they are found, in comments too, also in pieces."""


def shapes_in(text: str) -> Iterator[tuple[str, str]]:
    """What has the form of a known kind of secret: which kind, and the secret; kind by kind."""
    if _MARK.search(text):
        for what, form in SHAPES:
            for match in form.finditer(text):
                yield what, match[0]


def given_in(text: str, known: SecretWords) -> Iterator[tuple[str, str]]:
    """Which of the secrets that the exercise knows the text gives away: in what form, and the secret."""
    for secret in known.given:
        if secret in text:
            yield "a secret", secret
        elif any(part.decode() in text for part in encoded_parts(secret.encode())):
            yield "a secret in base64, which everybody can read", secret
        elif secret.encode().hex() in text.lower():
            yield "a secret in hexadecimal digits, which everybody can read", secret
        elif any(piece in text for piece in _pieces(secret)):
            yield "a part of a secret", secret


def scattered_in(text: str, known: SecretWords) -> Iterator[tuple[str, str]]:
    """Which of the secrets that the exercise knows can be put together of words of the text: a word of it, the secret.

    Every character must stand in a word that is part of the secret; in which order the words stand is all one.
    """
    words = sorted(set(_WORD.findall(text))) if known.given else []
    for secret in known.given:
        parts = [word for word in words if word in secret]
        places = {
            at + i
            for word in parts
            for at in range(len(secret))
            if secret.startswith(word, at)
            for i in range(len(word))
        }
        if len(places) == len(secret):
            yield parts[0], secret


def _pieces(secret: str) -> Iterator[str]:
    for at in range(len(secret) - PIECE_CHARACTERS + 1):
        piece = secret[at : at + PIECE_CHARACTERS]
        if sum(character.isdigit() for character in piece) > 1:
            yield piece


def promises_secret(name: str, known: SecretWords) -> bool:
    """Whether a value under this name should be a secret."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    if not parts or parts[-1] in known.harmless_ends:
        return False
    joined = f" {' '.join(parts)} "
    return bool(set(parts) & set(known.words)) or any(f" {pair} " in joined for pair in known.pairs)


def is_harmless(value: str, known: SecretWords) -> bool:
    """Whether a value is none, whatever its name promises: a path, an address, a small number, a switch, a stand-in."""
    plain = value.lower()
    if plain.startswith("/") or "://" in plain or _DIGITS.match(plain):
        return True
    return plain in known.switches or plain.startswith(known.placeholders)


def masked(secret: str) -> str:
    """Enough of it to be found, too little to be used."""
    return f"{secret[: min(4, len(secret) // 3)]}***"
