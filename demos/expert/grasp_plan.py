"""The demonstrator's grasp: where someone who knows the materials and the intention takes hold of an object."""

from __future__ import annotations

import numpy as np

from sim.frames import wrap_heading
from sim.objects.graspable import footprint_of, grasp_at, outer_ends, outer_grasps
from sim.tasks.scenes import BALANCE, PART, Noise, Scene

NEARBY = 0.002
"""m: how far off the centre of mass a *balance* grasp may go."""


class NoGrasp(ValueError):
    """An object that the fingers cannot take as the task asks."""


def plan_grasp(scene: Scene) -> np.ndarray:
    """Grasp (4,) x, y, z, yaw (m, rad; object frame) from geometry and the true materials.

    For *balance*: through the centre of mass (or at most `NEARBY` beside it, where a joint keeps the fingers off),
    re-centred along the closing direction, which leaves the torque as it is. For *part*: the outer end of the task's
    colour, the first of those equally far.

    Raises:
        NoGrasp: the fingers find no hold there.
    """
    if scene.task.intention == BALANCE:
        centre = scene.mass_properties.centre
        footprint = footprint_of(scene.object)
        grasp = grasp_at(footprint, centre[:2])
        for angle in np.arange(8) * np.pi / 4:
            if grasp is None:
                grasp = grasp_at(footprint, centre[:2] + NEARBY * np.array([np.cos(angle), np.sin(angle)]))
        if grasp is None:
            x, y = centre[:2]
            raise NoGrasp(f"{scene.object.family}: no hold at the centre of mass ({x:.3f}, {y:.3f}) m")
        return grasp
    colour = scene.task.part_colour
    ends = outer_grasps(scene.object, colour) if colour is not None else np.zeros((0, 4))
    if not len(ends):
        raise NoGrasp(f"{scene.object.family}: no hold on a {colour} part; its colours are {scene.object.colours}")
    return ends[0].copy()


def right_places(scene: Scene) -> np.ndarray:
    """(E, 3), m, object frame: the centre of mass, or the outer ends that the wanted colour has."""
    if scene.task.intention == PART:
        return np.asarray(outer_ends(scene.object, str(scene.task.part_colour)))
    return scene.mass_properties.centre[None]


def aim(grasp: np.ndarray, noise: Noise, rng: np.random.Generator) -> np.ndarray:
    """`grasp` as a demonstrator hits it: planar error `noise.grasp` (m, standard deviation per axis), yaw wrapped."""
    aimed = np.array(grasp, dtype=np.float64)
    aimed[:2] += rng.normal(0.0, 1.0, 2) * noise.grasp
    aimed[3] = wrap_heading(aimed[3])
    return aimed
