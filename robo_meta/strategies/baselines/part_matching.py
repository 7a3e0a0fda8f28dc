"""Which part of one object is which of another, told without paint: by shape, by laying one over the other, and by
where demonstrators held them.

For objects of two parts all of it is weighed together. An unknown truth value for each object says which of its parts
is the head. Shape speaks for each object alone, laying over for each demonstrated object and the query, and the
demonstrators' grasps for all at once, as one intention and one ratio of densities must explain them. K demonstrations
and the query have 2^(K+1) possibilities, which are gone through.

Axis letters: K demonstrations, P points, G parts, H hypotheses of what the task is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np

from robo_meta.strategies.baselines.colour_clusters import SEPARATION
from robo_meta.strategies.baselines.compiled_scans import nearest_points
from robo_meta.strategies.baselines.density_fit import ACROSS_DEVIATION, ALONG_DEVIATION, LOG_RATIOS
from robo_meta.strategies.baselines.scan_alignment import Overlay, align, candidate_maps, features
from robo_meta.strategies.baselines.scan_parts import ScannedParts

WIDTH_WEIGHT = 8.0
"""Log odds a unit of log width by which the wider part is the head: fitted to 630 objects of the training families, of
which it tells 88 % (of the same ones). Lengths, areas, heights and tapers weren't tried by today's rule for roles."""
NOISE = 0.002
"""m, added to widths before their logarithm is taken."""
LAYING_WEIGHT, FIT, FIT_DECAY = 3.0, 0.006, 0.004
"""Log odds a unit by which two objects fit better one way than the other, relative to the better fit; m by which the
same object's scans differ, and over which the weight of it decays: other objects fit by chance."""
LEAST_FIT = 1e-6
"""m: a better fit counts as this one."""
LAID = 160
"""Points of either scan that are laid over each other."""
SURE = 12.0
"""Log odds at most, of any one piece of evidence."""
END_DEVIATION = 0.015
"""m: how far a demonstrator who wants a part's outer end grasps from the end that a scan shows."""
DOUBT = 30.0
"""1/m²: density of grasps that no hypothesis explains, so that a single odd demonstration decides nothing."""
LOG_PRIOR = np.log(np.concatenate([np.full(len(LOG_RATIOS), 0.5 / len(LOG_RATIOS)), np.full(2, 0.25)]))
"""(H,) of the hypotheses: even over the intentions, the ratios, and the two ends."""
SHADE = 0.5
"""Apart, of one shade from the next, in false colours: 1.5 cm for who lays scans over each other."""


def matched(demos: Sequence[tuple[ScannedParts, np.ndarray]], query: ScannedParts) -> list[np.ndarray]:
    """For each demonstrated object, which part of the query each of its parts is: (G,) numbers, −1 for none.

    Args:
        demos: parts of each demonstrated object, and the grasp (4,) on it.
        query: parts of the query.
    """
    pairs = [(parts, grasp) for parts, grasp in demos if len(parts) == len(query) == 2]
    if not pairs:
        return [best_laid(parts, query) for parts, _ in demos]
    *heads, own = heads_of(pairs, query)
    one_to_one = iter([own, 1 - own] if head == 0 else [1 - own, own] for head in heads)
    return [np.array(next(one_to_one)) if len(parts) == 2 else best_laid(parts, query) for parts, _ in demos]


def heads_of(demos: Sequence[tuple[ScannedParts, np.ndarray]], query: ScannedParts) -> np.ndarray:
    """(K+1,) number of the part, 0 or 1, that is the head of each demonstrated object and, last, of the query."""
    everything = [*(parts for parts, _ in demos), query]
    alone = np.array([shape_evidence(parts) for parts in everything])
    together = np.array([laying_evidence(parts, query) for parts, _ in demos])
    held = np.stack([grasp_evidence(parts, grasp) for parts, grasp in demos])
    best, found = -np.inf, np.zeros(len(everything), dtype=int)
    for bits in product((0, 1), repeat=len(everything)):
        signs = 2.0 * np.array(bits) - 1.0
        told = held[np.arange(len(demos)), list(bits[:-1])].sum(axis=0)
        score = 0.5 * float(signs @ alone + (signs[:-1] * signs[-1]) @ together) + float(
            np.logaddexp.reduce(told + LOG_PRIOR)
        )
        if score > best:
            best, found = score, np.array(bits)
    return found


def shape_evidence(parts: ScannedParts) -> float:
    """Log odds that the second part is the head: heads reach farther across the object."""
    first, second = np.log(parts.extents[:, 1] + NOISE)
    return float(np.clip(WIDTH_WEIGHT * (second - first), -SURE, SURE))


def laying_evidence(one: ScannedParts, other: ScannedParts) -> float:
    """Log odds that first part lies on first part, by how well two objects of two parts fit either way.

    A few points and no refinement do, as it is only asked which way fits better.
    """
    shades = SHADE * np.arange(2)
    demo, query = one.thinned(LAID), other.thinned(LAID)
    maps = candidate_maps(demo.points, query.points, scaled=True)
    there = features(query.falsely_coloured(shades))
    same, crossed = (
        Overlay(features(demo.falsely_coloured(order)), there).least_mismatch(maps) for order in (shades, shades[::-1])
    )
    # Laid over itself a scan fits exactly.
    fit = max(min(same, crossed), LEAST_FIT)
    weight = LAYING_WEIGHT * np.exp(-max(fit - FIT, 0.0) / FIT_DECAY)
    return float(np.clip(weight * (crossed - same) / max(fit, 1e-9), -SURE, SURE))


def grasp_evidence(parts: ScannedParts, grasp: np.ndarray) -> np.ndarray:
    """(2, H) log likelihood of a demonstrated grasp (4,) where the first part is the head, and where the second is.

    The hypotheses are *balance* at each head ÷ handle of `LOG_RATIOS`, and *part* of the
    handle and of the head.
    """
    volume, centroid = parts.bulk
    c, s = np.cos(float(grasp[3])), np.sin(float(grasp[3]))
    found = []
    for head in (0, 1):
        weights = volume * np.where(np.arange(2) == head, np.exp(LOG_RATIOS)[:, None], 1.0)
        error = weights @ centroid / weights.sum(axis=1, keepdims=True) - grasp[:2]
        along, across = error[:, 0] * c + error[:, 1] * s, error[:, 1] * c - error[:, 0] * s
        balance = np.exp(-0.5 * ((across / ACROSS_DEVIATION) ** 2 + (along / ALONG_DEVIATION) ** 2))
        balance /= 2 * np.pi * ACROSS_DEVIATION * ALONG_DEVIATION
        ends = np.array([np.hypot(*(parts.outer_end(part) - grasp[:2])) for part in (1 - head, head)])
        wanted = np.exp(-0.5 * (ends / END_DEVIATION) ** 2) / (2 * np.pi * END_DEVIATION**2)
        found.append(np.log(np.concatenate([balance, wanted]) + DOUBT))
    return np.array(found)


def best_laid(parts: ScannedParts, query: ScannedParts) -> np.ndarray:
    """(G,) which part of the query each part is, −1 for none: the one-to-one matching by which most points of the one
    come to lie on their part of the other, once the two objects are laid over each other by shape alone."""
    plain = (part.falsely_coloured(np.zeros(len(part))) for part in (parts, query))
    laid = align(*plain, scaled=True).place(parts.points[:, :2].astype(np.float64))
    nearest = nearest_points(laid, query.points[:, :2].astype(np.float64), np.inf)
    size = max(len(parts), len(query))
    overlap = np.zeros((size, size))
    np.add.at(overlap, (parts.owner, query.owner[nearest]), 1.0)
    order = max(permutations(range(size)), key=lambda found: overlap[range(size), found].sum())
    found = np.array(order[: len(parts)])
    return np.where(found < len(query), found, -1)


def paint_over_parts(demos: Sequence[tuple[ScannedParts, np.ndarray]]) -> float:
    """Log odds by which the demonstrated grasps are explained by what colours weigh, rather than by handle and head.

    Under either, one intention and one ratio of densities must explain all grasps. One demonstration says nothing. By
    paint, all objects wear the same two colours, and which is which is seen; by parts, which is the head is unknown,
    and shape speaks for it. Where demonstrations show more than two colours, or an object has not two parts, paint has
    nothing for or against it from the grasps: 0.

    Args:
        demos: parts of each demonstrated object, and the grasp (4,) on it.
    """
    if len(demos) < 2 or any(len(parts) != 2 for parts, _ in demos):
        return 0.0
    first = demos[0][0].centres
    same = [_same_order(parts.centres, first) for parts, _ in demos]
    if None in same:
        return 0.0
    held = np.stack([grasp_evidence(parts, grasp) for parts, grasp in demos])
    numbers = np.arange(len(demos))
    by_paint = _explained(held[numbers, [int(bool(order)) for order in same]])
    alone = np.array([shape_evidence(parts) for parts, _ in demos])
    by_parts = []
    for bits in product((0, 1), repeat=len(demos)):
        # Probability of this assignment by shape alone, each object for itself.
        prior = -np.logaddexp(0.0, -(2.0 * np.array(bits) - 1.0) * alone).sum()
        by_parts.append(prior + _explained(held[numbers, list(bits)]))
    return float(np.clip(by_paint - np.logaddexp.reduce(by_parts), -SURE, SURE))


def _explained(held: np.ndarray) -> float:
    """Log likelihood of grasps (K, H) under one hypothesis for all, hypotheses weighed by their prior."""
    return float(np.logaddexp.reduce(held.sum(axis=0) + LOG_PRIOR))


def _same_order(centres: np.ndarray, first: np.ndarray) -> bool | None:
    """Whether colours (2, 3) are those of another object in its order; False in the other order, None if others."""
    if (np.linalg.norm(centres - first, axis=1) < SEPARATION).all():
        return True
    return False if (np.linalg.norm(centres[::-1] - first, axis=1) < SEPARATION).all() else None
