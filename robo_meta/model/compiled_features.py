"""`point_features.encode` for scans on the CPU, compiled: a small part of the time that PyTorch takes for one scan."""

from __future__ import annotations

import numpy as np

from robo_meta.model import outline_features as outline
from robo_meta.model import surface_features as surface
from robo_meta.model.compiled_axes import axes
from robo_meta.model.compiled_neighbours import Near, neighbours
from robo_meta.model.compiled_outline import profiles
from robo_meta.model.compiled_points import (
    HEIGHT_RADIUS,
    TOP_RADIUS,
    WIDER,
    areas,
    of_neighbourhood,
    of_object,
    smooth_heights,
)
from robo_meta.model.compiled_surface import fits, strips

BANDS = np.array([row.index(1.0) for row in outline.BANDS_OF_CELLS[1:-1]])
"""(cells,) the band that each cell along a line belongs to."""
EDGES, WINDOWS = np.array(outline.EDGES), np.array(outline.WINDOWS)
MIDDLES = (EDGES[1:] + EDGES[:-1]) / 2
PROFILE_SIZES = (outline.HALF, outline.CELL, outline.LEVER, outline.STEP, surface.STRIP)
STRIP_SIZES = (surface.STRIP, surface.HALF, *surface.FINGERS, surface.RIM)
RIDGE = np.array(surface.FIT_RIDGE)


def encode_scan(
    points: np.ndarray, places: int, radii: tuple[float, ...], area_radius: float, scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (Q, F), colours (Q, 8) and vectors (Q, V, 2) of `point_features.Encoded`, worked out in float64.

    Args:
        points: (P, 6); what is returned is of its type.
        places: Q at most.
        radii: m, of the neighbourhoods.
        area_radius: m, by which the unevenness of the scan is measured.
        scale: m, the unit of lengths.
    """
    # A copy, as what is compiled for arrays that may be written to is compiled anew for others.
    # Rows that are read one after the other take less time than columns.
    rows = np.array(points.T, dtype=np.float64, order="C")
    rows[3:] = ((rows[3:] - 0.3) / 0.4).clip(0.0, 1.0)
    count = min(places, len(points))
    widest = max(outline.PIECE_RADIUS, area_radius, WIDER * max(radii))
    reaches = np.array([widest, surface.FIT_RADIUS, HEIGHT_RADIUS])
    starts, numbers = neighbours(rows, count, reaches)

    def near(radius: float) -> Near:
        """The narrowest lists that reach as far."""
        return starts[np.flatnonzero(reaches >= radius)[-1]], numbers

    heights = smooth_heights(rows, near(HEIGHT_RADIUS))
    shares = areas(rows, near(area_radius), area_radius)
    blocks = [of_object(rows, near(TOP_RADIUS), heights, shares, scale)]
    place = rows[:2, :count].T
    vectors = [-0.01 * place / np.maximum(np.hypot(*place.T), 1e-3)[:, None]]
    for radius in radii:
        found, middles = of_neighbourhood(rows, near(WIDER * radius), heights, radius)
        blocks.append(found)
        vectors += [middles[:, 0], middles[:, 1]]
    pieces = outline.PIECE_RADIUS, outline.PIECE_HEIGHT, outline.LONE_SPREAD
    ways, turned = axes(rows, near(outline.PIECE_RADIUS), heights, *pieces)
    blocks.append(profiles(rows, heights, ways, turned, BANDS, EDGES, MIDDLES, WINDOWS, PROFILE_SIZES))
    blocks.append(strips(rows, heights, ways, STRIP_SIZES, float(surface.USUAL)))
    blocks.append(fits(rows, near(surface.FIT_RADIUS), heights, ways, RIDGE, surface.FIT_RADIUS, surface.FIT_UNIT))
    # Each block goes to its place at once: fresh memory takes longer than the arithmetic.
    features = np.concatenate(blocks, axis=1, dtype=points.dtype, casting="same_kind")
    colours, arrows = _corners(rows[3:, :count]), np.stack(vectors, axis=1) / scale
    return features, colours.astype(points.dtype), arrows.astype(points.dtype)


def _corners(sure: np.ndarray) -> np.ndarray:
    """(Q, 8) of `point_features.corner_weights` for saturated colours (3, Q)."""
    red, green, blue = sure
    pairs = np.stack([(1 - red) * (1 - green), (1 - red) * green, red * (1 - green), red * green], axis=-1)
    return np.concatenate([pairs * (1 - blue)[:, None], pairs * blue[:, None]], axis=-1)
