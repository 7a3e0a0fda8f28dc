"""The head's pass over scans with its gradient and the tangent of it, where tables of the head are each task's own.

It is `scorer.head` with parameters of which a task owns those of `catalogue.ADAPTED` only: what the others multiply is
worked out once. Axis letters as in `robo_meta.learning.meta_gradient`; C corners of the colour cube, W the head's
width; K scans of a task, so that U = N · K.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.learning.meta_gradient.mixture_loss import MixtureLoss, Seen, Slopes

BIAS, COLOUR, SCORE, GATE, LIKE = (
    "head.in.bias",
    "head.in.colour",
    "head.score.colour",
    "head.gate.bias",
    "head.score.like",
)
"""The tables of `catalogue.ADAPTED`."""
Tables = Mapping[str, Tensor]
"""Name → (N, …)."""


class Fixed(NamedTuple):
    """What the head sees of scans, and what no task changes."""

    tasks: int
    """N."""
    points: Tensor
    """(N, K · P, H): the body's output."""
    colours: Tensor
    """(U, P, C + 1): corner weights, and 1."""
    hidden: Tensor
    """(U, P, W): what the points give to the hidden layer's input."""
    pooled: Tensor
    """(U, W): what the whole scan gives to it."""
    scores: Tensor
    """(U, P): what is added to every score."""
    own: Tensor
    """(U, P): what is added to the points' own choice besides."""
    gates: Tensor
    """(U, M + 1): what the whole scan gives to the gates' logits."""
    weight: Tensor
    """(W, M + 1): from the hidden layer to the scores."""
    seen: Seen
    """What the scans show."""

    def per_scan(self, table: Tensor) -> Tensor:
        """A task's table (N, …) for each of its scans, (U, …)."""
        shots = len(self.gates) // self.tasks
        return table if shots == 1 else table.repeat_interleave(shots, 0)

    def per_task(self, values: Tensor) -> Tensor:
        """The sum (N, …) of values (U, …) over a task's scans."""
        shots = len(self.gates) // self.tasks
        return values if shots == 1 else values.unflatten(0, (self.tasks, shots)).sum(1)


class ByFixed(NamedTuple):
    """Gradients by what no task changes, or their tangents."""

    hidden: Tensor
    """(U, P, W)."""
    pooled: Tensor
    """(U, W)."""
    scores: Tensor
    """(U, M + 1, P): by the scores; the last row is that by `Fixed.own`."""
    gates: Tensor
    """(U, M + 1)."""
    weight: Tensor
    """(M + 1, W)."""
    near: Tensor
    """(U, P): of `mixture_loss.Slopes`."""
    widths: Tensor
    """(3,)."""


class HeadPass:
    """The head with each task's tables, on its scans.

    Args:
        phi: the tables; what else it holds is passed over.
        fixed: the scans.
        log_scales: (3,), of `scorer.log_likelihood`.
    """

    def __init__(self, phi: Tables, fixed: Fixed, log_scales: Tensor) -> None:
        self._fixed, self._like = fixed, phi[LIKE]
        whole = fixed.per_scan(phi[BIAS]) + fixed.pooled
        table = torch.cat([fixed.per_scan(phi[COLOUR]), whole[:, None]], 1)
        self._a = torch.baddbmm(fixed.hidden, fixed.colours, table)
        self._z = functional.silu(self._a)
        scores = self._scores(self._z, phi[SCORE], phi[LIKE]) + fixed.scores[:, None]
        scores[:, -1] += fixed.own
        self._mixture = MixtureLoss(scores, fixed.gates + fixed.per_scan(phi[GATE]), fixed.seen, log_scales)
        self.losses = self._mixture.losses
        """(U,): weighted."""

    def _scores(self, z: Tensor, colour: Tensor, like: Tensor) -> Tensor:
        """(U, M + 1, P): scores of a hidden layer (U, P, W) with a task's tables."""
        fixed = self._fixed
        weight = fixed.weight.t().expand(len(z), -1, -1)
        scores = torch.bmm(weight, z.transpose(1, 2))
        colour = fixed.per_scan(colour).transpose(1, 2)
        scores.baddbmm_(colour, fixed.colours[..., :-1].transpose(1, 2))
        scores[:, -1] += torch.bmm(fixed.points, like).view(len(z), -1)
        return scores

    def gradient(self, *, everything: bool = True) -> tuple[dict[str, Tensor], ByFixed | None]:
        """The gradient of the losses' sum by the tables, and by what no task changes where `everything` is asked."""
        self._slopes = slopes = self._mixture.slopes(widths=everything)
        self._by_z = self._from_scores(slopes.scores)
        by_a = torch.ops.aten.silu_backward(self._by_z, self._a)
        by_tables, by_hidden = self._by_tables(by_a, slopes)
        if not everything:
            return by_tables, None
        by_weight = torch.bmm(slopes.scores, self._z).sum(0)
        return by_tables, ByFixed(by_a, by_hidden, slopes.scores, slopes.gates, by_weight, slopes.near, slopes.widths)

    def tangent(self, direction: Tables) -> tuple[dict[str, Tensor], ByFixed]:
        """The derivative of `gradient` where the tables move in a direction; `gradient` comes first.

        Args:
            direction: name → (N, …).
        """
        fixed, slopes = self._fixed, self._slopes
        table = torch.cat([direction[COLOUR], direction[BIAS][:, None]], 1)
        moved = torch.bmm(fixed.colours, fixed.per_scan(table))
        gate = torch.sigmoid(self._a)
        # The activation's first derivative, and its second.
        first = torch.addcmul(gate, self._z, 1 - gate)
        second = (1 - gate) * (gate + first - gate * self._z)
        z = first * moved
        scores = self._scores(z, direction[SCORE], direction[LIKE])
        tangent = self._mixture.tangent(scores, fixed.per_scan(direction[GATE]))
        by_a = self._from_scores(tangent.scores) * first + self._by_z * second * moved
        by_tables, by_hidden = self._by_tables(by_a, tangent)
        by_weight = (torch.bmm(tangent.scores, self._z) + torch.bmm(slopes.scores, z)).sum(0)
        return by_tables, ByFixed(
            by_a, by_hidden, tangent.scores, tangent.gates, by_weight, tangent.near, tangent.widths
        )

    def by_votes(self, near: Tensor) -> Tensor:
        """As of `MixtureLoss`."""
        return self._mixture.by_votes(near)

    def own_scores(self) -> Tensor:
        """(U, P): gradient by the scores of the points' own choice."""
        return self._slopes.scores[:, -1]

    def _from_scores(self, scores: Tensor) -> Tensor:
        """(U, P, W): gradient by the hidden layer, from that by the scores (U, M + 1, P)."""
        return torch.bmm(scores.transpose(1, 2), self._fixed.weight.t().expand(len(scores), -1, -1))

    def _by_tables(self, by_a: Tensor, slopes: Slopes) -> tuple[dict[str, Tensor], Tensor]:
        """Gradients by the tables, name → (N, …), and (U, W) by what the whole scan gives to the hidden layer.

        Args:
            by_a: (U, P, W), by the hidden layer's input.
            slopes: by scores and gates.
        """
        fixed = self._fixed
        tables = torch.bmm(fixed.colours.transpose(1, 2), by_a)
        summed = fixed.per_task(tables)
        own = slopes.scores[:, -1].reshape(fixed.tasks, -1, 1)
        return {
            BIAS: summed[:, -1],
            COLOUR: summed[:, :-1],
            SCORE: fixed.per_task(torch.bmm(slopes.scores, fixed.colours[..., :-1])).transpose(1, 2),
            GATE: fixed.per_task(slopes.gates),
            LIKE: torch.bmm(fixed.points.transpose(1, 2), own),
        }, tables[:, -1]
