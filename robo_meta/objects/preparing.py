"""Everything about an object that depends neither on its scale nor on what it is wanted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from robo_meta.objects.closing import close
from robo_meta.objects.decomposition import Decomposition, decompose
from robo_meta.objects.loading import load_parts
from robo_meta.objects.rest import Load, find_rest
from robo_meta.objects.settings import SettingsError, read_settings
from robo_meta.objects.solids import SPECK, mesh_of, simplified, solid_in, tidied, union
from robo_meta.objects.sources import Source
from sim.errors import InputError
from sim.objects.meshes import TriangleMesh
from sim.records import Record
from sim.tasks.sampling import RATIO_RANGE

LENGTHS = (0.02, 0.6)
"""m: what is shorter or longer is refused before work is spent on it."""
WHOLE_FACES = 1500
"""Of the whole body: its cuts need few more."""


class SizeError(InputError):
    """An object of a size that no hand meets."""


@dataclass(frozen=True, eq=False)
class Prepared(Record):
    """An object at rest, in its own size."""

    whole: TriangleMesh
    """All of it, frame at rest."""
    slots: tuple[TriangleMesh, ...]
    """Slot → what its files say is of that material; empty where they don't say."""
    pieces: tuple[np.ndarray, ...]
    """Each (C, 3), m, frame at rest: convex, together filling it."""
    cut: tuple[float, ...]
    """Where its settings want it cut."""
    scale: float
    """What its file's lengths were multiplied by, its unit apart."""
    unit: str
    """Of its files' lengths."""
    licence: str
    """As its owner states it."""
    notes: tuple[str, ...]
    """What was guessed, mended or done otherwise than usual."""


def prepare(source: Source, unit: str | None, scale: float, seconds: float) -> Prepared:
    """Read, close, decompose and lay down an object.

    Args:
        source: its files.
        unit: overrides that of its settings.
        scale: what its lengths are multiplied by besides.
        seconds: for the decomposition at most.

    Raises:
        InputError: one reason in plain words why it can't be.
    """
    settings = read_settings(source.settings)
    loaded = load_parts(source, settings, unit)
    corners = np.concatenate([part.vertices[part.faces.ravel()] for part in loaded.parts]) * scale
    _check_length(float(np.ptp(corners, axis=0).max()), loaded.unit)
    closed = [close(type(part)(part.name, part.vertices * scale, part.faces)) for part in loaded.parts]
    names = [part.name for part in loaded.parts]
    if settings.parts and set(settings.parts) != set(names):
        missing = next(name for name in names if name not in settings.parts)
        raise SettingsError(f"{source.settings.name}: parts: no slot for {missing!r}")
    # Two files without a word about them are most likely two materials, as a hammer's head and handle.
    slot_of = dict(settings.parts) or ({name: slot for slot, name in enumerate(names)} if len(names) == 2 else {})
    if len(set(names)) < len(names):
        slot_of = {}
    own, whole = _apart([part.solid for part in closed], names)
    wanted = sorted(set(slot_of.values()))
    if settings.parts and len(wanted) < 2 and not settings.cut:
        raise SettingsError(f"{source.settings.name}: parts: all of slot {wanted[0]}; expected slots 0 and 1")
    slots = (
        ()
        if len(wanted) < 2 or settings.cut
        else tuple(
            mesh_of(simplified(union([solid for name, solid in own if slot_of[name] == slot]), WHOLE_FACES))
            for slot in wanted
        )
    )
    whole = simplified(whole, WHOLE_FACES)
    known = tuple(piece * scale for piece in loaded.pieces)
    found = Decomposition(known, "") if known else decompose(whole, seconds)
    mesh = mesh_of(whole)
    rest = find_rest(found.pieces, loads_of(mesh, slots), settings.up)

    def moved(points: np.ndarray) -> np.ndarray:
        return points @ rest.rotation.T + rest.translation

    notes = (*loaded.notes, *(part.note for part in closed), found.note)
    return Prepared(
        whole=TriangleMesh(moved(mesh.vertices), mesh.faces),
        slots=tuple(TriangleMesh(moved(slot.vertices), slot.faces) for slot in slots),
        pieces=tuple(moved(piece) for piece in found.pieces),
        cut=settings.cut or loaded.cut,
        scale=settings.scale * source.scale * scale,
        unit=loaded.unit,
        licence=settings.licence or source.licence,
        notes=tuple(note for note in notes if note),
    )


def loads_of(whole: TriangleMesh, slots: tuple[TriangleMesh, ...]) -> tuple[Load, ...]:
    """How the weight of an object may be spread: it is of one material; or a slot, or else a half, is as much denser
    than the other as tasks may have it."""
    halves = slots or _halves(whole)
    even = Load.of([whole], [1.0])
    if len(halves) != 2:
        return (even,)
    most = RATIO_RANGE[1]
    return even, Load.of(halves, [most, 1.0]), Load.of(halves, [1.0, most])


def _check_length(length: float, unit: str) -> None:
    low, high = LENGTHS
    told = f"{length * 100:.3g} cm" if length < 1 else f"{length:.3g} m"
    if length > high:
        raise SizeError(f"too large: {told} long, at most {high * 100:.0f} cm (its unit: {unit})")
    if length < low:
        raise SizeError(f"too small: {told} long, needs {low * 100:.0f} cm (its unit: {unit})")


def _apart(solids: list[Any], names: list[str]) -> tuple[list[tuple[str, Any]], Any]:
    """The bodies with no overlap left, by name, and all of them as one; the earlier one keeps what two share."""
    whole, own = solids[0], [(names[0], solids[0])]
    for solid, name in zip(solids[1:], names[1:], strict=True):
        left = tidied(solid - whole)
        if left.is_empty() or left.volume() < SPECK * solid.volume():
            continue
        own.append((name, left))
        whole = whole + solid
    return own, solid_in(mesh_of(whole))


def _halves(mesh: TriangleMesh) -> tuple[TriangleMesh, ...]:
    """The mesh cut across the middle of its long axis; all of it where the cut leaves nothing on a side."""
    centred = mesh.vertices - mesh.vertices.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    along = mesh.vertices @ axis
    sides = solid_in(mesh).split_by_plane([float(x) for x in axis], float((along.min() + along.max()) / 2))
    return tuple(mesh_of(side) for side in sides if side.volume() > SPECK * sum(s.volume() for s in sides))
