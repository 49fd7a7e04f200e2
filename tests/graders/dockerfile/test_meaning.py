"""Owns the proof, on the real BuildKit, that a Dockerfile means to us what it means to Docker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from graders.cancel import Cancel
from graders.dockerfile.locate import line_of
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.parse import parse
from graders.engine.base import BuildRequest, BuildResult, ContextFile, Engine, ImageInfo, StepStatus
from graders.limits import Limits

pytestmark = pytest.mark.engine
BASE = "FROM busybox:1.35"
S = "FROM scratch\n"

COMMANDS = [
    'FROM scratch AS a\nCMD ["x"]\nFROM a\nENTRYPOINT ["e"]\n',
    'FROM scratch AS a\nCMD ["x"]\nENTRYPOINT ["e"]\nFROM a\nENTRYPOINT ["f"]\n',
    'FROM scratch AS a\nCMD ["x"]\nENTRYPOINT ["e"]\nFROM a\nENV A=1\n',
    'FROM scratch AS a\nENTRYPOINT ["e"]\nFROM a\nCMD ["x"]\n',
    'FROM scratch AS a\nCMD ["x"]\nFROM a\nCMD ["y"]\nENTRYPOINT ["e"]\n',
    'FROM scratch AS a\nCMD ["x"]\nFROM a AS b\nFROM b\nENTRYPOINT ["e"]\n',
    'FROM scratch\nCMD ["x"]\nENTRYPOINT ["e"]\n',
    'FROM scratch\nENTRYPOINT ["e"]\nCMD ["x"]\n',
    'FROM scratch\nCMD ["a"] # b\n',
    'FROM scratch AS a\nCMD ["x"]\nONBUILD ENTRYPOINT ["e"]\nFROM a\n',
    'FROM scratch AS a\nENTRYPOINT ["e"]\nONBUILD CMD ["y"]\nFROM a\nENTRYPOINT ["f"]\n',
    "FROM scratch\nENTRYPOINT []\nCMD []\n",
]
USERS = [
    S + 'ENV A=1 B=$A C="x y" D=a\\ b\nUSER $A-$B-$C-$D\n',
    S + 'ENV A x  y "z"\nUSER $A\n',
    S + "ENV A=x'y'\"z\"\nUSER $A\n",
    S + "USER ${X:-${Y:-z}}\n",
    S + "USER \\$X\n",
    S + "USER '$X'\n",
    S + 'USER "\\a\\"\\$"\n',
    S + 'USER ${X:-"q r"}\n',
    S + "ENV B=1\nUSER ${B:+c}\n",
    S + "ENV A=1\nUSER a$1$@$-${1}${@:-z}$A$\n",
    S + "USER a # b\n",
    S + "USER a b\n",
    "ARG G=g\nFROM scratch\nARG G\nUSER $G\n",
    "ARG G=g\nFROM scratch\nARG G=h\nUSER $G\n",
    "ARG G=g\nARG H=$G-x\nFROM scratch\nARG H\nUSER $H\n",
    "ARG A=1\nARG B=${A}2 C=${B}3\nFROM scratch\nARG C\nUSER $C\n",
    S + "ARG G=g\nENV G=e\nUSER $G\n",
    S + "ENV G=e\nARG G\nUSER $G\n",
    S + "ENV G=e\nARG G=h\nUSER $G\n",
    "ARG G=g\nFROM scratch\nENV G=e\nARG G\nUSER $G\n",
    "FROM scratch AS a\nARG G=g\nFROM a\nUSER $G\n",
    "FROM scratch AS a\nARG G=g\nFROM a\nARG G=h\nUSER $G\n",
    "ARG G=x\nFROM scratch AS a\nARG G=g\nFROM a\nARG G\nUSER $G\n",
    "FROM scratch AS a\nENV G=e\nFROM a\nARG G=h\nUSER $G\n",
    S + "ENV A=a\nENV A=${A}x\nENV A=${A}x\nUSER $A\n",
    S + "ENV A=a=b=c\nUSER $A\n",
    S + "USER app\nUSER root\n",
    "FROM scratch AS a\nUSER app\nFROM a\n",
    "FROM scratch AS a\nUSER app\nFROM scratch\n",
    "FROM scratch AS a\nUSER app\nONBUILD USER other\nFROM a\n",
    "FROM scratch AS a\nONBUILD USER other\nFROM a\nUSER own\n",
    "FROM scratch AS a\nONBUILD USER other\nUSER app\n",
    "FROM scratch AS a\nONBUILD USER other\nFROM a AS b\nUSER own\nFROM b\n",
]
FOLDERS = [
    S + "WORKDIR a\nWORKDIR b\n",
    S + "WORKDIR /a\nWORKDIR ../b\n",
    S + "WORKDIR /a b\n",
    "FROM scratch AS a\nWORKDIR /w\nFROM a\nWORKDIR x\n",
    "FROM scratch AS a\nWORKDIR /w\nONBUILD WORKDIR y\nFROM a\nWORKDIR x\n",
]
STEPS = [
    # Two stages on one image would share a step, which the engine names after either of them.
    (BASE + " AS b\nENV A=1\nRUN true\nFROM scratch\nWORKDIR /x\nCOPY --from=b /bin/sh /s\n", {1, 3, 5, 6}),
    (BASE + " AS b\nRUN true\nFROM b\nARG X=1\nRUN echo $X\nUSER 1\nWORKDIR /y\nCMD x\n", {1, 2, 5, 7}),
    ("FROM scratch AS A\nCOPY Dockerfile /\nFROM a\nADD Dockerfile /x\n", {2, 4}),
    (BASE + " AS b\nRUN true\n" + BASE + " AS b\nRUN echo 2\n", {3, 4}),
    (
        BASE + " AS b\nRUN true\nFROM b AS c\nRUN true\n" + BASE + " AS b\nCOPY --from=c /bin/sh /\nRUN echo 2\n",
        {2, 4, 6, 7},
    ),
    (BASE + "\nRUN true && \\\n  echo 'a   b' \"c\"\n", {1, 2}),
    (
        BASE + ' AS b\nONBUILD RUN echo on\nRUN true\nFROM b\nRUN echo x\nLABEL a=b\nRUN ["/bin/true"]\n',
        {1, 2, 3, 5, 7},
    ),
    (BASE + " AS b\nRUN true\nONBUILD RUN echo x\nFROM b\nLABEL a=b\n", {1, 2, 3}),
    (BASE + "\nENV A=x\nWORKDIR /$A\nCOPY $A* Dockerfile /y/\nRUN echo $A\n", {1, 3, 4, 5}),
    (BASE + "\nrun true\nRun   echo  x\n", {1, 2, 3}),
    ("ARG TAG=1.35\nFROM --platform=$BUILDPLATFORM busybox:${TAG} AS B\nRUN true\n", {2, 3}),
]


@pytest.fixture(scope="module")
def run_id(engine: Engine, busybox_base: str) -> Iterator[str]:
    id_ = f"test-{uuid.uuid4().hex}"
    yield id_
    engine.remove(id_)


def build(engine: Engine, run_id: str, text: str, files: tuple[ContextFile, ...] = ()) -> BuildResult:
    wanted = BuildRequest((ContextFile("Dockerfile", text.encode()), *files), run_id, Limits())
    *_, result = engine.build(wanted, Cancel())
    assert isinstance(result, BuildResult)
    assert "" == result.error
    return result


def both(engine: Engine, run_id: str, text: str) -> tuple[Dockerfile, ImageInfo]:
    image = engine.image(build(engine, run_id, text).image_id)
    assert image is not None
    return parse(text.encode()), image


def value(dockerfile: Dockerfile, keyword: str) -> str:
    setting = dockerfile.setting(keyword)
    return "" if setting is None else setting.value


@pytest.mark.parametrize("text", COMMANDS)
def test_command_in_force_is_the_image_s(engine: Engine, run_id: str, text: str) -> None:
    """An ENTRYPOINT of a later stage takes away the CMD of an earlier one; within a stage the order means nothing."""
    dockerfile, image = both(engine, run_id, text)
    found = []
    for keyword in ("ENTRYPOINT", "CMD"):
        setting = dockerfile.setting(keyword)
        found.append(None if setting is None else setting.instruction.exec_form or None)

    assert [image.entrypoint, image.command] == found


@pytest.mark.parametrize("text", USERS)
def test_user_is_the_image_s(engine: Engine, run_id: str, text: str) -> None:
    """Quotes, escapes, defaults, and the scopes of ARG and ENV come out as Docker's."""
    dockerfile, image = both(engine, run_id, text)

    assert image.user == value(dockerfile, "USER")


@pytest.mark.parametrize("text", FOLDERS)
def test_folder_is_the_image_s(engine: Engine, run_id: str, text: str) -> None:
    """A relative WORKDIR goes on from the one before it, a parent stage's too."""
    dockerfile, image = both(engine, run_id, text)

    assert image.working_dir == value(dockerfile, "WORKDIR")


@pytest.mark.parametrize(("text", "lines"), STEPS)
def test_steps_lead_back_to_their_lines(engine: Engine, run_id: str, text: str, lines: set[int]) -> None:
    """Every step of the learner's has its line, that of an ONBUILD too, and no step has another's."""
    # Two other stages of one name can't be told apart by their first line: that step may stay without a line.
    dockerfile = parse(text.encode())
    steps = [(step.name, line_of(dockerfile, step.name)) for step in build(engine, run_id, text).steps]

    assert lines == {line for _, line in steps if line is not None}, steps
    assert all(line is None for name, line in steps if "[internal]" in name)
    assert all(line == 2 for name, line in steps if "echo on" in name)


def test_mount_of_the_whole_context_hangs_the_cache_on_every_file(engine: Engine, run_id: str) -> None:
    """So does every later step; a mount of one file minds that file only."""

    def steps(text: str, source: str) -> list[StepStatus]:
        files = (ContextFile("app.py", source.encode()), ContextFile("r.txt", b"six"))
        built = build(engine, run_id, text, files)
        return [step.status for name in ("one", "two") for step in built.steps if f"{run_id} {name}" in step.name]

    whole = f"{BASE}\nRUN --mount=type=bind,target=/c echo {run_id} one\nRUN echo {run_id} two\n"
    file = f"{BASE}\nRUN --mount=type=bind,source=r.txt,target=/r echo {run_id} one\nRUN echo {run_id} two # file\n"
    steps(whole, "1")
    steps(file, "1")

    assert [StepStatus.DONE, StepStatus.DONE] == steps(whole, "2")
    assert [StepStatus.CACHED, StepStatus.CACHED] == steps(file, "2")
