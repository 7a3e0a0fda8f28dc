"""`mixture_loss` on the CPU in float32, compiled, but for its softmaxes over points.

Axis letters as there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.compiling import compiled

_F: Any = np.float32
ZERO, HALF, ONE, TWO = (_F(value) for value in (0, 0.5, 1, 2))


@compiled
def compare(
    weights: np.ndarray,
    places: np.ndarray,
    grasps: np.ndarray,
    square: np.ndarray,
    wide: np.ndarray,
    kept: np.ndarray,
    near: np.ndarray,
) -> None:
    """Places of keypoints, and bumps of votes, about the grasps.

    Args:
        weights: (U, M + 1, P).
        places, square: of `Seen`.
        grasps: (U, 4), of `scorer.grasp_rows`.
        wide: (3,), inverse squares of the widths.
        kept: (5, U, M), filled in for the other functions: x and y from the grasp to the keypoints, how far that is
            along the closing direction, squared across it, and the root of 1 plus the scaled square of all.
        near: (U, P), to which the logs of the votes' bumps are added.
    """
    for u in range(len(weights)):
        for p in range(places.shape[1]):
            near[u, p] += ONE - math.sqrt(ONE + square[u, p] * wide[2])
        for m in range(kept.shape[2]):
            x, y = ZERO, ZERO
            for p in range(places.shape[1]):
                x += weights[u, m, p] * places[u, p, 0]
                y += weights[u, m, p] * places[u, p, 1]
            x -= grasps[u, 0]
            y -= grasps[u, 1]
            along = x * grasps[u, 2] + y * grasps[u, 3]
            across = max(x * x + y * y - along * along, ZERO)
            kept[0, u, m] = x
            kept[1, u, m] = y
            kept[2, u, m] = along
            kept[3, u, m] = across
            kept[4, u, m] = math.sqrt(ONE + across * wide[0] + along * along * wide[1])


@compiled
def slopes(
    weights: np.ndarray,
    places: np.ndarray,
    grasps: np.ndarray,
    square: np.ndarray,
    wide: np.ndarray,
    kept: np.ndarray,
    near: np.ndarray,
    share: np.ndarray,
    by_scores: np.ndarray,
    by_near: np.ndarray,
    widths: np.ndarray,
) -> None:
    """`MixtureLoss.slopes` but for the gates.

    Args:
        weights, places, grasps, square, wide, kept: as in `compare`.
        near: (U, P), the votes' shares of the points' own choice.
        share: (U, M + 1), gradient by the logs of the terms.
        by_scores, by_near, widths: of `Slopes`; filled in, the last added to.
    """
    last = kept.shape[2]
    for u in range(len(weights)):
        for m in range(last):
            x, y, along = kept[0, u, m], kept[1, u, m], kept[2, u, m]
            across, own = kept[3, u, m], share[u, m]
            slope = -HALF * own / kept[4, u, m]
            inside = wide[0] if across > ZERO else ZERO
            turn = (wide[1] - inside) * along
            dx = TWO * slope * (inside * x + turn * grasps[u, 2])
            dy = TWO * slope * (inside * y + turn * grasps[u, 3])
            middle = dx * (x + grasps[u, 0]) + dy * (y + grasps[u, 1])
            for p in range(places.shape[1]):
                by_scores[u, m, p] = weights[u, m, p] * (dx * places[u, p, 0] + dy * places[u, p, 1] - middle)
            widths[0] -= TWO * wide[0] * slope * across + own
            widths[1] -= TWO * wide[1] * slope * along * along + own
        own, far = share[u, last], ZERO
        for p in range(places.shape[1]):
            by_scores[u, last, p] = own * (near[u, p] - weights[u, last, p])
            by_near[u, p] = -HALF * wide[2] * own * near[u, p] / math.sqrt(ONE + square[u, p] * wide[2])
        for p in range(places.shape[1]):
            far += by_near[u, p] * square[u, p]
        widths[2] -= TWO * far + TWO * own


@compiled
def moved(
    weights: np.ndarray,
    places: np.ndarray,
    grasps: np.ndarray,
    wide: np.ndarray,
    kept: np.ndarray,
    near: np.ndarray,
    scores: np.ndarray,
    moves: np.ndarray,
    terms: np.ndarray,
) -> None:
    """How keypoints and terms move where the scores do.

    Args:
        weights, places, grasps, wide, kept, near: as in `slopes`.
        scores: (U, M + 1, P), a direction, which becomes that of the log weights.
        moves: (4, U, M), filled in: in x and y, along the closing direction, and of the square across it.
        terms: (U, M + 1), filled in, the last being how the log of the votes' bump moves.
    """
    last = kept.shape[2]
    for u in range(len(weights)):
        for m in range(last + 1):
            mean = ZERO
            for p in range(places.shape[1]):
                mean += weights[u, m, p] * scores[u, m, p]
            for p in range(places.shape[1]):
                scores[u, m, p] -= mean
        points = ZERO
        for p in range(places.shape[1]):
            points += near[u, p] * scores[u, last, p]
        terms[u, last] = points
        for m in range(last):
            dx, dy = ZERO, ZERO
            for p in range(places.shape[1]):
                move = weights[u, m, p] * scores[u, m, p]
                dx += move * places[u, p, 0]
                dy += move * places[u, p, 1]
            x, y, along = kept[0, u, m], kept[1, u, m], kept[2, u, m]
            turn = dx * grasps[u, 2] + dy * grasps[u, 3]
            across = TWO * (x * dx + y * dy - along * turn) if kept[3, u, m] > ZERO else ZERO
            moves[0, u, m] = dx
            moves[1, u, m] = dy
            moves[2, u, m] = turn
            moves[3, u, m] = across
            terms[u, m] = -HALF * (across * wide[0] + TWO * along * turn * wide[1]) / kept[4, u, m]


@compiled
def tangent(
    weights: np.ndarray,
    places: np.ndarray,
    grasps: np.ndarray,
    square: np.ndarray,
    wide: np.ndarray,
    kept: np.ndarray,
    near: np.ndarray,
    share: np.ndarray,
    by_scores: np.ndarray,
    scores: np.ndarray,
    moves: np.ndarray,
    terms: np.ndarray,
    changes: np.ndarray,
    by_near: np.ndarray,
    widths: np.ndarray,
) -> None:
    """The derivative of `slopes` in a direction.

    Args:
        weights, places, grasps, square, wide, kept, near, share: as in `slopes`.
        by_scores: that `slopes` filled in.
        scores, moves, terms: of `moved`; the first becomes the derivative of `by_scores`.
        changes: (U, M + 1), derivative of `share`.
        by_near, widths: derivatives of those; filled in, and added to.
    """
    last = kept.shape[2]
    for u in range(len(weights)):
        for m in range(last):
            x, y, along = kept[0, u, m], kept[1, u, m], kept[2, u, m]
            dx, dy, turn = moves[0, u, m], moves[1, u, m], moves[2, u, m]
            across, move, root = kept[3, u, m], moves[3, u, m], kept[4, u, m]
            change, cx, cy = changes[u, m], grasps[u, 2], grasps[u, 3]
            inside = wide[0] if across > ZERO else ZERO
            rest = wide[1] - inside
            slope = -HALF * share[u, m] / root
            steeper = -HALF * change / root + slope * terms[u, m] / root
            to_x = inside * (steeper * x + slope * dx) + rest * (steeper * along + slope * turn) * cx
            to_y = inside * (steeper * y + slope * dy) + rest * (steeper * along + slope * turn) * cy
            centre = to_x * (x + grasps[u, 0]) + to_y * (y + grasps[u, 1])
            centre += slope * (inside * (x * dx + y * dy) + rest * along * turn)
            for p in range(places.shape[1]):
                straight = TWO * (to_x * places[u, p, 0] + to_y * places[u, p, 1] - centre)
                scores[u, m, p] = by_scores[u, m, p] * scores[u, m, p] + weights[u, m, p] * straight
            widths[0] -= TWO * wide[0] * (steeper * across + slope * move) + change
            widths[1] -= TWO * wide[1] * along * (steeper * along + TWO * slope * turn) + change
        own, change, far = share[u, last], changes[u, last], ZERO
        for p in range(places.shape[1]):
            nearer = near[u, p] * (scores[u, last, p] - terms[u, last])
            falls = -HALF * wide[2] * (change * near[u, p] + own * nearer)
            by_near[u, p] = falls / math.sqrt(ONE + square[u, p] * wide[2])
            spread = nearer - weights[u, last, p] * scores[u, last, p]
            scores[u, last, p] = change * (near[u, p] - weights[u, last, p]) + own * spread
        for p in range(places.shape[1]):
            far += by_near[u, p] * square[u, p]
        widths[2] -= TWO * far + TWO * change
