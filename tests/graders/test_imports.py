"""Owns the test that headless modules stay headless, each imported in an interpreter of its own.

The import contracts see what a module writes; this sees what really gets imported, also through packages.
"""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import course
import graders
from tests.rows import rows

HEAVY = frozenset(
    {"docker", "requests", "urllib3", "textual", "rich", "markdown_it", "yaml", "watchfiles", "dask", "distributed"}
)
"""What costs tens of milliseconds or ties the core to a toolkit: imported inside the functions that need it."""
STATIC_HEAVY = HEAVY | {"dockerfile_parse", "msgspec", "sqlite3", "click"}

ROOT = Path(__file__).parents[2]


def headless_modules() -> list[str]:
    """Every module of the product but the desk's, whose place a toolkit is."""
    names = []
    for package in (course, graders):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith("course.tui"):
                names.append(module.name)
    return names


def imported_by(code: str, of_interest: frozenset[str]) -> list[str]:
    """Which of these packages a fresh interpreter holds after the code."""
    program = f"{code}\nimport sys\nprint(*sorted(set({sorted(of_interest)!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_headless_modules_import_nothing_heavy() -> None:
    """Importing one headless module in a fresh interpreter brings in no toolkit and no engine library.

    What none of them brings in together, none brings in alone; the ones to blame are sought only when there are any.
    """
    modules = headless_modules()
    brought_in = imported_by("\n".join(f"import {name}" for name in modules), HEAVY)
    to_blame = [name for name in modules if imported_by(f"import {name}", HEAVY)] if brought_in else []

    assert ([], []) == (brought_in, to_blame)


def test_help_imports_nothing_heavy() -> None:
    """`dockyard --help` needs click and nothing else."""
    code = (
        "import contextlib, io\n"
        "from course.__main__ import main\n"
        "import sys\n"
        "sys.argv = ['dockyard', '--help']\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
    )

    assert imported_by(code, STATIC_HEAVY - {"click"}) == []


def test_check_from_the_store_imports_little() -> None:
    """What answers for unchanged content reads no command line, YAML, schema or check, and knows of no engine."""
    modules = (
        "course.bare_line", "course.commands.check_work", "course.commands.narration", "course.session",
        "course.commands.invocation", "course.build_numbers",
        "graders.recall", "graders.report_store", "graders.submission", "graders.formats.json", "graders.formats.text",
    )  # fmt: skip
    dear = {
        "click",
        "difflib",
        "msgspec",
        "random",
        "tempfile",
        "yaml",
        "graders.engine",
        "graders.exercise",
        "graders.registry",
    }

    assert imported_by("\n".join(f"import {name}" for name in modules), frozenset(dear)) == []


def test_linting_imports_no_engine_and_no_report() -> None:
    """What looks at a Dockerfile's text knows neither an engine's words, nor a report, nor TOML."""
    code = (
        "from pathlib import Path\n"
        "from course.lint import Linter\n"
        "Linter().lint(Path('exercises/first-image/solution/Dockerfile'))"
    )
    dear = {
        "graders.context",
        "graders.engine.base",
        "graders.report",
        "graders.pipeline",
        "msgspec",
        "tomllib",
        "yaml",
    }

    assert imported_by(code, frozenset(dear)) == []


@rows("package", ["course", "graders", "course.tui", "course.author", "course.commands"])
def test_package_root_imports_nothing(package: str) -> None:
    """A package's `__init__` imports nothing of the project."""
    code = (
        f"import {package}\nimport sys\n"
        f"own = [name for name in sys.modules if name.partition('.')[0] in ('course', 'graders')]\n"
        f"assert set(own) <= {{'course', 'graders', {package!r}}}, own"
    )

    assert imported_by(code, HEAVY) == []
