"""`body_layers` on the CPU in float32, compiled, but for the activations.

Axis letters as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiling import compiled

ZERO: Any = np.float32(0)
ONE: Any = np.float32(1)


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
def pooled(
    x: np.ndarray, colours: np.ndarray, which: np.ndarray, sums: np.ndarray, highest: np.ndarray, where: np.ndarray
) -> None:
    """Fill in what is pooled of points x (U, P, H): `sums`, `highest` and `where` of `Layer`, zeros before; `colours`
    and `which` as in `add`."""
    for u in range(len(x)):
        for j in range(x.shape[2]):
            highest[u, j] = x[u, 0, j]
        for p in range(x.shape[1]):
            for k in range(which[u, p, 0]):
                c = which[u, p, k + 1]
                share = colours[u, p, c]
                for j in range(x.shape[2]):
                    sums[u, c, j] += share * x[u, p, j]
            for j in range(x.shape[2]):
                if x[u, p, j] > highest[u, j]:
                    highest[u, j] = x[u, p, j]
                    where[u, j] = p


@compiled
def heard_back(
    by: np.ndarray,
    gate: np.ndarray,
    x: np.ndarray,
    where: np.ndarray,
    colours: np.ndarray,
    which: np.ndarray,
    by_sums: np.ndarray,
    by_highest: np.ndarray,
    by_table: np.ndarray,
) -> None:
    """`body_layers.heard_back`; arguments as there.

    Args:
        by: (U, P, H), gradients by the output, which become those by the input.
        gate, x, where: the input's sigmoid, the output, and of `pooled`.
        colours, which: as in `add`.
        by_sums, by_highest: gradients by those.
        by_table: filled in.
    """
    for u in range(len(by)):
        for j in range(by.shape[2]):
            by[u, where[u, j], j] += by_highest[u, j]
        for c in range(by_table.shape[1]):
            for j in range(by.shape[2]):
                by_table[u, c, j] = ZERO
        for p in range(by.shape[1]):
            for k in range(which[u, p, 0]):
                c = which[u, p, k + 1]
                share = colours[u, p, c]
                for j in range(by.shape[2]):
                    by[u, p, j] += share * by_sums[u, c, j]
            for j in range(by.shape[2]):
                by[u, p, j] *= gate[u, p, j] + x[u, p, j] * (ONE - gate[u, p, j])
            for k in range(which[u, p, 0]):
                c = which[u, p, k + 1]
                share = colours[u, p, c]
                for j in range(by.shape[2]):
                    by_table[u, c, j] += share * by[u, p, j]


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
