"""A run without walls against new privileges shows who becomes root; a hardened one never lets it happen."""

from __future__ import annotations

import uuid

import pytest

from graders.cancel import Cancel
from graders.engine.base import BuildRequest, BuildResult, ContextFile, Engine, RunRequest
from graders.limits import Limits


@pytest.mark.engine
def test_setuid_program_becomes_root_only_without_hardening(engine: Engine, python_base: str) -> None:
    """The same image, run twice: no process of root in the one, one for a moment in the other."""
    run_id = f"test-{uuid.uuid4().hex}"
    text = f"FROM {python_base}\nRUN cp /bin/sleep /nap && chmod 4755 /nap\nUSER 1000\n"
    try:
        *_, built = engine.build(BuildRequest((ContextFile("Dockerfile", text.encode()),), run_id, Limits()), Cancel())
        assert isinstance(built, BuildResult)
        args = ("sh", "-c", "/nap 3; exec cat")
        hardened, plain = (
            engine.run(
                RunRequest(built.image_id, run_id, Limits(), args=args, stdin=b"a\n", hardened=is_hardened), Cancel()
            )
            for is_hardened in (True, False)
        )
    finally:
        engine.remove(run_id)

    assert (b"a\n", b"a\n") == (hardened.stdout, plain.stdout)
    assert () == hardened.looks
    assert all(process.uid == 1000 for process in hardened.processes)
    assert {0, 1000} == {process.uid for look in plain.looks for process in look}
