"""Layers of the body with their gradients, by PyTorch, on any device; `body_compiled` has the same functions.

Axis letters as in `robo_meta.learning.meta_gradient`; R = U · P rows, C corners of the colour cube.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

silu_backward = torch.ops.aten.silu_backward
"""(gradient by the output, input) → gradient by the input."""


class Layer(NamedTuple):
    """An activation's output, what its gradient needs, and what is pooled of it."""

    kept: Tensor
    """(R, H): the input."""
    x: Tensor
    """(R, H): the output."""
    sums: Tensor
    """(U, C + 1, H): over the points of each colour; last, over all."""
    highest: Tensor
    """(U, H)."""
    where: Tensor
    """(U, H): number of the point that has it."""


def heard(a: Tensor, colours: Tensor, which: Tensor | None, table: Tensor | None = None) -> Layer:
    """The activation of inputs (R, H).

    Args:
        a: changed in place.
        colours: (U, P, C + 1): corner weights, and 1.
        which: of `head_compiled.listed`, where this is compiled.
        table: (U, C + 1, H), what points of each colour, and all points, get besides.
    """
    u, p, _ = colours.shape
    if table is not None:
        a.view(u, p, -1).baddbmm_(colours, table)
    x = functional.silu(a)
    points = x.view(u, p, -1)
    highest, where = points.max(1)
    return Layer(a, x, torch.bmm(colours.transpose(1, 2), points), highest, where)


def heard_back(
    by_x: Tensor, layer: Layer, colours: Tensor, which: Tensor | None, by_sums: Tensor, by_highest: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradient (R, H) by the inputs, and (U, C + 1, H) by the table.

    Args:
        by_x: (R, H), by the output; changed in place.
        layer: of `heard`.
        colours, which: as there.
        by_sums, by_highest: as the layer's.
    """
    u, p, _ = colours.shape
    spread = by_x.view(u, p, -1).baddbmm_(colours, by_sums)
    spread.scatter_add_(1, layer.where[:, None], by_highest[:, None])
    by_a = silu_backward(by_x, layer.kept)
    return by_a, torch.bmm(colours.transpose(1, 2), by_a.view(u, p, -1))


def held(a: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The activation of inputs (R, W) through one output: what its gradient needs, (R, W) activations, (R,) outputs."""
    x = functional.silu(a)
    return a, x, (x @ weight + bias)[:, 0]


def held_back(by_hold: Tensor, weight: Tensor, kept: Tensor, x: Tensor) -> Tensor:
    """Gradient (R, W) by the inputs of `held`, from that by its outputs (R,); what else it gave as it gave it."""
    return silu_backward(by_hold[:, None] * weight[:, 0], kept)


def votes(parts: Tensor, vectors: Tensor, places: Tensor) -> Tensor:
    """(U, P, 2): places plus parts (R, V) of vectors (U, P, V, 2)."""
    return places + (parts.view(*vectors.shape[:3], 1) * vectors).sum(-2)


def votes_back(by_votes: Tensor, vectors: Tensor) -> Tensor:
    """(R, V): gradient by the parts, from that by the votes (U, P, 2)."""
    return (vectors * by_votes[:, :, None]).sum(-1).flatten(0, 1)
