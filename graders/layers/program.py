"""Owns telling from its first bytes and its content what kind of program a file is; must never trust its name.

Compilers and their kin carry texts that they can't do without (names of options, of variables, of other parts of
themselves); stripping a program leaves these in, renaming it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from graders.layers.token_search import TokenSearch

PROGRAM = "program"
"""Machine code that the system can start by itself: no library, no script."""
HEAD_BYTES = 4096
"""How much of a file `is_program` needs to see."""
TOOL_TEXTS = {
    b"COLLECT_GCC": "compiler",
    b"clang -cc1": "compiler",
    b"librustc_driver": "compiler",
    b"cmd/compile/internal/": "compiler",
    b"tcc version": "compiler",
    b"supported emulations": "linker",
    b"lld-link": "linker",
    b"GNU assembler": "assembler",
    b"The Netwide Assembler": "assembler",
    b".NOTPARALLEL": "make",
    b"build stopped:": "make",
}
"""Seen in gcc 12, clang 14 and 16, rustc 1.63, Go 1.19, tcc 0.9.27, binutils 2.40, lld 14, mold 1.10, nasm 2.16,
make 4.3, CMake 3.25 and ninja 1.11 of Debian 12, and in no other program of a developer's Debian (2026-11)."""
TOOL_KINDS = tuple(dict.fromkeys(TOOL_TEXTS.values()))

_ELF = b"\x7fELF"
_EXECUTABLE, _SHARED = 2, 3
_INTERPRETER = 3


def is_program(head: bytes, path: str) -> bool:
    """Whether the first bytes are those of an ELF program (System V ABI, chapters 4 and 5).

    A position-independent program is a shared object that names an interpreter; a static one names none, and is
    told from a library by its entry point and by a name without ".so".
    """
    if not head.startswith(_ELF) or len(head) < 64:
        return False
    order = "big" if head[5] == 2 else "little"

    def number(at: int, size_bytes: int) -> int:
        return int.from_bytes(head[at : at + size_bytes], "big" if order == "big" else "little")

    is_64 = head[4] == 2
    kind = number(16, 2)
    if kind == _EXECUTABLE:
        return True
    if kind != _SHARED:
        return False
    table, entry_bytes, count = (
        (number(32, 8), number(54, 2), number(56, 2)) if is_64 else (number(28, 4), number(42, 2), number(44, 2))
    )
    for at in range(table, table + entry_bytes * count, max(entry_bytes, 1)):
        if at + 4 > len(head):
            break
        if number(at, 4) == _INTERPRETER:
            return True
    return number(24, 8 if is_64 else 4) != 0 and ".so" not in path.rpartition("/")[2]


def program_kind(content: Iterator[bytes]) -> str:
    """Which tool a program is, by the first telling text in it; else only `PROGRAM`. Reads no further than it must."""
    search = TokenSearch(tuple(TOOL_TEXTS))
    for piece in content:
        search.feed(piece)
        found = search.take()
        if found:
            return TOOL_TEXTS[found[0]]
    return PROGRAM
