"""Settings come from one place, say where they come from, and are refused when they make no sense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from course.cli import cli
from course.commands.engine_start import engine_settings
from course.commands.invocation import Invocation
from course.config import is_on, is_still, keep, overlaid, parts, read_settings, user_file
from course.errors import ConfigError
from tests.rows import rows


def read(tmp_path: Path, *, own: str = "", machine: str = "", **variables: str) -> dict[str, tuple[str, str]]:
    """Name -> value and the kind of its source."""
    home = tmp_path / "ada"
    file = user_file({}, home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(own)
    (tmp_path / "machine.toml").write_text(machine)
    found = read_settings(variables, home, machine=tmp_path / "machine.toml")
    kinds = {str(file): "own", str(tmp_path / "machine.toml"): "machine"}
    return {item.key.name: (item.value, kinds.get(item.source, item.source)) for item in found if item.value}


def test_nothing_is_set_by_default(tmp_path: Path) -> None:
    """Neither a file nor a variable is needed."""
    assert not read(tmp_path)
    assert not [item for item in read_settings({}, tmp_path / "nobody", machine=tmp_path / "none") if item.value]


def test_variable_outranks_own_file_outranks_the_machines(tmp_path: Path) -> None:
    """Each setting by itself."""
    found = read(
        tmp_path,
        machine='build_network = "off"\nca_file = "/etc/ca.pem"\nregistry_mirror = "http://a.test:5000"\n',
        own='build_network = "index"\nregistry_mirror = ["http://b.test", "https://c.test"]\n',
        DOCKYARD_BUILD_NETWORK="on",
    )

    assert found == {
        "registry_mirror": ("http://b.test,https://c.test", "own"),
        "build_network": ("on", "DOCKYARD_BUILD_NETWORK"),
        "ca_file": ("/etc/ca.pem", "machine"),
    }


@rows(
    ("text", "said"),
    [
        ("build_network = \n", "is not TOML"),
        ('build_netwrk = "on"\n', "Did you mean 'build_network'?"),
        ("build_network = true\n", "must be a text"),
        ('build_network = ["on"]\n', "must be a text"),
        ("index_hosts = [1]\n", "a list of texts"),
        ('build_network = "indx"\n', "did you mean 'index'?"),
        ('registry_mirror = "mirror.test"\n', "it must be a URL"),
        ('registry_mirror = "http://mirror.test/path"\n', "no path"),
        ('pip_index = "https://me:secret@index.test/simple"\n', "no user and password"),
        ('pip_index = "http://index.test:port/"\n', "it must be a URL"),
        ('pip_index = "http://index.test/ x"\n', "it must be a URL"),
        ('index_hosts = "https://index.test"\n', "host or host:port"),
        ('ca_file = "ca.pem"\n', "whole path"),
    ],
)
def test_wrong_setting_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """The file is named, and no password is shown."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, own=text)

    assert said in f"{caught.value.message} {caught.value.hint}"
    assert "config.toml" in caught.value.message
    assert "secret" not in caught.value.message


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Bytes, and a folder in the file's place."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "folder").mkdir()
    for name in ("bytes", "folder"):
        with pytest.raises(ConfigError):
            read_settings({}, tmp_path, machine=tmp_path / name)


def test_user_file_follows_the_platform(tmp_path: Path) -> None:
    """An absolute XDG_CONFIG_HOME is honoured, a relative one is not."""
    assert user_file({"XDG_CONFIG_HOME": "/c"}, tmp_path) == Path("/c/dockyard/config.toml")
    assert user_file({"XDG_CONFIG_HOME": "c"}, tmp_path).is_relative_to(tmp_path)


def test_environment_holds_what_the_files_say(tmp_path: Path) -> None:
    """All else looks there; a part of a list may stand with spaces around it."""
    (tmp_path / "machine.toml").write_text('index_hosts = ["a.test", " b.test:8443 "]\n')
    environ = overlaid({"HOME": "/h"}, read_settings({}, tmp_path, machine=tmp_path / "machine.toml"))

    assert environ["HOME"] == "/h"
    assert parts(environ["DOCKYARD_INDEX_HOSTS"]) == ("a.test", "b.test:8443")


def test_config_command_says_what_holds_and_why(tmp_path: Path) -> None:
    """As text and as JSON; a wrong value ends with exit code 2."""
    environ = {"HOME": str(tmp_path), "DOCKYARD_BUILD_NETWORK": "index"}
    text = CliRunner().invoke(cli, ["config"], obj=Invocation(environ))
    data = json.loads(CliRunner().invoke(cli, ["config", "--format", "json"], obj=Invocation(environ)).stdout)
    wrong = CliRunner().invoke(cli, ["config"], obj=Invocation({**environ, "DOCKYARD_BUILD_NETWORK": "maybe"}))

    assert "build_network    index  (DOCKYARD_BUILD_NETWORK)" in text.stdout
    assert {"name": "build_network", "value": "index"}.items() <= data["settings"][4].items()
    assert wrong.exit_code == 2
    assert "from DOCKYARD_BUILD_NETWORK" in wrong.stderr


def test_flags_outrank_and_reach_the_engine(tmp_path: Path) -> None:
    """The index's own host joins those that builds may reach; a wrong flag is refused."""
    invocation = Invocation({"HOME": str(tmp_path), "DOCKYARD_PIP_INDEX": "http://old.test/simple"})
    invocation.configure()
    invocation.outrank(
        {"pip_index": "http://index.test:3141/simple", "index_hosts": "b.test", "registry_mirror": "http://m.test"}
    )
    settings = engine_settings(invocation)

    assert settings.registry_mirrors == ("http://m.test",)
    assert settings.index_hosts == ("index.test:3141", "b.test")
    with pytest.raises(ConfigError):
        invocation.outrank({"registry_mirror": "nonsense"})


def test_switch_is_on_or_off_however_it_is_written(tmp_path: Path) -> None:
    """A file says true or "yes", a variable 1 or on; anything else is refused."""
    assert read(tmp_path, own="plain = true\nno_motion = false")["plain"][0] == "yes"
    assert is_on({"DOCKYARD_PLAIN": "On"}, "plain")
    assert not is_on({"DOCKYARD_PLAIN": "0"}, "plain")
    assert is_still({"DOCKYARD_PLAIN": "1"})
    with pytest.raises(ConfigError, match="plain is 'maybe': it is one of: yes"):
        read(tmp_path, DOCKYARD_PLAIN="maybe")


def test_chosen_workspace_is_kept_in_the_own_file(tmp_path: Path) -> None:
    """What else stands in the file stays; a flag or a variable is never written down."""
    file = user_file({}, tmp_path)
    file.parent.mkdir(parents=True)
    file.write_text('build_network = "off"\nworkspace = "/old"\n')
    chosen = tmp_path / 'a "b" ü'

    invocation = Invocation({"HOME": str(tmp_path)})
    invocation.configure()
    invocation.move_to(chosen)

    assert f'workspace = "{tmp_path}/a \\"b\\" ü"\nbuild_network = "off"\n' == file.read_text(encoding="utf-8")
    assert chosen == invocation.workspace
    for other in (Invocation({"HOME": str(tmp_path), "DOCKYARD_WORKSPACE": "/x"}), invocation):
        other.configure()
        other.move_to(tmp_path / "c")
    assert "a \\" in file.read_text(encoding="utf-8")


def test_settings_that_cannot_be_written_name_the_line(tmp_path: Path) -> None:
    """The learner can still write it by hand."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(ConfigError, match="can't be written") as caught:
        keep(tmp_path / "file" / "config.toml", "workspace", "/w")
    assert 'workspace = "/w"' in caught.value.hint
