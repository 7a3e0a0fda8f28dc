"""Expected return of the selector on a matrix, following its greedy action until success, giving up or the last
attempt.

Its decisions depend only on what failed, so each scene has a single path of failures, and expectations are sums along
it. Axis letters: S scenes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robo_meta.selector.learner.selector import Selector
from robo_meta.selector.matrix.columns import DEMOS
from robo_meta.selector.matrix.matrix import Matrix

OWN = len(DEMOS) - 1
"""The kind of demonstration that is made on the very object of the query."""


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


def walk(
    matrix: Matrix,
    selector: Selector,
    attempts: int | None = None,
    *,
    asking: bool = True,
    must_ask: bool = False,
    first: np.ndarray | None = None,
) -> Walk:
    """Follow the selector's best actions from every scene, nothing tried yet.

    Args:
        matrix: of any families.
        selector: for the matrix's strategies.
        attempts: at most; as many as its prices say where None.
        asking: whether it may ask for demonstrations.
        must_ask: whether it begins with asking for one on the very object, wherever that can be had.
        first: (S,) strategies that a rule takes first: where the selector would act and nothing was tried yet, the
            rule's choice is taken in place of its own.
    """
    scenes, size, kinds = len(matrix), len(matrix.strategies), len(DEMOS)
    prices, begins = np.array(selector.prices.demos), must_ask
    left = np.full(scenes, attempts or selector.prices.attempts)
    row, alive, discount = np.arange(scenes), np.ones(scenes), np.ones(scenes)
    tried, here = np.zeros((scenes, size)), np.zeros((scenes, size))
    totals = {name: np.zeros(scenes) for name in ("success", "discounted", "attempts", "demos", "gave_up")}
    going, everyone = np.ones(scenes, dtype=bool), np.arange(scenes)
    # Every step uses up an attempt or the one demonstration, or ends the walk.
    while going.any():
        choice = _choices(matrix, selector, row, tried, np.where(going, left, 0), asking)
        if first is not None:
            choice = np.where((choice < size) & ~tried.any(axis=1), first[row], choice)
        if begins:
            choice, begins = np.where(matrix.following[row, OWN] >= 0, size + OWN, choice), False
        gave_up, asked = going & (choice == size + kinds), going & (choice >= size) & (choice < size + kinds)
        kind = np.clip(choice - size, 0, kinds - 1)
        totals["gave_up"] += np.where(gave_up, alive, 0.0)
        totals["demos"] += np.where(asked, alive, 0.0)
        totals["discounted"] -= np.where(asked, alive * discount * prices[kind], 0.0)
        row = np.where(asked, matrix.following[row, kind], row)
        here[asked] = 0.0
        acts = going & (choice < size)
        action = np.minimum(choice, size - 1)
        chance = np.where(acts, matrix.chances(row, tried, here)[everyone, action], 0.0)
        totals["attempts"] += np.where(acts, alive, 0.0)
        totals["success"] += alive * chance
        totals["discounted"] += np.where(acts, alive * discount * selector.reward_of(action, chance), 0.0)
        alive = alive * (1 - chance)
        tried[everyone[acts], action[acts]] += 1
        here[everyone[acts], action[acts]] += 1
        left = left - acts
        discount = discount * np.where(going, selector.prices.gamma, 1.0)
        going = going & ~gave_up & (left > 0) & (alive > 0)
    return Walk(**totals)


def _choices(
    matrix: Matrix, selector: Selector, row: np.ndarray, tried: np.ndarray, left: np.ndarray, asking: bool
) -> np.ndarray:
    """(S,) the selector's best action in each scene; giving up where no attempt is left."""
    choice = np.full(len(row), len(selector.actions) - 1)
    for count in np.unique(left[left > 0]):
        now = left == count
        more = (matrix.following[row[now]] >= 0) & asking
        available = matrix.available[row[now]]
        values = selector.values(matrix.features[row[now]], tried[now], int(count), available, more)
        choice[now] = values.argmax(axis=1)
    return choice
