"""What a stand-in is told of this machine, in the words of each installer."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.base_images.trust import Trust, read_trust
from graders.errors import EngineError
from tests.rows import rows

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
INDEX = "http://index.test:8080/simple"


def test_pip_and_uv_are_told_the_same_index(tmp_path: Path) -> None:
    """pip reads a file, uv its environment; plain http needs pip's leave."""
    trust = read_trust({"DOCKYARD_PIP_INDEX": INDEX}, host=tmp_path / "none")

    assert trust.env == (f"ENV UV_DEFAULT_INDEX={INDEX}",)
    assert f"index-url = {INDEX}\ntrusted-host = index.test\n" in trust.pip_conf


def test_uv_is_told_the_certificates_that_pip_is_told(tmp_path: Path) -> None:
    """The host's bundle and that of the settings, in one file."""
    host, named = tmp_path / "host.crt", tmp_path / "named.crt"
    host.write_text(CERTIFICATE)
    named.write_text(CERTIFICATE.replace("MII", "MIJ"))
    trust = read_trust({"DOCKYARD_CA_FILE": str(named)}, host=host)

    assert trust.env == ("ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",)
    assert (1, 1) == (trust.certificates.count(b"MII"), trust.certificates.count(b"MIJ"))
    assert "cert = /etc/ssl/certs/ca-certificates.crt" in trust.pip_conf


def test_nothing_to_tell_changes_no_environment(tmp_path: Path) -> None:
    """Without certificates and index the environment is the official image's."""
    assert () == read_trust({}, host=tmp_path / "none").env


def test_any_change_changes_the_sum() -> None:
    """A stand-in that was told something else is known by its label."""
    made = [Trust(b"", ""), Trust(b"x", ""), Trust(b"", "x"), Trust(b"", "", "x")]

    assert 4 == len({trust.digest for trust in made})


@rows(("content", "said"), [(None, "can't be read"), ("hello", "no certificate in PEM form")])
def test_file_without_certificates_is_an_error(tmp_path: Path, content: str | None, said: str) -> None:
    """A wrong setting is told before anything is made with it."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(EngineError, match=said):
        read_trust({"DOCKYARD_CA_FILE": str(path)}, host=tmp_path / "none")
