"""The inner loop's steps with their gradient: `inner_loop.adapt` of the tables in `catalogue.ADAPTED`.

Axis letters as in `robo_meta.learning.meta_gradient`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.catalogue import ADAPTED
from robo_meta.learning.inner_loop import CLIP
from robo_meta.learning.meta_gradient.head_pass import LIKE, ByFixed, Fixed, HeadPass, Tables

NAMES = tuple(sorted(ADAPTED))
"""In the order in which `inner_loop.descend` sums squares."""


class InnerSteps:
    """Each task's tables after S steps down its own loss.

    Args:
        start: the tables before the first step, name → (N, …).
        rates: log step sizes, name → (S,), and `log_scales` (S, 3).
        fixed: the supports.
    """

    def __init__(self, start: Tables, rates: Mapping[str, Tensor], fixed: Fixed) -> None:
        self._sizes = {name: rates[name].exp() for name in NAMES}
        self._steps: list[tuple[HeadPass, Tensor, dict[str, Tensor], Tensor, Tensor]] = []
        self._fixed = fixed
        phi = dict(start)
        for step in range(len(rates[NAMES[0]])):
            one = HeadPass(phi, fixed, rates["log_scales"][step])
            gradients, _ = one.gradient()
            square = torch.stack([gradients[name].square().flatten(1).sum(-1) for name in NAMES]).sum(0) + 1e-12
            shrink = CLIP / square.sqrt().clamp_min(CLIP)
            self._steps.append((one, phi[LIKE], gradients, shrink, square))
            phi = {
                name: torch.addcmul(phi[name], _rows(shrink * self._sizes[name][step], value), value, value=-1)
                for name, value in gradients.items()
            }
        self.tables = phi
        """Name → (N, …)."""

    def gradient(self, tables: Tables, *, first_order: bool = False) -> tuple[dict[str, Tensor], dict[str, Tensor], list[ByFixed], list[tuple[Tensor, Tensor]]]:
        """Back through the steps.

        Args:
            tables: name → (N, …), gradients by `tables`.
            first_order: treat inner gradients as constants.

        Returns:
            Gradients by `start` and by the rates; by what no task changes, one a step; and pairs of (U, P) and (N, H, 1)
            whose products, summed, are the gradient by the body's points.
        """
        after = dict(tables)
        by_sizes: dict[str, list[Tensor]] = {name: [] for name in NAMES}
        widths, fixed, pairs = [], [], []
        for step in reversed(range(len(self._steps))):
            one, like, gradients, shrink, square = self._steps[step]
            pulls = torch.stack([(after[name] * gradients[name]).flatten(1).sum(-1) for name in NAMES])
            sizes = torch.stack([self._sizes[name][step] for name in NAMES])[:, None]
            pulls = pulls * sizes
            for name, change in zip(NAMES, (pulls * -shrink).sum(-1).unbind(), strict=True):
                by_sizes[name].append(change)
            if first_order:
                continue
            # A clipped gradient's length doesn't count, only its direction.
            back = torch.where(shrink < 1, pulls.sum(0) * shrink / square, 0)
            direction = {
                name: _rows(back, value) * value - _rows(shrink * self._sizes[name][step], value) * after[name]
                for name, value in gradients.items()
            }
            by_tables, by_fixed = one.tangent(direction)
            pairs += [(by_fixed.scores[:, -1], like), (one.own_scores(), direction[LIKE])]
            fixed.append(by_fixed)
            widths.append(by_fixed.widths)
            after = {name: value + by_tables[name] for name, value in after.items()}
        by_rates = {name: torch.stack(values[::-1]) for name, values in by_sizes.items()}
        none = torch.zeros(len(self._steps), 3, dtype=square.dtype, device=square.device)
        by_rates["log_scales"] = torch.stack(widths[::-1]) if widths else none
        return after, by_rates, fixed, pairs


def _rows(factors: Tensor, like: Tensor) -> Tensor:
    """Factors (N,) shaped so that they multiply the rows of `like` (N, …)."""
    return factors.view(-1, *[1] * (like.dim() - 1))
