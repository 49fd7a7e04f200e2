"""Owns building offline stand-ins for base images from Debian packages; must never pass one off as the real image.

Every stand-in carries the label `dev.dockyard.stand-in` with the reference it stands in for, and not our run label:
it stays until the user removes it. Layout and settings follow the official images (read on their pages, 2026-11).
"""

from __future__ import annotations

import io
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graders.base_images.trust import SETTINGS_LABEL, read_trust, write_trust
from graders.cancel import Cancel
from graders.engine.base import Engine
from graders.engine.docker.image import STAND_IN
from graders.engine.program import find_program, lines_of
from graders.errors import EngineCommandFailed
from graders.event import BasePreparing
from graders.temporary_folder import explained

_BUILD_S = 900.0
_IMPORT_AT = 0.92
"""Fraction of the work that is done when the image is handed to the engine."""
_MTIME = 1_577_836_800


@dataclass(frozen=True, slots=True)
class StandIn:
    """What is built for a reference."""

    recipe: str
    """"python" or "busybox"."""
    tags: tuple[str, ...]
    """Tags that the image gets where they are free; the reference asked for comes first."""


_PYTHON = StandIn("python", ("python:3.11-slim", "python:3.11-slim-bookworm"))
_BUSYBOX = StandIn("busybox", ("busybox:1.35",))
STAND_INS: Mapping[str, StandIn] = {tag: made for made in (_PYTHON, _BUSYBOX) for tag in made.tags}
"""References that have a stand-in."""

_PYTHON_PATH = "/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PYTHON_LIBRARIES = [
    "usr-is-merged",
    "ca-certificates",
    "netbase",
    "tzdata",
    "media-types",
    "libbz2-1.0",
    "libcrypt1",
    "libdb5.3",
    "libffi8",
    "liblzma5",
    "libncursesw6",
    "libnsl2",
    "libreadline8",
    "libsqlite3-0",
    "libtinfo6",
    "libtirpc3",
    "libuuid1",
    "libexpat1",
    "zlib1g",
    "openssl",
]
_LEFT_OUT = ("man/*", "locale/*", "doc/*", "info/*")
_STAGES = (
    ("I: running apt-get update", "reading package lists", 0.05),
    ("I: downloading packages", "fetching packages", 0.12),
    ("I: extracting archives", "unpacking packages", 0.2),
    ("I: installing essential", "installing the essential packages", 0.42),
    ("I: installing remaining", "installing libraries", 0.58),
    ("I: running --customize-hook", "laying out Python and pip", 0.72),
    ("I: creating tarball", "packing the image", 0.86),
)
"""Lines of mmdebstrap, what they mean, and how much of the time has passed by then."""


def build_stand_in(
    engine: Engine, reference: str, cancel: Cancel, environ: Mapping[str, str]
) -> Iterator[BasePreparing]:
    """Build and import the stand-in for a reference of `STAND_INS`; yields progress with growing fractions."""
    made = STAND_INS[reference]
    with _folder() as folder:
        if made.recipe == "python":
            changes = yield from _python(folder, reference, cancel, environ)
        else:
            changes = yield from _busybox(folder, reference, cancel, environ)
        cancel.raise_if_set()
        yield BasePreparing(reference, "Handing the stand-in to the engine", _IMPORT_AT)
        engine.import_image(
            _chunks(folder / "root.tar", cancel), made.tags, (*changes, f"LABEL {STAND_IN}={made.tags[0]}")
        )
    yield BasePreparing(reference, f"Using an offline stand-in for {reference}, built from Debian packages", 1.0)


def _python(
    folder: Path, reference: str, cancel: Cancel, environ: Mapping[str, str]
) -> Generator[BasePreparing, None, tuple[str, ...]]:
    mmdebstrap = _need("mmdebstrap", environ)
    wheels = folder / "wheels"
    wheels.mkdir()
    yield BasePreparing(reference, "Fetching pip", 0.01)
    _fetch_wheels(wheels, cancel, environ)
    hook = folder / "hook.sh"
    shutil.copyfile(Path(__file__).with_name("python_slim.sh"), hook)
    hook.chmod(0o755)
    argv = [mmdebstrap, "--variant=minbase", f"--include={','.join(_PYTHON_LIBRARIES)}"]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{what}" for what in _LEFT_OUT]
    argv += ["--dpkgopt=path-include=/usr/share/doc/*/copyright", '--aptopt=Acquire::Languages "none"']
    argv += [f'--customize-hook="{hook}" "$1"', "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"]
    argv += ["bookworm", str(folder / "root.tar")]
    trust = read_trust(environ)
    certificates, pip_conf = write_trust(folder, trust)
    settings = {
        **environ,
        "LC_ALL": "C",
        "TMPDIR": str(folder),
        "DOCKYARD_WHEELS": str(wheels),
        "DOCKYARD_CERTIFICATES": str(certificates),
        "DOCKYARD_PIP_CONF": str(pip_conf),
    }
    version = "3.11"
    for line in lines_of(tuple(argv), environ=settings, cancel=cancel, timeout_s=_BUILD_S):
        if line.startswith("DOCKYARD_PYTHON_VERSION="):
            version = line.partition("=")[2].strip()
        for start, text, fraction in _STAGES:
            if line.startswith(start):
                yield BasePreparing(reference, f"Stand-in for {reference}: {text}", fraction)
    env = (f"ENV PATH={_PYTHON_PATH}", "ENV LANG=C.UTF-8", f"ENV PYTHON_VERSION={version}")
    return (*env, *trust.env, 'CMD ["python3"]', f"LABEL {SETTINGS_LABEL}={trust.digest}")


def _fetch_wheels(wheels: Path, cancel: Cancel, environ: Mapping[str, str]) -> None:
    """pip, setuptools and wheel from the package index; without it the hook takes Debian's own."""
    wanted = ("pip<25", "setuptools<80", "wheel<0.46")
    argv = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(wheels),
    )
    try:
        for _ in lines_of((*argv, *wanted), environ=environ, cancel=cancel, timeout_s=120.0):
            pass
    except EngineCommandFailed:
        for left in wheels.iterdir():
            left.unlink()


def _busybox(
    folder: Path, reference: str, cancel: Cancel, environ: Mapping[str, str]
) -> Generator[BasePreparing, None, tuple[str, ...]]:
    apt, dpkg = _need("apt-get", environ), _need("dpkg-deb", environ)
    yield BasePreparing(reference, f"Stand-in for {reference}: fetching busybox", 0.1)
    argv = (apt, "-q", "-o", "APT::Sandbox::User=root", "download", "busybox-static")
    for _ in lines_of(argv, environ=environ, cancel=cancel, timeout_s=120.0, cwd=folder):
        pass
    package = next(folder.glob("busybox-static_*.deb"), None)
    if package is None:
        raise EngineCommandFailed("apt-get fetched no busybox-static", status=0, hint="sudo apt-get update")
    root = folder / "root"
    for _ in lines_of((dpkg, "-x", str(package), str(root)), environ=environ, cancel=cancel, timeout_s=60.0):
        pass
    program = next((path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.is_file()), None)
    if program is None:
        raise EngineCommandFailed("busybox-static holds no busybox", status=0)
    yield BasePreparing(reference, f"Stand-in for {reference}: laying out its files", 0.5)
    names = tuple(lines_of((str(program), "--list"), environ=environ, cancel=cancel, timeout_s=20.0))
    with tarfile.open(folder / "root.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for path, mode in (("bin", 0o755), ("etc", 0o755), ("root", 0o700), ("home", 0o755), ("tmp", 0o1777)):
            tar.addfile(_entry(path, tarfile.DIRTYPE, mode))
        _add(tar, "bin/busybox", program.read_bytes(), 0o755)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n", 0o644)
        _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0o644)
        for name in names:
            if name.isascii() and "/" not in name and name != "busybox":
                link = _entry(f"bin/{name}", tarfile.SYMTYPE, 0o777)
                link.linkname = "busybox"
                tar.addfile(link)
    return ("ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 'CMD ["sh"]')


def _add(tar: tarfile.TarFile, path: str, data: bytes, mode: int) -> None:
    entry = _entry(path, tarfile.REGTYPE, mode)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _entry(path: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.mtime = kind, mode, _MTIME
    return entry


def _need(program: str, environ: Mapping[str, str]) -> str:
    found = find_program(program, environ)
    if found is None:
        package = {"apt-get": "apt", "dpkg-deb": "dpkg"}.get(program, program)
        raise EngineCommandFailed(
            f"A stand-in needs {program}, which is not installed",
            status=127,
            hint=f"Install it with: sudo apt-get install -y --no-install-recommends {package}",
        )
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    """A temporary folder that apt's own user may read; removed unless something is still mounted in it.

    Raises EngineError for what can't be written there.
    """
    with explained("A stand-in can't be put together in a temporary folder"):
        folder = Path(tempfile.mkdtemp(prefix="dockyard-stand-in-"))
        try:
            folder.chmod(0o755)
            yield folder
        finally:
            if str(folder) not in Path("/proc/self/mounts").read_text("utf-8", "replace"):
                shutil.rmtree(folder, ignore_errors=True)


def _chunks(path: Path, cancel: Cancel) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            cancel.raise_if_set()
            yield chunk
