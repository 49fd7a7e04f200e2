"""Finding tokens as they are and in base64."""

from __future__ import annotations

import base64
import itertools
import textwrap

from graders.layers.leak_search import HOLD_BYTES, LeakSearch, encoded_parts

TOKEN = b"dockyard-canary-0123456789abcdef0123456789abcdef"
OTHER = b"dockyard-canary-fedcba9876543210fedcba9876543210"


def found(*pieces: bytes, may_be_text: bool = True) -> tuple[bytes, ...]:
    search = LeakSearch((TOKEN, OTHER))
    search.may_be_text = may_be_text
    for piece in pieces:
        search.feed(piece)
    return search.take()


def test_token_in_base64_is_found_wherever_it_begins() -> None:
    """All alignments and the usual line lengths, in a file and in a notebook's strings."""
    for shift, width, newline in itertools.product(range(9), (0, 64, 76), ("\n", "\r\n", "\\n", '",\n    "')):
        text = base64.b64encode(b"x" * shift + TOKEN + b"rest" * 20).decode()
        lines = textwrap.wrap(text, width) if width else [text]

        assert (TOKEN,) == found(newline.join(lines).encode()), (shift, width, newline)


def test_border_between_pieces_hides_nothing() -> None:
    """A token that is cut in two is found, plain and encoded, in small and in large pieces."""
    text = b"y" * 20 + TOKEN + b"z" * 60
    for at, data, filling in itertools.product(
        range(1, 90, 7), (text, base64.encodebytes(text)), (b"", b" " * HOLD_BYTES)
    ):
        assert (TOKEN,) == found(filling + data[:at], data[at:] + filling), (at, data, filling)


def test_url_safe_alphabet_makes_no_difference() -> None:
    """What a token encodes to has none of the characters in which the two alphabets differ."""
    for part in encoded_parts(TOKEN):
        assert not set(b"+/-_") & set(part)


def test_found_token_is_told_once() -> None:
    """What was taken is not found again in what was kept of it."""
    search = LeakSearch((TOKEN, OTHER))
    search.feed(base64.b64encode(TOKEN) + TOKEN)

    assert (TOKEN,) == search.take()

    search.feed(b"more")

    assert () == search.take()


def test_beginning_alone_is_no_token() -> None:
    """What all tokens share says nothing, plain or encoded."""
    assert () == found(b"dockyard-canary-", base64.b64encode(b"dockyard-canary-nothing"))


def test_tokens_without_a_common_beginning_are_found() -> None:
    """Each is then looked for by itself."""
    search = LeakSearch((b"one-very-own-token", b"another-own-token"))
    search.feed(base64.b64encode(b"another-own-token") + b" one-very-own-token")

    assert {b"one-very-own-token", b"another-own-token"} == set(search.take())


def test_no_token_is_no_search() -> None:
    """Nothing to look for is never found."""
    search = LeakSearch(())
    search.feed(b"anything")

    assert () == search.take()
