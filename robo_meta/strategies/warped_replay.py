"""The opponent that warps the demonstrated object onto the query, and the demonstrated grasp with it."""

from __future__ import annotations

import numpy as np

from demos.support import SupportItem, SupportSet
from robo_meta.alignment import Alignment, align
from robo_meta.local_geometry import YAWS, closings, half_height, snap
from robo_meta.policy import GraspPolicy, HandFunction

COLOUR_COST = 0.02
"""m per RGB unit by which a place's paint differs from that of the demonstrated one."""
HEIGHT_COST = 0.5
"""m per m by which its height differs."""
WIDTH_COST = 0.3
"""m per m by which its width differs."""


class WarpedReplay:
    """Aligns by principal axes, extents, heights and colours, and snaps the mapped grasp to the matching part.

    Args:
        checkpoint: unused; nothing is learned beforehand.
        hand_fn: drives the hand to a target.
    """

    name = "warped-replay"

    def __init__(self, checkpoint: object, hand_fn: HandFunction) -> None:
        self._hand_fn = hand_fn

    def adapt(self, support: SupportSet) -> GraspPolicy:
        """A policy that warps the demonstration that fits the query best."""
        return GraspPolicy(lambda points: warped_grasp(support, points), self._hand_fn)


def warped_grasp(support: SupportSet, points: np.ndarray) -> np.ndarray:
    """(4,) grasp x, y, z, yaw on the query (P, 6)."""
    aligned = [(align(item.points, points, scaled=True), item) for item in support.items]
    alignment, item = min(aligned, key=lambda pair: pair[0].cost)
    wanted = alignment.place(item.grasp[:2].astype(np.float64))
    heading = float(alignment.heading(float(item.grasp[3])))
    return snap(points, wanted, plain=True, prefer=part_mismatch(item, points, alignment), heading=heading)


def part_mismatch(item: SupportItem, points: np.ndarray, alignment: Alignment) -> np.ndarray:
    """(P,), m: how badly each point of the query matches the demonstrated place in paint, height and width."""
    place = item.grasp[:2].astype(np.float64)
    distance = np.hypot(*(item.points[:, :2] - place).T)
    near = np.argsort(distance, kind="stable")[:5]
    paint = np.median(item.points[near, 3:6], axis=0)
    width = closings(item.points, place[None], np.array([float(item.grasp[3])])).width[0, 0]
    heading = float(alignment.heading(float(item.grasp[3])))
    turn = int(np.argmax(np.abs(np.cos(YAWS - heading))))
    widths = closings(points, points[:, :2].astype(np.float64), YAWS[turn : turn + 1]).width[:, 0]
    height = 2 * half_height(item.points, place)
    mismatch = COLOUR_COST * np.linalg.norm(points[:, 3:6] - paint, axis=1)
    mismatch = mismatch + HEIGHT_COST * np.abs(points[:, 2] - height).clip(0.004) + WIDTH_COST * np.abs(widths - width)
    return mismatch - mismatch.min()
