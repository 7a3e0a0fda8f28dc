"""What is known of a scene before acting, as numbers: see `feature_names` for what they are.

Everything is measured on scans, demonstrations, and on what the adapted strategies say; distances are in cm.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from demos.support import SupportSet
from robo_meta.selector.matrix.feature_names import FARTHEST
from robo_meta.selector.matrix.paint_features import colour_features, held_off_centre, laid_features
from robo_meta.strategies.baselines.colour_clusters import SEPARATION, roughness
from robo_meta.strategies.baselines.part_matching import paint_over_parts
from robo_meta.strategies.baselines.scan_alignment import principal_frames
from robo_meta.strategies.baselines.scan_grasps import closings
from robo_meta.strategies.baselines.scan_parts import ScannedParts

UNKNOWN = 5.0
"""cm: stands for a left-out error where no demonstration could be left out; `left one out` tells."""
USUAL = "maml"
"""The strategy that others are compared with."""
QUANTILES = np.linspace(0.05, 0.95, 10)


def scene_features(
    support: SupportSet,
    points: np.ndarray,
    targets: Mapping[str, np.ndarray],
    spreads: Mapping[str, float],
    fits: Mapping[str, float],
    left_out: Mapping[str, float],
) -> np.ndarray:
    """(F,) float32 in the order of `feature_names(tuple(targets))`.

    Args:
        support: the demonstrations.
        points: (P, 6) scan of the query.
        targets: strategy → grasp (4,) that it chooses on the query.
        spreads, fits, left_out: strategy → m, see `STRATEGY_FEATURES`; `left_out` is empty where nothing was left out.
    """
    outlines = np.array([outline(item.points) for item in support.items])
    distances = np.abs(outlines - outline(points)).mean(axis=1)
    shown = [ScannedParts.of(item.points) for item in support.items]
    all_failed = not any(item.success for item in support.items)
    pairs = [(item, parts) for item, parts in zip(support.items, shown, strict=True) if item.success or all_failed]
    demos, held = [item for item, _ in pairs], [(parts, item.grasp) for item, parts in pairs]
    query = ScannedParts.of(points)
    _, _, extents = principal_frames(points)[1]
    general = [
        support.shots,
        sum(not item.success for item in support.items),
        centimetres(distances.min()),
        centimetres(distances.mean()),
        *colour_features(shown, query),
        *laid_features(shown, query),
        paint_over_parts(held),
        np.mean([outwardness(item.points, item.grasp) for item in demos]),
        centimetres(np.mean([off_middle(item.points, item.grasp) for item in demos])),
        centimetres(np.mean([held_off_centre(parts, grasp) for parts, grasp in held])),
        float(bool(left_out)),
        min((centimetres(value) for value in left_out.values()), default=UNKNOWN),
        roughness(points) * 1e3,
        np.mean([roughness(item.points) for item in support.items]) * 1e3,
        centimetres(extents[0], 100.0),
        centimetres(extents[1], 100.0),
        centimetres(np.quantile(points[:, 2], 0.9)),
    ]
    each = []
    for name, target in targets.items():
        each += [
            centimetres(fits[name]),
            centimetres(left_out[name]) if left_out else UNKNOWN,
            _over_usual(left_out, name),
            centimetres(spreads[name]),
            outwardness(points, target),
            centimetres(grip(points, target)),
        ]
    apart = [centimetres(np.hypot(*(a[:2] - b[:2]))) for a, b in combinations(targets.values(), 2)]
    return np.array([*general, *each, *apart], dtype=np.float32)


def _over_usual(left_out: Mapping[str, float], name: str) -> float:
    """cm by which a strategy's left-out error is larger than `maml`'s; 0 where either is unknown."""
    if USUAL not in left_out:
        return 0.0
    return centimetres(left_out[name]) - centimetres(left_out[USUAL])


def centimetres(metres: float | np.floating, farthest: float = FARTHEST) -> float:
    """cm, cut off at `farthest`; what is no number counts as farthest."""
    return float(min(100 * metres, farthest)) if np.isfinite(metres) else farthest


def outline(points: np.ndarray) -> np.ndarray:
    """(…,) m: what a shape is like whatever way it lies: extents, heights, and how far and wide its points lie."""
    axes, middle, extents = principal_frames(points)[1]
    along, across = np.abs((points[:, :2] - middle) @ axes).T
    spread = [np.quantile(values, QUANTILES) for values in (np.hypot(along, across), across, points[:, 2])]
    return np.concatenate([extents, *spread])


def outwardness(points: np.ndarray, grasp: np.ndarray) -> float:
    """0–1: share of the grasped colour's points that lie nearer to the object's origin than the grasp."""
    place = np.asarray(grasp[:2], dtype=np.float64)
    nearest = np.argsort(np.hypot(*(points[:, :2] - place).T), kind="stable")[:5]
    paint = np.median(points[nearest, 3:6], axis=0)
    own = np.linalg.norm(points[:, 3:6] - paint, axis=1) < SEPARATION
    own = own if own.any() else np.ones(len(points), dtype=bool)
    return float((np.hypot(*points[own, :2].T) < np.hypot(*place)).mean())


def off_middle(points: np.ndarray, grasp: np.ndarray) -> float:
    """m from a grasp to the middle of its object's extents."""
    return float(np.hypot(*(np.asarray(grasp[:2]) - principal_frames(points)[1][1])))


def grip(points: np.ndarray, grasp: np.ndarray) -> float:
    """m of object between the open fingers at a grasp (4,)."""
    place = np.asarray(grasp[:2], dtype=np.float64)
    return float(closings(points, place[None], np.array([float(grasp[3])])).width[0, 0])
