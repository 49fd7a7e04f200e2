"""The private engine is told of registries and proxies, and reaches those of this machine and nothing else of it."""

from __future__ import annotations

import json
from pathlib import Path

from graders.engine.private.settings import EngineSettings, daemon_settings, services_asked


def test_services_asked_are_those_that_dockerd_is_told_of(tmp_path: Path) -> None:
    """Mirrors, insecure registries and proxies, with the port that their kind of address stands for."""
    system = tmp_path / "daemon.json"
    system.write_text(
        json.dumps(
            {
                "registry-mirrors": ["https://127.0.0.1"],
                "insecure-registries": ["10.0.0.1:5000", "10.0.0.0/8", "[::1]:5001"],
                "proxies": {"http-proxy": "http://proxy:3128", "no-proxy": "*.local"},
                "live-restore": True,
            }
        )
    )
    settings = EngineSettings(registry_mirrors=("http://localhost:5002",))
    made = daemon_settings(settings, system)
    asked = services_asked(made, {"HTTPS_PROXY": "http://user:word@127.0.0.1:8080/", "http_proxy": "http://[bad"})

    assert "live-restore" not in made
    assert asked == {
        ("localhost", 5002),
        ("127.0.0.1", 443),
        ("10.0.0.1", 5000),
        ("::1", 5001),
        ("proxy", 3128),
        ("127.0.0.1", 8080),
    }


def test_settings_without_a_system_file_name_no_registry(tmp_path: Path) -> None:
    """A machine that never had an engine has no settings to take over."""
    assert frozenset() == services_asked(daemon_settings(EngineSettings(), tmp_path / "none"), {})
