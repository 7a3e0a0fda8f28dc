"""The head's pass over scans with its gradient and the tangent of it, where tables of the head are each task's own.

It is `scorer.head` with parameters of which a task owns those of `catalogue.ADAPTED` only: what the others multiply is
worked out once. Axis letters as in `robo_meta.learning.meta_gradient`; C corners of the colour cube, W the head's
width; K scans of a task, in a row: V = N · K.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.learning.meta_gradient.body_layers import silu_backward
from robo_meta.learning.meta_gradient.mixture_loss import MixtureLoss, Seen, Slopes

BIAS, COLOUR, SCORE, GATE, LIKE = NAMES = (
    "head.in.bias",
    "head.in.colour",
    "head.score.colour",
    "head.gate.bias",
    "head.score.like",
)
"""The tables of `catalogue.ADAPTED`."""
Tables = Mapping[str, Tensor]
"""Name → (N, …)."""


class Scans(NamedTuple):
    """What the head sees of all scans of a batch, and what no task changes."""

    points: Tensor
    """(U, P, H): the body's output."""
    colours: Tensor
    """(U, P, C + 1): corner weights, and 1."""
    hidden: Tensor
    """(U, P, W): what the points give to the hidden layer's input."""
    pooled: Tensor
    """(U, W): what the whole scan gives to it."""
    log_volume: Tensor
    """(U, P): added to every score."""
    log_hold: Tensor
    """(U, P): added to the points' own choice besides."""
    gates: Tensor
    """(U, M + 1): what the whole scan gives to the gates' logits."""
    weight: Tensor
    """(M + 1, W): from the hidden layer to the scores."""
    places: Tensor
    """(U, P, 3), as in `mixture_loss.Seen`."""
    votes: Tensor
    """(U, P, 2)."""
    grasps: Tensor
    """(U, 4), of `scorer.grasp_rows`."""


class ByScans(NamedTuple):
    """Gradients by what no task changes; passes add theirs."""

    hidden: Tensor
    """(U, P, W)."""
    pooled: Tensor
    """(U, W)."""
    gates: Tensor
    """(U, M + 1)."""
    log_hold: Tensor
    """(U, P)."""
    votes: Tensor
    """(U, P, 2)."""
    weight: Tensor
    """(M + 1, W)."""

    @classmethod
    def of(cls, scans: Scans) -> ByScans:
        """Zeros."""
        parts = (scans.hidden, scans.pooled, scans.gates, scans.log_hold, scans.votes, scans.weight)
        return cls(*(torch.zeros_like(part) for part in parts))


class SomeScans:
    """Scans of tasks, K each, for the same pass several times.

    Args:
        scans: all of the batch.
        rows: (V,) numbers of those meant, a task's in a row.
        factors: (V,) weight of each grasp in its task's loss.
        tasks: N.
    """

    def __init__(self, scans: Scans, rows: Tensor, factors: Tensor, tasks: int) -> None:
        self.rows, self.tasks, self.shots = rows, tasks, len(rows) // tasks
        if len(rows) < len(scans.hidden):
            scans = Scans(*(part if part is scans.weight else part[rows] for part in scans))
        self.scans = scans
        self.points = scans.points.view(tasks, -1, scans.points.shape[-1])
        from_vote = scans.votes - scans.grasps[:, None, :2]
        place, closing = scans.grasps[:, None, :2], scans.grasps[:, None, 2:]
        self.seen = Seen(scans.places, from_vote, from_vote.square().sum(-1), place, closing, factors)

    def run(self, phi: Tables, log_scales: Tensor) -> HeadPass:
        """The head with each task's tables on the scans; `log_scales` (3,) as in `scorer.log_likelihood`."""
        return HeadPass(phi, self, log_scales)

    def per_scan(self, table: Tensor) -> Tensor:
        """A task's table (N, …) for each of its scans, (V, …)."""
        return table if self.shots == 1 else table.repeat_interleave(self.shots, 0)

    def per_task(self, values: Tensor) -> Tensor:
        """The sum (N, …) of values (V, …) over a task's scans."""
        return values if self.shots == 1 else values.unflatten(0, (self.tasks, self.shots)).sum(1)


class HeadPass:
    """The head with each task's tables, on its scans; see `SomeScans.run`."""

    def __init__(self, phi: Tables, where: SomeScans, log_scales: Tensor) -> None:
        self._where, scans = where, where.scans
        whole = where.per_scan(phi[BIAS]) + scans.pooled
        table = torch.cat([where.per_scan(phi[COLOUR]), whole[:, None]], 1)
        self._a = torch.baddbmm(scans.hidden, scans.colours, table)
        self._z = functional.silu(self._a)
        scores = self._scores(self._z, phi[SCORE], phi[LIKE]) + scans.log_volume[:, None]
        scores[:, -1] += scans.log_hold
        self._mixture = MixtureLoss(scores, scans.gates + where.per_scan(phi[GATE]), where.seen, log_scales)
        self.losses = self._mixture.losses
        """(V,): weighted."""

    def _scores(self, z: Tensor, colour: Tensor, like: Tensor) -> Tensor:
        """(V, M + 1, P): scores of a hidden layer (V, P, W) with a task's tables."""
        where = self._where
        scores = (z.flatten(0, 1) @ where.scans.weight.t()).view(*z.shape[:2], -1)
        scores = scores.baddbmm_(where.scans.colours[..., :-1], where.per_scan(colour)).transpose(1, 2).contiguous()
        scores[:, -1] += torch.bmm(where.points, like).view(len(z), -1)
        return scores

    def gradient(self, into: ByScans | None = None) -> tuple[dict[str, Tensor], Tensor]:
        """The gradient of the losses' sum by the tables and (3,) by the log widths; by what no task changes, `into`."""
        self._slopes = slopes = self._mixture.slopes()
        self._by_z = self._from_scores(slopes.scores)
        by_a = silu_backward(self._by_z, self._a)
        by_tables, by_pooled = self._by_tables(by_a, slopes)
        if into is not None:
            self._add(into, by_a, by_pooled, slopes, torch.bmm(slopes.scores, self._z).sum(0))
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
        table = torch.cat([direction[COLOUR], direction[BIAS][:, None]], 1)
        moved = torch.bmm(where.scans.colours, where.per_scan(table))
        gate = torch.sigmoid(self._a)
        # The activation's first derivative, and its second.
        first = torch.addcmul(gate, self._z, 1 - gate)
        second = (1 - gate) * (gate + first - gate * self._z)
        z = first * moved
        scores = self._scores(z, direction[SCORE], direction[LIKE])
        tangent = self._mixture.tangent(scores, where.per_scan(direction[GATE]))
        by_a = self._from_scores(tangent.scores) * first + self._by_z * second * moved
        by_tables, by_pooled = self._by_tables(by_a, tangent)
        by_weight = (torch.bmm(tangent.scores, self._z) + torch.bmm(slopes.scores, z)).sum(0)
        self._add(into, by_a, by_pooled, tangent, by_weight)
        return by_tables, tangent.widths, tangent.scores[:, -1]

    def own_scores(self) -> Tensor:
        """(V, P): gradient by the scores of the points' own choice."""
        return self._slopes.scores[:, -1]

    def _from_scores(self, scores: Tensor) -> Tensor:
        """(V, P, W): gradient by the hidden layer, from that by the scores (V, M + 1, P)."""
        return torch.bmm(scores.transpose(1, 2), self._where.scans.weight.expand(len(scores), -1, -1))

    def _by_tables(self, by_a: Tensor, slopes: Slopes) -> tuple[dict[str, Tensor], Tensor]:
        """Gradients by the tables, name → (N, …), and (V, W) by what the whole scan gives to the hidden layer.

        Args:
            by_a: (V, P, W), by the hidden layer's input.
            slopes: by scores and gates.
        """
        where, colours = self._where, self._where.scans.colours
        tables = torch.bmm(colours.transpose(1, 2), by_a)
        summed = where.per_task(tables)
        own = slopes.scores[:, -1].reshape(where.tasks, -1, 1)
        return {
            BIAS: summed[:, -1],
            COLOUR: summed[:, :-1],
            SCORE: where.per_task(torch.bmm(slopes.scores, colours[..., :-1])).transpose(1, 2),
            GATE: where.per_task(slopes.gates),
            LIKE: torch.bmm(where.points.transpose(1, 2), own),
        }, tables[:, -1]

    def _add(self, into: ByScans, by_a: Tensor, by_pooled: Tensor, slopes: Slopes, by_weight: Tensor) -> None:
        """Add what `ByScans` holds; arguments as its fields."""
        rows = self._where.rows
        into.hidden.index_add_(0, rows, by_a)
        into.pooled.index_add_(0, rows, by_pooled)
        into.gates.index_add_(0, rows, slopes.gates)
        into.log_hold.index_add_(0, rows, slopes.scores[:, -1])
        into.votes.index_add_(0, rows, self._mixture.by_votes(slopes.near))
        into.weight.add_(by_weight)
