"""Another light than the demonstrations': the query's colours are matched with theirs, one to one.

Adaptation learns what colours mean, so that a lamp that turns red into brown makes a stranger of a known material.
Scans are left as they are, to the last bit, wherever all their colours are paints that are known already: one of the
palette, which is what networks are trained on, or one that a demonstration shows. Only where some colour is far from
all of these is the light taken to have changed. It changes each channel by a factor (von Kries, 1902), the same for all
colours, so that the matching of colours is sought that one set of three factors explains; where none does, the query
wears other paint, and its colours are left alone.

Axis letters: P points, G colours of the query, D colours of the demonstrations.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from robo_meta.strategies.baselines.colour_clusters import colour_centres, nearest_colour
from sim.palette import PALETTE

KNOWN = 0.12
"""RGB units: a colour nearer than this to a known paint is that paint; palette paints are 0.7 apart, and the mean of a
part's points is a hundredth off its own."""
GAINS = (0.3, 1.2)
"""Smallest and largest factor of a channel that passes for a light."""
MISFIT = 0.08
"""RGB units, root mean square: a matching that factors explain no better than this is none."""
PAINTS = np.array(list(PALETTE.values()))


def demonstrated_light(points: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """The scan (P, 6) as it would look in the demonstrations' light, or the scan itself where nothing is to be done.

    Args:
        points: of the query.
        shown: (D, 3) RGB of the colours that demonstrations show.
    """
    own = colour_centres([points])
    if not far_from(own, np.concatenate([PAINTS, shown])):
        return points
    match = one_to_one(own, shown)
    if match is None:
        return points
    owner = nearest_colour(points[:, 3:6], own)
    moved = np.array(points, dtype=np.float32)
    moved[:, 3:6] = (moved[:, 3:6] + (shown[match] - own)[owner]).clip(0.0, 1.0)
    return moved


def far_from(colours: np.ndarray, paints: np.ndarray) -> bool:
    """Whether any of the colours (G, 3) is none of the paints (D, 3)."""
    return bool((np.linalg.norm(colours[:, None] - paints[None], axis=-1).min(axis=1) > KNOWN).any())


def one_to_one(own: np.ndarray, shown: np.ndarray) -> np.ndarray | None:
    """(G,) which of the demonstrations' colours (D, 3) each of the query's (G, 3) is in another light; None where no
    light explains it."""
    best, found = MISFIT, None
    for order in permutations(range(len(shown)), len(own)):
        there = shown[list(order)]
        gains = ((own * there).sum(axis=0) / (there**2).sum(axis=0)).clip(*GAINS)
        misfit = float(np.sqrt(((own - gains * there) ** 2).mean()))
        if misfit < best:
            best, found = misfit, np.array(order)
    return found


def nearest_paints(colours: np.ndarray) -> np.ndarray:
    """(G, 3) paints of the palette in place of colours (G, 3), all different: the nearest, the first colours first."""
    free = list(range(len(PAINTS)))
    found: list[np.ndarray] = []
    for colour in colours:
        best = min(free, key=lambda paint: float(np.linalg.norm(PAINTS[paint] - colour)))
        free.remove(best)
        found.append(PAINTS[best])
    return np.array(found)
