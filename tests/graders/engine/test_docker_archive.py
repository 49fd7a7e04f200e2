"""Archives are weighed before an engine unpacks them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable

from graders.engine.base import ContextFile
from graders.engine.docker.archive import too_large, unpacked_bytes
from graders.limits import MIB
from tests.rows import rows


def tar(size: int, *, pax: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as made:
        info = tarfile.TarInfo("a")
        info.size = size
        info.pax_headers = pax or {}
        made.addfile(info, io.BytesIO(bytes(size)))
    return buffer.getvalue()


@rows("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_archive_is_weighed_unpacked(pack: Callable[[bytes], bytes]) -> None:
    """Whatever it is packed with."""
    packed = ContextFile("b/a.bin", pack(tar(3 * MIB)))

    assert ("b/a.bin", "") == (too_large((packed,), 2), too_large((packed,), 4))


def test_members_after_the_first_count() -> None:
    """A gzip file may hold many."""
    data = gzip.compress(tar(MIB)) + gzip.compress(bytes(8 * MIB))

    assert unpacked_bytes(data, 4 * MIB) > 4 * MIB


def test_sparse_file_counts_with_its_whole_size() -> None:
    """A kilobyte may unpack to a terabyte of zeros."""
    data = tar(512, pax={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 40)})

    assert unpacked_bytes(data, MIB) >= 1 << 40


def test_bomb_is_not_unpacked_to_its_end() -> None:
    """Counting stops when it is enough."""
    data = gzip.compress(bytes(16 * MIB))

    assert unpacked_bytes(data, MIB) < 3 * MIB


def test_many_empty_files_weigh_something() -> None:
    """Each costs a block and an entry of the file system."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as made:
        for number in range(600):
            made.addfile(tarfile.TarInfo(str(number)))

    assert unpacked_bytes(gzip.compress(buffer.getvalue()), MIB) > MIB


@rows("data", [b"", b"text", b"\x1f\x8b\x08broken", b"BZh", b"\xfd7zXZ\x00", tar(4)[:700]])
def test_what_is_no_archive_or_broken_never_raises(data: bytes) -> None:
    """The engine will say what it thinks of it."""
    assert unpacked_bytes(data, MIB) <= MIB
