"""A base image is used, pulled or stood in for, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.base_images.ensure import ensure
from graders.cancel import Cancel
from graders.engine.fake.engine import FakeEngine
from graders.errors import Cancelled, EngineCommandFailed, ImageUnavailable


def offline(reference: str) -> FakeEngine:
    """An engine without this image, and no registry that gives it."""
    engine = FakeEngine(bases=())
    engine.unavailable.add(reference)
    return engine


def test_present_image_is_used() -> None:
    """Nothing is said and nothing is done."""
    engine = FakeEngine()

    assert [] == list(ensure(engine, "busybox:1.35", Cancel(), {}))
    assert "pull" not in engine.calls


def test_missing_image_is_pulled() -> None:
    """A registry that answers wins over a stand-in."""
    engine = FakeEngine(bases=())
    engine.registry["busybox:1.35"] = b"x" * 100
    fractions = [event.fraction for event in ensure(engine, "busybox:1.35", Cancel(), {})]
    image = engine.image("busybox:1.35")

    assert [None, 0.5, 1.0] == fractions
    assert image is not None
    assert not image.stand_in


def test_image_without_a_stand_in_is_unavailable() -> None:
    """Only the course's own bases have stand-ins."""
    with pytest.raises(ImageUnavailable):
        list(ensure(offline("python:3.9"), "python:3.9", Cancel(), {}))


def test_base_that_is_here_is_named() -> None:
    """Offline, the remedy for another base names the one that works; where none is here, none is named."""
    engine = FakeEngine(bases=("busybox:1.35", "python:3.11-slim"))
    engine.unavailable.add("python:3.9")
    with pytest.raises(ImageUnavailable) as there:
        list(ensure(engine, "python:3.9", Cancel(), {}))
    with pytest.raises(ImageUnavailable) as without:
        list(ensure(offline("python:3.9"), "python:3.9", Cancel(), {}))

    assert "python:3.9" == there.value.reference
    assert f"{without.value.hint} Here already, without a network: FROM python:3.11-slim" == there.value.hint
    assert "FROM" not in without.value.hint


def test_base_that_a_script_forgot_builds_nothing_here() -> None:
    """A test on the engine in memory never gets a stand-in that it did not ask for."""
    with pytest.raises(LookupError, match=r"busybox:1\.35"):
        list(ensure(FakeEngine(bases=()), "busybox:1.35", Cancel(), {}))


def test_missing_mmdebstrap_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing comes with what mends it."""
    monkeypatch.setattr("graders.base_images.stand_in.find_program", lambda name, environ: None)
    with pytest.raises(EngineCommandFailed) as caught:
        list(ensure(offline("python:3.11-slim"), "python:3.11-slim", Cancel(), {}))

    assert "apt-get install" in caught.value.hint


def test_cancelled_before_anything_happens() -> None:
    """A cancel is heeded at once."""
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        list(ensure(FakeEngine(bases=()), "python:3.11-slim", cancel, {}))


@pytest.mark.engine
def test_stand_in_of_busybox_is_built_and_labelled(engine: object) -> None:
    """Built from a Debian package, in seconds, with growing fractions; here onto a fake that keeps the tar."""
    fake = offline("busybox:1.35")
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    fractions = [event.fraction or 0.0 for event in ensure(fake, "busybox:1.35", Cancel(), environ)]
    image = fake.image("busybox:1.35")

    assert sorted(fractions) == fractions
    assert image is not None
    assert image.stand_in
    assert () == fake.leftovers()
