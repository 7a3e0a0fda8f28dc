"""Tree ensembles as plain arrays: evaluated in numpy, so that a decision needs neither the library nor a pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from robo_meta.selector.learner.config import LearnerConfig

LEAF = -1
"""Feature number of a leaf."""


@dataclass(frozen=True)
class Forest:
    """T regression trees, node after node; a prediction is offset + scale · Σ over trees of the leaf's value."""

    feature: np.ndarray
    """(N,) int16: input that a node splits by, `LEAF` for leaves."""
    threshold: np.ndarray
    """(N,) float32: inputs up to here go left."""
    left: np.ndarray
    """(N,) int32: number of the left child."""
    right: np.ndarray
    """(N,) int32."""
    value: np.ndarray
    """(N,) float32: mean of what reached a node; what a leaf predicts."""
    roots: np.ndarray
    """(T,) int32: number of each tree's first node."""
    constants: np.ndarray
    """(2,) float64: scale, offset."""

    kind = "trees"
    ARRAYS = ("feature", "threshold", "left", "right", "value", "roots", "constants")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """(N,) from float32 inputs (N, D)."""
        columns = np.arange(len(inputs))
        node = np.repeat(self.roots[:, None], len(inputs), axis=1)
        while True:
            split = self.feature[node]
            inner = split >= 0
            if not inner.any():
                break
            lower = inputs[columns, np.maximum(split, 0)] <= self.threshold[node]
            node = np.where(inner, np.where(lower, self.left[node], self.right[node]), node)
        scale, offset = self.constants
        return offset + scale * self.value[node].sum(axis=0, dtype=np.float64)

    def contributions(self, row: np.ndarray) -> tuple[float, np.ndarray]:
        """A prediction taken apart: the mean before anything is known, and what each input (D,) added on the way down.

        At every split the change of the node's mean goes to the input that was asked (Saabas, 2014); they sum up to
        the prediction.
        """
        added, base = np.zeros(len(row)), 0.0
        for root in self.roots:
            node = int(root)
            base += float(self.value[node])
            while self.feature[node] >= 0:
                asked = int(self.feature[node])
                child = int(self.left[node] if row[asked] <= self.threshold[node] else self.right[node])
                added[asked] += float(self.value[child]) - float(self.value[node])
                node = child
        scale, offset = self.constants
        return float(offset + scale * base), scale * added

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """Name → array, for the file."""
        return {name: getattr(self, name) for name in self.ARRAYS}


def from_sklearn(model: Any) -> Forest:
    """The arrays of a fitted `ExtraTreesRegressor`."""
    trees = [tree.tree_ for tree in model.estimators_]
    starts = np.concatenate([[0], np.cumsum([tree.node_count for tree in trees])])
    exact = np.concatenate([tree.threshold for tree in trees])
    rounded = exact.astype(np.float32)
    # Inputs are float32: rounded down, the threshold sends each of them the same way as the exact one does.
    threshold = np.where(rounded > exact, np.nextafter(rounded, np.float32(-np.inf)), rounded)
    return Forest(
        feature=np.concatenate([np.maximum(tree.feature, LEAF) for tree in trees]).astype(np.int16),
        threshold=threshold.astype(np.float32),
        left=_children([tree.children_left for tree in trees], starts),
        right=_children([tree.children_right for tree in trees], starts),
        value=np.concatenate([tree.value[:, 0, 0] for tree in trees]).astype(np.float32),
        roots=starts[:-1].astype(np.int32),
        constants=np.array([1.0 / len(trees), 0.0]),
    )


def _children(children: list[np.ndarray], starts: np.ndarray) -> np.ndarray:
    moved = [np.where(c >= 0, c + start, 0) for c, start in zip(children, starts[:-1], strict=True)]
    return np.concatenate(moved).astype(np.int32)


def fitted_forest(
    inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, config: LearnerConfig, seed: int
) -> Forest:
    """Trees that regress targets (N,) on inputs (N, D), weighted by weights (N,)."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from sklearn.ensemble import ExtraTreesRegressor

    model = ExtraTreesRegressor(
        n_estimators=config.trees,
        max_leaf_nodes=config.leaves,
        min_samples_leaf=config.least,
        max_features=0.5,
        random_state=seed % 2**32,  # scikit-learn takes no larger seed
        n_jobs=1,
    )
    return from_sklearn(model.fit(inputs, targets, sample_weight=weights))
