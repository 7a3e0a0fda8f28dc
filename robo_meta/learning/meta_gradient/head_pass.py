"""The head's pass over scans with its gradient and the tangent of it, where tables of the head are each task's own.

It is `scorer.head` with parameters of which a task owns those of `catalogue.ADAPTED` only: what the others multiply is
worked out once. Axis letters as in `robo_meta.learning.meta_gradient`; C corners of the colour cube, W the head's
width; V scans out of U, of each task some, in a row.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from robo_meta.learning.meta_gradient.head_layers import BIAS, COLOUR, GATE, LIKE, SCORE, Scans, SomeScans, Tables
from robo_meta.learning.meta_gradient.mixture_loss import Slopes


class ByScans(NamedTuple):
    """Gradients by what no task changes, of scans; passes add theirs."""

    hidden: Tensor
    """(V, P, W)."""
    pooled: Tensor
    """(V, W)."""
    gates: Tensor
    """(V, M + 1)."""
    log_hold: Tensor
    """(V, P)."""
    near: Tensor
    """(V, P): by half of the squared distance of votes from the grasps."""
    weight: Tensor
    """(M + 1, W)."""

    @classmethod
    def of(cls, scans: Scans, count: int) -> ByScans:
        """Zeros, for so many scans."""
        parts = (scans.hidden, scans.pooled, scans.gates, scans.log_hold, scans.log_hold)
        hidden, pooled, gates, log_hold, near = (part.new_zeros(count, *part.shape[1:]) for part in parts)
        return cls(hidden, pooled, gates, log_hold, near, torch.zeros_like(scans.weight))

    def add(self, some: ByScans, rows: Tensor) -> None:
        """Add those of the scans of numbers `rows` (V,)."""
        for mine, theirs in zip(self[:-1], some[:-1], strict=True):
            mine.index_add_(0, rows, theirs)
        self.weight.add_(some.weight)


class HeadPass:
    """The head with each task's tables on its scans.

    Args:
        phi: the tables, name → (N, …).
        where: the scans.
        log_scales: (3,), as in `scorer.log_likelihood`.
    """

    def __init__(self, phi: Tables, where: SomeScans, log_scales: Tensor) -> None:
        self._where = where
        self._layer = where.hidden(phi[BIAS], phi[COLOUR])
        scores = where.scores(self._layer.z, phi[SCORE], phi[LIKE])
        self._mixture = where.mixture(scores, where.scans.gates + where.per_scan(phi[GATE]), log_scales)
        self.losses = self._mixture.losses
        """(V,): weighted."""

    def gradient(self, into: ByScans | None = None) -> tuple[dict[str, Tensor], Tensor]:
        """The gradient of the losses' sum by the tables and (3,) by the log widths; by what no task changes, `into`."""
        self._slopes = slopes = self._mixture.slopes()
        by_a, self._by_z = self._where.back(slopes.scores, self._layer)
        by_tables, by_pooled = self._where.by_tables(by_a, slopes)
        if into is not None:
            self._add(into, by_a, by_pooled, slopes)
        return by_tables, slopes.widths

    def tangent(self, direction: Tables, into: ByScans) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """The derivative of `gradient` where the tables move in a direction; `gradient` comes first.

        Args:
            direction: name → (N, …).
            into: added to.

        Returns:
            That of the gradient by the tables, by the log widths (3,), and by `own_scores` (V, P).
        """
        where, slopes = self._where, self._slopes
        a, z = where.tilted(direction[BIAS], direction[COLOUR], self._layer)
        scores = where.scores(z, direction[SCORE], direction[LIKE], moved=True)
        tangent = self._mixture.tangent(scores, where.per_scan(direction[GATE]))
        by_a = where.turned(a, self._by_z, tangent.scores, self._layer)
        by_tables, by_pooled = where.by_tables(by_a, tangent)
        self._add(into, by_a, by_pooled, tangent)
        where.add_weight(into.weight, slopes.scores, z)
        return by_tables, tangent.widths, tangent.scores[:, -1]

    def own_scores(self) -> Tensor:
        """(V, P): gradient by the scores of the points' own choice."""
        return self._slopes.scores[:, -1]

    def _add(self, into: ByScans, by_a: Tensor, by_pooled: Tensor, slopes: Slopes) -> None:
        """Add to `into`, whose fields the arguments are named like."""
        into.hidden.add_(by_a)
        into.pooled.add_(by_pooled)
        into.gates.add_(slopes.gates)
        into.log_hold.add_(slopes.scores[:, -1])
        into.near.add_(slopes.near)
        self._where.add_weight(into.weight, slopes.scores, self._layer.z)
