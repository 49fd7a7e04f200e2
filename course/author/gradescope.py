"""Owns the autograder that Gradescope wants for an exercise; must never hold anything of a learner's.

Source: gradescope-autograders "Autograder Specifications" and "Technical Details", read 2026-11: a zip file with
setup.sh and run_autograder at its top is laid out in /autograder/source, a submission in /autograder/submission, and
/autograder/results/results.json is read.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from course.catalog import Catalog
from course.errors import ConfigError, ContentError

SCRIPTS = Path(__file__).parent / "autograder"
PACKAGES = ("course", "graders")
LESSONS, EXERCISES = "lessons", "exercises"
EARLIEST = (1980, 1, 1, 0, 0, 0)
_ADDRESS = re.compile(r"(?:tcp|ssh|unix)://[^\s'\"\\$`]+")


def write_autograder(catalog: Catalog, exercise: str, target: Path, *, address: str) -> None:
    """Write the zip file, as a whole or not at all. An empty `address` means text checks alone.

    Raises ContentError for an exercise that is not there, ConfigError for an address that is none or a file that
    can't be written.
    """
    spec = catalog.exercise(exercise)
    if address and not _ADDRESS.fullmatch(address):
        raise ConfigError(f"{address!r} is no engine's address", hint="For example: tcp://grader.example.org:2375")
    settings = {"EXERCISE": spec.id, "FLAGS": "" if address else "--static", "DOCKER_HOST": address}
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings.items() if value or name == "FLAGS"]
    if address:
        lines.append("export DOCKER_HOST\n")
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as scratch:
            partial = Path(scratch.name)
        try:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
                for script in ("setup.sh", "run_autograder"):
                    _add(archive, script, (SCRIPTS / script).read_bytes(), executable=True)
                _add(archive, "settings.sh", "".join(lines).encode())
                _add(archive, "requirements.txt", "".join(f"{line}\n" for line in _requirements()).encode())
                for name, path in _library(catalog.content, spec.id):
                    _add(archive, f"lib/{name}", path.read_bytes(), executable=os.access(path, os.X_OK))
            partial.chmod(0o644)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"Can't write {target}: {error.strerror or error}", hint="Name another file.") from error


def _library(content: Path, exercise: str) -> Iterator[tuple[str, Path]]:
    """Name in the archive and file of everything that grading needs: our packages, the lessons, and the exercise."""
    package_root = Path(__file__).resolve().parents[2]
    folders = [(package_root, package_root / name) for name in PACKAGES]
    folders += [(content, content / LESSONS), (content, content / EXERCISES / exercise)]
    for root, folder in folders:
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(root).parts
            if path.is_file() and "__pycache__" not in parts and parts[:2] != ("course", "_content"):
                yield "/".join(parts), path


def _requirements() -> list[str]:
    """What our distribution needs, extras aside, in pip's words."""
    try:
        listed = requires("dockyard") or []
    except PackageNotFoundError as error:
        raise ContentError("Dockyard is not installed here, so what it needs is unknown", hint="make learn") from error
    return sorted(line for line in listed if "extra ==" not in line)


def _add(archive: zipfile.ZipFile, name: str, data: bytes, *, executable: bool = False) -> None:
    info = zipfile.ZipInfo(name, EARLIEST)
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)
