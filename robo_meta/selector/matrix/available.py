"""Which strategies can be taken in a scene: two of them are made for failures only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RETRY = "retry"
"""The strategy that learns from an attempt that failed: it can be taken only after one."""
CONTRAST = "contrast"
"""The strategy that learns from failed demonstrations: it can be taken only where there are some, being `maml`
elsewhere."""


def available_with(strategies: Sequence[str], failed: np.ndarray) -> np.ndarray:
    """(S, A) bool: which strategies can be taken with so many failed demonstrations (S,): `contrast` with one or more,
    the others always, and all where there are no others.

    That `retry` needs an attempt that failed depends on what was done in a scene, not on the scene: see `first_of`.
    """
    allowed = np.ones((len(failed), len(strategies)), dtype=bool)
    if CONTRAST in strategies and set(strategies) - {CONTRAST, RETRY}:
        allowed[:, tuple(strategies).index(CONTRAST)] = failed > 0
    return allowed


def first_of(strategies: Sequence[str], available: np.ndarray) -> np.ndarray:
    """(…, A) bool: what can be taken of what is `available` (…, A) as long as nothing failed: not `retry`, unless
    there is nothing else."""
    usual = np.array([name != RETRY for name in strategies])
    return available & usual if usual.any() else available
