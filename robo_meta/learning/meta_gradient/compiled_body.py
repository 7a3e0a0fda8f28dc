"""`body_layers` on the CPU in float32, compiled, but for the activations.

Axis letters as there.
"""

from __future__ import annotations

import numpy as np

from sim.compiling import compiled


@compiled
def add(values: np.ndarray, colours: np.ndarray, which: np.ndarray, table: np.ndarray) -> None:
    """Add to points (U, P, H) what those of their colours get.

    Args:
        values: changed.
        colours, which: (U, P, C + 1), and of `compiled_hidden.listed`.
        table: (U, C + 1, H).
    """
    for u in range(len(values)):
        for p in range(values.shape[1]):
            for k in range(which[u, p, 0]):
                c = which[u, p, k + 1]
                share = colours[u, p, c]
                for j in range(values.shape[2]):
                    values[u, p, j] += share * table[u, c, j]


@compiled
def total(values: np.ndarray, colours: np.ndarray, which: np.ndarray, sums: np.ndarray) -> None:
    """Add to `sums` (U, C + 1, H) those of points (U, P, H) of each colour; `colours` and `which` as in `add`."""
    for u in range(len(values)):
        for p in range(values.shape[1]):
            for k in range(which[u, p, 0]):
                c = which[u, p, k + 1]
                share = colours[u, p, c]
                for j in range(values.shape[2]):
                    sums[u, c, j] += share * values[u, p, j]


@compiled
def highest(x: np.ndarray, values: np.ndarray, where: np.ndarray) -> None:
    """Fill `values` (U, H) with the highest of points (U, P, H), and `where`, zeros before, with the point's number."""
    for u in range(len(x)):
        for j in range(x.shape[2]):
            values[u, j] = x[u, 0, j]
        for p in range(1, x.shape[1]):
            for j in range(x.shape[2]):
                if x[u, p, j] > values[u, j]:
                    values[u, j] = x[u, p, j]
                    where[u, j] = p


@compiled
def votes(parts: np.ndarray, vectors: np.ndarray, places: np.ndarray, found: np.ndarray) -> None:
    """`body_layers.votes`: fill `found` (R, 2), from vectors (R, V, 2) and places (R, 2)."""
    for row in range(len(parts)):
        x, y = places[row, 0], places[row, 1]
        for v in range(parts.shape[1]):
            x += parts[row, v] * vectors[row, v, 0]
            y += parts[row, v] * vectors[row, v, 1]
        found[row, 0], found[row, 1] = x, y


@compiled
def votes_back(by: np.ndarray, vectors: np.ndarray, parts: np.ndarray) -> None:
    """`body_layers.votes_back`: fill `parts` (R, V), from gradients (R, 2)."""
    for row in range(len(parts)):
        for v in range(parts.shape[1]):
            parts[row, v] = by[row, 0] * vectors[row, v, 0] + by[row, 1] * vectors[row, v, 1]
