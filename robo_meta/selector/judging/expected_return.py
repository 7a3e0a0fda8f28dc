"""Expected return of the selector on a matrix, following its greedy action until success, giving up or the last
attempt.

Its decisions depend only on what failed, so each scene has a single path of failures, and expectations are sums along
it. Axis letters: S scenes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.matrix.matrix import Matrix


@dataclass(frozen=True)
class Walk:
    """Expected values for each scene, (S,)."""

    success: np.ndarray
    """0–1."""
    discounted: np.ndarray
    """Σ γᵗ rₜ."""
    attempts: np.ndarray
    """Attempts made."""
    demos: np.ndarray
    """Demonstrations asked for."""
    gave_up: np.ndarray
    """Chance of ending by giving up."""


def walk(matrix: Matrix, selector: Selector, attempts: int | None = None) -> Walk:
    """Follow the selector's best actions from every scene, nothing tried yet.

    Args:
        matrix: of any families.
        selector: for the matrix's strategies.
        attempts: at most; as many as its prices say where None.
    """
    scenes, size = len(matrix), len(matrix.strategies)
    left = np.full(scenes, attempts or selector.prices.attempts)
    row, alive, discount = np.arange(scenes), np.ones(scenes), np.ones(scenes)
    tried, here = np.zeros((scenes, size)), np.zeros((scenes, size))
    totals = {name: np.zeros(scenes) for name in ("success", "discounted", "attempts", "demos", "gave_up")}
    going, everyone = np.ones(scenes, dtype=bool), np.arange(scenes)
    # Every step uses up an attempt or the one demonstration, or ends the walk.
    while going.any():
        choice = np.full(scenes, size + 1)
        for count in np.unique(left[going]):
            now = going & (left == count)
            more = matrix.following[row[now]] >= 0
            values = selector.values(
                matrix.features[row[now]], tried[now], int(count), matrix.affordable[row[now]], more
            )
            choice[now] = values.argmax(axis=1)
        gave_up, asked = going & (choice == size + 1), going & (choice == size)
        totals["gave_up"] += np.where(gave_up, alive, 0.0)
        totals["demos"] += np.where(asked, alive, 0.0)
        totals["discounted"] -= np.where(asked, alive * discount * selector.prices.demo, 0.0)
        row = np.where(asked, matrix.following[row], row)
        here[asked] = 0.0
        acts = going & (choice < size)
        action = np.minimum(choice, size - 1)
        chance = np.where(acts, matrix.chances(row, tried, here)[everyone, action], 0.0)
        totals["attempts"] += np.where(acts, alive, 0.0)
        totals["success"] += alive * chance
        totals["discounted"] += np.where(acts, alive * discount * (chance - selector.costs[action]), 0.0)
        alive = alive * (1 - chance)
        tried[everyone[acts], action[acts]] += 1
        here[everyone[acts], action[acts]] += 1
        left = left - acts
        discount = discount * np.where(going, selector.prices.gamma, 1.0)
        going = going & ~gave_up & (left > 0) & (alive > 0)
    return Walk(**totals)
