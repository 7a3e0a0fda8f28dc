"""The contact sheet of shape families as a file."""

from __future__ import annotations

from pathlib import Path

from demos.storage.files import write_atomic


def write_sheet(path: Path, families: tuple[str, ...] = (), objects: int = 4, seed: int = 0) -> None:
    """Draw `sim.gallery.contact_sheet` into a PNG; a full disk, or a kill, leaves none, or the one of before.

    Raises:
        sim.shapes.families.UnknownFamily, sim.gallery.GalleryError: as there.
        OSError, demos.storage.files.SpecialFile: `path` cannot be written.
    """
    from sim.gallery import contact_sheet

    drawn = contact_sheet(families, objects, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, [drawn])
