"""What the colours of query and demonstrations say, and what they say once objects are laid over each other by shape.

Axis letters: P points, M maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from robo_meta.strategies.baselines.colour_clusters import SEPARATION, colour_centres
from robo_meta.strategies.baselines.compiled_scans import nearest_points
from robo_meta.strategies.baselines.part_matching import LAID
from robo_meta.strategies.baselines.scan_alignment import Overlay, candidate_maps, features
from robo_meta.strategies.baselines.scan_parts import ScannedParts

AS_GOOD, AS_NEAR = 1.15, 0.001
"""A map that fits this many times as badly as the best one, and so many m more, may be the right one as well: shapes
look much alike the other way round, and then paint decides."""
NO_PAIR = (0.0, 0.0)
"""Shape and paint mismatch where there is one demonstration only; the number of demonstrations tells."""


def colour_features(shown: Sequence[ScannedParts], query: ScannedParts) -> tuple[float, ...]:
    """`colours`, `colour not shown`, `colours of all`, `saturation`, `scatter of colours` of `feature_names`.

    Args:
        shown: the demonstrated objects.
        query: what is to be grasped.
    """
    own = query.centres
    known = np.concatenate([parts.centres for parts in shown])
    gaps = np.linalg.norm(own[:, None] - known[None], axis=-1).min(axis=1)
    everything = colour_centres([parts.points for parts in (*shown, query)], most=8)
    colours = query.points[:, 3:6].astype(np.float64)
    return (
        float(len(own)),
        float((gaps > SEPARATION)[query.owner].mean()),
        float(len(everything)),
        float(np.ptp(own, axis=1).mean()),
        float(np.linalg.norm(colours - own[query.owner], axis=1).mean()),
    )


def laid_features(shown: Sequence[ScannedParts], query: ScannedParts) -> tuple[float, float, float, float]:
    """Shape (cm) and paint mismatch of the query and the demonstrated object that fits it best, then of the two
    demonstrated objects that fit each other best."""
    best = min(laid(parts, query) for parts in shown)
    pairs = [laid(one, other) for one, other in combinations(shown, 2)]
    among = min(pairs, default=NO_PAIR)
    return 100 * best[0], best[1], 100 * among[0], among[1]


def laid(one: ScannedParts, other: ScannedParts) -> tuple[float, float]:
    """m by which two objects differ once laid over each other by shape alone, and how far their colours then differ."""
    demo, query = one.thinned(LAID), other.thinned(LAID)
    plain = (features(parts.falsely_coloured(np.zeros(len(parts)))) for parts in (demo, query))
    maps, scans = candidate_maps(demo.points, query.points, scaled=True), Overlay(*plain)
    costs, least = [], np.inf
    for found in maps:
        # By how much those miss that are no longer likely doesn't matter.
        costs.append(scans.mismatch(*found, AS_GOOD * least + AS_NEAR))
        least = min(least, costs[-1])
    likely = np.flatnonzero(np.array(costs) <= AS_GOOD * least + AS_NEAR)
    return float(least), min(_paint_apart(demo, query, *maps[k]) for k in likely)


def _paint_apart(demo: ScannedParts, query: ScannedParts, matrix: np.ndarray, offset: np.ndarray) -> float:
    """Mean distance of the colours of points that lie on each other under a map."""
    moved = demo.points[:, :2].astype(np.float64) @ matrix.T + offset
    nearest = nearest_points(moved, query.points[:, :2].astype(np.float64), np.inf)
    apart = demo.centres[demo.owner] - query.centres[query.owner[nearest]]
    return float(np.linalg.norm(apart, axis=1).mean())


def held_off_centre(parts: ScannedParts, grasp: np.ndarray) -> float:
    """m from a grasp (4,) to the centre of its object's volume as the camera sees it."""
    volume, centroid = parts.bulk
    return float(np.hypot(*(volume @ centroid / max(volume.sum(), 1e-12) - grasp[:2])))
