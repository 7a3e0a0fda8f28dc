"""The inner loop's steps with their gradient: `inner_loop.adapt` of the tables in `catalogue.ADAPTED`.

Axis letters as in `robo_meta.learning.meta_gradient`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from robo_meta.catalogue import ADAPTED
from robo_meta.learning.inner_loop import CLIP
from robo_meta.learning.meta_gradient.head_compiled import CompiledPass, CompiledScans
from robo_meta.learning.meta_gradient.head_pass import LIKE, ByScans, HeadPass, SomeScans, Tables

NAMES = tuple(sorted(ADAPTED))
"""In the order in which `inner_loop.descend` sums squares."""


class Back(NamedTuple):
    """What the way back through the steps gives, besides what is added to `ByScans`."""

    tables: dict[str, Tensor]
    """Name → (N, …): gradients by the tables before the first step."""
    rates: dict[str, Tensor]
    """Gradients by the rates."""
    own: list[tuple[Tensor, Tensor]]
    """Pairs of (V, P) and (N, H, 1), whose products, summed, are the gradient by the body's points."""


class InnerSteps:
    """Each task's tables after S steps down its own loss.

    Args:
        start: the tables before the first step, name → (N, …).
        rates: log step sizes, name → (S,), and `log_scales` (S, 3).
        supports: the scans.
    """

    def __init__(self, start: Tables, rates: Mapping[str, Tensor], supports: SomeScans | CompiledScans) -> None:
        self._sizes = torch.stack([rates[name].exp() for name in NAMES])
        self._steps: list[_Step] = []
        phi = dict(start)
        for step in range(self._sizes.shape[1]):
            one = supports.run(phi, rates["log_scales"][step])
            gradients, _ = one.gradient()
            square = torch.stack([gradients[name].square().flatten(1).sum(-1) for name in NAMES]).sum(0) + 1e-12
            shrink = CLIP / square.sqrt().clamp_min(CLIP)
            factors = self._sizes[:, step, None] * shrink
            self._steps.append(_Step(one, phi[LIKE], gradients, shrink, square, factors))
            phi = {
                k: torch.addcmul(phi[k], _rows(f, phi[k]), gradients[k], value=-1)
                for k, f in zip(NAMES, factors, strict=True)
            }
        self.tables = phi
        """Name → (N, …)."""

    def gradient(self, tables: Tables, into: ByScans, *, first_order: bool = False) -> Back:
        """Back through the steps.

        Args:
            tables: name → (N, …), gradients by `tables`.
            into: added to.
            first_order: treat inner gradients as constants.
        """
        after = {name: tables[name] for name in NAMES}
        sizes, own = [], []
        widths = [torch.zeros(3, dtype=self._sizes.dtype, device=self._sizes.device)] * len(self._steps)
        for number, step in reversed(list(enumerate(self._steps))):
            pulls = torch.stack([(after[k] * step.gradients[k]).flatten(1).sum(-1) for k in NAMES]) * step.factors
            sizes.append(-pulls.sum(-1))
            if first_order:
                continue
            # A clipped gradient's length doesn't count, only its direction.
            back = torch.where(step.shrink < 1, pulls.sum(0) / step.square, 0)
            direction = {
                k: _rows(back, after[k]) * step.gradients[k] - _rows(f, after[k]) * after[k]
                for k, f in zip(NAMES, step.factors, strict=True)
            }
            by_tables, widths[number], moved = step.head.tangent(direction, into)
            own += [(moved, step.like), (step.head.own_scores(), direction[LIKE])]
            after = {name: value + by_tables[name] for name, value in after.items()}
        rates = dict(zip(NAMES, torch.stack(sizes[::-1], -1).unbind(), strict=True))
        return Back(after, rates | {"log_scales": torch.stack(widths)}, own)


class _Step(NamedTuple):
    """What is kept of a step."""

    head: HeadPass | CompiledPass
    like: Tensor
    gradients: dict[str, Tensor]
    shrink: Tensor
    square: Tensor
    factors: Tensor


def _rows(factors: Tensor, like: Tensor) -> Tensor:
    """Factors (N,) shaped so that they multiply the rows of `like` (N, …)."""
    return factors.view(-1, *[1] * (like.dim() - 1))
