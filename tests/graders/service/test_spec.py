"""Reading the `[service]` table: what is accepted, and every way in which it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.errors import SpecError
from graders.exercise import ExerciseSpec, read_exercise
from graders.service.spec import FixedRequest, ServiceSpec
from tests.rows import rows

HEAD = 'format = 1\nid = "tiny"\ntitle = "Tiny"\nminutes = 5\n[[checks]]\nuse = "build-fails"\n'
TEXTS = '[run.texts]\ntemplates = ["{thing} {word}"]\nthings = ["tent"]\ncount = 2\n'
WORDS = '[run.texts.words]\ngood = ["fine"]\nbad = ["dull"]\n'
SERVICE = "[service]\nport = 8000\n"


def read(tmp_path: Path, text: str) -> ExerciseSpec:
    (tmp_path / "exercise.toml").write_text(HEAD + text)
    return read_exercise(tmp_path)


def test_exercise_without_a_service_has_no_port(tmp_path: Path) -> None:
    """Nothing is asked of a program that is no service."""
    assert ServiceSpec() == read(tmp_path, "").service
    assert 0 == read(tmp_path, "").service.port


def test_service_is_read_with_defaults(tmp_path: Path) -> None:
    """What is left out has a default; requests keep their order."""
    requests = '[[service.requests]]\npath = "/a"\nstatus = [404]\n[[service.requests]]\npath = "/b"\nstatus = [200]\n'
    service = read(tmp_path, TEXTS + WORDS + SERVICE + '[service.predict]\npath = "/p"\n' + requests).service

    assert (8000, "POST", "label", 30.0) == (
        service.port,
        service.predict.method,
        service.predict.label,
        service.startup_s,
    )
    assert (FixedRequest("/a", (404,)), FixedRequest("/b", (200,))) == service.requests


@rows(
    ("text", "told"),
    [
        ("[service]\nlive = '/live'\n", "service.port: must be from 1 to 65535, not 0"),
        ("[service]\nport = 70000\n", "not 70000"),
        ("[service]\nprot = 8000\n", "service.prot"),
        (SERVICE + "startup_s = 0.0\n", "service.startup_s"),
        (SERVICE + "request_s = 500.0\n", "service.request_s"),
        (SERVICE + "startup_s = nan\n", "service.startup_s"),
        (SERVICE + "ready = 'ready'\n", "service.ready"),
        (SERVICE + "live = '/a b'\n", "service.live"),
        (SERVICE + "env = { 'A=B' = 'c' }\n", "service.env"),
        (SERVICE + "mounts = { 'model' = 'model.bin' }\n", "service.mounts"),
        (SERVICE + "mounts = { '/a:/b' = 'model.bin' }\n", "service.mounts"),
        (SERVICE + "mounts = { '/a/../b' = 'model.bin' }\n", "service.mounts"),
        (SERVICE + "mounts = { '/model' = '../secret' }\n", "service.mounts"),
        (SERVICE + "mounts = { '/model' = '/etc/passwd' }\n", "service.mounts"),
        (SERVICE + "[service.predict]\npath = '/predict'\n", "needs the texts"),
        (SERVICE + "[service.predict]\npaht = '/predict'\n", "service.predict.paht"),
        (SERVICE + "[service.predict]\nmethod = 'post'\n", "service.predict.method"),
        (SERVICE + "[service.predict]\nstatus = 500\n", "service.predict.status"),
        (TEXTS + WORDS + SERVICE + "[service.predict]\npath = '/p'\nlabel = ''\n", "can't be empty"),
        (SERVICE + "[[service.requests]]\npath = '/a'\nstatus = []\n", "service.requests[0].status"),
        (SERVICE + "[[service.requests]]\npath = 'a'\nstatus = [200]\n", "service.requests[0].path"),
        (
            SERVICE + "[[service.requests]]\npath = '/a'\nstatus = [200]\nmethod = 'GET /'\n",
            "service.requests[0].method",
        ),
        (SERVICE + "[[service.requests]]\npath = '/a'\nstatus = [200]\ncontent_type = \"a\\nb\"\n", "content_type"),
        (SERVICE + "[[service.requests]]\npath = '/a'\nstatsu = [200]\n", "service.requests[0].statsu"),
    ],
)
def test_value_that_cant_be_is_refused_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    """Each error names the key."""
    with pytest.raises(SpecError) as caught:
        read(tmp_path, text)

    assert told in caught.value.message


def test_misspelt_key_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """As everywhere in the file."""
    with pytest.raises(SpecError) as caught:
        read(tmp_path, SERVICE + "redy = '/ready'\n")

    assert "'ready'" in caught.value.hint
