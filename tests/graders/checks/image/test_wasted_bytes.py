"""Bytes that are hidden by a later layer, and files that only look so."""

from __future__ import annotations

from graders.checks.image.wasted_bytes import CHECK, Params
from graders.context import LayerFile
from graders.finding import Finding, Undecidable
from graders.limits import MB
from graders.recorded import image_context, scan


def file(layer: int, path: str, mb: int = 0, *, kind: str = "file", whiteout: bool = False) -> LayerFile:
    return LayerFile(layer, path, mb * MB, 0o644, 0, 0, kind, whiteout)


def judged(*files: LayerFile, problem: str = "", max_mb: int = 5) -> list[Finding | Undecidable]:
    return [*CHECK.find(image_context(scan=scan(files=files, problem=problem)), Params(max_mb=max_mb))]


def test_finding_names_the_line_that_holds_the_bytes_and_the_largest_file() -> None:
    """Line 3 made layer 1 in this image."""
    (found,) = judged(file(1, "var/lists", 20), file(2, "var/lists", whiteout=True))

    assert isinstance(found, Finding)
    assert 3 == found.line
    assert "/var/lists 20.0 MB" in found.message


def test_changed_owner_writes_the_file_again() -> None:
    """`RUN chown` doubles what an earlier COPY brought."""
    assert judged(file(1, "models/big", 9), file(2, "models/big", 9))


def test_opaque_folder_hides_what_lies_below_it_in_lower_layers_only() -> None:
    """The files that come with the marker are the ones that are seen."""
    assert judged(file(1, "app/a", 9), file(2, "app", whiteout=True), file(2, "app/b", 1))
    assert not judged(file(1, "app/a", 1), file(2, "app", whiteout=True), file(2, "app/b", 9))


def test_file_that_was_deleted_and_made_again_is_wasted_once() -> None:
    """Layer 1 is hidden, layer 3 is seen."""
    (found,) = judged(file(1, "a", 9), file(2, "a", whiteout=True), file(3, "a", 9))

    assert "9.0 MB" == getattr(found, "observed", "")


def test_folder_that_is_listed_again_hides_nothing() -> None:
    """Every later layer lists the folders it writes to."""
    assert not judged(file(1, "app/a", 9), file(2, "app", kind="dir"), file(2, "app/b"))


def test_neighbour_with_a_longer_name_is_not_hidden() -> None:
    """Paths are compared part by part."""
    assert not judged(file(1, "application/a", 9), file(2, "app", whiteout=True))


def test_limit_is_inclusive_and_partial_reading_is_left_open() -> None:
    """What was not read can't be called clean, what was found stays found."""
    assert not judged(file(1, "a", 5), file(2, "a", whiteout=True))
    assert isinstance(judged(problem="broke off")[0], Undecidable)
    assert isinstance(judged(file(1, "a", 6), file(2, "a", whiteout=True), problem="broke off")[0], Finding)
