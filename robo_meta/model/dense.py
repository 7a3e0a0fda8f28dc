"""Shapes and fresh parameters of plain dense networks."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor


def two_layers(inputs: int, hidden: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of the parameters of a network with two hidden layers."""
    return {
        "in.weight": (inputs, hidden),
        "in.bias": (hidden,),
        "middle.weight": (hidden, hidden),
        "middle.bias": (hidden,),
        "out.weight": (hidden, outputs),
        "out.bias": (outputs,),
    }


def initial_dense(shapes: Mapping[str, tuple[int, ...]], generator: torch.Generator) -> dict[str, Tensor]:
    """Zero vectors and matrices of variance 1 ÷ inputs."""
    return {
        name: torch.zeros(shape) if len(shape) == 1 else torch.randn(shape, generator=generator) / math.sqrt(shape[0])
        for name, shape in shapes.items()
    }
