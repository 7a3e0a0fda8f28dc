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
    first = {k: BETA_FIRST * moments.first[k] + (1 - BETA_FIRST) * g for k, g in gradients.items()}
    second = {k: BETA_SECOND * moments.second[k] + (1 - BETA_SECOND) * g * g for k, g in gradients.items()}
    unbias_first, unbias_second = 1 - BETA_FIRST ** (step + 1), 1 - BETA_SECOND ** (step + 1)
    moved = {
        k: v - rate * (first[k] / unbias_first) / ((second[k] / unbias_second).sqrt() + EPSILON)
        for k, v in parameters.items()
    }
    return moved, Moments(first, second)
