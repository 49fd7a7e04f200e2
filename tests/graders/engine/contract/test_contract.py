"""What every engine does, fake or real: one suite for both, so that what is tested on the fake holds."""

from __future__ import annotations

import io
import json
import tarfile
import threading
import time
import uuid
from collections.abc import Iterator

import pytest

from graders.cancel import Cancel
from graders.engine.base import (
    BuildEvent,
    BuildRequest,
    BuildResult,
    ContextFile,
    Engine,
    LogLines,
    RunRequest,
    StepChanged,
    StepStatus,
)
from graders.errors import Cancelled, EngineError, ImageUnavailable
from graders.limits import Limits
from tests.graders.engine.contract.conftest import BASE, NOWHERE, SOON_S, moment_s

BEGUN_S = 3.0
"""By then an engine has told of a build's first step, or it is the engine that is late and no build is to blame. Beside
other work one took 1.3 s for that."""


@pytest.fixture
def run_id(any_engine: Engine) -> Iterator[str]:
    id_ = f"test-{uuid.uuid4().hex}"
    yield id_
    any_engine.remove(id_)
    assert [] == [left for left in any_engine.leftovers() if left.run_id == id_]


def request(
    dockerfile: str, run_id: str, *, limits: Limits | None = None, no_cache: bool = False, a_txt: str | None = None
) -> BuildRequest:
    entries = (
        ContextFile("Dockerfile", dockerfile.encode()),
        *(() if a_txt is None else (ContextFile("a.txt", a_txt.encode()),)),
    )
    return BuildRequest(entries, run_id, limits or Limits(), no_cache=no_cache)


def built(engine: Engine, wanted: BuildRequest) -> tuple[BuildResult, list[BuildEvent]]:
    events = list(engine.build(wanted, Cancel()))
    result = events[-1]
    assert isinstance(result, BuildResult)
    return result, events


def statuses(result: BuildResult, word: str) -> list[StepStatus]:
    return [step.status for step in result.steps if f"] {word} " in step.name]


def test_build_makes_an_image_with_what_the_dockerfile_says(any_engine: Engine, run_id: str) -> None:
    """An image has the user, command and environment of its Dockerfile, and none of our label."""
    text = f'FROM {BASE}\nWORKDIR /app\nENV A=b\nUSER 1000\nCMD ["echo", "hi"]\n'
    result, _ = built(any_engine, request(text, run_id))
    image = any_engine.image(result.image_id)

    assert result.ok
    assert image is not None
    assert ("1000", ("echo", "hi"), "b", "/app") == (image.user, image.command, image.env["A"], image.working_dir)
    assert "dev.dockyard.run" not in image.labels


def test_build_tells_steps_and_log(any_engine: Engine, run_id: str) -> None:
    """A step is told as running and then done, its output in between."""
    _, events = built(any_engine, request(f"FROM {BASE}\nRUN echo {run_id}\n", run_id))
    told = [
        event.step.status
        for event in events
        if isinstance(event, StepChanged) and f"RUN echo {run_id}" in event.step.name
    ]
    lines = [line for event in events if isinstance(event, LogLines) for line in event.lines]

    assert [StepStatus.RUNNING, StepStatus.DONE] == told
    assert run_id in lines


def test_build_again_comes_from_the_cache(any_engine: Engine, run_id: str) -> None:
    """The second of two equal builds runs nothing."""
    wanted = request(f"FROM {BASE}\nRUN echo {run_id}\n", run_id)
    built(any_engine, wanted)
    again, events = built(any_engine, wanted)

    assert [StepStatus.CACHED] == statuses(again, "RUN")
    assert [] == [event for event in events if isinstance(event, LogLines)]


def test_build_after_a_copied_file_changed_is_not_cached(any_engine: Engine, run_id: str) -> None:
    """A changed file runs its COPY and what follows, and not what came before."""
    text = f"FROM {BASE}\nRUN echo {run_id}\nCOPY a.txt /a.txt\n"
    built(any_engine, request(text, run_id, a_txt=f"one {run_id}"))
    again, _ = built(any_engine, request(text, run_id, a_txt=f"two {run_id}"))

    assert [StepStatus.CACHED] == statuses(again, "RUN")
    assert [StepStatus.DONE] == statuses(again, "COPY")


def test_no_cache_runs_everything(any_engine: Engine, run_id: str) -> None:
    """`no_cache` makes an equal build run again."""
    built(any_engine, request(f"FROM {BASE}\nRUN echo {run_id}\n", run_id))
    again, _ = built(any_engine, request(f"FROM {BASE}\nRUN echo {run_id}\n", run_id, no_cache=True))

    assert [StepStatus.DONE] == statuses(again, "RUN")


@pytest.mark.parametrize(
    ("dockerfile", "error"),
    [
        (f"FROM {BASE}\nRUN exit 3\n", "exit code: 3"),
        ("FORM x\n", "unknown instruction: FORM"),
        ("", "cannot be empty"),
        (f"FROM {BASE}\nCOPY nothing.txt /\n", "not found"),
    ],
)
def test_build_that_fails_is_a_result(any_engine: Engine, run_id: str, dockerfile: str, error: str) -> None:
    """A learner's broken build is a value that says why, never an exception."""
    result, _ = built(any_engine, request(dockerfile, run_id))

    assert not result.ok
    assert not result.timed_out
    assert error in result.error


def test_build_from_an_image_that_no_registry_gives_is_no_result(any_engine: Engine, run_id: str) -> None:
    """A base image that can't be had is trouble of the machine."""
    with pytest.raises(ImageUnavailable):
        built(any_engine, request(f"FROM {NOWHERE}\n", run_id))


def test_build_over_its_time_is_the_learners(any_engine: Engine, run_id: str) -> None:
    """A build that takes too long ends at the limit, as a result."""
    limits = Limits(build_s=moment_s(any_engine, BEGUN_S))
    wanted = request(f"FROM {BASE}\nRUN sleep 60\n", run_id, limits=limits, no_cache=True)
    result, _ = built(any_engine, wanted)

    assert result.timed_out
    assert not result.ok
    # Its own time: before it began, it may have had to wait until others had built alone.
    assert limits.build_s <= result.elapsed_s < SOON_S


def test_build_without_a_sign_of_life_is_the_learners(any_engine: Engine, run_id: str) -> None:
    """A silent build ends at the idle limit."""
    limits = Limits(build_idle_s=moment_s(any_engine, BEGUN_S))
    wanted = request(f"FROM {BASE}\nRUN sleep 60\n", run_id, limits=limits, no_cache=True)

    assert built(any_engine, wanted)[0].timed_out


def test_cancel_ends_a_build_at_once(any_engine: Engine, run_id: str) -> None:
    """A cancel in the middle of a RUN raises long before it is over, and leaves nothing."""
    cancel = Cancel()
    set_at: list[float] = []

    def stop() -> None:
        set_at.append(time.monotonic())
        cancel.set()

    def follow() -> None:
        for event in any_engine.build(request(f"FROM {BASE}\nRUN sleep 60\n", run_id, no_cache=True), cancel):
            if isinstance(event, StepChanged) and "sleep 60" in event.step.name:
                threading.Timer(0.2, stop).start()

    with pytest.raises(Cancelled):
        follow()

    assert time.monotonic() - set_at[0] < SOON_S


def image_of(engine: Engine, run_id: str, rest: str = "") -> str:
    result, _ = built(engine, request(f"FROM {BASE}\n{rest}", run_id))
    return result.image_id


def test_run_returns_output_and_exit_code(any_engine: Engine, run_id: str) -> None:
    """A run gives back what the program wrote."""
    done = any_engine.run(RunRequest(image_of(any_engine, run_id), run_id, Limits(), args=("echo", "hi")), Cancel())

    assert (0, b"hi\n", b"", False) == (done.exit_code, done.stdout, done.stderr, done.timed_out)


def test_run_feeds_standard_input_and_sees_the_user(any_engine: Engine, run_id: str) -> None:
    """Standard input arrives whole, and the process is seen with its numeric user."""
    image = image_of(any_engine, run_id, "USER 1000\n")
    done = any_engine.run(RunRequest(image, run_id, Limits(), args=("cat",), stdin=b"a\nb\n"), Cancel())

    assert b"a\nb\n" == done.stdout
    assert [1000] == [process.uid for process in done.processes]


def test_run_that_nobody_watches_gets_its_input_whole(any_engine: Engine, run_id: str) -> None:
    """Where nobody asks who runs, standard input arrives all the same and no process is told."""
    text = b"0123456789abcde\n" * 10_000
    request = RunRequest(image_of(any_engine, run_id), run_id, Limits(), args=("cat",), stdin=text, watched=False)
    done = any_engine.run(request, Cancel())

    assert text == done.stdout
    assert () == done.processes


def test_run_of_a_missing_program_is_a_start_error(any_engine: Engine, run_id: str) -> None:
    """A program that is not there is the learner's, with the shell's exit code."""
    done = any_engine.run(RunRequest(image_of(any_engine, run_id), run_id, Limits(), args=("nope",)), Cancel())

    assert 127 == done.exit_code
    assert "executable file not found" in done.start_error


def test_run_over_its_time_is_killed(any_engine: Engine, run_id: str) -> None:
    """A program that does not end is stopped at the limit."""
    limits = Limits(run_s=moment_s(any_engine, 0.7))
    done = any_engine.run(RunRequest(image_of(any_engine, run_id), run_id, limits, args=("sleep", "60")), Cancel())

    assert done.timed_out
    assert done.exit_code is None


def test_cancel_ends_a_run_at_once(any_engine: Engine, run_id: str) -> None:
    """A cancel raises soon, and the container is gone (the fixture looks)."""
    image, cancel = image_of(any_engine, run_id), Cancel()
    set_at: list[float] = []

    def stop() -> None:
        set_at.append(time.monotonic())
        cancel.set()

    threading.Timer(moment_s(any_engine, 0.8), stop).start()
    with pytest.raises(Cancelled):
        any_engine.run(RunRequest(image, run_id, Limits(), args=("sleep", "60")), cancel)

    assert time.monotonic() - set_at[0] < SOON_S


def test_output_over_the_limit_is_cut_and_said(any_engine: Engine, run_id: str) -> None:
    """More output than is kept is cut."""
    limits = Limits(output_kib=1)
    words = ("cat",)
    image = image_of(any_engine, run_id)
    done = any_engine.run(RunRequest(image, run_id, limits, args=words, stdin=b"x" * 5000), Cancel())

    assert done.truncated
    assert 1024 == len(done.stdout)


def test_export_is_a_docker_save_tar(any_engine: Engine, run_id: str) -> None:
    """The export names its layers in manifest.json, and they hold the copied files."""
    wanted = request(f"FROM {BASE}\nCOPY a.txt /data/a.txt\n", run_id, a_txt=run_id)
    result, _ = built(any_engine, wanted)
    with any_engine.export(result.image_id, Cancel()) as chunks:
        data = b"".join(chunks)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
        last = tar.extractfile(manifest[0]["Layers"][-1])
        assert last is not None
        with tarfile.open(fileobj=io.BytesIO(last.read())) as layer:
            names = layer.getnames()

    assert "data/a.txt" in names


def test_exported_image_comes_back_without_a_name_and_takes_one(any_engine: Engine, run_id: str) -> None:
    """Removed and loaded again it is the same image; a name can be given, moved and taken away."""
    name = f"dockyard-test/{run_id}:1"
    image, other = image_of(any_engine, run_id, "ENV A=b\n"), image_of(any_engine, run_id, "ENV A=c\n")
    with any_engine.export(image, Cancel()) as chunks:
        data = b"".join(chunks)
    any_engine.remove_image(image)

    assert any_engine.image(image) is None

    loaded = any_engine.load_image(iter([data]), Cancel())

    assert loaded == image
    for tagged in (other, loaded):
        any_engine.tag(tagged, name)
        found = any_engine.image(name)

        assert found is not None
        assert found.id == tagged

    any_engine.remove_image(name)

    assert any_engine.image(name) is None


def test_what_is_no_image_is_not_loaded(any_engine: Engine) -> None:
    """An engine's error, and nothing is there afterwards."""
    with pytest.raises(EngineError):
        any_engine.load_image(iter([b"no tar at all" * 100]), Cancel())


def test_leftovers_name_the_run_until_it_is_removed(any_engine: Engine, run_id: str) -> None:
    """An image of ours is found by its label."""
    image = image_of(any_engine, run_id, "ENV A=b\n")

    assert [image] == [left.id for left in any_engine.leftovers() if left.run_id == run_id]


def test_image_that_is_not_there_is_none(any_engine: Engine) -> None:
    """Looking up never pulls."""
    assert any_engine.image("nothing/like-this:1") is None


def test_pull_of_what_no_registry_gives_raises(any_engine: Engine) -> None:
    """A pull says that the image is not to be had."""
    with pytest.raises(ImageUnavailable):
        list(any_engine.pull(NOWHERE, Cancel()))


def test_info_says_which_engine(any_engine: Engine) -> None:
    """The engine's name and builder are known words."""
    info = any_engine.info()

    assert info.name in {"docker", "podman", "fake"}
    assert info.builder in {"buildkit", "classic"}
