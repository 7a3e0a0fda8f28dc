"""What a point-scoring policy believes about weight: its preference for one colour over the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from robo_meta.strategies.baselines.colour_clusters import nearest_colour
from sim.palette import PALETTE

SMALLEST_WEIGHT = 1e-6
"""A hundredth of an even share among a hundred points is 1e-4; differences below this are noise."""


def colour_preference(points: np.ndarray, weights: np.ndarray, colours: Sequence[str]) -> float:
    """How much more a policy weighs the first colour than the second, per unit of volume.

    A keypoint that is the weighted mean of points scanned evenly from above is the centre of mass when every weight is
    density × height. So log weight − log height, averaged over a colour, is its log density up to a constant.

    Args:
        points: (P, 6), object frame.
        weights: (Q,) that the policy gives the first Q of them, summing to one.
        colours: two names of `PALETTE`.
    """
    points = points[: len(weights)]
    owner = nearest_colour(points[:, 3:6].astype(np.float64), np.array([PALETTE[name] for name in colours]))
    # A weight that underflowed says no more than that it is small.
    weight = np.maximum(np.asarray(weights, dtype=np.float64), SMALLEST_WEIGHT)
    per_volume = np.log(weight) - np.log(np.maximum(points[:, 2], 0.005))
    if not (owner == 0).any() or not (owner == 1).any():
        return 0.0
    return float(per_volume[owner == 0].mean() - per_volume[owner == 1].mean())


def true_preference(densities: Mapping[str, float], colours: Sequence[str]) -> float:
    """Log of the first colour's density over the second's."""
    return float(np.log(densities[colours[0]] / densities[colours[1]]))
