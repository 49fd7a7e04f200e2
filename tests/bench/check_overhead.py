"""What a full check of an unchanged, cached image costs beyond the engine calls that it makes. Run by hand.

    python -m tests.bench.check_overhead --runs 7 --exercise first-image

Every byte of a check's requests is recorded by a socket between it and the engine. The very same requests, with new
container names, are then sent again over plain sockets, answers read and thrown away. What a check takes longer
than that is ours: parsing, tars, layers, judging. The two alternate, so that both see the same machine.

On a busy machine that difference is noise. So the processor time of a check of its own, straight to the engine, is told
as well: what is not the engine's work can't take longer than that, whatever else the machine does. Exit code 1 when the
median of it is more than 10% of the engine calls' time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import socketserver
import statistics
import sys
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from graders.engine.find import find_engine
from tests.bench.endurance import EXERCISES, graded

_SILENT_S = 20.0
_NAME = re.compile(rb"dockyard-[0-9a-f]{16}")


@dataclass
class Call:
    """One connection: when it opened, when all was answered, and what was sent when (seconds since it opened)."""

    opened_s: float
    closed_s: float = 0.0
    sent: list[tuple[float, bytes]] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        """Whether it goes on after its answer, as a container's standard input does."""
        return bool(self.sent) and b"\r\nUpgrade:" in self.sent[0][1]


class Recorder(socketserver.ThreadingUnixStreamServer):
    """Stands between a check and the engine and writes down what is asked."""

    daemon_threads = True
    target = ""
    calls: list[Call]


class Passing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Recorder)
        call = Call(time.monotonic())
        server.calls.append(call)
        answered_s = 0.0
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as far, suppress(OSError):
            far.connect(server.target)
            threading.Thread(target=self._up, args=(far, call), daemon=True).start()
            while data := far.recv(1 << 18):
                # Noted before it is passed on: who asked may ask the next thing before the engine has hung up.
                answered_s = time.monotonic()
                self.request.sendall(data)
        call.closed_s = time.monotonic() if call.is_kept else answered_s

    def _up(self, far: socket.socket, call: Call) -> None:
        with suppress(OSError):
            while data := self.request.recv(1 << 18):
                call.sent.append((time.monotonic() - call.opened_s, data))
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)


def replay(calls: list[Call], path: str) -> float | None:
    """Send it all again in the order in which it was sent; calls that overlapped overlap.

    Seconds; None when a call got no answer: its request only meant something at the moment when it was made.
    """
    silent = threading.Event()
    fresh: dict[bytes, bytes] = {}
    done = [threading.Event() for _ in calls]
    begun = [threading.Event() for _ in calls]

    def again(data: bytes, *, first: bool, kept: bool) -> bytes:
        data = _NAME.sub(lambda m: fresh.setdefault(m[0], b"dockyard-" + uuid.uuid4().hex[:16].encode()), data)
        return data.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1) if first and not kept else data

    def one(at: int) -> None:
        try:
            ask(at)
        except TimeoutError:
            silent.set()
        begun[at].set()
        done[at].set()

    def ask(at: int) -> None:
        call = calls[at]
        kept = call.is_kept
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock, suppress(ConnectionError):
            for before in range(at):
                begun[before].wait(60.0)
            for number, (sent_s, data) in enumerate(call.sent):
                for other, known in enumerate(calls):
                    if other != at and 0 < known.closed_s <= call.opened_s + sent_s:
                        done[other].wait(60.0)
                if number == 0:
                    sock.connect(path)
                    sock.settimeout(_SILENT_S)
                sock.sendall(again(data, first=number == 0, kept=kept))
                if number == 0 and kept:
                    sock.recv(1 << 18)
                begun[at].set()
            if kept:
                sock.shutdown(socket.SHUT_WR)
            while sock.recv(1 << 18):
                pass

    began = time.monotonic()
    threads = [threading.Thread(target=one, args=(at,)) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return None if silent.is_set() else time.monotonic() - began


def in_order(calls: list[Call]) -> list[Call]:
    """The calls that asked something, as they began."""
    return sorted((call for call in calls if call.sent), key=lambda call: call.opened_s)


def main() -> int:
    """Measure and print the median and the spread."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--exercise", default="first-image")
    parser.add_argument("--json", action="store_true", help="figures as JSON; what is under way goes to standard error")
    options = parser.parse_args()
    folder = EXERCISES / options.exercise
    engine = find_engine(os.environ, Path.home())
    target = engine.info().socket.removeprefix("unix://")
    with tempfile.TemporaryDirectory(prefix="dyo") as place:
        server = Recorder(f"{place}/s", Passing)
        server.target, server.calls = target, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        graded(folder, folder / "solution", f"unix://{place}/s")
        rows: list[float] = []
        own: list[float] = []
        checks_s: list[float] = []
        bare: list[float] = []
        told = sys.stderr if options.json else sys.stdout
        for number in range(1, options.runs + 1):
            server.calls = []
            began = time.monotonic()
            report = graded(folder, folder / "solution", f"unix://{place}/s")
            took_s = time.monotonic() - began
            worked_s = time.process_time()
            graded(folder, folder / "solution", f"unix://{target}")
            worked_s = time.process_time() - worked_s
            bare_s = replay(in_order(server.calls), target)
            if bare_s is None:
                print(f"{number:>3}  not counted: a call that was sent again got no answer", file=told, flush=True)
                continue
            own.append(worked_s / bare_s * 100)
            rows.append((took_s / bare_s - 1) * 100)
            checks_s.append(took_s)
            bare.append(bare_s)
            print(
                f"{number:>3}  check {took_s:6.2f} s  {len(server.calls):>3} calls again {bare_s:6.2f} s"
                f"  overhead {rows[-1]:+5.1f} %  our processor time {worked_s:5.2f} s, {own[-1]:4.1f} %"
                f"  ({report.verdict.value})",
                file=told,
                flush=True,
            )
        server.shutdown()
        server.server_close()
    if not rows:
        print("nothing could be measured", file=sys.stderr)
        return 1
    low, high = min(rows), max(rows)
    if options.json:
        figures = {"median_percent": statistics.median(rows), "least_percent": low, "most_percent": high}
        times = {
            "own_percent": statistics.median(own),
            "check_s": statistics.median(checks_s),
            "bare_s": statistics.median(bare),
        }
        print(json.dumps({"exercise": options.exercise, **figures, **times}, indent=1))
        return 0
    print(
        f"overhead: median {statistics.median(rows):+.1f} %, from {low:+.1f} % to {high:+.1f} %;"
        f" our processor time: median {statistics.median(own):.1f} %; load {os.getloadavg()[0]:.1f}"
    )
    return 0 if statistics.median(own) <= 10 else 1


if __name__ == "__main__":
    sys.exit(main())
