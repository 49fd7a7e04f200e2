"""Every figure of the speed page, measured in one run: `make bench`, or `python -m tests.bench`.

Each part is a module of its own that prints its figures as JSON; each runs in a process of its own, in turn, beside
the peer or the floor that it is compared with. The table goes into docs/speed.md. It takes a while: progress is told.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "speed.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
MORE_MIB = 30
"""What a large cohort may have in memory beyond a small one: its rows, never its reports."""
LINT_TARGET_FILES = 1000
"""How many Dockerfiles the target of linting is about: of fewer, the start-up is what is measured."""
VERDICT = {True: "yes", False: "no", None: ""}
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    beside: str
    """The peer or the floor, measured in the same run."""
    ratio: str
    target: str
    met: bool | None
    """None: no target."""


def lint(figures: Figures) -> Iterator[Row]:
    """A growing number of Dockerfiles, and findings while typing."""
    for row in figures["lint"]:
        ours, theirs = row["dockyard"]["processor"], row["hadolint"]["processor"]
        yield Row(
            f"`dockyard lint`, Dockerfiles: {row['files']:,}",
            f"{ours['median_s']:.2f} s of processor ({row['dockyard']['wall']['median_s']:.2f} s of wall)",
            f"hadolint {theirs['median_s']:.2f} s ({row['hadolint']['wall']['median_s']:.2f} s)",
            f"{row['ratio_processor']:.2f} (wall {row['ratio_wall']:.2f})",
            "0.10" if row["files"] == LINT_TARGET_FILES else "",
            row["ratio_processor"] <= 0.10 if row["files"] == LINT_TARGET_FILES else None,
        )
    typed = figures["typing"]
    yield Row(
        f"findings after a key, Dockerfile of {typed['lines']} lines",
        f"{typed['median_processor_ms']:.1f} ms of processor ({typed['median_ms']:.1f} ms of wall)",
        "",
        "",
        "16 ms",
        typed["median_ms"] < 16,
    )


def start(figures: Figures) -> Iterator[Row]:
    """What needs no engine."""
    bare = figures["python"]["median_ms"]
    for name, what, target in (
        ("help", "`dockyard --help`", "under 150 ms"),
        ("check", "`dockyard check` of work that was graded before", "50 ms beyond"),
    ):
        ours = figures[name]
        met = ours["median_ms"] < (150 if name == "help" else bare + 50)
        spread = f"{ours['least_ms']:.0f} to {ours['most_ms']:.0f}"
        beside = f"an interpreter that does nothing: {bare:.0f} ms"
        yield Row(
            what, f"{ours['median_ms']:.0f} ms ({spread})", beside, f"{ours['median_ms'] / bare:.1f}", target, met
        )


def desk(figures: Figures) -> Iterator[Row]:
    """The first lesson, and a key while a log floods."""
    first, key = figures["first_content"], figures["key_to_paint_while_flooding"]
    clock, cpu = first["clock_s"], first["cpu_s"]
    wanted = {"empty": ("an empty Textual app", 2.0), "frogmouth": ("frogmouth", 0.5)}
    for peer in [name for name in wanted if name in clock]:
        told, most = wanted[peer]
        yield Row(
            f"first lesson on screen ({first['lesson_lines']} lines)",
            f"{clock['desk']:.2f} s ({cpu['desk']:.2f} s of processor)",
            f"{told}: {clock[peer]:.2f} s ({cpu[peer]:.2f} s)",
            f"{clock['desk'] / clock[peer]:.2f} (processor {cpu['desk'] / cpu[peer]:.2f})",
            f"{most:g}",
            clock["desk"] / clock[peer] <= most,
        )
    yield Row(
        "key to paint while a build floods its log, 99th percentile",
        f"{key['p99_ms']:.0f} ms (median {key['median_ms']:.0f} ms); of processor {key['p99_cpu_ms']:.0f} ms",
        "",
        "",
        "50 ms",
        key["p99_ms"] < 50,
    )


def overhead(figures: Figures) -> Iterator[Row]:
    """A full check of a cached image over the calls it makes."""
    low, high = figures["least_percent"], figures["most_percent"]
    yield Row(
        f"full check of a cached image ({figures['exercise']})",
        f"{figures['check_s']:.2f} s",
        f"its engine calls alone: {figures['bare_s']:.2f} s",
        f"{figures['median_percent']:+.1f} % ({low:+.1f} to {high:+.1f})",
        "+10 %",
        figures["median_percent"] <= 10,
    )


def lanes(figures: Figures) -> Iterator[Row]:
    """Lanes of a cohort over the calls that they make."""
    ours_s, bare_s = figures["ours_s"], figures["bare_s"]
    yield Row(
        f"cohort, {figures['jobs']} lanes, cached images ({figures['exercise']})",
        f"rate {figures['median_percent']:.0f} % ({figures['low_percent']:.0f} to {figures['high_percent']:.0f})"
        f" in {figures['rounds']} rounds; {ours_s * 1000:.0f} ms of our processor a submission",
        f"lanes of its engine calls alone: 100 %; {bare_s * 1000:.0f} ms",
        f"{figures['median_percent'] / 100:.2f}",
        "0.95",
        figures["median_percent"] >= 95,
    )


def growth(figures: Figures) -> Iterator[Row]:
    """Cohorts of growing size on an engine in memory."""
    first = figures["sizes"][0]
    for size in figures["sizes"]:
        yield Row(
            f"cohort, engine in memory, distinct submissions: {size['submissions']:,}",
            f"{size['graded_ms_each']:.1f} ms of processor each ({size['graded_a_second']:.0f} a second of wall);"
            f" as many duplicates {size['same_ms_each']:.1f} ms each; handed back {size['handed_back_ms_each']:.1f} ms"
            f" a row; peak {size['peak_mib']:.0f} MiB",
            f"a cohort of {first['submissions']}: {first['graded_ms_each']:.1f} ms; peak {first['peak_mib']:.0f} MiB",
            f"{size['graded_ms_each'] / first['graded_ms_each']:.2f}",
            f"duplicates 5 ms, peak +{MORE_MIB} MiB",
            size["same_ms_each"] < 5 and size["peak_mib"] < first["peak_mib"] + MORE_MIB,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One module to run and how its figures read."""

    module: str
    arguments: Sequence[str]
    rows: Callable[[Figures], Iterator[Row]]


PARTS = {
    "start": Part("tests.bench.start_speed", (), start),
    "lint": Part("tests.bench.lint_speed", (), lint),
    "desk": Part("tests.bench.desk_speed", (), desk),
    "overhead": Part("tests.bench.check_overhead", ("--json",), overhead),
    "lanes": Part("tests.bench.lanes", ("--json",), lanes),
    "growth": Part("tests.bench.cohort_growth", (), growth),
}


def machine() -> str:
    """Cores and memory: what a reader needs to compare, and no more."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB of memory, Python {platform.python_version()}"


def measure(part: Part) -> Figures:
    """Run one part; its figures."""
    command = (sys.executable, "-m", part.module, *part.arguments)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:])} ended with {done.returncode}")
    found: Figures = json.loads(done.stdout)
    return found


def page(rows: Sequence[Row]) -> str:
    """The table and what it was measured on."""
    lines = [
        BEGIN,
        f"Measured on {machine()}; load before it {os.getloadavg()[0]:.1f}. Medians; spread in brackets.",
        "",
        "| what | measured | beside it | ratio | target | met |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.what} | {row.ours} | {row.beside} | {row.ratio} | {row.target} | {VERDICT[row.met]} |" for row in rows
    ]
    return "\n".join([*lines, END])


def main() -> None:
    """Measure every part, or those named, and print the table; `--write` puts it into the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all of them when none is named")
    parser.add_argument("--write", action="store_true", help="put the table into docs/speed.md")
    options = parser.parse_args()
    rows: list[Row] = []
    for name in options.parts or PARTS:
        print(f"Measuring: {name}", file=sys.stderr, flush=True)
        rows += PARTS[name].rows(measure(PARTS[name]))
    table = page(rows)
    print(table)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{table}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
