"""What apt is told to do."""

from __future__ import annotations

from graders.dockerfile.apt import Apt, apt_commands, setting_in
from graders.dockerfile.parse import parse
from tests.rows import rows


def apt(command: str) -> list[Apt]:
    return list(apt_commands(parse(f"FROM a\nRUN {command}\n".encode()).stages[0].instructions[0]))


@rows(
    "command",
    [
        "apt-get install -y a b",
        "apt-get -yq -o Dpkg::Use-Pty=0 install a b",
        "DEBIAN_FRONTEND=noninteractive sudo apt -t stable install -- a b",
        "sh -c '(aptitude install a b)'",
    ],
)
def test_install_is_read_in_every_spelling(command: str) -> None:
    """Options before and after, with values, wrappers and shells."""
    found = apt(command)

    assert [("install", ("a", "b"), True)] == [(item.action, item.packages, item.installs) for item in found]


@rows("command", ["apt-get install -s a", "apt-get install -f", "apt-get update", "apt-cache show a"])
def test_what_installs_nothing_is_no_install(command: str) -> None:
    """Pretending, mending and looking up install nothing."""

    assert not any(item.installs for item in apt(command))


@rows(
    ("options", "expected"),
    [
        ("", None),
        ("--no-install-recommends", False),
        ("--install-recommends=no", False),
        ("--no-install-recommends --install-recommends", True),
        ("-o apt::install-recommends=0", False),
        ("-oAPT::Install-Recommends=true", True),
        ("-o Dpkg::Use-Pty=0", None),
    ],
)
def test_later_of_two_settings_wins(options: str, expected: bool | None) -> None:
    """As apt reads its command line."""

    assert [expected] == [item.recommends for item in apt(f"apt-get install -y {options} a")]


def test_setting_is_read_in_both_forms() -> None:
    """apt.conf knows a flat and a nested form."""

    assert setting_in('APT::Install-Recommends "false";') is False
    assert setting_in('APT { Install-Recommends "1"; };') is True
    assert setting_in('APT::Install-Suggests "0";') is None


def test_long_command_is_read_as_a_short_one() -> None:
    """What is kept of short commands and not of long ones makes no difference."""
    names = tuple(f"package{number}" for number in range(300))

    for some in (names, names[:50]):
        assert [some] == [item.packages for item in apt(f"apt-get install -y {' '.join(some)}")]
