"""The head's hidden layer on scans, compiled: each point has one or two of the colours, so that most of what a library
would multiply is zero.

Axis letters as in `head_pass`; V scans with the numbers `rows` out of U, of the tasks `owners` out of N.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compiling import compiled

ZERO: Any = np.float32(0)
ONE: Any = np.float32(1)


@compiled
def listed(colours: np.ndarray, which: np.ndarray) -> None:
    """Fill `which` (U, P, C + 2) with the numbers of each point's colours out of (U, P, C + 1), how many first."""
    for u in range(len(colours)):
        for p in range(colours.shape[1]):
            count = 0
            for c in range(colours.shape[2]):
                # Written in any case, as a branch costs more; the next one overwrites what isn't there.
                which[u, p, count + 1] = c
                count += colours[u, p, c] != ZERO
            which[u, p, 0] = count


@compiled
def opened(
    rows: np.ndarray,
    owners: np.ndarray,
    colours: np.ndarray,
    which: np.ndarray,
    hidden: np.ndarray,
    whole: np.ndarray,
    colour: np.ndarray,
    a: np.ndarray,
) -> None:
    """Fill `a` (V, P, W) with the layer's input, or with how it moves where the tables do.

    Args:
        rows, owners: (V,).
        colours, which: (U, P, C + 1), and of `listed`.
        hidden: (U, P, W), of `Scans`, or empty for the latter.
        whole: (V, W), what all points of a scan get.
        colour: the table (N, C, W), or its direction.
        a: filled in.
    """
    for i in range(len(rows)):
        u, task = rows[i], owners[i]
        for p in range(a.shape[1]):
            for j in range(a.shape[2]):
                a[i, p, j] = whole[i, j]
            if len(hidden):
                for j in range(a.shape[2]):
                    a[i, p, j] += hidden[u, p, j]
            for k in range(which[u, p, 0] - 1):
                c = which[u, p, k + 1]
                share = colours[u, p, c]
                for j in range(a.shape[2]):
                    a[i, p, j] += share * colour[task, c, j]


@compiled
def through(by: np.ndarray, gate: np.ndarray, z: np.ndarray) -> None:
    """Multiply `by` by the slope of the activation z, whose input's sigmoid is `gate`; all flat."""
    for i in range(len(by)):
        by[i] *= gate[i] + z[i] * (ONE - gate[i])


@compiled
def turned(moved: np.ndarray, by_z: np.ndarray, gate: np.ndarray, z: np.ndarray, a: np.ndarray) -> None:
    """How the layer's input moves becomes how the gradient by it does; all flat.

    Args:
        moved, by_z: gradient by the activations, the derivative first.
        gate, z: as in `through`.
        a: changed.
    """
    for i in range(len(a)):
        first = gate[i] + z[i] * (ONE - gate[i])
        second = (ONE - gate[i]) * (gate[i] + first - gate[i] * z[i])
        a[i] = moved[i] * first + by_z[i] * second * a[i]
