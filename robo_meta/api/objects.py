"""A user's own meshes: imported, and registered to be drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robo_meta.api.arguments import check_options

if TYPE_CHECKING:
    from robo_meta.objects.importer import Import


def import_objects(folder: Path | str, out: Path | str, progress: bool = False, **options: Any) -> Import:
    """Import meshes into a library; the same call goes on where it was stopped.

    Each object is accepted for *balance*, *part* or both, or refused with one reason. Needs the extra `meshes`.

    Args:
        folder: folders and loose mesh files, each an object; one mesh file; `random-urdfs`, the shapes of PyBullet; or
            `curved`, generated ones.
        out: folder of the library.
        progress: draw a bar on standard error.
        options: fields of `robo_meta.objects.config.ImportConfig`, such as `unit`, `scale`, `fit`, `ids`, `workers`.

    Returns:
        What came of each object: its `outcomes`, by name, and those `accepted` among them.

    Raises:
        ApiError: an unknown option.
        robo_meta.objects.sources.SourceError: no such folder, or no objects in it.
        robo_meta.objects.config.ImportConfigError: an option that can't be, or an `out` that holds other files.

    Example:
        >>> found = import_objects("meshes", "mine", unit="mm")  # doctest: +SKIP
        >>> [(one.name, one.accepted, one.reason) for one in found.outcomes]  # doctest: +SKIP
        [('die', (), 'too small: 2 cm long, needs 7'), ('hammer', ('balance', 'part'), '')]
    """
    from robo_meta.objects.config import ImportConfig
    from robo_meta.objects.importer import import_objects as import_config

    check_options("import_objects", options, ImportConfig)
    return import_config(ImportConfig(Path(folder), Path(out), **options), progress=progress)


def register_objects(folder: Path | str) -> str:
    """Register the accepted objects of a library as a split of their own, for this process and its workers.

    `evaluate(…, objects=folder)` does so itself. The object `hammer` of the library `mine` is the family `mine-hammer`.

    Args:
        folder: as `import_objects` makes it.

    Returns:
        The split's name: that of the folder, in lower-case words with hyphens.

    Raises:
        robo_meta.objects.object_file.LibraryError: missing, unfinished, altered, or without an accepted object.
        sim.shapes.family.FamilyError: a shipped split is called so.

    Example:
        >>> split = register_objects("mine")  # doctest: +SKIP
        >>> scene = draw_scene("mine-hammer", split=split)  # doctest: +SKIP
    """
    from robo_meta.objects.registration import register_library

    return register_library(folder)
