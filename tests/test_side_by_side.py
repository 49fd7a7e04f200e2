"""Tests of how tests are dealt out to workers: by pytest and xdist themselves, whose versions have broken it before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.side_by_side import FIRST, TOGETHER, rank

ROOT = Path(__file__).parents[1]
TESTS = """\
import os
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(6))
def test_one(number):
    Path(os.environ["SEEN"], f"{os.environ['PYTEST_XDIST_WORKER']}-{number}").touch()
"""


def test_tests_that_share_what_is_costly_go_to_one_worker(tmp_path: Path) -> None:
    """All of the file run in one of two workers, though xdist would deal them out in turn."""
    file = tmp_path / TOGETHER[0]
    file.parent.mkdir(parents=True)
    file.write_text(TESTS)
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "conftest.py").write_text("from tests.side_by_side import scheduler as pytest_xdist_make_scheduler\n")
    seen = tmp_path / "seen"
    seen.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "--numprocesses", "2", "--dist", "loadgroup"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SEEN": str(seen), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    workers = [path.name.partition("-")[0] for path in seen.iterdir()]

    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert "units waiting" not in done.stdout
    assert (6, 1) == (len(workers), len(set(workers)))


def test_what_takes_long_is_begun_first() -> None:
    """By its place in the list; what is not listed comes after it, as it was collected."""
    names = ["tests/a.py::b", "tests/test_packaging.py::c", f"{FIRST[0]}", "tests/content/test_proof.py::d"]

    assert [FIRST[0], "tests/test_packaging.py::c", "tests/content/test_proof.py::d", "tests/a.py::b"] == sorted(
        names, key=rank
    )


def test_every_file_that_is_named_exists() -> None:
    """A file that was moved would be dealt out like any other, unnoticed."""
    assert [] == [name for name in (*TOGETHER, *FIRST) if not (ROOT / name.partition("::")[0]).is_file()]
