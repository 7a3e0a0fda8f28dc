"""`point_features.encode` for scans on the CPU, compiled: a small part of the time that PyTorch takes for one scan."""

from __future__ import annotations

import numpy as np

from robo_meta.model import outline_features as outline
from robo_meta.model import surface_features as surface
from robo_meta.model.compiled_neighbours import Near, neighbours
from robo_meta.model.compiled_outline import profiles
from robo_meta.model.compiled_points import HEIGHT_RADIUS, TOP_RADIUS, WIDER, alike, areas, of_neighbourhood, of_object
from robo_meta.model.compiled_surface import fits, strips
from robo_meta.model.compiled_views import views

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
    """Features (Q, F), colours (Q, 8) and vectors (Q, V, 2) of `point_features.Encoded`, all float64.

    Args:
        points: (P, 6).
        places: Q at most.
        radii: m, of the neighbourhoods.
        area_radius: m, by which the unevenness of the scan is measured.
        scale: m, the unit of lengths.
    """
    # A copy, as what is compiled for arrays that may be written to is compiled anew for others.
    columns = np.array(points.T, dtype=np.float64, order="C")
    count = min(places, len(points))
    # What is measured of a neighbourhood takes the narrowest of these that reaches as far.
    widest = max(outline.PIECE_RADIUS, WIDER * max(radii))
    reaches = np.array(sorted({max(HEIGHT_RADIUS, area_radius), surface.FIT_RADIUS, widest}))
    numbers, squares, counts = neighbours(columns, count, reaches)

    def near(radius: float) -> Near:
        narrowest = int(np.searchsorted(reaches, radius))
        return numbers[narrowest], squares[narrowest], counts[narrowest]

    colours, same, heights = alike(columns, near(HEIGHT_RADIUS))
    shares = areas(near(area_radius), area_radius)
    blocks = [of_object(columns, near(TOP_RADIUS), same, heights, shares, scale)]
    place = columns[:2, :count].T
    vectors = [-0.01 * place / np.maximum(np.hypot(*place.T), 1e-3)[:, None]]
    for radius in radii:
        found, middles = of_neighbourhood(columns, near(WIDER * radius), same, heights, radius)
        blocks.append(found)
        vectors += [middles[:, 0], middles[:, 1]]
    pieces = outline.PIECE_RADIUS, outline.PIECE_HEIGHT, outline.LONE_SPREAD
    lines, axes, turned = views(columns, near(outline.PIECE_RADIUS), same, heights, *pieces)
    blocks.append(profiles(columns, same, heights, lines, turned, BANDS, EDGES, MIDDLES, WINDOWS, PROFILE_SIZES))
    blocks.append(strips(columns, heights, lines, STRIP_SIZES, float(surface.USUAL)))
    blocks.append(fits(columns, near(surface.FIT_RADIUS), heights, axes, RIDGE, surface.FIT_RADIUS, surface.FIT_UNIT))
    return np.concatenate(blocks, axis=1), colours, np.stack(vectors, axis=1) / scale
