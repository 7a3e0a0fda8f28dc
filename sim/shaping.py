"""The dense reward: what an episode has come to, as one number that rises from reaching to gripping to lifting."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.frames import heading_gap
from sim.objects.graspable import footprint_of, grasp_at, outer_grasps
from sim.success import Judge
from sim.tasks.scenes import PART, Scene

REACH, GRIP, LIFT = 0.3, 0.2, 0.5
"""Shares of reaching, gripping and lifting; together 1."""
REACH_SCALE = 0.2
"""m from the right grasp at which a quarter of reaching is done."""
TURN_LENGTH = 0.05
"""m that a rad of heading error counts as."""


@dataclass
class Progress:
    """How far one episode has come, in [0, 1].

    The sum of three terms, each a fact of the physics:

    - `REACH` × (1 − tanh(d / `REACH_SCALE`)), where d is the distance of the hand to the nearest right grasp, m, plus
      `TURN_LENGTH` × the gap between their closing headings, rad;
    - `GRIP` × the share of the two pads that press on the object, once the gripper was told to close;
    - `LIFT` × its rise ÷ the height at which the verdict falls, at most 1, while both pads press.

    A right grasp is one through the centre of mass (*balance*) or at the outer end of the wanted colour (*part*).
    """

    judge: Judge
    best: float = field(init=False)
    """Largest progress so far."""

    def __post_init__(self) -> None:
        self.grasps = _right_grasps(self.judge.scene)
        self.best = self.now()

    def gain(self) -> float:
        """By how much progress now exceeds the best so far; at least 0. The gains of an episode add up to 1 at most."""
        before, self.best = self.best, max(self.best, self.now())
        return self.best - before

    def now(self) -> float:
        """Progress at this moment."""
        object_to_world, panda = self.judge.body.object_to_world, self.judge.panda
        offsets = object_to_world.apply(self.grasps[:, :3]) - panda.hand_position()
        turns = heading_gap(self.grasps[:, 3] + object_to_world.yaw, panda.hand_yaw())
        error = float((np.linalg.norm(offsets, axis=1) + TURN_LENGTH * turns).min())
        pressing = self.judge.pressing_pads
        rise = np.clip(self.judge.rise / self.judge.thresholds.lift, 0, 1) if pressing == 2 else 0.0
        return float(REACH * (1 - np.tanh(error / REACH_SCALE)) + GRIP * pressing / 2 + LIFT * rise)


def _right_grasps(scene: Scene) -> np.ndarray:
    """(E, 4) x, y, z, m, and closing heading, rad, object frame."""
    if scene.task.intention == PART:
        ends = outer_grasps(scene.object, str(scene.task.part_colour))
        if len(ends):
            return np.asarray(ends)
    centre = scene.mass_properties.centre
    grasp = grasp_at(footprint_of(scene.object), centre[:2])
    return np.array([*centre, 0.0] if grasp is None else grasp)[None]
