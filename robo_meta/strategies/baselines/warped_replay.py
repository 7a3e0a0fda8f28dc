"""The baseline that warps the demonstrated object onto the query, and the demonstrated grasp with it."""

from __future__ import annotations

import numpy as np

from demos.support import SupportItem, SupportSet
from robo_meta.strategies.baselines.scan_alignment import Alignment, align, principal_frames
from robo_meta.strategies.baselines.scan_grasps import SAME_PAINT, YAWS, closings, half_height, snap
from robo_meta.strategies.policy import Controller, GraspPolicy

COLOUR_COST = 0.02
"""m per RGB unit by which a place's paint differs from that of the demonstrated one."""
HEIGHT_COST = 0.5
"""m per m by which its height differs."""
WIDTH_COST = 0.3
"""m per m by which its width differs."""

FEWEST = 6
"""Points of a colour from which its extents are told."""
OUTER_SHARE = 0.7
"""A grasp farther out than this share of its colour's points is one at the colour's outer end."""


class WarpedReplay:
    """Aligns by principal axes, extents, heights and colours, and snaps the mapped grasp to the matching part.

    Args:
        checkpoint: unused; nothing is learned beforehand.
        controller: drives the hand to a target.
    """

    name = "warped-replay"

    def __init__(self, checkpoint: object, controller: Controller) -> None:
        self._controller = controller

    def adapt(self, support: SupportSet) -> GraspPolicy:
        """A policy that warps the demonstration that fits the query best."""
        return GraspPolicy(lambda points: warped_grasp(support, points), self._controller)


def warped_grasp(support: SupportSet, points: np.ndarray) -> np.ndarray:
    """(4,) grasp x, y, z, yaw on the query (P, 6)."""
    aligned = [(align(item.points, points, scaled=True), item) for item in support.items]
    alignment, item = min(aligned, key=lambda pair: pair[0].cost)
    wanted = corresponding_place(item, points, alignment)
    heading = float(alignment.heading(float(item.grasp[3])))
    return snap(points, wanted, prefer=part_mismatch(item, points, alignment), heading=heading)


def corresponding_place(item: SupportItem, points: np.ndarray, alignment: Alignment) -> np.ndarray:
    """(2,), m: the demonstrated place on the query (P, 6).

    A grasp at the outer end of its colour is carried over within that colour's extents, so that an end stays an end
    whatever the other parts measure; anywhere else the whole object's extents count. Chosen on validation families.
    """
    place = item.grasp[:2].astype(np.float64)
    mapped = alignment.place(place)
    paint = demonstrated_paint(item)
    own = np.linalg.norm(item.points[:, 3:6] - paint, axis=1) < SAME_PAINT
    there = np.linalg.norm(points[:, 3:6] - paint, axis=1) < SAME_PAINT
    if own.sum() < FEWEST or there.sum() < FEWEST:
        return mapped
    inner = np.hypot(*item.points[own, :2].T) < np.hypot(*place)
    if inner.mean() < OUTER_SHARE:
        return mapped
    axes = principal_frames(points)[0][0]
    demo, query = alignment.place(item.points[own, :2].astype(np.float64)) @ axes, points[there, :2] @ axes
    share = (mapped @ axes - demo.min(axis=0)) / np.maximum(np.ptp(demo, axis=0), 0.01)
    return axes @ (query.min(axis=0) + share * np.ptp(query, axis=0))


def demonstrated_paint(item: SupportItem) -> np.ndarray:
    """(3,) RGB of what was grasped."""
    distance = np.hypot(*(item.points[:, :2] - item.grasp[:2]).T)
    return np.median(item.points[np.argsort(distance, kind="stable")[:5], 3:6], axis=0)


def part_mismatch(item: SupportItem, points: np.ndarray, alignment: Alignment) -> np.ndarray:
    """(P,), m: how badly each point of the query matches the demonstrated place in paint, height and width."""
    place = item.grasp[:2].astype(np.float64)
    paint = demonstrated_paint(item)
    width = closings(item.points, place[None], np.array([float(item.grasp[3])])).width[0, 0]
    heading = float(alignment.heading(float(item.grasp[3])))
    turn = int(np.argmax(np.abs(np.cos(YAWS - heading))))
    widths = closings(points, points[:, :2].astype(np.float64), YAWS[turn : turn + 1]).width[:, 0]
    height = 2 * half_height(item.points, place)
    mismatch = COLOUR_COST * np.linalg.norm(points[:, 3:6] - paint, axis=1)
    mismatch = mismatch + HEIGHT_COST * np.abs(points[:, 2] - height).clip(0.004) + WIDTH_COST * np.abs(widths - width)
    return mismatch - mismatch.min()
