"""The size of an image is that of its layers where an engine tells less."""

from __future__ import annotations

from graders.engine.docker.image import read_image
from tests.rows import rows


@rows(("told", "expected"), [(126, 208), (208, 208), (300, 300)], ids=["packed", "equal", "more"])
def test_size_is_never_less_than_the_layers(told: int, expected: int) -> None:
    """containerd's store tells packed bytes, where fifty megabytes of zeros are none."""
    image = read_image({"Id": "sha256:1", "Size": told}, [{"Size": 70}, {"Size": 138}])

    assert expected == image.size_bytes
