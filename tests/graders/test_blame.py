"""Tests of the blame of layers on lines: base layers, empty entries, stages, both builders, histories that disagree."""

from __future__ import annotations

from graders.blame import instruction_of, layer_lines, shared_layers, step_summaries
from graders.dockerfile.parse import parse
from graders.engine.base import BuildResult, BuildStep, ImageInfo, LayerInfo, StepStatus

BASE = ImageInfo("sha256:base", 50, layers=(LayerInfo("d0", 40, "/bin/sh -c #(nop) ADD file:1 in / "),))
BASE_LAYER = BASE.layers[0]


def image(*layers: tuple[str, str], base: ImageInfo | None = BASE) -> ImageInfo:
    """An image with the base's history below; each layer is (diff id, or empty, created by)."""
    own = tuple(LayerInfo(diff_id, 10 if diff_id else 0, created_by) for diff_id, created_by in layers)
    return ImageInfo("sha256:mine", 100, layers=((base.layers if base else ()) + own))


def lines_of(dockerfile: str, made: ImageInfo, base: ImageInfo | None = BASE) -> tuple[int | None, ...]:
    """The line of each layer."""
    return layer_lines(parse(dockerfile.encode()), made, base)


def test_layers_of_buildkit_name_their_lines() -> None:
    """Every layer above the base has the line of its instruction; the base's has none."""
    made = image(
        ("a", "WORKDIR /app"),
        ("b", "COPY . . # buildkit"),
        ("c", "RUN /bin/sh -c pip install six # buildkit"),
    )

    assert (None, 2, 3, 4) == lines_of("FROM base\nWORKDIR /app\nCOPY . .\nRUN pip install six\n", made)


def test_empty_entries_take_no_layer_but_their_line() -> None:
    """ENV, USER and CMD leave entries without a layer, between two that have one."""
    made = image(
        ("", "ENV A=1"),
        ("a", "RUN /bin/sh -c one # buildkit"),
        ("", "USER 1000"),
        ("b", "RUN /bin/sh -c two # buildkit"),
        ("", 'CMD ["x"]'),
    )
    text = 'FROM base\nENV A=1\nRUN one\nUSER 1000\nRUN two\nCMD ["x"]\n'

    assert (None, 3, 5) == lines_of(text, made)


def test_classic_builder_writes_otherwise() -> None:
    """Its entries begin with a shell and `#(nop)`, also with build arguments before a RUN."""
    made = image(
        ("a", "/bin/sh -c #(nop) COPY dir:12 in /app "),
        ("b", "|1 VERSION=2 /bin/sh -c pip install six"),
        ("", '/bin/sh -c #(nop)  CMD ["x"]'),
    )

    assert (None, 3, 4) == lines_of('FROM base\nARG VERSION=2\nCOPY . /app\nRUN pip install six\nCMD ["x"]\n', made)


def test_heredoc_is_blamed_on_the_line_that_opens_it() -> None:
    """Its body holds no instruction, whatever it looks like."""
    made = image(("a", "RUN /bin/sh -c cat <<EOF # buildkit"), ("b", "COPY a /a # buildkit"))
    text = "FROM base\nRUN <<EOF\nCOPY no such thing\nRUN neither\nEOF\nCOPY a /a\n"

    assert (None, 2, 6) == lines_of(text, made)


def test_continued_instruction_is_blamed_on_its_first_line() -> None:
    """A line that ends with a backslash goes on."""
    made = image(("a", "RUN /bin/sh -c one && two # buildkit"), ("b", "COPY a /a # buildkit"))

    assert (None, 2, 4) == lines_of("FROM base\nRUN one \\\n && two\nCOPY a /a\n", made)


def test_only_the_final_stage_and_its_parents_make_layers() -> None:
    """A builder's lines are nobody's; a parent stage's are the image's."""
    text = (
        "FROM base AS common\nRUN shared\n"
        "FROM base AS builder\nRUN compile\n"
        "FROM common\nCOPY --from=builder /out /out\nRUN own\n"
    )
    made = image(
        ("a", "RUN /bin/sh -c shared # buildkit"),
        ("b", "COPY /out /out # buildkit"),
        ("c", "RUN /bin/sh -c own # buildkit"),
    )

    assert (None, 2, 6, 7) == lines_of(text, made)


def test_from_scratch_has_no_base_layers() -> None:
    """Every layer is the learner's."""
    made = image(("a", "COPY app /app # buildkit"), base=None)

    assert (2,) == lines_of("FROM scratch\nCOPY app /app\n", made, None)


def test_squashed_image_blames_no_wrong_line() -> None:
    """An entry that no instruction wrote has no line, rather than another one's."""
    made = image(("a", "create new from sha256:12"), base=None)

    assert (None,) == lines_of("FROM base\nCOPY a /a\nRUN one\n", made)


def test_unknown_entry_between_known_ones_stays_unknown() -> None:
    """The others keep their lines."""
    made = image(("a", "COPY a /a # buildkit"), ("b", "a layer of somebody else"), ("c", "RUN /bin/sh -c one"))

    assert (None, 2, None, 3) == lines_of("FROM base\nCOPY a /a\nRUN one\n", made)


def test_rebuilt_base_shares_no_layer() -> None:
    """Layers count as the base's up to the first that differs."""
    other = ImageInfo("sha256:other", 50, layers=(LayerInfo("dX", 40, "x"),))

    assert (1, 0, 0) == (shared_layers(image(), BASE), shared_layers(image(), other), shared_layers(image(), None))


def test_step_summaries_add_the_bytes_of_a_line_up() -> None:
    """In the order of the Dockerfile; the engine's own steps are left out, one that made no layer has no size."""
    made = image(("a", "COPY . . # buildkit"), ("b", "RUN /bin/sh -c one # buildkit"))
    build = BuildResult(
        "sha256:mine",
        "",
        (
            BuildStep("2", "[2/3] RUN one", StepStatus.DONE, 1.5, line=3),
            BuildStep("0", "[internal] load build context", StepStatus.DONE),
            BuildStep("1", "[1/3] COPY . .", StepStatus.CACHED, line=2),
            BuildStep("3", "Step 3/3 : USER 1000", StepStatus.DONE, line=4),
        ),
        (),
        2.0,
    )

    summaries = step_summaries(build, made, (None, 2, 3))

    assert [(2, "COPY . .", True, 10), (3, "RUN one", False, 10), (4, "USER 1000", False, None)] == [
        (step.line, step.instruction, step.cached, step.bytes) for step in summaries
    ]
    assert [None] * 3 == [step.bytes for step in step_summaries(build, None, ())]


def test_instruction_of_a_named_stage() -> None:
    """The stage's name and the count are taken off."""
    assert "RUN x" == instruction_of(BuildStep("1", "[builder 2/5] RUN x", StepStatus.DONE))


def test_layers_of_an_onbuild_come_first_in_the_stage_that_starts_from_it() -> None:
    """What the stage itself makes keeps its own lines, and a grandchild is given nothing."""
    made = image(
        ("a", "WORKDIR /w"),
        ("b", "COPY r.txt ./ # buildkit"),
        ("c", "RUN /bin/sh -c pip install -r r.txt # buildkit"),
        ("d", "RUN /bin/sh -c one # buildkit"),
        ("e", "RUN /bin/sh -c two # buildkit"),
    )
    text = (
        "FROM base AS t\nWORKDIR /w\nONBUILD COPY r.txt ./\nONBUILD RUN pip install -r r.txt\n"
        "FROM t AS app\nRUN one\nFROM app\nRUN two\n"
    )

    assert (None, 2, 3, 4, 6, 8) == lines_of(text, made)
