"""The inner loop's steps with their gradient: `inner_loop.adapt` of the tables in `catalogue.ADAPTED`.

Axis letters as in `robo_meta.learning.meta_gradient`; T numbers of all tables of a task, in a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

from robo_meta.catalogue import ADAPTED
from robo_meta.learning.inner_loop import CLIP
from robo_meta.learning.meta_gradient.head_layers import LIKE, SomeScans, Tables
from robo_meta.learning.meta_gradient.head_pass import ByScans, HeadPass

NAMES = tuple(sorted(ADAPTED))


class Back(NamedTuple):
    """What the way back through the steps gives, besides what is added to `ByScans`."""

    tables: dict[str, Tensor]
    """Name → (N, …): gradients by the tables before the first step."""
    rates: dict[str, Tensor]
    """Gradients by the rates."""
    own: list[tuple[Tensor, Tensor]]
    """Pairs of (V, P) and (N, H, 1), whose products, a task's for each of its scans, are the gradient by the points."""


class InnerSteps:
    """Each task's tables after S steps down its own loss.

    Args:
        start: the tables before the first step, name → (N, …).
        rates: log step sizes, name → (S,), and `log_scales` (S, 3).
        supports: the scans.
    """

    def __init__(self, start: Tables, rates: Mapping[str, Tensor], supports: SomeScans) -> None:
        self._shapes = [start[name].shape for name in NAMES]
        self._lengths = [prod(shape[1:]) for shape in self._shapes]
        each = zip(NAMES, self._lengths, strict=True)
        sizes = torch.cat([rates[name].exp()[:, None].expand(-1, length) for name, length in each], -1)
        self._steps: list[_Step] = []
        phi = _flat(start)
        for step, size in enumerate(sizes.unbind()):
            tables = self._named(phi)
            one = HeadPass(tables, supports, rates["log_scales"][step])
            gradient = _flat(one.gradient()[0])
            square = gradient.square().sum(-1, keepdim=True) + 1e-12
            shrink = CLIP / square.sqrt().clamp_min(CLIP)
            factors = shrink * size
            self._steps.append(_Step(one, tables[LIKE], gradient, shrink, square, factors))
            phi = torch.addcmul(phi, factors, gradient, value=-1)
        self.tables = self._named(phi)
        """Name → (N, …)."""

    def gradient(self, tables: Tables, into: ByScans, *, first_order: bool = False) -> Back:
        """Back through the steps.

        Args:
            tables: name → (N, …), gradients by `tables`.
            into: added to.
            first_order: treat inner gradients as constants.
        """
        after = _flat(tables)
        sizes, own = [], []
        widths = [after.new_zeros(3)] * len(self._steps)
        for number, step in reversed(list(enumerate(self._steps))):
            pushed = step.factors * after
            pulls = pushed * step.gradient
            sizes.append(-pulls.sum(0))
            if first_order:
                continue
            # A clipped gradient's length doesn't count, only its direction.
            back = torch.where(step.shrink < 1, pulls.sum(-1, keepdim=True) / step.square, 0)
            direction = self._named(torch.addcmul(-pushed, back, step.gradient))
            by_tables, widths[number], moved = step.head.tangent(direction, into)
            own += [(moved, step.like), (step.head.own_scores(), direction[LIKE])]
            after = after + _flat(by_tables)
        by_rates = torch.stack(sizes[::-1]).split(self._lengths, -1)
        rates = {name: part.sum(-1) for name, part in zip(NAMES, by_rates, strict=True)}
        return Back(self._named(after), rates | {"log_scales": torch.stack(widths)}, own)

    def _named(self, flat: Tensor) -> dict[str, Tensor]:
        """Name → (N, …), views of (N, T)."""
        parts = zip(NAMES, flat.split(self._lengths, -1), self._shapes, strict=True)
        return {name: part.view(shape) for name, part, shape in parts}


class _Step(NamedTuple):
    """What is kept of a step."""

    head: HeadPass
    like: Tensor
    gradient: Tensor
    """(N, T)."""
    shrink: Tensor
    """(N, 1): by how much clipping shortens it."""
    square: Tensor
    """(N, 1): of its length."""
    factors: Tensor
    """(N, T): what it is multiplied by."""


def _flat(tables: Tables) -> Tensor:
    """(N, T)."""
    return torch.cat([tables[name].flatten(1) for name in NAMES], -1)
