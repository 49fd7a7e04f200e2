"""Owns what dockerd is told in its settings file, and whom it may ask on this machine; must never start it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from graders.engine.docker.wire import as_list, as_object, as_text

_KEPT = ("registry-mirrors", "insecure-registries", "dns", "proxies", "allow-nondistributable-artifacts")
"""Settings of the machine's own engine that ours takes over: how to reach registries."""
_BUILD_CACHE = "20GB"
"""What BuildKit's cache may hold before the oldest of it is thrown away."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What a user chooses about the private engine."""

    registry_mirrors: tuple[str, ...] = ()
    """Registries that are asked before Docker Hub: "http://host:port"."""
    index_hosts: tuple[str, ...] = ()
    """Hosts beside the usual ones that count as a package index: "host" or "host:port"."""


def daemon_settings(settings: EngineSettings, system_file: Path) -> str:
    """daemon.json: what the machine's own engine is told of registries, our mirrors before its own."""
    kept: dict[str, object] = {}
    with suppress(OSError, ValueError):
        system = as_object(json.loads(system_file.read_bytes()))
        kept = {key: system[key] for key in _KEPT if key in system}
    if settings.registry_mirrors:
        theirs = [as_text(mirror) for mirror in as_list(kept.get("registry-mirrors"))]
        kept["registry-mirrors"] = list(dict.fromkeys((*settings.registry_mirrors, *theirs)))
    kept["builder"] = {"gc": {"enabled": True, "defaultKeepStorage": _BUILD_CACHE}}
    return json.dumps(kept)


def services_asked(daemon_json: str, environ: Mapping[str, str]) -> frozenset[tuple[str, int]]:
    """Host and port of the registries and proxies that dockerd is told to use by these settings and variables."""
    told = as_object(json.loads(daemon_json))
    names = [as_text(name) for key in ("registry-mirrors", "insecure-registries") for name in as_list(told.get(key))]
    names += [as_text(address) for address in as_object(told.get("proxies")).values()]
    names += [environ.get(name, "") for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")]
    return frozenset(_services(names))


def _services(names: list[str]) -> Iterator[tuple[str, int]]:
    for name in filter(None, names):
        with suppress(ValueError):
            parts = urlsplit(name if "://" in name else f"//{name}")
            if parts.hostname and (port := parts.port or _PORTS.get(parts.scheme, 0)):
                yield parts.hostname, port
