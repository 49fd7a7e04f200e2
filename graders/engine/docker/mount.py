"""Owns files of ours that a container finds at paths of our choice, read-only; must never touch this machine's disk.

The files travel to the engine in a tar, into a volume, so that it works wherever the engine is; each is then bound
on its own from where the engine keeps the volume, which hides nothing of what the image has beside it.
"""

from __future__ import annotations

import io
import tarfile
import uuid
from collections.abc import Mapping

from graders.engine.base import LABEL
from graders.engine.docker.container import remove_container
from graders.engine.docker.owner import OWNER, own_mark
from graders.engine.docker.wire import Json, Wire, as_object, as_text
from graders.errors import EngineError

_PUT_S = 60.0


def make_binds(wire: Wire, volume: str, image_id: str, run_id: str, files: Mapping[str, bytes]) -> list[str]:
    """Make the volume, fill it, and return the binds of a container's host configuration.

    The caller removes the volume with `remove_volume`, also when this raises. Raises EngineError.
    """
    labels = {LABEL: run_id, OWNER: own_mark()}
    about = as_object(
        wire.call("POST", "/volumes/create", None, {"Name": volume, "Labels": labels}, operation="create a volume")
    )
    where = as_text(about.get("Mountpoint"))
    if not where:
        raise EngineError("The engine does not say where it keeps a volume")
    # Only a container gives a way into a volume; this one is never started. Its folder's name can't be guessed.
    folder = f"/dockyard-{uuid.uuid4().hex}"
    filler = f"{volume}-filler"
    host: Json = {"Mounts": [{"Type": "volume", "Source": volume, "Target": folder, "VolumeOptions": {"NoCopy": True}}]}
    config: Json = {"Image": image_id, "Cmd": ["never"], "Labels": labels, "HostConfig": host, "NetworkDisabled": True}
    try:
        wire.call("POST", "/containers/create", {"name": filler}, config, operation="create a container")
        with wire.open(
            "PUT",
            f"/containers/{filler}/archive",
            {"path": folder},
            _tar(tuple(files.values())),
            headers={"Content-Type": "application/x-tar"},
            operation="fill a volume",
            timeout_s=_PUT_S,
        ) as stream:
            stream.read()
    finally:
        remove_container(wire, filler, patient=False)
    return [f"{where}/{index}:{path}:ro" for index, path in enumerate(files)]


def remove_volume(wire: Wire, volume: str) -> None:
    """Remove it; one that is gone is fine. Raises EngineError."""
    wire.remove(f"/volumes/{volume}", {"force": "1"}, kind="a volume")


def _tar(contents: tuple[bytes, ...]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for index, data in enumerate(contents):
            entry = tarfile.TarInfo(str(index))
            entry.size, entry.mode = len(data), 0o444
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
