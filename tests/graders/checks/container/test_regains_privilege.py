"""Ways back to root, seen or possible; and files that only look like one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graders.checks.container.regains_privilege import CHECK, PASSWD, ROOT, SETUID_BIT, Params
from graders.checks.container.regains_privilege import entry as file
from graders.context import ContainerContext, LayerFile
from graders.engine.base import Process
from graders.finding import Finding, Undecidable
from graders.recorded import IMAGE, ORDINARY, scan
from graders.recorded import watched as context
from tests.rows import rows

SUDO = file("usr/bin/sudo", 0o4755)
INIT = Process(pid=1, uid=0, real_uid=0, args="su-exec app python app.py")
SETPCAP_BIT = 1 << 8


def judged(given: ContainerContext, params: Params | None = None) -> list[type]:
    return [type(item) for item in CHECK.find(given, params or Params())]


def as_user(given: ContainerContext, user: str) -> ContainerContext:
    return replace(given, built=replace(given.built, image=replace(IMAGE, user=user)))


def looked(*looks: tuple[Process, ...]) -> ContainerContext:
    return context(scan(passwd=PASSWD), *looks)


@rows(
    "looks",
    [((ROOT,),), ((ORDINARY,), (ORDINARY, ROOT), (ORDINARY,)), ((ORDINARY,), (replace(ROOT, uid=1000, real_uid=0),))],
)
def test_process_that_came_to_be_root_is_found(looks: tuple[tuple[Process, ...], ...]) -> None:
    """At once, for a moment, or with its real number only."""
    assert [Finding] == judged(looked(*looks))


def test_image_that_starts_as_root_is_watched_from_where_it_let_go() -> None:
    """Giving rights away is what su-exec is for; taking them back is not."""
    assert [] == judged(as_user(looked((INIT,), (ORDINARY,)), ""))
    assert [Finding] == judged(as_user(looked((INIT,), (ORDINARY,), (ORDINARY, ROOT)), "root"))


@rows(
    "entry",
    [
        pytest.param(SUDO, id="sudo"),
        pytest.param(file("app/predict", 0o6755), id="another name"),
        pytest.param(file("app/run", 0o4511, program="compiler"), id="not to be read"),
        pytest.param(file("opt/python", bits=SETUID_BIT), id="capability"),
        pytest.param(file("opt/python", bits=SETUID_BIT | 1 << 10), id="capability among harmless ones"),
        pytest.param(file("opt/python", bits=1 << 21), id="sys_admin"),
        pytest.param(file("opt/python", bits=1 << 63), id="a capability of tomorrow"),
    ],
)
def test_program_that_gives_rights_is_found(entry: LayerFile) -> None:
    """Whatever it is called."""
    assert [Finding] == judged(context(scan(files=(entry,))))


@rows(
    "entry",
    [
        pytest.param(file("app/start.sh", 0o4755, program=""), id="script"),
        pytest.param(file("app/tool", 0o4700), id="for root alone"),
        pytest.param(replace(file("app/tool", 0o4755), uid=1000), id="of an ordinary user"),
        pytest.param(file("app/tool", 0o2755), id="of a group"),
        pytest.param(file("app/tool", 0o1755), id="sticky"),
        pytest.param(file("opt/web", bits=1 << 10), id="low port"),
        pytest.param(replace(SUDO, kind="dir"), id="folder"),
        pytest.param(replace(SUDO, whiteout=True), id="deleted"),
    ],
)
def test_file_that_gives_no_rights_passes(entry: LayerFile) -> None:
    """The bit alone is not the right."""
    assert [] == judged(context(scan(files=(entry,))))


def test_program_for_a_group_counts_for_its_members() -> None:
    """A number that the image does not know is in the group of root; a known user is in his own."""
    entry = file("app/tool", 0o4750)

    assert [Finding] == judged(as_user(context(scan(files=(entry,))), "1234"))
    assert [] == judged(as_user(context(scan(files=(entry,), passwd=PASSWD)), "app"))
    assert [Finding] == judged(as_user(context(scan(files=(entry,), passwd=PASSWD)), "app:0"))
    assert [] == judged(as_user(context(scan(files=(entry,), passwd=PASSWD)), "nobody-knows"))


def test_last_word_on_a_file_counts() -> None:
    """A bit that a later line takes away is gone, one that it puts on is there."""
    off, on = file("app/tool", 0o755, layer=2), file("app/tool", 0o4755, layer=2)

    assert [] == judged(context(scan(files=(file("app/tool", 0o4755), off))))
    assert [Finding] == judged(context(scan(files=(file("app/tool"), on))))
    assert [] == judged(context(scan(files=(SUDO, replace(file("usr/bin", layer=2), whiteout=True)))))


def test_closed_folder_keeps_the_user_out() -> None:
    """Unless it is the user's own."""
    door = replace(file("app", 0o700), kind="dir")
    found = replace(scan(files=(file("app/tool", 0o4755),)), closed=(door,))

    assert [] == judged(context(found))
    assert [Finding] == judged(context(replace(found, closed=(replace(door, uid=1000),))))
    assert [Finding] == judged(context(replace(found, closed=(replace(door, path="ap"),))))


def test_base_is_excused_also_when_it_is_upgraded_but_not_when_it_is_exchanged() -> None:
    """`apt-get upgrade` writes su again; a shell under its name is no upgrade."""
    old = file("usr/bin/su", 0o4755, layer=0)
    new = replace(old, layer=1, size_bytes=1)
    status = file("var/lib/dpkg/status", 0o644, program="")

    assert [] == judged(context(scan(files=(new, status), base_files=(old,))))
    assert [Finding] == judged(context(scan(files=(new,), base_files=(old,))))
    assert [Finding] == judged(context(scan(files=(replace(old, layer=1, path="bin/su2"),), base_files=(old,))))
    tool = file("usr/bin/env", bits=1 << 10, layer=0)
    assert [Finding] == judged(context(scan(files=(file("usr/bin/env", 0o4755),), base_files=(tool,))))


@rows(
    ("passwd", "shadow", "count"),
    [
        (PASSWD, b"root::1::::::\n", 1),
        (PASSWD, b"root:$y$j9T$x:1::::::\n", 1),
        (PASSWD, b"root:*:1::::::\n", 0),
        (PASSWD, b"root:!$y$locked:1::::::\n", 0),
        (PASSWD, b"#root::1\napp::1::::::\n", 0),
        (PASSWD.replace(b"root:x", b"root:"), b"root:*:1::::::\n", 1),
        (PASSWD + b"toor:x:0:0::/:/bin/sh\n", b"root:*:1::\ntoor::1::\n", 1),
        (b"\xff:x\nroot:x:zero:0:::\n", b"root::1\n", 0),
    ],
)
def test_account_of_root_that_is_open_is_found(passwd: bytes, shadow: bytes, count: int) -> None:
    """Empty, set, by another name, in the other file; locked ones and other users are fine."""
    entry = file("etc/shadow", 0o640, program="")

    assert [Finding] * count == judged(context(scan(files=(entry,), passwd=passwd, shadow=shadow)))


@rows(("mode", "uid", "gid", "count"), [(0o644, 0, 0, 0), (0o666, 0, 0, 1), (0o664, 0, 0, 1), (0o644, 1000, 0, 1)])
def test_list_of_accounts_that_the_user_may_change_is_found(mode: int, uid: int, gid: int, count: int) -> None:
    """By everybody, by the group of an unknown number, by its owner."""
    entry = replace(file("etc/passwd", mode, program=""), uid=uid, gid=gid)

    assert [Finding] * count == judged(context(scan(files=(entry,))))


def test_exercise_may_let_programs_and_capabilities_through() -> None:
    """By full path, and by name."""
    assert [] == judged(context(scan(files=(SUDO,))), Params(programs=("/usr/bin/sudo",)))
    assert [] == judged(context(scan(files=(file("a", bits=SETPCAP_BIT),))), Params(capabilities=("setpcap",)))


def test_layers_that_could_not_be_read_and_an_unknown_base_are_left_open() -> None:
    """What was found all the same counts."""
    found = context(scan(files=(SUDO,)))

    assert [Undecidable] == judged(context(scan(problem="broke off")))
    assert [Finding] == judged(context(scan(files=(SUDO,), problem="broke off")))
    assert [Undecidable] == judged(replace(found, built=replace(found.built, base=None)))


@rows("values", [{"capabilities": ("cap_setuid",)}, {"programs": ("sudo",)}])
def test_params_that_make_no_sense_are_refused(values: dict[str, tuple[str, ...]]) -> None:
    """A name that is never met would be a silent gap."""
    with pytest.raises(ValueError, match=r"capability|full paths"):
        Params(**values)
