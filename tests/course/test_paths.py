"""Tests of where content, state and workspace are."""

from __future__ import annotations

from pathlib import Path

import pytest

from course import paths as paths_module
from course.errors import ConfigError
from course.paths import find_home, find_paths, make_workspace
from tests.rows import rows


def test_content_is_the_checkout() -> None:
    """In a checkout the content lies beside the packages."""
    found = find_paths({"HOME": "/home/ada"})

    assert Path(paths_module.__file__).parents[1] == found.content
    assert (found.content / "exercises").is_dir()


def test_defaults_lie_in_the_home_folder() -> None:
    """Without settings, workspace and state are in the home folder."""
    found = find_paths({"HOME": "/home/ada"})

    assert Path("/home/ada/dockyard") == found.workspace
    assert Path("/home/ada") in found.state.parents


def test_xdg_data_home_is_honoured() -> None:
    """An absolute XDG_DATA_HOME holds the state."""
    found = find_paths({"HOME": "/home/ada", "XDG_DATA_HOME": "/data/ada"})

    assert Path("/data/ada/dockyard") == found.state


def test_relative_xdg_data_home_is_ignored() -> None:
    """A relative XDG_DATA_HOME is invalid and ignored."""
    found = find_paths({"HOME": "/home/ada", "XDG_DATA_HOME": "data"})

    assert Path("/home/ada") in found.state.parents


def test_state_on_macos_is_in_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS the state goes where that system keeps it."""
    monkeypatch.setattr("sys.platform", "darwin")

    found = find_paths({"HOME": "/Users/ada"})

    assert Path("/Users/ada/Library/Application Support/dockyard") == found.state


def test_workspace_variable_is_honoured() -> None:
    """DOCKYARD_WORKSPACE moves the workspace."""
    found = find_paths({"HOME": "/home/ada", "DOCKYARD_WORKSPACE": "~/boats"})

    assert Path("/home/ada/boats") == found.workspace


def test_workspace_option_outranks_the_variable() -> None:
    """The option is nearer to the user than the variable."""
    found = find_paths({"HOME": "/home/ada", "DOCKYARD_WORKSPACE": "/elsewhere"}, workspace=Path("/boats"))

    assert Path("/boats") == found.workspace


def test_relative_workspace_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative workspace counts from where the command was typed."""
    monkeypatch.chdir(tmp_path)

    found = find_paths({"HOME": "/home/ada"}, workspace=Path("boats"))

    assert tmp_path / "boats" == found.workspace


def test_default_workspace_avoids_a_clone_of_the_project() -> None:
    """Somebody who cloned the project to ~/dockyard does not work in the clone."""
    checkout = Path(paths_module.__file__).parents[1]
    home = checkout.parent

    found = find_paths({"HOME": str(home)})

    assert home / ("dockyard-work" if checkout.name == "dockyard" else "dockyard") == found.workspace


@rows("inside", ["", "exercises", "lessons/why"])
def test_workspace_in_the_content_is_refused(inside: str) -> None:
    """The course's own folder can't be the workspace."""
    checkout = Path(paths_module.__file__).parents[1]

    with pytest.raises(ConfigError, match="course's own folder"):
        find_paths({"HOME": "/home/ada"}, workspace=checkout / inside)


def test_installed_content_is_found_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an installed wheel the content lies inside the package."""
    package = tmp_path / "site-packages" / "course"
    for folder in ("lessons", "exercises"):
        (package / "_content" / folder).mkdir(parents=True)
    monkeypatch.setattr(paths_module, "__file__", str(package / "paths.py"))

    found = find_paths({"HOME": "/home/ada"})

    assert package / "_content" == found.content


def test_clone_named_dockyard_gets_another_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default workspace is never the checkout itself."""
    package = tmp_path / "dockyard" / "course"
    for folder in ("lessons", "exercises"):
        (tmp_path / "dockyard" / folder).mkdir(parents=True)
    monkeypatch.setattr(paths_module, "__file__", str(package / "paths.py"))

    found = find_paths({"HOME": str(tmp_path)})

    assert tmp_path / "dockyard-work" == found.workspace


def test_missing_content_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without lessons there is no course."""
    monkeypatch.setattr(paths_module, "__file__", str(tmp_path / "course" / "paths.py"))

    with pytest.raises(ConfigError, match="lessons are missing"):
        find_paths({"HOME": "/home/ada"})


def test_home_without_the_variable_is_the_account_s() -> None:
    """The account's own home folder serves when HOME isn't set."""
    assert Path.home() == find_home({})


def test_no_home_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that knows no home folder needs HOME."""

    def fail() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", fail)

    with pytest.raises(ConfigError, match="no home folder"):
        find_home({})


def test_workspace_that_is_typed_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with ~ is found from home and made; the course's own, a file and what can't be made are refused."""
    monkeypatch.setenv("HOME", str(tmp_path))
    content = tmp_path / "course"
    (tmp_path / "file").write_text("x")

    assert tmp_path / "my" / "work" == make_workspace(content, "~/my/work")
    assert (tmp_path / "my" / "work").is_dir()
    for refused in (content, content / "lessons", tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError):
            make_workspace(content, str(refused))
