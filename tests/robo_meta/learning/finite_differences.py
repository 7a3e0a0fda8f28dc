"""Exact gradients against differences of values, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

WEIGHTS = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
"""Of the central difference of sixth order: its steps may be so long that rounding, about 1e-15 ÷ step, is no matter,
for what it neglects is step⁶ ÷ 140 times a derivative of seventh order."""
DIRECTIONS = 2


def slope(value: Callable[[Tensor], float], at: Tensor, along: Tensor, step: float) -> float:
    """Derivative of `value` at `at`, `along` a unit direction."""
    each = (w * (value(at + k * step * along) - value(at - k * step * along)) for k, w in WEIGHTS.items())
    return sum(each) / step


def worst_error(
    value: Callable[[str, Tensor], float], leaves: Mapping[str, Tensor], exact: Mapping[str, Tensor], step: float
) -> float:
    """Largest error of any leaf's gradient, relative to the norm of that gradient.

    Directions of ±1 are drawn for each: the error of the slope along one of them, squared, is on average the squared
    norm of the gradient's error, so that a few wrong entries among hundreds don't pass.

    Args:
        value: of a leaf's name and what stands in its place.
        leaves: name → where to differentiate.
        exact: name → gradient there.
        step: along a unit direction; three of them must not reach a kink.
    """
    generator = torch.Generator().manual_seed(0)
    worst = 0.0
    for name, leaf in leaves.items():
        size = float(exact[name].norm())
        assert size > 0, name
        for _ in range(DIRECTIONS):
            signs = torch.randint(2, leaf.shape, generator=generator).to(leaf) * 2 - 1
            length = float(signs.norm())
            numeric = slope(lambda moved, name=name: value(name, moved), leaf.detach(), signs / length, step) * length
            worst = max(worst, abs(float((exact[name] * signs).sum()) - numeric) / size)
    return worst
