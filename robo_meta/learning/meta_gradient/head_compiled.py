"""`head_layers` by `compiled_hidden`, `compiled_scores` and `compiled_mixture`: on the CPU, in float32, where numba
is."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from robo_meta.learning.meta_gradient.compiled_call import call
from robo_meta.learning.meta_gradient.head_layers import BIAS, COLOUR, GATE, LIKE, SCORE, Layer, Scans, SomeScans
from robo_meta.learning.meta_gradient.mixture_compiled import CompiledMixture, Shown
from robo_meta.learning.meta_gradient.mixture_loss import MixtureLoss, Slopes

HIDDEN = "robo_meta.learning.meta_gradient.compiled_hidden"
SCORES = "robo_meta.learning.meta_gradient.compiled_scores"
LARGE = ("points", "colours", "hidden", "weight")
"""Fields of `Scans` of which no rows are copied."""


def listed(colours: Tensor) -> Tensor:
    """`compiled_hidden.listed`: which of the colours (U, P, C + 1) points have."""
    which = torch.empty(*colours.shape[:2], colours.shape[2] + 1, dtype=torch.int32)
    call(HIDDEN, "listed", colours, which)
    return which


def activated(a: Tensor) -> Layer:
    """The sigmoid of inputs as what is kept, and the activation, which takes their place."""
    gate = torch.sigmoid(a)
    return Layer(gate, a.mul_(gate))


def through(by: Tensor, layer: Layer) -> Tensor:
    """Gradient by inputs from that by activations, whose place it takes."""
    call(HIDDEN, "through", *(part.view(-1) for part in (by, *layer)))
    return by


class CompiledScans(SomeScans):
    """As `SomeScans`; scans whose grasp weighs nothing are left out. What is kept of a hidden layer is the sigmoid."""

    def __init__(self, scans: Scans, rows: Tensor, factors: Tensor, tasks: int, which: Tensor) -> None:
        there = factors.nonzero()[:, 0]
        self._owners = torch.div(there, len(rows) // tasks, rounding_mode="floor")
        self.rows, self._tasks, factors = rows[there], tasks, factors[there]
        parts = zip(Scans._fields, scans, strict=True)
        self.scans = Scans(*(part if name in LARGE else part.index_select(0, self.rows) for name, part in parts))
        self._shown = Shown.of(self.scans.seen(factors), self.scans.grasps)
        of = self.rows, self._owners, scans.colours, which
        self._of: tuple[np.ndarray, ...] = tuple(part.numpy() for part in of)
        self._hidden, self._turned = scans.hidden.numpy(), np.empty(scans.hidden.shape[:0:-1], np.float32)
        self._cloud, self._weight = scans.points.numpy(), scans.weight.numpy()
        self._start, self._shape = self.scans.start(), (len(there), *scans.hidden.shape[1:])
        self._across = np.empty((len(there), scans.points.shape[2], scans.points.shape[1]), np.float32)
        call(SCORES, "across", self._cloud, self._of[0], self._across)

    def per_scan(self, table: Tensor) -> Tensor:
        """As there."""
        return table.index_select(0, self._owners)

    def per_task(self, values: Tensor) -> Tensor:
        """As there."""
        return values.new_zeros(self._tasks, *values.shape[1:]).index_add_(0, self._owners, values)

    def hidden(self, bias: Tensor, colour: Tensor) -> Layer:
        """As there."""
        a = bias.new_empty(self._shape)
        whole = self.per_scan(bias) + self.scans.pooled
        call(HIDDEN, "opened", *self._of, self._hidden, whole, colour, a)
        return activated(a)

    def tilted(self, bias: Tensor, colour: Tensor, layer: Layer) -> tuple[Tensor, Tensor]:
        """As there."""
        a = bias.new_empty(self._shape)
        call(HIDDEN, "opened", *self._of, self._hidden[:0], self.per_scan(bias), colour, a)
        return a, through(a.clone(), layer)

    def scores(self, z: Tensor, colour: Tensor, like: Tensor, *, moved: bool = False) -> Tensor:
        """As there."""
        scores = torch.zeros_like(self._start) if moved else self._start.clone()
        call(SCORES, "scored", *self._of, self._across, self._weight, z, colour, like[..., 0], self._turned, scores)
        return scores

    def back(self, scores: Tensor, layer: Layer) -> tuple[Tensor, Tensor]:
        """As there."""
        by_z = self._by_z(scores)
        return through(by_z.clone(), layer), by_z

    def turned(self, a: Tensor, by_z: Tensor, moved: Tensor, layer: Layer) -> Tensor:
        """As there; `a` is changed."""
        parts = self._by_z(moved), by_z, *layer, a
        call(HIDDEN, "turned", *(part.view(-1) for part in parts))
        return a

    def by_tables(self, by_a: Tensor, slopes: Slopes) -> tuple[dict[str, Tensor], Tensor]:
        """As there."""
        n, (_, _, w), (_, m, _) = self._tasks, by_a.shape, slopes.scores.shape
        corners, width = self.scans.colours.shape[2] - 1, self.scans.points.shape[2]
        by_pooled = by_a.new_zeros(len(by_a), w)
        colour, score, like = by_a.new_zeros(n, corners, w), by_a.new_zeros(n, corners, m), by_a.new_zeros(n, width)
        call(
            SCORES,
            "collected",
            *self._of,
            self._cloud,
            by_a,
            slopes.scores,
            by_pooled,
            colour,
            score,
            like,
        )
        found = {COLOUR: colour, SCORE: score, LIKE: like[..., None]}
        return {BIAS: self.per_task(by_pooled), GATE: self.per_task(slopes.gates)} | found, by_pooled

    def add_weight(self, weight: Tensor, scores: Tensor, z: Tensor) -> None:
        """As there."""
        call(SCORES, "add_weight", scores, z, weight)

    def mixture(self, scores: Tensor, gates: Tensor, log_scales: Tensor) -> MixtureLoss:
        """As there."""
        return CompiledMixture(scores, gates, self._shown, log_scales)

    def _by_z(self, scores: Tensor) -> Tensor:
        """As there."""
        by_z = scores.new_empty(self._shape)
        call(SCORES, "back", scores, self._weight, by_z)
        return by_z
