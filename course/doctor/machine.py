"""Owns what this machine has and lacks beside the engine: room, network, terminal, folders; must never mend it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from course.doctor.line import ENGINE_CLEAN, DoctorLine, State
from course.paths import Paths
from course.terminal import Terminal

GIB = 1024**3
DISK_WARNING_BYTES = 5 * GIB
DISK_MISSING_BYTES = 1 * GIB
INODES_WARNING, INODES_MISSING = 200_000, 20_000
"""A Python base image has some 5,000 files, an exercise's dependencies up to 20,000."""
COLUMNS, LINES = 80, 24
"""Smallest terminal that the desk is made for."""
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, slots=True)
class Space:
    """What is free on a disk. `free_inodes` None: it has no such limit."""

    free_bytes: int
    free_inodes: int | None


def space_of(path: Path) -> Space:
    """What is free on the disk of an existing path; raises OSError."""
    status = os.statvfs(path)
    return Space(status.f_bavail * status.f_frsize, status.f_favail if status.f_files else None)


def machine_lines(
    paths: Paths, terminal: Terminal, environ: Mapping[str, str], data_root: str, space: Callable[[Path], Space]
) -> Iterator[DoctorLine]:
    """A line for each thing. `data_root`: where the engine keeps its images; empty: on no disk of this machine."""
    yield from _disk_lines(data_root, paths, space)
    yield _proxy_line(environ)
    yield _certificates_line(environ)
    yield _terminal_line(terminal)
    yield _encoding_line(terminal)
    yield _folder_line("workspace", paths.workspace, "dockyard --workspace DIR, with a DIR that you may write to")
    yield _folder_line("progress", paths.state, f"chown -R $(id -un) {paths.state}")


def _disk_lines(data_root: str, paths: Paths, space: Callable[[Path], Space]) -> Iterator[DoctorLine]:
    """Free space where images and where the workspace are, a line a disk."""
    seen: set[int] = set()
    for path in (*([Path(data_root)] if data_root else []), paths.workspace):
        place = _existing(path)
        try:
            device = place.stat().st_dev
            free = space(place)
        except OSError as error:
            yield DoctorLine("disk", State.WARNING, f"{place}: {error.strerror}", f"ls -ld {place}")
            continue
        if device in seen:
            continue
        seen.add(device)
        yield _disk_line(place, free)


def _disk_line(place: Path, free: Space) -> DoctorLine:
    inodes = free.free_inodes
    text = f"{free.free_bytes / GIB:.1f} GiB" + ("" if inodes is None else f" and {inodes:,} files")
    text += f" free at {place}"
    if free.free_bytes < DISK_MISSING_BYTES:
        return DoctorLine("disk", State.MISSING, f"{text}; a build needs about 1 GiB", ENGINE_CLEAN)
    if inodes is not None and inodes < INODES_MISSING:
        return DoctorLine("disk", State.MISSING, f"{text}; a build needs about {INODES_MISSING:,} files", ENGINE_CLEAN)
    if free.free_bytes < DISK_WARNING_BYTES:
        comfortable = f"{DISK_WARNING_BYTES // GIB} GiB are comfortable"
        return DoctorLine("disk", State.WARNING, f"{text}; {comfortable}", ENGINE_CLEAN)
    if inodes is not None and inodes < INODES_WARNING:
        return DoctorLine("disk", State.WARNING, f"{text}; {INODES_WARNING:,} files are comfortable", ENGINE_CLEAN)
    return DoctorLine("disk", State.OK, text)


def _proxy_line(environ: Mapping[str, str]) -> DoctorLine:
    """Which proxy the environment names, its password left out."""
    from urllib.parse import urlsplit

    found: dict[str, str] = {}
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"):
        if not environ.get(name):
            continue
        try:
            parts = urlsplit(environ[name])
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in ("http", "https"):
            text = f"{name} is no http:// address, so nothing that needs it works"
            return DoctorLine("proxy", State.WARNING, text, f"export {name}=http://HOST:PORT")
        found[f"{parts.scheme}://{host}" + (f":{port}" if port else "")] = name
    if not found:
        return DoctorLine("proxy", State.OK, "none: the environment names no proxy")
    exempt = environ.get("no_proxy") or environ.get("NO_PROXY")
    text = ", ".join(f"{address} ({name})" for address, name in found.items())
    return DoctorLine("proxy", State.OK, text + (f", but not for {exempt[:200]}" if exempt else ""))


def _certificates_line(environ: Mapping[str, str]) -> DoctorLine:
    """Which certificates are trusted here: the stand-in images get the same, for pip."""
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"):
        if environ.get(name) and not Path(environ[name]).exists():
            text = f"{name} names {environ[name]}, and there is no such file"
            return DoctorLine("certificates", State.WARNING, text, f"unset {name}")
    try:
        count = CERTIFICATES.read_bytes().count(b"-----BEGIN CERTIFICATE-----")
    except OSError:
        text = f"there is no {CERTIFICATES}: pip in a stand-in image would trust no index"
        return DoctorLine("certificates", State.WARNING, text, "apt-get install -y ca-certificates")
    return DoctorLine("certificates", State.OK, f"{count} in {CERTIFICATES}; stand-in images get the same")


def _terminal_line(terminal: Terminal) -> DoctorLine:
    if not terminal.full_screen:
        return DoctorLine("terminal", State.OK, "none: dockyard prints the outline instead of showing the desk")
    size = f"{terminal.columns} x {terminal.lines}"
    if terminal.columns < COLUMNS or terminal.lines < LINES:
        text = f"{size} is small; the desk is made for {COLUMNS} x {LINES} and more"
        return DoctorLine("terminal", State.WARNING, text, "resize the window")
    if terminal.colours == 0:
        return DoctorLine("terminal", State.OK, f"{size}, no colours (NO_COLOR, --no-color or TERM)")
    if terminal.colours < 256:
        text = f"{size}, {terminal.colours} colours; 256 show more"
        return DoctorLine("terminal", State.WARNING, text, "export TERM=xterm-256color")
    return DoctorLine("terminal", State.OK, f"{size}, {terminal.colours:,} colours")


def _encoding_line(terminal: Terminal) -> DoctorLine:
    if terminal.encoding.replace("-", "").replace("_", "") == "utf8":
        return DoctorLine("encoding", State.OK, terminal.encoding)
    text = f"{terminal.encoding}: some characters will show as question marks"
    return DoctorLine("encoding", State.WARNING, text, "export LANG=C.UTF-8")


def _folder_line(name: str, folder: Path, remedy: str) -> DoctorLine:
    """Whether a folder is there and ours to write to, or can be made."""
    place = _existing(folder)
    if not place.is_dir():
        return DoctorLine(name, State.MISSING, f"{place} is in the way: it is not a folder", f"mv {place} {place}.old")
    if not os.access(place, os.W_OK | os.X_OK):
        return DoctorLine(name, State.MISSING, f"{place} can't be written to", remedy)
    made = "" if place == folder else " (made when it is first needed)"
    return DoctorLine(name, State.OK, f"{folder}{made}")


def _existing(path: Path) -> Path:
    """The path, else the nearest parent that exists."""
    for candidate in (path, *path.parents):
        try:
            candidate.stat()
        except OSError:
            continue
        return candidate
    return Path("/")
