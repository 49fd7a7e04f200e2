"""Which steps of a build install dependencies: by their text, by their log, by what lies in their layer."""

from __future__ import annotations

import pytest

from graders.context import LayerFile
from graders.dockerfile.parse import parse
from graders.rebuild.dependency_step import find_dependency_steps
from graders.recorded import build, scan, step

DOCKERFILE = b"FROM python:3.11-slim\nCOPY . .\nRUN ./install\nRUN pip install --no-deps .\nCOPY --from=a /venv /venv\n"
COPY = step("[2/5] COPY . .", line=2)
SCRIPT = step("[3/5] RUN ./install", line=3)
OWN = step("[4/5] RUN pip install --no-deps .", line=4)
STAGE = step("[5/5] COPY --from=a /venv /venv", line=5)
STEPS = (COPY, SCRIPT, OWN, STAGE)
LINES = (None, 2, 3, 4, 5)
"""Of the layers: the base's, then one a step."""


def found(
    *, log: tuple[tuple[str, str], ...] = (), paths: tuple[tuple[int, str], ...] = (), wanted: tuple[str, ...] = ()
) -> list[int | None]:
    """Lines of the steps that install dependencies."""
    files = tuple(LayerFile(layer, path, 1, 0o644, 0, 0, "file") for layer, path in paths)
    steps = find_dependency_steps(
        parse(DOCKERFILE), build(*STEPS, log=log), scan(files=files), LINES, frozenset(wanted)
    )
    return [each.line for each in steps]


def test_script_that_hides_its_text_is_found_by_its_log_or_by_its_layer() -> None:
    """Either is enough; neither finds nothing."""
    told = ((SCRIPT.id, "Successfully installed Scikit_Learn-1.5.0 numpy-2.0.0"),)

    assert [] == found(wanted=("scikit-learn",))
    assert [3] == found(log=told, wanted=("scikit-learn",))
    assert [3] == found(paths=((2, "usr/lib/scikit_learn-1.5.0.dist-info/RECORD"),), wanted=("scikit-learn",))


def test_own_package_is_no_dependency_where_the_requirements_name_others() -> None:
    """Without any name to go by, everything that was installed counts."""
    told = ((OWN.id, "Successfully installed own-0.1.0"),)

    assert [] == found(log=told, wanted=("scikit-learn",))
    assert [4] == found(log=told)


@pytest.mark.parametrize(
    ("layer", "lines"), [(0, []), (1, []), (4, [5]), (9, [])], ids=["base", "copied along", "from a stage", "unknown"]
)
def test_distribution_counts_where_a_step_brought_it(layer: int, lines: list[int]) -> None:
    """From a RUN or from another stage, but not from the folder of the submission."""
    assert lines == found(paths=((layer, "venv/lib/six-1.16.0.dist-info/METADATA"),), wanted=("six",))
