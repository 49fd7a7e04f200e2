"""Root by other names, and ordinary users that look like root."""

from __future__ import annotations

from graders.check import NoParams
from graders.checks.image.user_is_root import CHECK
from graders.finding import Finding, Undecidable
from graders.recorded import image, image_context, layer, scan
from tests.rows import rows

PASSWD = b"root:x:0:0::/root:/bin/sh\ncaptain:x:0:0::/:/bin/sh\napp:x:10001:10001::/:/bin/sh\n"


def judged(user: str, passwd: bytes | None = PASSWD, *, problem: str = "") -> list[type]:
    context = image_context(image=image(layer("base", 1), user=user), scan=scan(passwd=passwd, problem=problem))
    return [type(item) for item in CHECK.find(context, NoParams())]


@rows("user", ["", "root", "0", "00", "+0", "0:1000", "root:app", ":1000", "captain", "captain:app"])
def test_number_zero_is_root_however_it_is_written(user: str) -> None:
    """Only the number counts."""
    assert [Finding] == judged(user)


@rows("user", ["app", "app:0", "10001", "10001:0", "65534", "1000:root"])
def test_ordinary_user_passes_whatever_the_group(user: str) -> None:
    """A group of root's is another claim."""
    assert [] == judged(user)


@rows("passwd", [b"app:x:0:0::/:\n", b"app\n", b"app:x\n", b"app:x:zero:0::/:\n", b"\n  app:x:0:0\n", b"app:x:-0:0\n"])
def test_passwd_that_was_edited_after_user_counts(passwd: bytes) -> None:
    """A row without a sound number is number 0 for the engine."""
    assert [Finding] == judged("app", passwd)


def test_first_row_of_two_with_one_name_counts() -> None:
    """The engine takes the first that fits."""
    assert [Finding] == judged("app", b"app:x:0:0\napp:x:1000:1000\n")
    assert [] == judged("app", b"app:x:1000:1000\napp:x:0:0\n")


def test_name_like_a_number_is_looked_up() -> None:
    """An account may be called 1000."""
    assert [Finding] == judged("1000", b"1000:x:0:0::/:\n")


@rows("passwd", [None, b"", b"# nobody\n"])
def test_name_that_nobody_has_is_left_open(passwd: bytes | None) -> None:
    """The engine would refuse to start it; the run says so."""
    assert [Undecidable] == judged("ghost", passwd)
