"""Owns which files of an image's layers a container does not see; must never judge whether that is a fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graders.context import LayerFile

_LATER = "; a later line deletes them, but whoever pulls the image pulls this layer too"


def hidden(files: tuple[LayerFile, ...]) -> list[LayerFile]:
    """The files that a later layer hides, from the top layer down.

    Hidden means: deleted, written again (a changed owner or mode writes the whole file again), or below a folder
    that was deleted.
    """
    found: list[LayerFile] = []
    covered: set[str] = set()
    """Paths that a layer above holds or deletes."""
    gone: set[str] = set()
    """Paths of which nothing that lies below is seen: deleted, or no folder any more."""
    for layer in sorted({file.layer for file in files}, reverse=True):
        own = [file for file in files if file.layer == layer]
        found += [
            file
            for file in own
            if file.kind == "file"
            and not file.whiteout
            and (file.path in covered or any(parent in gone for parent in _parents(file.path)))
        ]
        covered.update(file.path for file in own if file.kind != "dir" or file.whiteout)
        gone.update(file.path for file in own if file.kind != "dir" or file.whiteout)
    return found


def told_by_layer(
    some: Sequence[LayerFile], files: tuple[LayerFile, ...]
) -> Iterator[tuple[int, list[LayerFile], str]]:
    """Some of an image's files by their layer, with what is to be said where a later layer hides all of them."""
    if not some:
        return
    unseen = {(file.layer, file.path) for file in hidden(files)}
    for layer in sorted({file.layer for file in some}):
        of_layer = [file for file in some if file.layer == layer]
        yield layer, of_layer, _LATER if all((file.layer, file.path) in unseen for file in of_layer) else ""


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts)))
