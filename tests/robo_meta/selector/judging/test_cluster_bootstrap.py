"""The bootstrap over families and tasks against known truths: simulated coverage, and what it says at the borders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from robo_meta.evaluation.intervals import Interval
from robo_meta.selector.judging.cluster_bootstrap import Resampled

LEAST = 0.93
"""Coverage that a 95 % interval must have in every world, at every number of families."""
TASKS, ROLLOUTS = 3, 6
"""Tasks of a family, and rollouts of a task."""
Chances = Callable[[np.random.Generator, int], np.ndarray]
WORLDS: dict[str, tuple[float, Chances]] = {
    "alike": (0.9, lambda rng, n: np.full(n, 0.9)),
    "spread": (0.5, lambda rng, n: rng.beta(1.5, 1.5, n)),
    "easy": (0.95, lambda rng, n: rng.beta(0.95 * 4, 0.05 * 4, n)),
    "a tenth hard": (0.9 * 0.97 + 0.1 * 0.4, lambda rng, n: np.where(rng.random(n) < 0.1, 0.4, 0.97)),
    "none fails": (1.0, lambda rng, n: np.ones(n)),
}
"""Name → mean, and chances of success of n families."""


def _clusters(families: int) -> tuple[np.ndarray, np.ndarray]:
    tasks = np.arange(families * TASKS)
    return tasks // TASKS, tasks


def _play(rng: np.random.Generator, families: int, chances: Chances) -> np.ndarray:
    """(S,) rates of tasks whose chances lie around their family's."""
    family = np.repeat(chances(rng, families), TASKS)
    own = np.where((family > 0) & (family < 1), rng.beta(20 * family + 1e-9, 20 * (1 - family) + 1e-9), family)
    return rng.binomial(ROLLOUTS, own) / ROLLOUTS


def _holds(found: Interval, truth: float) -> bool:
    return found.low - 1e-9 <= truth <= found.high + 1e-9


@pytest.mark.parametrize("families", [1, 2, 5, 20, 100])
def test_coverage(families: int) -> None:
    rng = np.random.default_rng(families)
    sample, repeats = Resampled(*_clusters(families)), 400 if families < 100 else 150
    for name, (mean, chances) in WORLDS.items():
        held = [_holds(sample.rate(_play(rng, families, chances)), mean) for _ in range(repeats)]
        assert np.mean(held) >= LEAST, name
        other, others = WORLDS["spread"]
        pairs = [_play(rng, families, chances) - _play(rng, families, others) for _ in range(repeats)]
        assert np.mean([_holds(sample.mean(pair), mean - other) for pair in pairs]) >= LEAST, name


@pytest.mark.parametrize("families", [1, 2, 5, 20, 100])
def test_coverage_of_shares(families: int) -> None:
    """A gap of 0.3 on average, of which a part is closed that differs from family to family."""
    rng = np.random.default_rng(families)
    sample, repeats = Resampled(*_clusters(families)), 300 if families < 100 else 100
    for truth in (0.0, 0.5, 1.0):
        held = []
        for _ in range(repeats):
            whole = 0.6 * _play(rng, families, WORLDS["spread"][1])
            closed = (
                np.clip(truth + np.repeat(rng.uniform(-0.2, 0.2, families), TASKS), 0, 1) if truth == 0.5 else truth
            )
            held.append(_holds(sample.share(closed * whole, whole), truth))
        assert np.mean(held) >= LEAST, truth


@pytest.mark.parametrize("families", [1, 2, 5, 20, 100])
def test_where_all_scenes_agree_some_doubt_is_left(families: int) -> None:
    sample, ones = Resampled(*_clusters(families)), np.ones(families * TASKS)
    always = sample.rate(ones)
    assert always.value == always.high == 1 and 0 <= always.low < 1 - 1 / (families * TASKS + 2)
    same = sample.mean(0 * ones)
    assert same.value == 0 and -1 <= same.low < -1 / (families * TASKS + 2) and same.low == pytest.approx(-same.high)
    closed = sample.share(0.3 * ones, 0.3 * ones)
    assert closed.low < 1 - 1 / (families * TASKS + 2) < 1 == closed.value < closed.high
    assert sample.error(0 * ones) == pytest.approx(np.sqrt(2) / (families * TASKS + 2))


def test_a_mirrored_difference_has_the_mirrored_interval() -> None:
    sample, values = Resampled(*_clusters(6)), np.random.default_rng(0).uniform(-0.5, 1, 18)
    found, mirrored = sample.mean(values), sample.mean(-values)
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low))
    assert found == Resampled(*_clusters(6)).mean(values)


def test_many_families_come_to_the_normal_interval() -> None:
    values = np.repeat(np.random.default_rng(1).normal(0.1, 0.2, 400), TASKS)
    found = Resampled(*_clusters(400)).mean(values)
    half = 1.96 * values[::TASKS].std(ddof=1) / 20
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.003)


def test_a_share_of_nothing_is_unknown() -> None:
    sample, ones = Resampled(*_clusters(5)), np.ones(15)
    assert np.isnan(sample.share(ones, 0 * ones).value)
    # The whole is 0.02 ± 0.1: any share of it may be closed.
    whole = 0.02 + np.repeat((-0.2, -0.1, 0.0, 0.1, 0.2), 3)
    unknown = sample.share(0.5 * whole, whole)
    assert unknown.value == pytest.approx(0.5) and (unknown.low, unknown.high) == (-np.inf, np.inf)
