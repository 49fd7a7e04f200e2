"""Owns what a stand-in is told about this machine: whom to trust, and where packages are; must never hold a secret.

A stand-in's label names the sum of both, so that one made under other settings is known and can be renewed.
"""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from graders.base_images.save_archive import entries
from graders.cancel import Cancel
from graders.engine.base import Engine, ImageInfo
from graders.engine.docker.image import STAND_IN
from graders.errors import EngineError
from graders.temporary_folder import explained

CA_SETTING = "DOCKYARD_CA_FILE"
INDEX_SETTING = "DOCKYARD_PIP_INDEX"
SETTINGS_LABEL = "dev.dockyard.settings"
HOST_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_PIP_CONF = "etc/pip.conf"
_OURS = ("SSL_CERT_FILE", "UV_DEFAULT_INDEX")
_PYTHON_MARK = "PYTHON_VERSION"
"""A variable that every image with Python has."""
_MOST_BYTES = 8 * 1024 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Trust:
    """Two files of a stand-in, and its environment."""

    certificates: bytes
    """PEM; empty where this machine has none."""
    pip_conf: str
    index: str = ""
    """Address of the package index; empty for the one that installers know."""

    @property
    def env(self) -> tuple[str, ...]:
        """ENV lines for uv, which reads neither of the files by itself."""
        certificates = (f"ENV SSL_CERT_FILE=/{_CERTIFICATES}",) if self.certificates else ()
        return (*certificates, f"ENV UV_DEFAULT_INDEX={self.index}") if self.index else certificates

    @property
    def digest(self) -> str:
        """Changes whenever one of the files or the environment does."""
        parts = (self.certificates, self.pip_conf.encode(), "\n".join(self.env).encode())
        return sha256(b"\0".join(parts)).hexdigest()[:16]


def read_trust(environ: Mapping[str, str], *, host: Path = HOST_CERTIFICATES) -> Trust:
    """What stand-ins are told here: the host's certificates, those of the settings, the index of the settings.

    Raises EngineError for a file of the settings that can't be read or holds no certificate.
    """
    certificates = host.read_bytes()[:_MOST_BYTES] if host.is_file() else b""
    named = environ.get(CA_SETTING, "")
    if named:
        try:
            with Path(named).open("rb") as file:
                extra = file.read(_MOST_BYTES)
        except OSError as error:
            raise EngineError(f"The certificates {named} can't be read: {error.strerror}", hint=_HINT) from error
        if b"-----BEGIN CERTIFICATE-----" not in extra:
            raise EngineError(f"{named} holds no certificate in PEM form", hint=_HINT)
        certificates = certificates.rstrip(b"\n") + b"\n" + extra.rstrip(b"\n") + b"\n"
    lines = ["[global]", f"cert = /{_CERTIFICATES}", "disable-pip-version-check = true"]
    index = environ.get(INDEX_SETTING, "")
    if index:
        lines.append(f"index-url = {index}")
        if urlsplit(index).scheme == "http":
            lines.append(f"trusted-host = {urlsplit(index).hostname}")
    return Trust(certificates, "\n".join(lines) + "\n", index)


_HINT = "dockyard config shows where the setting comes from."


def is_current(image: ImageInfo, environ: Mapping[str, str]) -> bool:
    """Whether a stand-in with Python knows what this machine's settings say now. Raises EngineError."""
    return image.labels.get(SETTINGS_LABEL) == read_trust(environ).digest


def renew(engine: Engine, reference: str, cancel: Cancel, environ: Mapping[str, str]) -> None:
    """Give a stand-in this machine's certificates and index, keeping all else. Raises EngineError, Cancelled."""
    old = engine.image(reference)
    if old is None or not old.stand_in:
        raise EngineError(f"{reference} is not a stand-in")
    names = (reference, *_siblings(engine, old, reference))
    with retold(engine, old, read_trust(environ), cancel) as (root, changes):
        new = engine.import_image(root, (), changes)
    for name in names:
        engine.tag(new, name)
    if new != old.id:
        engine.remove_image(old.id)


@contextmanager
def retold(
    engine: Engine, image: ImageInfo, trust: Trust, cancel: Cancel
) -> Iterator[tuple[Iterator[bytes], tuple[str, ...]]]:
    """What `import_image` needs to make a stand-in again with other settings: its root file system, and the changes."""
    with explained("A stand-in can't be kept in a temporary file"), tempfile.TemporaryFile() as saved:
        with engine.export(image.id, cancel) as chunks:
            for chunk in chunks:
                cancel.raise_if_set()
                saved.write(chunk)
        size = saved.tell()
        layers = [entry for entry in entries(saved, 0, size) if _is_layer(saved, entry.at, entry.size)]
        if len(layers) != 1:
            raise EngineError(f"The stand-in has {len(layers)} layers instead of one", hint="dockyard images pull")
        yield _rewritten(_Window(saved, layers[0].at, layers[0].size), trust, cancel), _changes(image, trust)


def _siblings(engine: Engine, image: ImageInfo, reference: str) -> tuple[str, ...]:
    from graders.base_images.stand_in import STAND_INS

    tags = STAND_INS[reference].tags if reference in STAND_INS else ()
    found = {tag: engine.image(tag) for tag in tags if tag != reference}
    return tuple(tag for tag, other in found.items() if other is not None and other.id == image.id)


def _changes(image: ImageInfo, trust: Trust) -> tuple[str, ...]:
    env = tuple(f"ENV {name}={value}" for name, value in image.env.items() if name not in _OURS)
    command = (f"CMD {json.dumps(list(image.command))}",) if image.command else ()
    ours = trust.env if _PYTHON_MARK in image.env else ()
    labels = (f"LABEL {STAND_IN}={image.labels[STAND_IN]}", f"LABEL {SETTINGS_LABEL}={trust.digest}")
    return (*env, *ours, *command, *labels)


class _Window:
    """A part of a file that reads like a file."""

    def __init__(self, file: IO[bytes], at: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, at, size, 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; to the end without it."""
        left = self._size - self._at
        self._file.seek(self._start + self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data

    def seek(self, at: int, whence: int = 0) -> int:
        """Go to a place, counted from the beginning, from here or from the end."""
        self._at = (0, self._at, self._size)[whence] + at
        return self._at

    def tell(self) -> int:
        """Where it reads next."""
        return self._at


def _is_layer(file: IO[bytes], at: int, size: int) -> bool:
    file.seek(at)
    return size >= 512 and file.read(262)[257:262] == b"ustar"


def _rewritten(window: _Window, trust: Trust, cancel: Cancel) -> Iterator[bytes]:
    """The tar of a root file system with the two files exchanged; all else byte by byte as it is."""
    wanted = {_CERTIFICATES: trust.certificates, _PIP_CONF: trust.pip_conf.encode()}
    at = 0
    with tarfile.open(fileobj=window, mode="r:") as tar:  # type: ignore[call-overload]
        for member in tar:
            cancel.raise_if_set()
            end = member.offset_data + -(-(member.size if member.isreg() else 0) // 512) * 512
            data = wanted.get(member.name.removeprefix("./"))
            if data and member.isreg():
                member.size = len(data)
                member.pax_headers = {}
                yield member.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)
            else:
                back = window.tell()
                window.seek(at)
                left = end - at
                while left > 0:
                    piece = window.read(min(left, _CHUNK))
                    left -= len(piece)
                    yield piece
                window.seek(back)
            at = end
    yield bytes(1024)


def write_trust(folder: Path, trust: Trust) -> tuple[Path, Path]:
    """Both files in a folder, for what builds a stand-in."""
    certificates, pip_conf = folder / "ca-certificates.crt", folder / "pip.conf"
    certificates.write_bytes(trust.certificates)
    pip_conf.write_text(trust.pip_conf, "utf-8")
    return certificates, pip_conf
