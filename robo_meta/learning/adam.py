"""Adam as a pure function over dicts of tensors, so that its state is plain data and resuming is loading it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

BETA_FIRST, BETA_SECOND, EPSILON = 0.9, 0.999, 1e-8


class Moments(NamedTuple):
    """Running means of the gradients and of their squares, by parameter name."""

    first: dict[str, Tensor]
    second: dict[str, Tensor]


def zero_moments(parameters: Mapping[str, Tensor]) -> Moments:
    """Moments before the first step."""
    return Moments(
        {k: torch.zeros_like(v) for k, v in parameters.items()}, {k: torch.zeros_like(v) for k, v in parameters.items()}
    )


def adam_step(
    parameters: Mapping[str, Tensor], gradients: Mapping[str, Tensor], moments: Moments, step: int, rate: float
) -> tuple[dict[str, Tensor], Moments]:
    """One step (Kingma & Ba, 2015); `step` counts from 0. Nothing is changed in place."""
    names = list(gradients)
    if not names:
        return {}, Moments({}, {})
    # All parameters in one call each: they are small and many.
    found = [gradients[k] for k in names]
    first = torch._foreach_mul([moments.first[k] for k in names], BETA_FIRST)
    torch._foreach_add_(first, found, alpha=1 - BETA_FIRST)
    second = torch._foreach_mul([moments.second[k] for k in names], BETA_SECOND)
    torch._foreach_addcmul_(second, found, found, value=1 - BETA_SECOND)
    unbias_first, unbias_second = 1 - BETA_FIRST ** (step + 1), 1 - BETA_SECOND ** (step + 1)
    size = torch._foreach_div(second, unbias_second)
    torch._foreach_sqrt_(size)
    torch._foreach_add_(size, EPSILON)
    before = [parameters[k] for k in names]
    moved = torch._foreach_addcdiv(before, first, size, value=-rate / unbias_first)
    return (
        dict(zip(names, moved, strict=True)),
        Moments(dict(zip(names, first, strict=True)), dict(zip(names, second, strict=True))),
    )
