"""Matrix products with a weight, for the many rows of a body."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.grad import conv2d_weight


def product(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """(R, O): rows (U, P, I) times weight (I, O), plus bias (O,).

    On the CPU in float32 it is written as a convolution of width 1, for which PyTorch has a library that takes three
    quarters of the time of its matrix product, a third if O is small.
    """
    u, p, _ = rows.shape
    if convolved(rows):
        found = functional.conv2d(image(rows), weight.t()[:, :, None, None], bias)
        return found.permute(0, 2, 3, 1).reshape(u * p, -1)
    flat = rows.flatten(0, 1)
    return flat @ weight if bias is None else torch.addmm(bias, flat, weight)


def transposed(inputs: Tensor, outputs: Tensor) -> Tensor:
    """inputsᵀ · outputs, (R, I) and (R, O). This way round the wide one is read along its rows, which takes two thirds
    of the time."""
    return (outputs.t() @ inputs).t()


def wide_transposed(inputs: Tensor, outputs: Tensor) -> Tensor:
    """inputsᵀ · outputs, (U, P, I) and (R, O), where I is large: as `product`, which is faster only there."""
    if not convolved(inputs):
        return transposed(inputs.flatten(0, 1), outputs)
    sizes = (outputs.shape[1], inputs.shape[2], 1, 1)
    found = conv2d_weight(image(inputs), sizes, image(outputs.view(*inputs.shape[:2], -1)))
    return found[:, :, 0, 0].t()


def linear(name: str, inputs: Tensor, outputs: Tensor) -> dict[str, Tensor]:
    """Name → gradient of a layer's weight and bias, from its inputs and the gradient by its outputs."""
    return {f"{name}.weight": transposed(inputs, outputs), f"{name}.bias": outputs.sum(0)}


def convolved(rows: Tensor) -> bool:
    """Whether products of such rows are written as convolutions."""
    return rows.device.type == "cpu" and rows.dtype == torch.float32


def image(rows: Tensor) -> Tensor:
    """Rows (U, P, I) as images (U, I, P, 1), without a copy."""
    return rows[:, :, None].permute(0, 3, 1, 2)
