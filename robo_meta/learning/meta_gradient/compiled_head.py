"""`head_pass` on the CPU in float32, compiled: one scan after another, so that what a scan needs stays in the cache.

Axis letters as in `head_pass`. Tables come and go as arrays (N, …) in the order bias (N, W), colour (N, C, W), score
(N, C, M + 1), gate (N, M + 1), like (N, H).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from sim.compiling import compiled

MEAN_X, MEAN_Y, SHARE, GATE = 0, 1, 2, 3
"""Rows of what is kept of each keypoint and of the points' own choice."""
_F: Any = np.float32
ZERO, HALF, ONE, TWO = (_F(value) for value in (0, 0.5, 1, 2))
LOG2_E, LN2_HIGH, LN2_LOW = _F(1.44269504), _F(0.693359375), _F(-2.12194440e-4)
BIAS, LOWEST, HIGHEST = _F(127.5), _F(-87), _F(88)
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
    """The exponential, unlike the library's in a form that loops over rows are vectorised with; what is no number stays
    none."""
    bounded = min(max(x, LOWEST), HIGHEST)
    exponent = np.int32(bounded * LOG2_E + BIAS)
    whole = _F(exponent) - _F(127)
    r = (bounded - whole * LN2_HIGH) - whole * LN2_LOW + (x - x)
    series = ((((C0 * r + C1) * r + C2) * r + C3) * r + C4) * r + C5
    return (series * r * r + r + ONE) * _as_float(np.int32(exponent << np.int32(23)))


@compiled
def _activate(z: np.ndarray, gate: np.ndarray) -> None:
    """Flat inputs become activations; `gate` is filled with the sigmoid."""
    for i in range(len(z)):
        gate[i] = ONE / (ONE + _exp(-z[i]))
        z[i] *= gate[i]


@compiled
def _through(by: np.ndarray, gate: np.ndarray, z: np.ndarray) -> None:
    """Flat gradients by activations become those by their inputs."""
    for i in range(len(by)):
        by[i] *= gate[i] + z[i] * (ONE - gate[i])


@compiled
def _turn(
    a: np.ndarray, by_z: np.ndarray, moved: np.ndarray, gate: np.ndarray, z: np.ndarray, by_hidden: np.ndarray
) -> None:
    """Flat directions of the inputs become the derivative of the gradient by them, which is added to `by_hidden`.

    Args:
        by_z, moved: gradient by the activations, and its derivative.
        gate, z: of `_activate`.
    """
    for i in range(len(a)):
        first = gate[i] + z[i] * (ONE - gate[i])
        second = (ONE - gate[i]) * (gate[i] + first - gate[i] * z[i])
        a[i] = moved[i] * first + by_z[i] * second * a[i]
        by_hidden[i] += a[i]


@compiled
def _softmax(scores: np.ndarray, weights: np.ndarray) -> float:
    """Fill `weights` (P,) with the softmax of scores (P,); the log of the sum of their exponentials."""
    highest = scores[0]
    for p in range(len(scores)):
        highest = max(highest, scores[p])
    total = ZERO
    for p in range(len(scores)):
        weights[p] = _exp(scores[p] - highest)
        total += weights[p]
    for p in range(len(scores)):
        weights[p] /= total
    return highest + _F(math.log(total))


@compiled
def _score(z: np.ndarray, weight: np.ndarray, colours: np.ndarray, colour: np.ndarray, scores: np.ndarray) -> None:
    """Add to scores (M + 1, P) those of a hidden layer (P, W) and of the points' colours (P, C + 1)."""
    outputs, width = weight.shape
    for p in range(len(z)):
        for m in range(outputs):
            total = ZERO
            for j in range(width):
                total += z[p, j] * weight[m, j]
            scores[m, p] += total
        for c in range(len(colour)):
            share = colours[p, c]
            if share != ZERO:
                for m in range(outputs):
                    scores[m, p] += share * colour[c, m]


@compiled
def _alike(points: np.ndarray, like: np.ndarray, scores: np.ndarray) -> None:
    """Add to scores (P,) how far points (P, H) are alike a table (H,)."""
    for p in range(len(points)):
        total = ZERO
        for j in range(len(like)):
            total += points[p, j] * like[j]
        scores[p] += total


@compiled
def _from_scores(by_scores: np.ndarray, weight: np.ndarray, p: int, row: np.ndarray) -> None:
    """Fill `row` (W,) with the gradient by point p's hidden layer, from that by the scores (M + 1, P)."""
    for j in range(len(row)):
        row[j] = by_scores[0, p] * weight[0, j]
    for m in range(1, len(weight)):
        for j in range(len(row)):
            row[j] += by_scores[m, p] * weight[m, j]


@compiled
def _collect(
    by_a: np.ndarray, by_scores: np.ndarray, colours: np.ndarray, points: np.ndarray, task: int, tables: tuple
) -> None:
    """Add to task's tables the gradient by them, from that by the hidden layer's input (P, W) and the scores
    (M + 1, P)."""
    bias, colour, score, _, like = tables
    outputs, width = len(by_scores), by_a.shape[1]
    for p in range(len(by_a)):
        for j in range(width):
            bias[task, j] += by_a[p, j]
        for c in range(colour.shape[1]):
            share = colours[p, c]
            if share != ZERO:
                for j in range(width):
                    colour[task, c, j] += share * by_a[p, j]
                for m in range(outputs):
                    score[task, c, m] += share * by_scores[m, p]
        own = by_scores[outputs - 1, p]
        for j in range(points.shape[1]):
            like[task, j] += own * points[p, j]


@compiled
def _slopes(
    scores: np.ndarray,
    places: np.ndarray,
    votes: np.ndarray,
    grasp: np.ndarray,
    gates: np.ndarray,
    log_scales: np.ndarray,
    factor: float,
    weights: np.ndarray,
    near: np.ndarray,
    kept: np.ndarray,
    widths: np.ndarray,
    by_votes: np.ndarray,
) -> float:
    """The loss of one grasp times its weight; scores (M + 1, P) become the gradient by them, gates that by the logits.

    Args:
        places, votes: (P, 2).
        grasp: (4,), of `scorer.grasp_rows`.
        log_scales: (3,), of `scorer.log_likelihood`.
        factor: the grasp's weight in its task's loss.
        weights, near, kept: filled in for `_slopes_tangent`.
        widths: (3,), added to.
        by_votes: (P, 2) filled in, or empty where it isn't wanted.
    """
    outputs, count = scores.shape
    m1 = outputs - 1
    wide0, wide1, wide2 = _exp(-TWO * log_scales[0]), _exp(-TWO * log_scales[1]), _exp(-TWO * log_scales[2])
    terms = np.empty(outputs, np.float32)
    log_gates = _softmax(gates, kept[GATE])
    total = ZERO
    for m in range(outputs):
        total = _softmax(scores[m], weights[m])
    for p in range(count):
        dx, dy = votes[p, 0] - grasp[0], votes[p, 1] - grasp[1]
        near[p] = scores[m1, p] - total + ONE - _F(math.sqrt(ONE + (dx * dx + dy * dy) * wide2))
    points = _softmax(near, near)
    terms[m1] = gates[m1] - log_gates + points - TWO * log_scales[2]
    for m in range(m1):
        x, y = ZERO, ZERO
        for p in range(count):
            x += weights[m, p] * places[p, 0]
            y += weights[m, p] * places[p, 1]
        kept[MEAN_X, m], kept[MEAN_Y, m] = x, y
        x, y = x - grasp[0], y - grasp[1]
        along = x * grasp[2] + y * grasp[3]
        across = max(x * x + y * y - along * along, ZERO)
        scaled = across * wide0 + along * along * wide1
        terms[m] = gates[m] - log_gates + ONE - _F(math.sqrt(ONE + scaled)) - log_scales[0] - log_scales[1]
    likelihood = _softmax(terms, kept[SHARE])
    for m in range(m1):
        share = -kept[SHARE, m] * factor
        gates[m] = share + kept[GATE, m] * factor
        x, y = kept[MEAN_X, m] - grasp[0], kept[MEAN_Y, m] - grasp[1]
        along = x * grasp[2] + y * grasp[3]
        raw = x * x + y * y - along * along
        across, inside = (raw, wide0) if raw > ZERO else (ZERO, ZERO)
        slope = -HALF * share / _F(math.sqrt(ONE + across * wide0 + along * along * wide1))
        dx = TWO * slope * (inside * x + (wide1 - inside) * along * grasp[2])
        dy = TWO * slope * (inside * y + (wide1 - inside) * along * grasp[3])
        middle = dx * kept[MEAN_X, m] + dy * kept[MEAN_Y, m]
        for p in range(count):
            scores[m, p] = weights[m, p] * (dx * places[p, 0] + dy * places[p, 1] - middle)
        widths[0] -= TWO * wide0 * slope * across + share
        widths[1] -= TWO * wide1 * slope * along * along + share
    share = -kept[SHARE, m1] * factor
    gates[m1] = share + kept[GATE, m1] * factor
    far = ZERO
    for p in range(count):
        scores[m1, p] = share * (near[p] - weights[m1, p])
        dx, dy = votes[p, 0] - grasp[0], votes[p, 1] - grasp[1]
        square = dx * dx + dy * dy
        falls = -HALF * wide2 * share * near[p] / _F(math.sqrt(ONE + square * wide2))
        far += falls * square
        if len(by_votes):
            by_votes[p, 0], by_votes[p, 1] = TWO * falls * dx, TWO * falls * dy
    widths[2] -= TWO * far + TWO * share
    return -likelihood * factor


@compiled
def _slopes_tangent(
    scores: np.ndarray,
    by_scores: np.ndarray,
    places: np.ndarray,
    votes: np.ndarray,
    grasp: np.ndarray,
    gates: np.ndarray,
    log_scales: np.ndarray,
    factor: float,
    weights: np.ndarray,
    near: np.ndarray,
    kept: np.ndarray,
    widths: np.ndarray,
    by_votes: np.ndarray,
) -> None:
    """The derivative of `_slopes` in the direction of scores (M + 1, P) and gates (M + 1,), which become that by them.

    `by_scores` is the gradient that `_slopes` left; `by_votes` is added to, as `widths` is.
    """
    outputs, count = scores.shape
    m1 = outputs - 1
    wide0, wide1, wide2 = _exp(-TWO * log_scales[0]), _exp(-TWO * log_scales[1]), _exp(-TWO * log_scales[2])
    terms, moves = np.empty(outputs, np.float32), np.empty((2, outputs), np.float32)
    middle = ZERO
    for m in range(outputs):
        middle += kept[GATE, m] * gates[m]
    for m in range(outputs):
        gates[m] -= middle
        terms[m] = gates[m]
        mean = ZERO
        for p in range(count):
            mean += weights[m, p] * scores[m, p]
        for p in range(count):
            scores[m, p] -= mean
    points = ZERO
    for p in range(count):
        points += near[p] * scores[m1, p]
    terms[m1] += points
    for m in range(m1):
        dx, dy = ZERO, ZERO
        for p in range(count):
            moved = weights[m, p] * scores[m, p]
            dx += moved * places[p, 0]
            dy += moved * places[p, 1]
        moves[0, m], moves[1, m] = dx, dy
        x, y = kept[MEAN_X, m] - grasp[0], kept[MEAN_Y, m] - grasp[1]
        along, turned = x * grasp[2] + y * grasp[3], dx * grasp[2] + dy * grasp[3]
        raw = x * x + y * y - along * along
        across, moved = (raw, TWO * (x * dx + y * dy - along * turned)) if raw > ZERO else (ZERO, ZERO)
        scaled = across * wide0 + along * along * wide1
        change = moved * wide0 + TWO * along * turned * wide1
        terms[m] -= HALF * change / _F(math.sqrt(ONE + scaled))
    middle = ZERO
    for m in range(outputs):
        middle += kept[SHARE, m] * terms[m]
    for m in range(m1):
        share, change = -factor * kept[SHARE, m], -factor * kept[SHARE, m] * (terms[m] - middle)
        x, y = kept[MEAN_X, m] - grasp[0], kept[MEAN_Y, m] - grasp[1]
        dx, dy = moves[0, m], moves[1, m]
        along, turned = x * grasp[2] + y * grasp[3], dx * grasp[2] + dy * grasp[3]
        raw = x * x + y * y - along * along
        across, inside, moved = ZERO, ZERO, ZERO
        if raw > ZERO:
            across, inside, moved = raw, wide0, TWO * (x * dx + y * dy - along * turned)
        shrunk = ONE / _F(math.sqrt(ONE + across * wide0 + along * along * wide1))
        slope = -HALF * share * shrunk
        steeper = -HALF * change * shrunk - HALF * slope * shrunk * shrunk * (
            moved * wide0 + TWO * along * turned * wide1
        )
        rest = wide1 - inside
        by_x, by_y = TWO * (inside * x + rest * along * grasp[2]), TWO * (inside * y + rest * along * grasp[3])
        to_x = steeper * by_x + TWO * slope * (inside * dx + rest * turned * grasp[2])
        to_y = steeper * by_y + TWO * slope * (inside * dy + rest * turned * grasp[3])
        by_x, by_y = slope * by_x, slope * by_y
        centre = to_x * kept[MEAN_X, m] + to_y * kept[MEAN_Y, m] + by_x * dx + by_y * dy
        for p in range(count):
            straight = to_x * places[p, 0] + to_y * places[p, 1] - centre
            scores[m, p] = by_scores[m, p] * scores[m, p] + weights[m, p] * straight
        gates[m] = change + kept[GATE, m] * gates[m] * factor
        widths[0] -= TWO * wide0 * (steeper * across + slope * moved) + change
        widths[1] -= TWO * wide1 * (steeper * along * along + TWO * slope * along * turned) + change
    share, change = -factor * kept[SHARE, m1], -factor * kept[SHARE, m1] * (terms[m1] - middle)
    gates[m1] = change + kept[GATE, m1] * gates[m1] * factor
    far = ZERO
    for p in range(count):
        nearer = near[p] * (scores[m1, p] - points)
        scores[m1, p] = change * (near[p] - weights[m1, p]) + share * (nearer - weights[m1, p] * scores[m1, p])
        dx, dy = votes[p, 0] - grasp[0], votes[p, 1] - grasp[1]
        square = dx * dx + dy * dy
        falls = -HALF * wide2 * (change * near[p] + share * nearer) / _F(math.sqrt(ONE + square * wide2))
        far += falls * square
        by_votes[p, 0] += TWO * falls * dx
        by_votes[p, 1] += TWO * falls * dy
    widths[2] -= TWO * far + TWO * change


@compiled
def forward(
    scans: tuple,
    phi: tuple,
    log_scales: np.ndarray,
    factors: np.ndarray,
    kept: tuple,
    tables: tuple,
    losses: np.ndarray,
    widths: np.ndarray,
    by_fixed: tuple,
) -> None:
    """Losses (U,) of every scan's grasp, and the gradient by the tables, added to `tables`.

    Args:
        scans: numbers of the scans, and the arrays of `head_compiled`.
        phi: the tables.
        log_scales: (3,).
        factors: (U,) weight of each grasp; those of weight zero are passed over.
        kept: what `tangent` needs.
        tables, losses, widths: filled in.
        by_fixed: gradients by what no task changes, by number of the scan; empty ones where they aren't wanted.
    """
    rows, points, colours, hidden, pooled, log_volume, log_hold, gates, weight, places, votes, grasps = scans
    bias, colour, score, gate, like = phi
    opened, layer, by_scores, weights, near, small = kept
    by_hidden, by_pooled, by_gates, by_own, by_votes, by_weight = by_fixed
    outputs, width = weight.shape
    shots, count = len(rows) // len(bias), hidden.shape[1]
    logits, row, by_a = np.empty(outputs, np.float32), np.empty(width, np.float32), np.empty((count, width), np.float32)
    nothing = np.empty((0, 2), np.float32)
    wanted = len(by_hidden) > 0
    for i in range(len(rows)):
        u, task = rows[i], i // shots
        if factors[i] == ZERO:
            by_scores[i] = ZERO
            continue
        z, g, s = layer[i], opened[i], by_scores[i]
        for j in range(width):
            row[j] = bias[task, j] + pooled[u, j]
        for p in range(count):
            for j in range(width):
                z[p, j] = hidden[u, p, j] + row[j]
            for c in range(colour.shape[1]):
                share = colours[u, p, c]
                if share != ZERO:
                    for j in range(width):
                        z[p, j] += share * colour[task, c, j]
        _activate(z.reshape(-1), g.reshape(-1))
        for m in range(outputs):
            for p in range(count):
                s[m, p] = log_volume[u, p]
            logits[m] = gates[u, m] + gate[task, m]
        for p in range(count):
            s[outputs - 1, p] += log_hold[u, p]
        _score(z, weight, colours[u], score[task], s)
        _alike(points[u], like[task], s[outputs - 1])
        turned = by_votes[u] if wanted else nothing
        losses[i] = _slopes(
            s,
            places[u],
            votes[u],
            grasps[u],
            logits,
            log_scales,
            factors[i],
            weights[i],
            near[i],
            small[i],
            widths,
            turned,
        )
        for m in range(outputs):
            tables[3][task, m] += logits[m]
        for p in range(count):
            _from_scores(s, weight, p, by_a[p])
        _through(by_a.reshape(-1), g.reshape(-1), z.reshape(-1))
        _collect(by_a, s, colours[u], points[u], task, tables)
        if wanted:
            by_hidden[u] += by_a
            for p in range(count):
                by_own[u, p] += s[outputs - 1, p]
                for j in range(width):
                    by_pooled[u, j] += by_a[p, j]
                for m in range(outputs):
                    for j in range(width):
                        by_weight[m, j] += s[m, p] * z[p, j]
            for m in range(outputs):
                by_gates[u, m] += logits[m]


@compiled
def tangent(
    scans: tuple,
    direction: tuple,
    log_scales: np.ndarray,
    factors: np.ndarray,
    kept: tuple,
    tables: tuple,
    widths: np.ndarray,
    by_fixed: tuple,
    moved_scores: np.ndarray,
) -> None:
    """The derivative of `forward`'s gradients in a direction, added to `tables`, `widths` and `by_fixed`.

    Args:
        scans, log_scales, factors, kept: as in `forward`.
        direction: in which the tables move.
        moved_scores: (U, P) filled in: derivative of the gradient by the scores of the points' own choice.
    """
    rows, points, colours, hidden, _, _, _, _, weight, places, votes, grasps = scans
    bias, colour, score, gate, like = direction
    opened, layer, by_scores, weights, near, small = kept
    by_hidden, by_pooled, by_gates, by_own, by_votes, by_weight = by_fixed
    outputs, width = weight.shape
    shots, count = len(rows) // len(bias), hidden.shape[1]
    logits, s, a = (
        np.empty(outputs, np.float32),
        np.empty((outputs, count), np.float32),
        np.empty((count, width), np.float32),
    )
    moved_z, by_z = np.empty((count, width), np.float32), np.empty((count, width), np.float32)
    moved = np.empty((count, width), np.float32)
    for i in range(len(rows)):
        u, task = rows[i], i // shots
        if factors[i] == ZERO:
            for p in range(count):
                moved_scores[i, p] = ZERO
            continue
        z, g, by = layer[i], opened[i], by_scores[i]
        for p in range(count):
            for j in range(width):
                a[p, j] = bias[task, j]
            for c in range(colour.shape[1]):
                share = colours[u, p, c]
                if share != ZERO:
                    for j in range(width):
                        a[p, j] += share * colour[task, c, j]
        flat, slope = a.reshape(-1), moved_z.reshape(-1)
        slope[:] = flat
        _through(slope, g.reshape(-1), z.reshape(-1))
        s[:] = ZERO
        _score(moved_z, weight, colours[u], score[task], s)
        _alike(points[u], like[task], s[outputs - 1])
        for m in range(outputs):
            logits[m] = gate[task, m]
        _slopes_tangent(
            s,
            by,
            places[u],
            votes[u],
            grasps[u],
            logits,
            log_scales,
            factors[i],
            weights[i],
            near[i],
            small[i],
            widths,
            by_votes[u],
        )
        for p in range(count):
            moved_scores[i, p] = s[outputs - 1, p]
            by_own[u, p] += s[outputs - 1, p]
            _from_scores(by, weight, p, by_z[p])
            _from_scores(s, weight, p, moved[p])
            for m in range(outputs):
                for j in range(width):
                    by_weight[m, j] += s[m, p] * z[p, j] + by[m, p] * moved_z[p, j]
        _turn(flat, by_z.reshape(-1), moved.reshape(-1), g.reshape(-1), z.reshape(-1), by_hidden[u].reshape(-1))
        _collect(a, s, colours[u], points[u], task, tables)
        for p in range(count):
            for j in range(width):
                by_pooled[u, j] += a[p, j]
        for m in range(outputs):
            tables[3][task, m] += logits[m]
            by_gates[u, m] += logits[m]
