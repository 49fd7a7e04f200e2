"""Owns the proof that a Dockerfile is read as Docker reads it, whatever its bytes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.dockerfile.locate import line_of
from graders.dockerfile.model import Dockerfile
from graders.dockerfile.parse import parse
from tests.rows import rows

MIB = 1024 * 1024
HEAD = "FROM python:3.11-slim\n"


def read(text: str) -> Dockerfile:
    return parse(text.encode())


def commands(run: str) -> list[tuple[str, ...]]:
    return [command.words for command in read(HEAD + run).instructions[-1].commands]


def test_continued_run_gives_each_command_its_own_line() -> None:
    """Comments and blank lines inside a continuation are passed over, and lines survive."""
    run = read(HEAD + "RUN apt-get update && \\\n  # a comment\n\n  pip3 install six\n").instructions[-1]

    assert (2, 5) == (run.line, run.end_line)
    assert [("apt-get", "update"), ("pip", "install", "six")] == [command.words for command in run.commands]
    assert [2, 5] == [command.line for command in run.commands]


@rows(
    ("run", "expected"),
    [
        ("RUN a && b || c; d | e & f\n", [("a",), ("b",), ("c",), ("d",), ("e",), ("f",)]),
        ("RUN (cd x && make) > /dev/null 2>&1\n", [("cd", "x"), ("make",)]),
        ("RUN sh -c 'pip install a && b'\n", [("pip", "install", "a"), ("b",)]),
        ('RUN bash -exc "/opt/v/bin/pip3.11 install a"\n', [("pip", "install", "a")]),
        ("RUN sudo -u x env A=1 exec python3 -I -m pip install a\n", [("pip", "install", "a")]),
        ("RUN A=1 B='x y' uv pip install a # b\n", [("uv", "pip", "install", "a")]),
        ("RUN if x; then pip install a; fi\n", [("x",), ("pip", "install", "a")]),
        ("RUN for p in a b; do pip install $p; done\n", [("pip", "install", "$p")]),
        ('RUN echo "$(pip install a)"\n', [("pip", "install", "a"), ("echo", "$(pip install a)")]),
        ("RUN P=pip; $P install a\n", [("pip", "install", "a")]),
        ('RUN ["pip", "install", "a"]\n', [("pip", "install", "a")]),
        ("RUN <<EOF\npip install a\necho b\nEOF\n", [("pip", "install", "a"), ("echo", "b")]),
        ("RUN <<EOF\n#!/usr/bin/env python\npip install a\nEOF\n", []),
        ("RUN bash <<'EOF'\npip install a\nEOF\n", [("bash",), ("pip", "install", "a")]),
        ("RUN echo 'pip install a'\n", [("echo", "pip install a")]),
    ],
)
def test_run_is_split_into_commands(run: str, expected: list[tuple[str, ...]]) -> None:
    """Operators, wrappers, shells, substitutions and heredocs come apart; quoted text doesn't."""

    assert expected == commands(run)


def test_stages_resolve_without_regard_to_case() -> None:
    """A stage is found by name in any case, and only reached stages count."""
    text = "FROM a:1.0 AS Base\nUSER app\nFROM x AS unused\nFROM a:1.0 AS Tools\nFROM BASE\nCOPY --from=TOOLS /a /b\n"
    dockerfile = read(text)

    assert [0, 3] == [stage.index for stage in dockerfile.chain()]
    assert [0, 2, 3] == [stage.index for stage in dockerfile.reached()]
    setting = dockerfile.setting("USER")
    assert setting is not None
    assert "app" == setting.value


def test_mount_from_reaches_its_stage() -> None:
    """A stage that is only mounted belongs to the image's making."""
    dockerfile = read("FROM a AS w\nFROM a\nRUN --mount=type=bind,from=w,target=/w cp /w/a /a\n")

    assert [0, 1] == [stage.index for stage in dockerfile.reached()]


@rows(
    ("text", "value", "unresolved"),
    [
        ("ARG U=a\nFROM x\nUSER $U\n", "", True),
        ("ARG U=a\nFROM x\nARG U\nUSER $U\n", "a", False),
        ("FROM x\nARG U=a\nENV U=b\nARG U=c\nUSER $U\n", "c", False),
        ("FROM x\nUSER ${U:-a}\n", "a", False),
        ("FROM x\nENV U=a\nUSER ${U:+b}\n", "b", False),
        ("FROM x\nENV U a b\nUSER '$U'\n", "$U", False),
        ("FROM x AS y\nENV U=a\nFROM y\nUSER $U\n", "a", False),
        ("FROM x AS y\nARG U=a\nFROM y\nUSER $U\n", "a", False),
    ],
)
def test_user_is_expanded(text: str, value: str, unresolved: bool) -> None:
    """ARG and ENV follow Docker's scopes."""
    setting = read(text).setting("USER")

    assert setting is not None
    assert (value, unresolved) == (setting.value, setting.unresolved)


@rows(
    ("text", "words"),
    [
        ('CMD ["a", "b"]\n', ("a", "b")),
        ("CMD ['a']\n", None),
        ('CMD ["a", 1]\n', None),
        ('CMD ["a",]\n', None),
        ("CMD []\n", ()),
        ('CMD [ "a" ] # trailing\n', ("a",)),
        ('CMD ["\\ud800"]\n', ("\ufffd",)),
    ],
)
def test_exec_form_is_a_json_list_of_strings(text: str, words: tuple[str, ...] | None) -> None:
    """Anything else is shell form."""

    assert words == read(HEAD + text).instructions[-1].exec_form


def test_escape_directive_changes_the_continuation() -> None:
    """With a backtick as the escape, a backslash at the end of a line means nothing."""
    dockerfile = read("# escape=`\nFROM a\nRUN a `\n b\nRUN c\\\nRUN d\n")

    assert ["a  b", "c\\", "d"] == [item.value for item in dockerfile.instructions[1:]]


def test_line_of_finds_steps() -> None:
    """Step names of both builders lead back to their lines; the engine's own lead nowhere."""
    dockerfile = read("ARG A\nFROM a AS builder\nENV X=1\nRUN one\nFROM a\nWORKDIR /a\nCOPY --from=builder /a /b\n")

    assert 4 == line_of(dockerfile, "[builder 2/2] RUN one")
    assert 7 == line_of(dockerfile, "[stage-1 3/3] COPY --from=builder /a /b")
    assert 4 == line_of(dockerfile, "Step 4/7 : RUN one")
    assert line_of(dockerfile, "[internal] load build context") is None


@rows(
    ("run", "bodies"),
    [
        ("RUN cat <<A <<B\na\nA\nb\nB\n", ["a\n", "b\n"]),
        ("RUN cat <<-A\n\ta\n\tA\n", ["a\n"]),
        ("COPY <<'A' /x\n$a\nA\n", ["$a\n"]),
        ("RUN echo it's <<A\n", []),
        ("RUN cat <<'A'\"\n", []),
        ("RUN cat <<<A\n", []),
        ('CMD ["<<A"]\n', []),
    ],
)
def test_heredocs_are_docker_s(run: str, bodies: list[str]) -> None:
    """A quote that never closes makes Docker overlook the heredocs of its line."""
    dockerfile = read(HEAD + run)

    assert bodies == [heredoc.body for heredoc in dockerfile.instructions[1].heredocs]
    assert () == dockerfile.problems


GARBAGE = {
    "empty": b"",
    "binary": bytes(range(256)) * 1024,
    "too large": b"A" * (5 * MIB),
    "bom and crlf": b"\xef\xbb\xbfFROM a\r\nRUN b \\\r\n c\r\n",
    "nul": b"\0" * MIB,
    "surrogates": b"\xed\xa0\x80" * 1000,
    "continuations": b"\\\n" * (MIB // 4),
    "many": b"RUN a\n" * 20_000,
    "flags": b"FROM a\nRUN " + b"--a " * (MIB // 4),
    "open substitutions": b"FROM a\nRUN " + b"$(" * (MIB // 2),
    "open lists": b"FROM a\nCMD " + b"[" * MIB,
    "heredocs": b"FROM a\nRUN " + b"<<A " * (MIB // 4),
    "continued commands": b"FROM a\nRUN true" + b" && \\\n a=$b" * (MIB // 10),
    "continued words": b"FROM a\nENV" + b" a=b \\\n" * (MIB // 14),
    "words to copy": b"FROM a\nCOPY " + b"a " * 500_000 + b"/\n",
    "comments inside": b"FROM a\nRUN a \\\n" + b"# b\n" * (MIB // 4),
    "stages": b"FROM a AS b\nCOPY --from=b / /\n" * 2500,
    "chain": b"FROM a AS s0\n" + b"".join(b"FROM s%d AS s%d\n" % (n, n + 1) for n in range(4900)),
    "mounts": b"FROM a\nRUN " + b"--mount=type=bind,target=/a " * 30_000 + b"x\n",
    "open braces": b"FROM a\nUSER " + b"${a:-" * (MIB // 5),
    "ports": b"FROM a\nEXPOSE " + b"1-9:" * (MIB // 4),
    "durations": b"FROM a\nHEALTHCHECK --interval=" + b"1s" * 30_000 + b"x CMD a\n",
    "doubling": b"FROM a\n" + b"ENV A=$A$A\n" * 5000,
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_answered_in_time(data: bytes) -> None:
    """No bytes raise, and none take long."""
    start = time.process_time()
    parse(data)

    assert time.process_time() - start < 2


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    """Whatever the bytes, lines lie within the file."""
    dockerfile = parse(data)

    for instruction in dockerfile.instructions:
        assert 1 <= instruction.line <= instruction.end_line <= len(dockerfile.lines)


FRAGMENTS = st.sampled_from(
    ["FROM a", "RUN", "COPY", "CMD", "\n", "\\\n", " ", "$(", ")", "`", "'", '"', "<<E", "E\n", "${A:-", "}", "[", "]"]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(FRAGMENTS, max_size=60))
def test_any_mixture_of_syntax_is_read(parts: list[str]) -> None:
    """Broken quoting, heredocs and substitutions never raise."""
    dockerfile = read("".join(parts))

    assert all(command.line >= 1 for item in dockerfile.instructions for command in item.commands)


def test_step_with_the_name_of_another_build_is_found_by_its_words() -> None:
    """Two builds at work share a step, and BuildKit names it for both as the one that came first counts it."""
    mine = parse(b"FROM a AS train\nRUN pip list\nFROM b\nRUN useradd x\nRUN pip install -r r.txt\n")

    assert 5 == line_of(mine, "[build 2/7] RUN pip install -r r.txt")
    assert 5 == line_of(mine, "[train 4/9] RUN pip install -r r.txt")
    assert line_of(mine, "[other 1/9] RUN pip list") is None  # a stage that is not built
    assert line_of(mine, "[build 2/7] RUN pip install -r other.txt") is None

    twice = parse(b"FROM a AS train\nRUN pip list\nFROM b\nCOPY --from=train /x /x\nRUN pip list\n")
    assert line_of(twice, "[other 1/9] RUN pip list") is None


def test_step_of_an_onbuild_has_its_line_where_a_stage_of_the_same_file_starts_from_it() -> None:
    """BuildKit counts these steps in the stage that they are run in, before its own."""
    text = (
        "FROM a AS t\nWORKDIR /w\nONBUILD COPY --chown=7 r.txt ./\nONBUILD RUN pip install -r r.txt\n"
        "FROM t AS app\nCOPY . .\nFROM b AS other\nONBUILD RUN ls\n"
        "FROM app\n"
    )
    mine = parse(text.encode())

    assert 2 == line_of(mine, "[t 2/2] WORKDIR /w")
    assert 3 == line_of(mine, "[app 1/1] COPY --chown=7 r.txt ./")
    assert 4 == line_of(mine, "[app 2/1] RUN pip install -r r.txt")
    assert 6 == line_of(mine, "[app 3/1] COPY . .")
    assert 4 == line_of(mine, "RUN pip install -r r.txt")  # as BuildKit says it where the stage has no step of its own
    assert line_of(mine, "copy /context /") is None
    assert line_of(mine, "[other 1/9] RUN ls") is None  # nothing starts from that stage


def test_stage_begins_with_what_its_parent_has_in_onbuild() -> None:
    """As it acts there, with the variables of that stage and its own scripts; a stage further on has none of it."""
    text = (
        "FROM a AS t\nARG D=x\nONBUILD ARG D=/w\nONBUILD WORKDIR $D\nONBUILD RUN pip install $D && ls\n"
        "FROM t AS app\nRUN pip list\nFROM app\n"
    )
    mine = parse(text.encode())
    template, app, last = mine.stages

    assert [3, 4, 5, 7] == [each.line for each in app.instructions]
    assert [3, 4, 5] == [each.line for each in app.triggered]
    assert "/w" == app.instructions[1].expanded
    assert [("pip", "install", "/w"), ("ls",)] == [command.words for command in app.instructions[2].commands]
    assert not any(each.onbuild for each in app.instructions)
    assert all(each.onbuild for each in template.instructions[1:])
    assert () == last.instructions
    assert [1, 2, 3, 4, 5, 6, 7, 8] == [each.line for each in mine.instructions]


def test_many_stages_with_many_onbuild_lines_stay_few_instructions() -> None:
    """Stages times lines is more than a file of a few kilobytes may cost."""
    mine = parse(("FROM a AS t\n" + "ONBUILD RUN x\n" * 500 + "FROM t\n" * 500).encode())

    assert 500 + 2000 == sum(len(stage.instructions) for stage in mine.stages)


@rows(
    ("script", "expected"),
    [
        ("f() { a; b c; }; d; f", ["d", "a", "b c"]),
        ("f () { a; }", []),
        ("a; f() { b; }; f && f", ["a", "b", "b"]),
        ('f() { a "$@" -y; b $1; }; f x "y z"', ["a x y z -y", "b x"]),
        ('run() { "$@"; }; run sudo /bin/a b', ["a b"]),
        ("f() { { a; }; if b; then c; fi; }; f", ["a", "b", "c"]),
        ("f() { a; g() { b; }; g; }; f", ["a", "b"]),
        ("f() { f; }; f", ["f"]),
        ("pip() { command pip -q $@; }; pip install a", ["pip -q install a"]),
        ("f() { a; b", ["a", "b"]),
        ("f() (a); b", ["f", "a", "b"]),
    ],
)
def test_function_acts_where_it_is_called(script: str, expected: list[str]) -> None:
    """With its arguments, as often as that, and nowhere when it never is."""
    run = parse(f"FROM a\nRUN {script}\n".encode()).instructions[-1]

    assert expected == [command.text for command in run.commands]


def test_functions_that_call_functions_stay_few_commands() -> None:
    """Doubling over and over is more than a file of a kilobyte may cost."""
    script = "f0() { a; }; " + " ".join(f"f{n}() {{ f{n - 1}; f{n - 1}; }};" for n in range(1, 40)) + " f39"
    run = parse(f"FROM a\nRUN {script}\n".encode()).instructions[-1]

    assert len(run.commands) <= 5000
