"""Telling programs from libraries, scripts and look-alikes, and tools from other programs."""

from __future__ import annotations

from graders.layers.program import PROGRAM, TOOL_TEXTS, is_program, program_kind
from tests.rows import rows


def elf(kind: int, *, interpreter: bool = False, entry: int = 0x1000, word: int = 2, order: str = "little") -> bytes:
    """The head of an ELF file of 64 bits with one program header."""

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, "big" if order == "big" else "little")

    ident = b"\x7fELF" + bytes([word, 2 if order == "big" else 1, 1]) + bytes(9)
    head = ident + number(kind, 2) + number(62, 2) + number(1, 4) + number(entry, 8) + number(64, 8) + number(0, 8)
    head += number(0, 4) + number(64, 2) + number(56, 2) + number(1, 2) + number(0, 6)
    return head + number(3 if interpreter else 1, 4) + bytes(52)


@rows(
    "head",
    [elf(2), elf(2, entry=0), elf(3, interpreter=True), elf(3), elf(3, interpreter=True, order="big")],
)
def test_program_is_known_by_its_head(head: bytes) -> None:
    """Fixed, position-independent, static and foreign ones."""
    assert is_program(head, "opt/data.bin")


@rows(
    ("head", "path"),
    [
        (b"#!/bin/sh\nexec gcc\n", "usr/bin/gcc"),
        (b"", "usr/bin/cc"),
        (b"\x7fELF", "usr/bin/ld"),
        (elf(1), "usr/lib/crt1.o"),
        (elf(3, entry=0), "usr/lib/libclang"),
        (elf(3), "usr/lib/libtcc.so.1"),
        (b"COLLECT_GCC" * 40, "usr/bin/gcc-12"),
    ],
)
def test_script_library_object_and_text_are_no_programs(head: bytes, path: str) -> None:
    """Neither the name nor a word in the text makes a program."""
    assert not is_program(head, path)


@rows("table", [0, 10, 4095, 2**63])
def test_head_that_lies_about_its_tables_is_read_safely(table: int) -> None:
    """A table that lies outside of what was read ends the search."""
    head = elf(3, interpreter=True, entry=0)
    lying = head[:32] + table.to_bytes(8, "little") + head[40:54] + b"\xff\xff\xff\xff" + head[58:]

    assert is_program(lying, "x") in {True, False}


@rows("text", TOOL_TEXTS)
def test_tool_is_known_by_its_text_across_the_border_of_two_pieces(text: bytes) -> None:
    """Wherever the text lies, it is found."""
    data = b"x" * 5000 + text + b"y" * 5000
    for cut in (5001, 5000 + len(text) - 1, 10):
        assert TOOL_TEXTS[text] == program_kind(iter([data[:cut], data[cut:]]))


@rows("text", [b"GCC: (Debian 12.2.0-14) 12.2.0", b"[GCC 12.2.0]", b"gcc", b"make all", b"ld.so", b""])
def test_word_that_any_program_may_hold_makes_no_tool(text: bytes) -> None:
    """Every program says what compiled it."""
    assert PROGRAM == program_kind(iter([b"\x7fELF" + text]))
