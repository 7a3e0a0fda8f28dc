"""What is known of a scene before acting, as named numbers: nothing of weights, intentions or family labels goes in.

Everything is measured on scans, demonstrations, and on what the adapted strategies say; distances are in cm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from demos.support import SupportSet
from robo_meta.strategies.baselines.colour_clusters import SEPARATION, colour_centres, nearest_colour
from robo_meta.strategies.baselines.scan_alignment import principal_frames
from robo_meta.strategies.baselines.scan_grasps import closings

FEATURE_SCHEMA = "1"
"""Changes whenever a feature's name or meaning does."""
SCENE_FEATURES = (
    "shots",
    "failed demos",
    "shape distance",
    "mean shape distance",
    "colours",
    "colour not shown",
    "outwardness of demos",
    "demos off middle",
    "left one out",
    "demos disagree",
    "scan roughness",
    "demo roughness",
    "length",
    "width",
    "height",
)
"""`shape distance`: between outlines of the query and the most similar demonstrated object; `colour not shown`: share
of the query in colours that no demonstration shows; `outwardness`: share of the grasped colour that lies nearer to the
object's middle than the grasp (1 at an outer end); `left one out`: 1 where there were demonstrations enough to leave
one out; `demos disagree`: smallest error of any strategy on a demonstration left out; roughness: mm by which heights
scatter over neighbours of one colour, which is the sensor's noise; the rest cm of the query's scan."""
STRATEGY_FEATURES = ("fit", "left-out", "spread", "outward", "grip")
"""By strategy: `fit`, cm between the demonstrated grasps and where the adapted strategy would grasp the demonstrated
objects; `left-out`, the same for a demonstration that it was not adapted to; `spread`, cm that its score spreads about
its choice on the query; `outward`, outwardness of that choice; `grip`, cm of object between the fingers there."""
FARTHEST = 20.0
"""cm: distances are cut off here, which also stands for a choice that is no place at all."""
UNKNOWN = 5.0
"""cm: stands for a left-out error where no demonstration could be left out; `left one out` tells."""
QUANTILES = np.linspace(0.05, 0.95, 10)


def feature_names(strategies: Sequence[str]) -> tuple[str, ...]:
    """(F,) names in order, for a set of strategies."""
    each = [f"{kind}: {name}" for name in strategies for kind in STRATEGY_FEATURES]
    apart = [f"apart: {a} | {b}" for a, b in combinations(strategies, 2)]
    return (*SCENE_FEATURES, *each, *apart)


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
    unseen, colours = colours_not_shown(support, points)
    demos = [item for item in support.items if item.success] or list(support.items)
    _, _, extents = principal_frames(points)[1]
    general = [
        support.shots,
        sum(not item.success for item in support.items),
        centimetres(distances.min()),
        centimetres(distances.mean()),
        colours,
        unseen,
        np.mean([outwardness(item.points, item.grasp) for item in demos]),
        centimetres(np.mean([off_middle(item.points, item.grasp) for item in demos])),
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
            centimetres(spreads[name]),
            outwardness(points, target),
            centimetres(grip(points, target)),
        ]
    apart = [centimetres(np.hypot(*(a[:2] - b[:2]))) for a, b in combinations(targets.values(), 2)]
    return np.array([*general, *each, *apart], dtype=np.float32)


def centimetres(metres: float | np.floating, farthest: float = FARTHEST) -> float:
    """cm, cut off at `farthest`; what is no number counts as farthest."""
    return float(min(100 * metres, farthest)) if np.isfinite(metres) else farthest


def outline(points: np.ndarray) -> np.ndarray:
    """(…,) m: what a shape is like whatever way it lies: extents, heights, and how far and wide its points lie."""
    axes, middle, extents = principal_frames(points)[1]
    along, across = np.abs((points[:, :2] - middle) @ axes).T
    spread = [np.quantile(values, QUANTILES) for values in (np.hypot(along, across), across, points[:, 2])]
    return np.concatenate([extents, *spread])


def colours_not_shown(support: SupportSet, points: np.ndarray) -> tuple[float, int]:
    """Share of the query (P, 6) whose colour no demonstration shows, and how many colours it has."""
    own = colour_centres([points])
    shown = colour_centres([item.points for item in support.items])
    gaps = np.linalg.norm(own[:, None] - shown[None], axis=-1).min(axis=1)
    owner = nearest_colour(points[:, 3:6], own)
    return float((gaps > SEPARATION)[owner].mean()), len(own)


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


def roughness(points: np.ndarray) -> float:
    """m by which heights scatter over near neighbours of one colour: median deviation from the neighbours' median."""
    xy, paint = points[:, :2].astype(np.float64), points[:, 3:6].astype(np.float64)
    near = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) + (
        np.linalg.norm(paint[:, None] - paint[None], axis=-1) > SEPARATION
    )
    neighbours = points[np.argsort(near, axis=1, kind="stable")[:, 1:6], 2]
    return float(np.median(np.abs(points[:, 2] - np.median(neighbours, axis=1))))
