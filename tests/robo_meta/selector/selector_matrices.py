"""Matrices of made-up outcomes whose truth is known, for the selector's tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from robo_meta.selector.matrix.columns import DEMOS, NOTHING
from robo_meta.selector.matrix.feature_names import FEATURE_SCHEMA, SCENE_FEATURES, feature_names
from robo_meta.selector.matrix.matrix import EMPTY, Matrix

STRATEGIES = ("maml", "replay", "centre")


def made_up(
    chances: np.ndarray,
    *,
    features: dict[str, np.ndarray] | None = None,
    rollouts: int = 12,
    families: tuple[str, ...] = ("wedge", "flag", "arrow"),
    following: np.ndarray | None = None,
    on_object: np.ndarray | None = None,
    strategies: tuple[str, ...] = STRATEGIES,
    seed: int = 0,
    **columns: np.ndarray,
) -> Matrix:
    """A matrix whose cells succeed with `chances` (S, A); features are zero but for those given by name. Scenes that
    `following` or `on_object` (S,) lead to, with a demonstration more, count as asked for."""
    rng = np.random.default_rng(seed)
    scenes, size = chances.shape
    strategies = strategies[:size]
    names = feature_names(strategies)
    table = np.zeros((scenes, len(names)), dtype=np.float32)
    for name, values in (features or {}).items():
        table[:, names.index(name)] = values
    numbers = np.arange(scenes)
    success = rng.random((scenes, size, rollouts)) < chances[:, :, None]
    more = [np.full(scenes, EMPTY) if rows is None else np.asarray(rows) for rows in (following, on_object)]
    asked = np.full(scenes, NOTHING, dtype=object)
    for kind, rows in zip(DEMOS, more, strict=True):
        asked[rows[rows >= 0]] = kind
    usual = {
        "split": np.full(scenes, "validation"),
        "family": np.array([families[n % len(families)] for n in numbers]),
        "task": numbers,
        "transfer": np.array([("same-object", "new-shape")[n % 2] for n in numbers]),
        "shots": np.ones(scenes, dtype=int),
        "operator": np.full(scenes, 0.003),
        "failed": np.zeros(scenes, dtype=int),
        "sensing": np.ones(scenes),
        "push": np.zeros(scenes),
        "carries": np.full(scenes, "paint"),
        "repainted": np.zeros(scenes, dtype=int),
        "light": np.full(scenes, "plain"),
        "world": np.full(scenes, "paint"),
        "asked": asked.astype(str),
        "intention": np.full(scenes, "balance"),
    }
    return Matrix(
        strategies=strategies,
        feature_names=names,
        scenes={**usual, **columns},
        features=table,
        success=success,
        retried=np.full(success.shape, EMPTY),
        seconds=np.array([0.01, 0.02, 0.05])[:size],
        following=np.stack(more, axis=1),
        beside=np.zeros((scenes, 0, rollouts)),
        provenance={"families": sorted(set(families)), "feature_schema": FEATURE_SCHEMA, "checkpoint": None},
    )


def two_kinds(scenes: int = 120, seed: int = 0, **changes: object) -> tuple[Matrix, np.ndarray]:
    """Half of the scenes need `maml`, half `replay`, as `shape distance` tells; and the best strategy (S,)."""
    far = np.random.default_rng(seed + 100).random(scenes) < 0.5
    chances = np.where(far[:, None], [[0.9, 0.1, 0.3]], [[0.4, 0.95, 0.3]])
    assert SCENE_FEATURES[2] == "shape distance"
    return made_up(chances, features={"shape distance": 4.0 * far}, seed=seed, **changes), np.where(far, 0, 1)


def with_retry(scenes: int = 60, learnt: float = 0.9, seed: int = 0, **changes: object) -> Matrix:
    """`maml` 0.7 and `replay` 0.3, whatever failed, and `retry`: `maml`'s choice, but `learnt` after a failure."""

    names = ("maml", "replay", "retry")
    matrix = made_up(np.tile([0.7, 0.3, 0.7], (scenes, 1)), strategies=names, seed=seed, **changes)
    success = matrix.success[:, [0, 1, 0]]
    again = np.random.default_rng(seed + 1).random(success.shape) < learnt
    return replace(matrix, success=success, retried=np.where(success, EMPTY, again))
