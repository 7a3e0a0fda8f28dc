"""A finished library of two bars and an object that was refused, made without importing anything."""

from pathlib import Path

from robo_meta.objects.library import write_index
from robo_meta.objects.object_file import OBJECTS, object_file, read_outcome, write_object
from sim.objects.meshes import Division, MeshShape, TriangleMesh
from sim.physics.bodies import HULL_MARGIN
from sim.records import FrozenMapping
from tests.robo_meta.objects.meshes import box


def bar_shape(name: str, length: float, width: float = 0.03, refusals: dict[str, str] | None = None) -> MeshShape:
    """A bar of two halves of unlike material."""

    def block(low: float, high: float, inset: float = 0.0) -> tuple:
        corner, opposite = (low, -width / 2, 0.0), (high, width / 2, 0.025)
        return box(tuple(x + inset for x in corner), tuple(x - inset for x in opposite))

    halves = tuple(TriangleMesh(*block(low, low + length / 2)) for low in (-length / 2, 0.0))
    division = Division(halves, "cut at 50 %", FrozenMapping(refusals or {}))
    piece, _ = block(-length / 2, length / 2, HULL_MARGIN)
    return MeshShape(name, (division,), (piece,), "flat", 1.0, "CC BY 4.0")


def write_bars(folder: Path, names: tuple[str, ...] = ("bar", "stick")) -> Path:
    """Write a library of bars, 24 cm and 20 cm long, the second only for *part*, and of `die`, which was refused."""
    (folder / OBJECTS).mkdir(parents=True)
    about = {"source": "0" * 64, "options": {}, "notes": [], "unit": "m"}
    bars = (bar_shape("bar", 0.24), bar_shape("stick", 0.20, 0.026, {"balance": "too short"}))
    for shape in bars[: len(names)]:
        refused = shape.divisions[0].refusals
        accepted = [name for name in ("balance", "part") if name not in refused]
        write_object(folder, shape.name, shape, {**about, "accepted": accepted, "reason": "; ".join(refused.values())})
    write_object(folder, "die", None, {**about, "accepted": [], "reason": "too small: 2 cm long"})
    write_index(folder, [read_outcome(object_file(folder, name))[0] for name in sorted((*names, "die"))])
    return folder
