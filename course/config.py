"""Owns the settings of a machine or a user: their names, where they come from, and what they may be.

A setting is a DOCKYARD_* variable, or a line in a settings file; flags of commands outrank both. Must never act on one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from course.errors import ConfigError

MACHINE_FILE = Path("/etc/dockyard/config.toml")
"""For everybody on a machine, and what `sudo dockyard engine up` reads."""
FILE_NAME = "config.toml"
_MOST_BYTES = 256 * 1024
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::[0-9]{1,5})?")


class Key(NamedTuple):
    """A setting there is."""

    name: str
    """In a file."""
    about: str
    check: Callable[[str], str]
    """Says what is wrong with a value; empty: nothing."""
    many: bool = False
    """Whether a list may be given; in a variable its parts are separated by commas."""
    switch: bool = False
    """Whether it is on or off; in a file `true` and `false`."""

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"DOCKYARD_{self.name.upper()}"


class Setting(NamedTuple):
    """What holds."""

    key: Key
    value: str
    """Empty: not set. A list is joined by commas."""
    source: str
    """ "default", "DOCKYARD_..." or the path of a file."""


def _wrong_mirror(value: str) -> str:
    return _wrong_url(value) or ("a mirror has no path" if urlsplit(value).path.strip("/") else "")


def _wrong_url(value: str) -> str:
    try:
        split = urlsplit(value)
        named = split.scheme in {"http", "https"} and bool(split.hostname) and (split.port or 1) > 0
    except ValueError:
        named = False
    if not named or any(character.isspace() for character in value):
        return "it must be a URL such as http://mirror.example:5000"
    return "it must hold no user and password: builds could read them" if "@" in split.netloc else ""


def _wrong_host(value: str) -> str:
    return "" if _HOST.fullmatch(value) else "it must be host or host:port"


def _wrong_network(value: str) -> str:
    from difflib import get_close_matches

    names = ("on", "index", "off")
    near = get_close_matches(value, names, n=1, cutoff=0.4)
    return "" if value in names else f"did you mean {near[0]!r}?" if near else "it is one of: on, index, off"


def _wrong_file(value: str) -> str:
    return "" if Path(value).is_absolute() else "it must be the whole path of a file"


def _wrong_switch(value: str) -> str:
    return "" if value.lower() in (*ON, *OFF) else f"it is one of: {', '.join((*ON, *OFF))}"


def _anything(value: str) -> str:  # noqa: ARG001  one shape for all
    return ""


ON = ("yes", "true", "on", "1")
OFF = ("no", "false", "off", "0")
"""How a switch may be written; the first is how we write it."""

KEYS = (
    Key("workspace", "Folder of the exercises", _anything),
    Key("registry_mirror", "Registry that the private engine asks before Docker Hub", _wrong_mirror, many=True),
    Key("pip_index", "Package index that offline stand-ins use; builds may reach it", _wrong_url),
    Key("index_hosts", "More hosts that builds with network = index may reach", _wrong_host, many=True),
    Key("build_network", "The most network that any build gets: on, index or off", _wrong_network),
    Key("ca_file", "Certificates (PEM) that stand-ins trust beside this machine's own", _wrong_file),
    Key("plain", "Sentences instead of marks, columns and panes (--plain): yes or no", _wrong_switch, switch=True),
    Key("no_motion", "Nothing moves by itself (--no-motion): yes or no", _wrong_switch, switch=True),
)
"""Every setting, in the order in which they are shown."""
BY_NAME = {key.name: key for key in KEYS}


def read_settings(environ: Mapping[str, str], home: Path, *, machine: Path = MACHINE_FILE) -> tuple[Setting, ...]:
    """All settings: variables before the user's file before the machine's. Raises ConfigError, naming the source."""
    found = {key.name: Setting(key, "", "default") for key in KEYS}
    for file in (machine, user_file(environ, home)):
        for name, value in _load(file).items():
            found[name] = Setting(BY_NAME[name], value, str(file))
    for key in KEYS:
        if environ.get(key.variable):
            found[key.name] = Setting(key, environ[key.variable], key.variable)
    for setting in found.values():
        _check(setting)
    return tuple(found.values())


def overlaid(environ: Mapping[str, str], settings: tuple[Setting, ...]) -> dict[str, str]:
    """The environment with what the files say, so that all else looks in one place."""
    return {**environ, **{setting.key.variable: setting.value for setting in settings if setting.value}}


def is_on(environ: Mapping[str, str], name: str) -> bool:
    """Whether a switch is on in an environment that the settings were laid over."""
    return environ.get(BY_NAME[name].variable, "").lower() in ON


def is_still(environ: Mapping[str, str]) -> bool:
    """Whether nothing may move by itself; what is read aloud may not either."""
    return is_on(environ, "no_motion") or is_on(environ, "plain")


def user_file(environ: Mapping[str, str], home: Path) -> Path:
    """The user's file in the platform's folder for settings; a relative XDG_CONFIG_HOME is ignored."""
    named = environ.get("XDG_CONFIG_HOME", "")
    if named and Path(named).is_absolute():
        return Path(named) / "dockyard" / FILE_NAME
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "dockyard" / FILE_NAME
    return home / ".config" / "dockyard" / FILE_NAME


def keep(path: Path, name: str, value: str) -> None:
    """Write a setting into a settings file, in the place of the one that was there. Raises ConfigError."""
    import json

    # A TOML text is written as a JSON one is.
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    try:
        rows = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [row for row in rows if not re.match(rf"\s*{re.escape(name)}\s*=", row)]
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text("\n".join((line, *kept, "")), encoding="utf-8")
        part.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path} can't be written: {reason}", hint=f"Write it yourself: {line}") from error


def parts(value: str) -> tuple[str, ...]:
    """The parts of a setting that may be a list."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _check(setting: Setting) -> None:
    values = parts(setting.value) if setting.key.many else (setting.value,)
    for value in values:
        wrong = setting.key.check(value) if value else ""
        if wrong:
            raise ConfigError(
                f"{setting.key.name} is {_shown(value)!r}: {wrong} (from {setting.source})",
                hint="dockyard config --help says what settings there are.",
            )


def _shown(value: str) -> str:
    """Without a password, should one stand in it."""
    return re.sub(r"//[^/@]*@", "//***@", value)


def _load(path: Path) -> dict[str, str]:
    """The settings in a file; none when there is no file."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"The settings {path} can't be read: {error.strerror}", hint=f"ls -l {path}") from error
    import tomllib

    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}", hint='A line reads: build_network = "index"') from error
    found: dict[str, str] = {}
    for name, value in table.items():
        if name not in BY_NAME:
            from difflib import get_close_matches

            near = get_close_matches(name, BY_NAME, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"The settings are: {', '.join(BY_NAME)}."
            raise ConfigError(f"{path}: {name!r} is no setting", hint=hint)
        if BY_NAME[name].switch and isinstance(value, bool):
            found[name] = ON[0] if value else OFF[0]
            continue
        many = BY_NAME[name].many and isinstance(value, list) and all(isinstance(part, str) for part in value)
        if not (isinstance(value, str) or many):
            kind = "a text or a list of texts" if BY_NAME[name].many else "a text"
            raise ConfigError(f"{path}: {name} must be {kind}, not {value!r}", hint=f'A line reads: {name} = "..."')
        found[name] = value if isinstance(value, str) else ",".join(value)
    return found
