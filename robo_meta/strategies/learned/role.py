"""Matching parts instead of paint: the demonstrations are painted like the query, part by part, and then learnt from.

For worlds in which paint misleads: the same object with a taped handle or a new coat, and painted goods, of which the
handle or the head tells the weight whatever colour it is. Where paint does tell the weight it throws that away.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from demos.support import SupportItem, SupportSet
from robo_meta.strategies.baselines.part_matching import matched
from robo_meta.strategies.baselines.scan_parts import ScannedParts
from robo_meta.strategies.changed_light import PAINTS, far_from, nearest_paints
from robo_meta.strategies.learned.maml import Maml
from robo_meta.strategies.policy import GraspPolicy


class Role(Maml):
    """Finds each part's counterpart on the query without looking at colours, lays the query's paint on it, and adapts
    to that as `maml` does.

    Args:
        checkpoint: with the parts `maml` and `closing`.
        controller: drives the hand to a grasp.
    """

    name = "role"

    def adapt(self, support: SupportSet) -> GraspPolicy:
        """A policy that paints and adapts once it sees the query."""
        found = [(ScannedParts.of(item.points), np.asarray(item.grasp, dtype=np.float64)) for item in support.items]
        adapted: dict[bytes, tuple[GraspPolicy, np.ndarray]] = {}

        def policy(points: np.ndarray) -> tuple[GraspPolicy, np.ndarray]:
            scan = np.asarray(points).tobytes()
            if scan not in adapted:
                adapted.clear()
                query = in_known_paint(ScannedParts.of(points))
                adapted[scan] = super(Role, self).adapt(like_query(support, found, query)), query.points
            return adapted[scan]

        def target(points: np.ndarray) -> np.ndarray:
            own, painted = policy(points)
            return own.target(painted)

        def scores(points: np.ndarray) -> np.ndarray | None:
            own, painted = policy(points)
            return own.point_scores(painted)

        return GraspPolicy(target, self._controller, scores)


def in_known_paint(parts: ScannedParts) -> ScannedParts:
    """The parts in paints that networks know: their own, or, in a light that makes others of these, the nearest."""
    if not far_from(parts.centres, PAINTS):
        return parts
    paints = nearest_paints(parts.centres)
    return ScannedParts(parts.painted(paints), paints, parts.owner)


def like_query(support: SupportSet, found: list[tuple[ScannedParts, np.ndarray]], query: ScannedParts) -> SupportSet:
    """The support with its objects painted like the query.

    Args:
        support: K demonstrations.
        found: parts of each one's object, and the grasp (4,) on it.
        query: its parts.
    """
    items: list[SupportItem] = []
    for item, (parts, _), owner in zip(support.items, found, matched(found, query), strict=True):
        # Parts without a counterpart keep their paint.
        colours = np.where(owner[:, None] >= 0, query.centres[owner], parts.centres)
        items.append(replace(item, points=parts.painted(colours)))
    return SupportSet(tuple(items))
