"""Which material each scanned point is made of: clusters of colour, and their volumes as a camera sees them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robo_meta.strategies.baselines.compiled_scans import nearest_points, neighbours_of_colour, tops
from robo_meta.strategies.scan_memory import remembered

SEPARATION = 0.35
"""RGB units: colours farther apart are different paints; scanning noise is about 0.02, palette colours 0.7 apart."""


LLOYD_STEPS = 10
"""Steps at most by which the centres of colours move."""
CELL = 0.004
"""m: side of a footprint cell."""
TOP_RADIUS = 0.015
"""m: how far around a point the top of its part is looked for."""
TOP_SHARE = 0.75
"""Of the points there, those below what is taken for the top."""
NEIGHBOURS = 5
"""Points by which it is told how rough a scan is."""
FOOTPRINT_REACH = 0.8
"""How far the footprint goes beyond the points, in distances to the third neighbour."""


def colour_centres(scans: Sequence[np.ndarray], most: int = 4) -> np.ndarray:
    """(G, 3) the colours that occur in scans (P, 6), in order of how often.

    Farthest-first seeding finds how many there are, Lloyd's steps place them. All scans of a task are given together,
    so that a group means the same material on every object.
    """
    return _centres(tuple(np.asarray(scan[:, 3:6]) for scan in scans), most)


@remembered
def _centres(shown: tuple[np.ndarray, ...], most: int) -> np.ndarray:
    colours = np.concatenate(shown).astype(np.float64)
    centres = colours[:1]
    apart = colour_distances(colours, centres)
    while len(centres) < most:
        gap = apart.min(axis=0)
        if gap.max() < SEPARATION:
            break
        farthest = colours[None, np.argmax(gap)]
        centres, apart = np.vstack([centres, farthest]), np.vstack([apart, colour_distances(colours, farthest)])
    owner = np.argmin(apart, axis=0)
    for _ in range(LLOYD_STEPS):
        kept = [k for k in range(len(centres)) if (owner == k).any()]
        centres = np.stack([colours[owner == k].mean(axis=0) for k in kept])
        before, owner = owner, nearest_colour(colours, centres)
        if np.array_equal(before, owner):
            break
    count = np.bincount(owner, minlength=len(centres))
    return centres[np.argsort(-count, kind="stable")]


def nearest_colour(colours: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(P,) index of the centre (G, 3) nearest to each colour (P, 3)."""
    return np.argmin(colour_distances(colours, centres), axis=0)


def colour_distances(colours: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """(G, P) RGB units: from centres (G, 3) to colours (P, 3), channel by channel, as sums over three numbers take
    longer than all the rest."""
    red, green, blue = (colours[:, k] - centres[:, k, None] for k in range(3))
    return np.asarray(np.sqrt(red * red + green * green + blue * blue))


def volumes(scan: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each colour's volume and its centroid from above.

    Parts are upright prisms, so the volume is the integral of height over the footprint. Cells of the footprint take
    the height and colour of their nearest point; plain means over the points would carry the sampling noise of a
    hundred random ones, several millimetres of centroid.

    Args:
        scan: (P, 6), object frame.
        centres: (G, 3) from `colour_centres`.

    Returns:
        (G,) volumes, m³; (G, 2) centroids, m, zero where a colour is absent.
    """
    points = scan.astype(np.float64)
    xy = points[:, :2]
    owner = nearest_colour(points[:, 3:6], centres)
    # Points on the sides of a part lie below its top: a tall neighbour of the same colour tells how high it is.
    top, third = tops(points[:, :3].copy(), owner, TOP_RADIUS, TOP_SHARE)
    # The third neighbour is about 0.9 of a spacing away in an even scan; half of that rounds the outline fairly.
    reach = float(np.clip(FOOTPRINT_REACH * np.median(third), 0.003, 0.012))
    low, high = xy.min(axis=0) - reach, xy.max(axis=0) + reach
    axes = [np.arange(low[k] + CELL / 2, high[k], CELL) for k in range(2)]
    cells = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    nearest = nearest_points(cells, xy.copy(), reach)
    covered = nearest >= 0
    cells, nearest = cells[covered], nearest[covered]
    share = (owner[nearest][:, None] == np.arange(len(centres))) * np.maximum(top[nearest], 1e-4)[:, None]
    volume = share.sum(axis=0)
    centroid = share.T @ cells / np.maximum(volume, 1e-12)[:, None]
    return volume * CELL**2, centroid


@remembered
def roughness(points: np.ndarray) -> float:
    """m by which heights scatter over near neighbours of one colour: median deviation from the neighbours' median."""
    neighbours = neighbours_of_colour(np.array(points, dtype=np.float64, order="C"), SEPARATION, NEIGHBOURS)
    heights = points[neighbours, 2]
    return float(np.median(np.abs(points[:, 2] - np.median(heights, axis=1))))
