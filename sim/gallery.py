"""A contact sheet of shape families, to see at a glance what the world holds."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from sim.errors import InputError
from sim.objects.meshes import MeshPart
from sim.objects.spec import ObjectSpec
from sim.palette import PALETTE
from sim.shapes.families import FAMILIES, families_for, family_named
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import INTENTIONS, Scene
from sim.tasks.seeds import generator

CELL, GAP, TITLE = 1.4, 0.25, 0.32
"""Inches: a side of one object's picture, between families, and for a line of text."""
ABREAST = 3
"""Families beside each other."""
HALF_VIEW = 0.20
"""m: half width of what a picture shows; the same for all, so that sizes compare."""
LEVEL_LIGHT, LOW_LIGHT = 0.45, 0.75
"""Share of its colour that a mesh's face keeps where it is upright instead of level, and at the table instead of at the
object's top."""


class GalleryError(InputError):
    """A picture that cannot be drawn as asked."""


def contact_sheet(families: tuple[str, ...] = (), objects: int = 4, seed: int = 0) -> bytes:
    """Draw `objects` of each family from above, in their colours, the centre of mass marked.

    Args:
        families: which, in this order; by default all, by split.
        objects: how many of each.
        seed: root seed; the same seed draws the same sheet.

    Returns:
        A PNG.

    Raises:
        sim.shapes.families.UnknownFamily: no such family.
        GalleryError: no objects.
    """
    if objects < 1:
        raise GalleryError(f"{objects} objects; expected at least 1")
    names = families or tuple(FAMILIES)
    abreast = min(ABREAST, len(names))
    rows = -(-len(names) // abreast)
    width, height = abreast * (objects * CELL + GAP), rows * (CELL + TITLE) + TITLE
    figure = Figure(figsize=(width, height), dpi=80)
    FigureCanvasAgg(figure)
    for place, name in enumerate(names):
        left = (place % abreast) * (objects * CELL + GAP) + GAP / 2
        top = height - TITLE - (place // abreast) * (CELL + TITLE)
        label = f"{name}  ({family_named(name).group})"
        figure.text(left / width, (top - 0.6 * TITLE) / height, label, fontsize=9, va="center")
        for number in range(objects):
            box = ((left + number * CELL) / width, (top - TITLE - CELL) / height, CELL / width, CELL / height)
            draw_object(figure.add_axes(box), gallery_scene(name, number, seed))
    legend = f"+ centre of mass   × middle of the outline   each frame {200 * HALF_VIEW:.0f} cm wide"
    figure.text(GAP / 2 / width, 1 - TITLE / 2 / height, legend, fontsize=9, va="center", color="0.3")
    drawn = BytesIO()
    # Without the writer's name and version in the file, equal sheets are equal bytes.
    figure.savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def gallery_scene(family: str, number: int, seed: int) -> Scene:
    """Picture `number` of a family: tasks of the intentions that it serves for, by turns."""
    group = family_named(family).group
    served = [intention for intention in INTENTIONS if family in families_for(group, intention)]
    # Tasks are numbered from the family's own stream, so that a sheet of one family shows the same objects.
    index = int(generator(seed, "gallery", family, number).integers(2**31))
    task = draw_task(seed, group, index, served[number % len(served)])
    return draw_scene(seed, task, family, "a0")


def draw_object(axes: Axes, scene: Scene) -> None:
    """One object from above, in its own frame; taller prisms have a stronger outline, meshes are shaded."""
    _draw_meshes(axes, scene.object)
    for part in scene.object.parts:
        if not isinstance(part, MeshPart):
            look = {"facecolor": PALETTE[part.colour], "edgecolor": "0.25", "lw": 0.5 + 30 * part.height}
            axes.add_patch(Polygon(part.outline, closed=True, **look))
    centre = scene.mass_properties.centre
    axes.plot(0, 0, marker="x", color="0.5", ms=5, mew=1.0)
    for colour, thickness in (("white", 3.5), ("black", 1.5)):
        axes.plot(*centre[:2], marker="+", color=colour, ms=9, mew=thickness)
    ratio = _ratio_label(scene)
    axes.text(0.03, 0.03, ratio, transform=axes.transAxes, fontsize=6, color="0.35")
    axes.set(xlim=(-HALF_VIEW, HALF_VIEW), ylim=(-HALF_VIEW, HALF_VIEW), aspect="equal", xticks=[], yticks=[])


def _draw_meshes(axes: Axes, spec: ObjectSpec) -> None:
    """The faces of mesh parts that are seen from above, the highest last; steep and low ones are darker."""
    corners, colours = [], []
    for part in spec.parts:
        if isinstance(part, MeshPart):
            triangles = part.mesh.triangles
            normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
            upward = normals[:, 2] / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
            height = triangles[..., 2].mean(axis=1) / spec.height
            light = (LEVEL_LIGHT + (1 - LEVEL_LIGHT) * upward) * (LOW_LIGHT + (1 - LOW_LIGHT) * height)
            corners.append(triangles[upward > 0])
            colours.append((light[:, None] * PALETTE[part.colour])[upward > 0])
    if corners:
        faces, shades = np.concatenate(corners), np.concatenate(colours)
        order = np.argsort(faces[..., 2].mean(axis=1), kind="stable")
        axes.add_collection(
            PolyCollection(list(faces[order][..., :2]), facecolors=shades[order], edgecolors="face", linewidths=0.3)
        )


def _ratio_label(scene: Scene) -> str:
    densities = {colour: scene.task.densities[colour] for colour in scene.object.colours}
    heavy, light = max(densities, key=densities.__getitem__), min(densities, key=densities.__getitem__)
    return f"{heavy} {np.round(densities[heavy] / densities[light], 1)}× {light}"
