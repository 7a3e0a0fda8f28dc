"""What the head does with scans, by PyTorch, on any device; `head_compiled` has the same functions.

Axis letters as in `head_pass`.
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
    """What the head sees of scans, and what no task changes."""

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

    def start(self) -> Tensor:
        """(U, M + 1, P): what is added to scores always."""
        start = self.log_volume[:, None].repeat(1, self.gates.shape[1], 1)
        start[:, -1] += self.log_hold
        return start

    def seen(self, factors: Tensor) -> Seen:
        """What the loss sees of them; `factors` (U,) weigh the grasps."""
        place, closing = self.grasps[:, None, :2], self.grasps[:, None, 2:]
        return Seen(self.places, self.from_vote().square().sum(-1), place, closing, factors)

    def from_vote(self) -> Tensor:
        """(U, P, 2): from the grasps to the points' votes."""
        return self.votes - self.grasps[:, None, :2]


class Layer(NamedTuple):
    """The hidden layer of scans."""

    kept: Tensor
    """(V, P, W): its input."""
    z: Tensor
    """(V, P, W): the activation."""


class SomeScans:
    """Scans of tasks, K each, for the same pass several times.

    Args:
        scans: all of the batch.
        rows: (V,) numbers of those meant, a task's in a row.
        factors: (V,) weight of each grasp in its task's loss.
        tasks: N.
    """

    def __init__(self, scans: Scans, rows: Tensor, factors: Tensor, tasks: int) -> None:
        self.rows, self._tasks, self._shots = rows, tasks, len(rows) // tasks
        if len(rows) < len(scans.hidden):
            scans = Scans(*(part if part is scans.weight else part[rows] for part in scans))
        self.scans, self._seen, self._start = scans, scans.seen(factors), scans.start()
        self._points = scans.points.view(tasks, -1, scans.points.shape[-1])

    def per_scan(self, table: Tensor) -> Tensor:
        """A task's table (N, …) for each of its scans, (V, …)."""
        return table if self._shots == 1 else table.repeat_interleave(self._shots, 0)

    def per_task(self, values: Tensor) -> Tensor:
        """The sum (N, …) of values (V, …) over a task's scans."""
        return values if self._shots == 1 else values.unflatten(0, (self._tasks, self._shots)).sum(1)

    def hidden(self, bias: Tensor, colour: Tensor) -> Layer:
        """The hidden layer with tables (N, W) and (N, C, W)."""
        whole = self.per_scan(bias) + self.scans.pooled
        table = torch.cat([self.per_scan(colour), whole[:, None]], 1)
        a = torch.baddbmm(self.scans.hidden, self.scans.colours, table)
        return Layer(a, functional.silu(a))

    def tilted(self, bias: Tensor, colour: Tensor, layer: Layer) -> tuple[Tensor, Tensor]:
        """Where the tables move: how the hidden layer's input moves, and how the activation, (V, P, W).

        Args:
            bias, colour: the directions of the tables.
            layer: as it is.
        """
        table = torch.cat([colour, bias[:, None]], 1)
        a = torch.bmm(self.scans.colours, self.per_scan(table))
        return a, silu_backward(a, layer.kept)

    def scores(self, z: Tensor, colour: Tensor, like: Tensor, *, moved: bool = False) -> Tensor:
        """(V, M + 1, P): scores of a hidden layer (V, P, W) with tables (N, C, M + 1) and (N, H, 1); `moved` tells
        whether all three are directions, so that what is always added isn't."""
        scores = (z.flatten(0, 1) @ self.scans.weight.t()).view(*z.shape[:2], -1)
        scores = scores.baddbmm_(self.scans.colours[..., :-1], self.per_scan(colour)).transpose(1, 2).contiguous()
        scores[:, -1] += torch.bmm(self._points, like).view(len(z), -1)
        return scores if moved else scores + self._start

    def back(self, scores: Tensor, layer: Layer) -> tuple[Tensor, Tensor]:
        """(V, P, W): gradient by the hidden layer's input, and by the layer, from that by the scores (V, M + 1, P)."""
        by_z = self._by_z(scores)
        return silu_backward(by_z, layer.kept), by_z

    def turned(self, a: Tensor, by_z: Tensor, moved: Tensor, layer: Layer) -> Tensor:
        """The derivative (V, P, W) of the former of `back` in a direction.

        Args:
            a: how the hidden layer's input moves.
            by_z: of `back`.
            moved: how the gradient by the scores does.
            layer: as it is.
        """
        gate = torch.sigmoid(layer.kept)
        # The activation's first derivative, and its second.
        first = torch.addcmul(gate, layer.z, 1 - gate)
        second = (1 - gate) * (gate + first - gate * layer.z)
        return self._by_z(moved) * first + by_z * second * a

    def by_tables(self, by_a: Tensor, slopes: Slopes) -> tuple[dict[str, Tensor], Tensor]:
        """Gradients by the tables, name → (N, …), and (V, W) by what the whole scan gives to the hidden layer.

        Args:
            by_a: (V, P, W), by the hidden layer's input.
            slopes: by scores and gates.
        """
        colours = self.scans.colours
        tables = torch.bmm(colours.transpose(1, 2), by_a)
        summed = self.per_task(tables)
        own = slopes.scores[:, -1].reshape(self._tasks, -1, 1)
        return {
            BIAS: summed[:, -1],
            COLOUR: summed[:, :-1],
            SCORE: self.per_task(torch.bmm(slopes.scores, colours[..., :-1])).transpose(1, 2),
            GATE: self.per_task(slopes.gates),
            LIKE: torch.bmm(self._points.transpose(1, 2), own),
        }, tables[:, -1]

    def add_weight(self, weight: Tensor, scores: Tensor, z: Tensor) -> None:
        """Add to `weight` (M + 1, W) the gradient by it, from that by the scores (V, M + 1, P) of z (V, P, W)."""
        weight.add_(torch.bmm(scores, z).sum(0))

    def mixture(self, scores: Tensor, gates: Tensor, log_scales: Tensor) -> MixtureLoss:
        """The loss of scores (V, M + 1, P) and gates' logits (V, M + 1)."""
        return MixtureLoss(scores, gates, self._seen, log_scales)

    def _by_z(self, scores: Tensor) -> Tensor:
        """(V, P, W): gradient by the hidden layer."""
        return torch.bmm(scores.transpose(1, 2), self.scans.weight.expand(len(scores), -1, -1))
