"""What a site's memory is worth: scenes met one after another at sites of one kind, and at sites of all kinds."""

from __future__ import annotations

from typing import Any

import numpy as np

from robo_meta.selector.judging.cluster_bootstrap import Resampled
from robo_meta.selector.judging.slices import interval_of
from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.learner.site import KINDS, SiteMemory
from robo_meta.selector.matrix.matrix import Matrix

SITES, SCENES = 100, 30
"""Made-up sites of each kind, and scenes met at each."""
MIXED = "all kinds mixed"


def judge_sites(matrix: Matrix, selector: Selector, seed: int = 0) -> dict[str, Any] | None:
    """How much more often the first choice succeeds with a site's memory than without it.

    Scenes of the matrix, as they are met, are drawn for each site with repetition; what is chosen counts by its rate
    over all rollouts, what is learned from it by one of them. Intervals are over families and tasks.

    Returns:
        kind of site → `{n, memory, without, gain}`; None where the selector has no site model.
    """
    model = selector.site
    if model is None:
        return None
    matrix = matrix.choosing(selector.strategies)
    matrix = matrix.only(matrix.drawn)
    nothing = np.zeros((len(matrix), len(matrix.strategies)))
    without = selector.strategy_for(matrix.features, nothing, matrix.available)
    by_kind = model.chances(selector.inputs, matrix.features)
    looks = model.log_odds(selector.inputs, matrix.features)
    rng, found = np.random.default_rng(seed), dict[str, Any]()
    for kind in (MIXED, *KINDS):
        rows = np.flatnonzero((kind == MIXED) | (matrix.scenes["carries"] == kind))
        if len(rows) < 2:
            continue
        gains = np.zeros((len(matrix), 2))
        for _ in range(SITES):
            memory = SiteMemory(model)
            for row in rng.choice(rows, size=SCENES):
                memory.look(float(looks[row]))
                reward = selector.reward(memory.chances(by_kind[row]))
                choice = int(np.where(matrix.first[row], reward, -np.inf).argmax())
                won = bool(matrix.success[row, choice, rng.integers(matrix.rollouts)])
                memory.observe(by_kind[row], choice, won)
                memory.next_scene()
                gains[row] += matrix.means[row, choice] - matrix.means[row, without[row]], 1
        met = np.flatnonzero(gains[:, 1])
        gain = gains[met, 0] / gains[met, 1]
        plain = matrix.means[met, without[met]]
        sample = Resampled(*matrix.only(met).clusters, seed=seed)
        found[kind] = {
            "n": len(met),
            "memory": float((plain + gain).mean()),
            "without": float(plain.mean()),
            "gain": interval_of(sample.mean(gain)),
        }
    return found
