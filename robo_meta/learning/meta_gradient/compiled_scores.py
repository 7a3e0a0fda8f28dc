"""Scores of points from the head's hidden layer, and gradients by the tables, compiled: the products are too narrow for
a library's.

Axis letters as in `compiled_hidden`. Sums over the width run over whole rows of points at a time, so that they keep
their order and are vectorised all the same.
"""

from __future__ import annotations

import numpy as np

from sim.compiling import compiled


@compiled
def across(points: np.ndarray, rows: np.ndarray, found: np.ndarray) -> None:
    """Fill `found` (V, H, P) with points (U, P, H)."""
    for i in range(len(rows)):
        u = rows[i]
        for j in range(points.shape[2]):
            for p in range(points.shape[1]):
                found[i, j, p] = points[u, p, j]


@compiled
def scored(
    rows: np.ndarray,
    owners: np.ndarray,
    colours: np.ndarray,
    which: np.ndarray,
    points: np.ndarray,
    weight: np.ndarray,
    z: np.ndarray,
    colour: np.ndarray,
    like: np.ndarray,
    turned: np.ndarray,
    scores: np.ndarray,
) -> None:
    """Add to `scores` (V, M + 1, P).

    Args:
        rows, owners, colours, which: as in `compiled_hidden.opened`.
        points: (V, H, P), of `across`.
        weight: (M + 1, W).
        z: (V, P, W), the hidden layer.
        colour, like: tables (N, C, M + 1) and (N, H).
        turned: (W, P), changed.
        scores: added to.
    """
    outputs, width, count = weight.shape[0], weight.shape[1], scores.shape[2]
    for i in range(len(rows)):
        u, task = rows[i], owners[i]
        for j in range(width):
            for p in range(count):
                turned[j, p] = z[i, p, j]
        for m in range(outputs):
            for j in range(width):
                factor = weight[m, j]
                for p in range(count):
                    scores[i, m, p] += factor * turned[j, p]
        for j in range(points.shape[1]):
            factor = like[task, j]
            for p in range(count):
                scores[i, outputs - 1, p] += factor * points[i, j, p]
        for p in range(count):
            for k in range(which[u, p, 0] - 1):
                c = which[u, p, k + 1]
                share = colours[u, p, c]
                for m in range(outputs):
                    scores[i, m, p] += share * colour[task, c, m]


@compiled
def back(scores: np.ndarray, weight: np.ndarray, by_z: np.ndarray) -> None:
    """Fill `by_z` (V, P, W) with the gradient by the hidden layer, from that by the scores (V, M + 1, P)."""
    for i in range(len(by_z)):
        for p in range(by_z.shape[1]):
            for j in range(by_z.shape[2]):
                by_z[i, p, j] = scores[i, 0, p] * weight[0, j]
            for m in range(1, len(weight)):
                share = scores[i, m, p]
                for j in range(by_z.shape[2]):
                    by_z[i, p, j] += share * weight[m, j]


@compiled
def collected(
    rows: np.ndarray,
    owners: np.ndarray,
    colours: np.ndarray,
    which: np.ndarray,
    points: np.ndarray,
    by_a: np.ndarray,
    scores: np.ndarray,
    by_pooled: np.ndarray,
    by_colour: np.ndarray,
    by_score: np.ndarray,
    by_like: np.ndarray,
) -> None:
    """Gradients by the tables.

    Args:
        rows, owners, colours, which: as in `compiled_hidden.opened`.
        points: (U, P, H).
        by_a: (V, P, W), by the hidden layer's input.
        scores: (V, M + 1, P), by the scores.
        by_pooled: (V, W), by what the whole scan gives to the hidden layer's input; added to.
        by_colour, by_score, by_like: (N, C, W), (N, C, M + 1) and (N, H), by the tables; added to.
    """
    last = scores.shape[1] - 1
    for i in range(len(rows)):
        u, task = rows[i], owners[i]
        for p in range(by_a.shape[1]):
            for j in range(by_a.shape[2]):
                by_pooled[i, j] += by_a[i, p, j]
            for k in range(which[u, p, 0] - 1):
                c = which[u, p, k + 1]
                share = colours[u, p, c]
                for j in range(by_a.shape[2]):
                    by_colour[task, c, j] += share * by_a[i, p, j]
                for m in range(last + 1):
                    by_score[task, c, m] += share * scores[i, m, p]
            own = scores[i, last, p]
            for j in range(points.shape[2]):
                by_like[task, j] += own * points[u, p, j]


@compiled
def add_weight(scores: np.ndarray, z: np.ndarray, weight: np.ndarray) -> None:
    """Add to `weight` (M + 1, W) the gradient by it, from that by the scores (V, M + 1, P) of layers (V, P, W)."""
    for i in range(len(z)):
        for m in range(len(weight)):
            for p in range(z.shape[1]):
                share = scores[i, m, p]
                for j in range(z.shape[2]):
                    weight[m, j] += share * z[i, p, j]
