"""Where objects balance: what their colours weigh and where, and the density ratios at which that is asked.

Axis letters: C colours, R density ratios. Object frame, m.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np

from sim.objects.spec import ObjectSpec


def colour_moments(spec: ObjectSpec) -> tuple[np.ndarray, np.ndarray]:
    """Volume (C,) and planar centroid (C, 2) of each of the object's colours."""
    volumes, centroids = np.zeros(len(spec.colours)), np.zeros((len(spec.colours), 2))
    for part in spec.parts:
        row = spec.colours.index(part.colour)
        volume, first = part.planar_moments()
        volumes[row] += volume
        centroids[row] += first
    return volumes, centroids / volumes[:, None]


def balance_points(volumes: np.ndarray, centroids: np.ndarray, densities: np.ndarray) -> np.ndarray:
    """Planar centres of mass (R, 2) at relative `densities` (R, C)."""
    weights = densities * volumes
    return weights @ centroids / weights.sum(axis=1, keepdims=True)


@lru_cache(maxsize=64)
def density_grid(colours: int, low: float, high: float, steps: int) -> np.ndarray:
    """Relative densities (R, C) whose largest ÷ smallest covers `low`…`high` on a logarithmic grid, either way;
    read-only, as it is kept for who asks again."""
    found = _density_grid(colours, low, high, steps)
    found.setflags(write=False)
    return found


def _density_grid(colours: int, low: float, high: float, steps: int) -> np.ndarray:
    if colours == 2:
        ratios = np.geomspace(low, high, steps)
        ratios = np.unique(np.concatenate([1 / ratios, ratios]))
        return np.stack([ratios, np.ones_like(ratios)], axis=1)
    levels = np.array(list(product(np.linspace(0, 1, 3), repeat=colours)))
    levels = levels[(levels.min(axis=1) == 0) & ((levels.max(axis=1) == 1) | (low <= 1))]
    return np.unique(np.concatenate([ratio**levels for ratio in np.geomspace(max(low, 1.01), high, 3)]), axis=0)
