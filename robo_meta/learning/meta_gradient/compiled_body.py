"""`body_layers` on the CPU in float32, compiled: each point is read once for all that is done with it.

Axis letters as there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sim.compiling import compiled

_F: Any = np.float32
ZERO, ONE = _F(0), _F(1)
BIAS, LOWEST, HIGHEST = _F(127.5), _F(-87), _F(88)
LOG2_E, LN2_HIGH, LN2_LOW = _F(1.44269504), _F(0.693359375), _F(-2.12194440e-4)
C0, C1, C2, C3, C4, C5 = (
    _F(value)
    for value in (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
)
"""Minimax polynomial of the exponential between −ln 2 ÷ 2 and ln 2 ÷ 2 (Moshier, Cephes, 1992), good to 1e-7."""


def _bits_as_float(typing: Any, bits: Any) -> Any:
    """The float32 with the bits of an int32."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), build


_as_float: Any = intrinsic(_bits_as_float)


@compiled
def _exp(x: Any) -> Any:
    """As in `compiled_head`, of which nothing is called from here; see `sim.compiling`."""
    bounded = min(max(x, LOWEST), HIGHEST)
    exponent = np.int32(bounded * LOG2_E + BIAS)
    whole = _F(exponent) - _F(127)
    r = (bounded - whole * LN2_HIGH) - whole * LN2_LOW + (x - x)
    series = ((((C0 * r + C1) * r + C2) * r + C3) * r + C4) * r + C5
    return (series * r * r + r + ONE) * _as_float(np.int32(exponent << np.int32(23)))


@compiled
def _activate(a: np.ndarray, x: np.ndarray) -> None:
    """Flat inputs become the sigmoid; `x` is filled with the activation."""
    for i in range(len(a)):
        gate = ONE / (ONE + _exp(-a[i]))
        x[i] = a[i] * gate
        a[i] = gate


@compiled
def _through(by: np.ndarray, gate: np.ndarray, x: np.ndarray) -> None:
    """Flat gradients by activations become those by their inputs."""
    for i in range(len(by)):
        by[i] *= gate[i] + x[i] * (ONE - gate[i])


@compiled
def _add_coloured(values: np.ndarray, colours: np.ndarray, table: np.ndarray) -> None:
    """Add to points (P, H) what those of their colours get."""
    for p in range(len(values)):
        for c in range(len(table)):
            share = colours[p, c]
            if share != ZERO:
                for j in range(values.shape[1]):
                    values[p, j] += share * table[c, j]


@compiled
def _sum_coloured(values: np.ndarray, colours: np.ndarray, sums: np.ndarray) -> None:
    """Fill `sums` (C + 1, H) with those of points (P, H) of each colour."""
    sums[:] = ZERO
    for p in range(len(values)):
        for c in range(len(sums)):
            share = colours[p, c]
            if share != ZERO:
                for j in range(values.shape[1]):
                    sums[c, j] += share * values[p, j]


@compiled
def heard(
    a: np.ndarray,
    colours: np.ndarray,
    table: np.ndarray,
    x: np.ndarray,
    sums: np.ndarray,
    highest: np.ndarray,
    where: np.ndarray,
) -> None:
    """`body_layers.heard`: inputs (U, P, H) become the sigmoid, the rest is filled in; an empty table adds nothing."""
    for u in range(len(a)):
        if len(table):
            _add_coloured(a[u], colours[u], table[u])
        _activate(a[u].reshape(-1), x[u].reshape(-1))
        _sum_coloured(x[u], colours[u], sums[u])
        for j in range(a.shape[2]):
            highest[u, j], where[u, j] = x[u, 0, j], 0
        for p in range(1, a.shape[1]):
            for j in range(a.shape[2]):
                better = x[u, p, j] > highest[u, j]
                where[u, j] = np.int32(p) if better else where[u, j]
                highest[u, j] = x[u, p, j] if better else highest[u, j]


@compiled
def heard_back(
    by: np.ndarray,
    gate: np.ndarray,
    x: np.ndarray,
    where: np.ndarray,
    colours: np.ndarray,
    by_sums: np.ndarray,
    by_highest: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    by_table: np.ndarray,
) -> None:
    """`body_layers.heard_back`: gradients (U, P, H) by the output become those by the input; an empty `left` adds
    nothing."""
    for u in range(len(by)):
        _add_coloured(by[u], colours[u], by_sums[u])
        if len(left):
            _add_coloured(by[u], left[u], right[u])
        for j in range(by.shape[2]):
            by[u, where[u, j], j] += by_highest[u, j]
        _through(by[u].reshape(-1), gate[u].reshape(-1), x[u].reshape(-1))
        _sum_coloured(by[u], colours[u], by_table[u])


@compiled
def held(a: np.ndarray, weight: np.ndarray, bias: float, x: np.ndarray, hold: np.ndarray) -> None:
    """`body_layers.held`: inputs (R, W) become the sigmoid, activations and outputs are filled in."""
    for row in range(len(a)):
        _activate(a[row], x[row])
        total = bias
        for j in range(len(weight)):
            total += x[row, j] * weight[j]
        hold[row] = total


@compiled
def held_back(by_hold: np.ndarray, weight: np.ndarray, gate: np.ndarray, x: np.ndarray, by: np.ndarray) -> None:
    """`body_layers.held_back`: fill `by` (R, W)."""
    for row in range(len(by)):
        factor = by_hold[row]
        for j in range(len(weight)):
            by[row, j] = factor * weight[j] * (gate[row, j] + x[row, j] * (ONE - gate[row, j]))


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
