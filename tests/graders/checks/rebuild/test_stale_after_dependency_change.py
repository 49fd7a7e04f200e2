"""Attempts to pass without reading the requirements, and failures that are nobody's fault."""

from __future__ import annotations

from dataclasses import replace

from graders.check import NoParams
from graders.checks.rebuild.stale_after_dependency_change import CHECK, FAILED, INSTALL
from graders.context import RebuildContext
from graders.engine.base import StepStatus
from graders.finding import Finding, Undecidable
from graders.recorded import build, rebuild_context, source, step
from tests.rows import rows


def judged(context: RebuildContext) -> list[type]:
    return [type(item) for item in CHECK.find(context, NoParams())]


def failing(*lines: str) -> RebuildContext:
    log = tuple((FAILED.id, line) for line in lines)
    return rebuild_context(build(INSTALL), build(FAILED, error="exit code: 1", log=log), (INSTALL,))


@rows(
    "line",
    [
        "ERROR: Invalid requirement: 'dockyard_probe_0=!=' (from line 9 of requirements.txt)",
        "error: Couldn't parse requirement in `requirements.txt` at position 30",
        "  pip._internal.exceptions.InstallationError: Invalid requirement: dockyard_probe_0=!=",
        "pip._vendor.packaging.requirements.InvalidRequirement: Expected end or semicolon",
        "error: Failed to parse: `dockyard_probe_0=!=`",
    ],
)
def test_install_that_names_the_line_passes(line: str) -> None:
    """pip, uv, pip wheel and pip-compile each say it in their own words."""
    assert [] == judged(failing("Looking in indexes", line))


def test_checksum_of_the_file_is_no_install() -> None:
    """A step that only compares the file fails over another thing."""
    assert [Finding] == judged(failing("requirements.txt: FAILED", "sha256sum: WARNING: 1 did NOT match"))


def test_lost_network_is_not_blamed() -> None:
    """Trouble of the network says nothing about the file."""
    assert [Undecidable] == judged(failing("Err:1 Temporary failure resolving 'deb.example'"))


def test_silent_failure_is_left_open() -> None:
    """An install whose output goes nowhere proves nothing."""
    assert [Undecidable] == judged(failing())


def test_probe_in_the_log_of_another_step_does_not_count() -> None:
    """`cat requirements.txt` in another step shows the line, the install must meet it."""
    shown = step("[2/4] RUN cat requirements.txt", line=3)
    log = ((shown.id, "dockyard_probe_0=!="), (FAILED.id, "No space left for you"))
    second = build(shown, FAILED, error="exit code: 1", log=log)

    assert [Finding] == judged(rebuild_context(build(shown, INSTALL), second, (INSTALL,)))


def test_install_that_goes_on_after_the_refusal_is_stale() -> None:
    """`pip install -r requirements.txt || true` makes an image without the packages."""
    log = ((INSTALL.id, "ERROR: Invalid requirement: 'dockyard_probe_0=!='"),)

    assert [Finding] == judged(rebuild_context(build(INSTALL), build(INSTALL, log=log), (INSTALL,)))


def test_install_of_fixed_names_is_stale() -> None:
    """Copied and not read: the step runs again and goes through."""
    assert [Finding] == judged(rebuild_context(build(INSTALL), build(INSTALL), (INSTALL,)))


def test_one_of_two_installs_that_reads_the_file_is_enough() -> None:
    """Tools that are installed by name beside the requirements are no fault."""
    tools = step("[2/4] RUN pip install pip-tools", line=3)
    cached = step("[2/4] RUN pip install pip-tools", line=3, status=StepStatus.CACHED)
    log = ((FAILED.id, "Invalid requirement: 'dockyard_probe_0=!='"),)
    second = build(cached, FAILED, error="exit code: 1", log=log)

    assert [] == judged(rebuild_context(build(tools, INSTALL), second, (tools, INSTALL)))


def test_build_that_hangs_is_left_open() -> None:
    """A time limit is not a stale install."""
    second = build(INSTALL, error="stopped", timed_out=True)

    assert [Undecidable] == judged(rebuild_context(build(INSTALL), second, (INSTALL,)))


@rows(
    ("making", "installing", "expected"),
    [
        ("pip-compile -o pins.txt requirements.txt", "pip install -r pins.txt", []),
        ("pip-compile -o pins.txt requirements.txt", "pip install six==1.16.0", [Finding]),
        ("cat requirements.txt && false", "pip install -r pins.txt", [Finding]),
    ],
)
def test_what_makes_the_list_of_the_install_may_refuse_the_line(
    making: str, installing: str, expected: list[type]
) -> None:
    """A list that is compiled first is read there; the install that takes what came of it is not reached."""
    first = step(f"[2/3] RUN {making}", line=2)
    failed = replace(first, status=StepStatus.FAILED)
    install = step(f"[3/3] RUN {installing}", line=3)
    second = build(failed, error="exit code: 1", log=((failed.id, "dockyard_probe_0=!="),))
    context = replace(
        rebuild_context(build(first, install), second, (install,)),
        source=source(f"FROM python:3.11-slim\nRUN {making}\nRUN {installing}\n"),
    )

    assert expected == judged(context)


def test_install_that_is_not_reached_did_not_come_from_the_cache() -> None:
    """What broke off the build is named instead."""
    failed = step("[2/3] RUN check", line=2, status=StepStatus.FAILED)
    (found,) = CHECK.find(rebuild_context(build(INSTALL), build(failed, error="exit code: 1"), (INSTALL,)), NoParams())

    assert isinstance(found, Finding)
    assert "the build failed, but not in the install: exit code: 1" == found.observed


@rows(
    ("command", "expected"),
    [
        ("pip install --dry-run -r requirements.txt && pip install six==1.16.0", [Finding]),
        ("pip download -d /w -r requirements.txt && pip install six==1.16.0", [Finding]),
        ("pip install -r requirements.txt six==1.16.0", []),
        ("pip install -r requirements.txt && pip install six==1.16.0", []),
        ("pip download -d /w -r requirements.txt && pip install --no-index /w/*.whl", []),
        ("xargs pip install < requirements.txt", []),
        ("pip install $(cat requirements.txt)", []),
    ],
)
def test_list_that_is_only_looked_at_is_not_installed(command: str, expected: list[type]) -> None:
    """A command that reads the list fails on the line; what is installed is what the other one names."""
    install = step(f"[2/2] RUN {command}", line=2)
    failed = replace(install, status=StepStatus.FAILED)
    second = build(failed, error="exit code: 1", log=((failed.id, "Invalid requirement: 'dockyard_probe_0=!='"),))
    context = replace(
        rebuild_context(build(install), second, (install,)), source=source(f"FROM python:3.11-slim\nRUN {command}\n")
    )

    assert expected == judged(context)
