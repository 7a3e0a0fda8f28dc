"""The virtual best's estimate against known truths: six simulated worlds, by hand, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from robo_meta.selector.judging.virtual_best import PRIOR, cross_fitted, naive
from robo_meta.selector.matrix.matrix import MatrixError

SCENES, SAMPLES = 60, 120
ABOVE = 0.01
"""The estimate may be so much above the truth."""
Chances = Callable[[np.random.Generator], np.ndarray]


def _crossing(rng: np.random.Generator) -> np.ndarray:
    """One of three strategies is good in each scene."""
    return np.where(np.eye(3, dtype=bool)[rng.integers(3, size=SCENES)], 0.95, 0.4)


def _unequal_scenes(rng: np.random.Generator) -> np.ndarray:
    """Easy and hard scenes, in which five strategies differ a little."""
    return np.clip(rng.beta(2, 1, SCENES)[:, None] + rng.normal(0, 0.1, (SCENES, 5)), 0, 1)


WORLDS: dict[str, tuple[int, float, Chances]] = {
    "five equal strategies": (12, 0.005, lambda rng: np.full((SCENES, 5), 0.9)),
    "strategies cross over": (12, 0.005, _crossing),
    "one strategy dominates": (12, 0.02, lambda rng: np.tile([0.9, 0.6, 0.5, 0.4, 0.3], (SCENES, 1))),
    "rates near none and one": (12, 0.005, lambda rng: rng.choice([0.01, 0.99], (SCENES, 4), p=(0.3, 0.7))),
    "four rollouts": (4, 0.08, _crossing),
    "unequal scenes": (12, 0.06, _unequal_scenes),
}
"""Name → rollouts, how much below the truth the mean estimate may be, and chances of success (S, A)."""


def _samples(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, estimate and naive maximum of many samples of a world."""
    rollouts, _, chances = WORLDS[name]
    found = []
    for seed in range(SAMPLES):
        rng = np.random.default_rng(seed)
        p = chances(rng)
        success, allowed = rng.random((*p.shape, rollouts)) < p[:, :, None], np.ones(p.shape, dtype=bool)
        found.append((p.max(axis=1).mean(), cross_fitted(success, allowed).mean(), naive(success, allowed).mean()))
    truth, estimate, highest = np.array(found).T
    return truth, estimate, highest


@pytest.mark.parametrize("name", WORLDS)
def test_the_estimate_is_never_above_the_truth_and_little_below(name: str) -> None:
    truth, estimate, highest = _samples(name)
    error = float((estimate - truth).mean())
    assert -WORLDS[name][1] < error < ABOVE
    # The truth lies between it and the naive maximum.
    assert error < float((highest - truth).mean()) + 0.001


def test_a_naive_maximum_would_fail() -> None:
    truth, _, highest = _samples("five equal strategies")
    assert (highest - truth).mean() > 8 * ABOVE


def test_most_of_a_real_gap_is_found() -> None:
    """Two kinds of scenes, as the selector's are: 0.2 above the single best, of which the estimate finds most."""
    found = []
    for seed in range(SAMPLES):
        rng = np.random.default_rng(seed)
        kind = rng.random(SCENES) < 0.6
        p = np.where(kind[:, None], [[0.95, 0.5, 0.6]], [[0.3, 0.95, 0.6]])
        success = rng.random((*p.shape, 12)) < p[:, :, None]
        estimate = cross_fitted(success, np.ones(p.shape, dtype=bool)).mean()
        found.append((estimate - p.mean(axis=0).max()) / (0.95 - p.mean(axis=0).max()))
    assert 0.85 < np.mean(found) < 1.0


def test_by_hand() -> None:
    # Four rollouts of one scene. For the last one, 3 of 3 are chosen over 0 of 3, and it failed; for each of the others
    # 2 of 3 are, and it succeeded. In one scene the strategies' means are those of the scene.
    success = np.array([[[1, 1, 1, 0], [0, 0, 0, 1]]])
    everything = np.ones((1, 2), dtype=bool)
    assert cross_fitted(success, everything) == pytest.approx([0.75])
    assert cross_fitted(success, np.array([[False, True]])) == pytest.approx([0.25])
    # Equal strategies share the score.
    assert cross_fitted(np.array([[[1, 0, 1, 0], [1, 0, 1, 0]]]), everything) == pytest.approx([0.5])
    assert naive(success, everything) == pytest.approx([0.75])


def test_scenes_borrow_from_each_other_as_much_as_the_prior_weighs() -> None:
    """In the first scene the second strategy is one success of four ahead. The first leads by 1 elsewhere, in nine
    scenes of ten: the prior outweighs it."""
    assert PRIOR == 3
    first = np.array([[[1, 1, 1, 0], [1, 1, 1, 1]]])
    elsewhere = np.tile([[[1, 1, 1, 1], [0, 0, 0, 0]]], (9, 1, 1))
    success, allowed = np.concatenate([first, elsewhere]), np.ones((10, 2), dtype=bool)
    assert cross_fitted(success, allowed)[0] == pytest.approx(0.75)
    # Alone, the second one is taken, but for the last rollout: on the other three both are equal, and share it.
    assert cross_fitted(first, allowed[:1]) == pytest.approx([(3 + 0.5) / 4])


def test_it_needs_four_rollouts() -> None:
    allowed = np.ones((5, 3), dtype=bool)
    with pytest.raises(MatrixError, match="matrix: 3 rollouts a cell; the virtual best needs 4 or more"):
        cross_fitted(np.zeros((5, 3, 3)), allowed)
    assert np.isfinite(cross_fitted(np.eye(4)[None, :3].repeat(5, 0), allowed)).all()
