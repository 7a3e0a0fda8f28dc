"""The context network: reads the demonstrations and writes the head's parameters in one pass, without gradients.

Each support point is labelled with its distance to where the fingers closed; pooling within each colour gives that
colour's row of the colour tables, pooling over everything the biases. No colour is told from another by name, so what
is learned of one holds for all. Axis letters as in `robo_meta.model`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model.scorer import Hidden, Parameters, stack

_WIDTHS = (0.2, 0.5, 1.2, 3.0)
"""Units of `point_features.SCALE`: widths of the bumps that encode a point's distance to the grasp."""
_LABELS = 2 * len(_WIDTHS) + 2


def shapes(hidden: int, head: int, keypoints: int, context: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of the encoder's parameters."""
    outputs = keypoints + 1
    return {
        "context.in.weight": (hidden + _LABELS, context),
        "context.in.bias": (context,),
        "context.second.weight": (context, context),
        "context.second.bias": (context,),
        "context.all.weight": (2 * context + 2 * hidden, context),
        "context.all.bias": (context,),
        "context.colour.weight": (3 * context + 1, context),
        "context.colour.bias": (context,),
        "context.colour.out": (context, head + outputs),
        "context.bias.weight": (context, context),
        "context.bias.bias": (context,),
        "context.bias.out": (context, head + outputs),
    }


def initial(hidden: int, head: int, keypoints: int, context: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Fresh parameters."""
    return {
        name: torch.zeros(shape)
        if len(shape) == 1
        else torch.randn(shape, generator=generator) * ((0.3 if name.endswith("out") else 1.0) / math.sqrt(shape[0]))
        for name, shape in shapes(hidden, head, keypoints, context).items()
    }


def condition(theta: Parameters, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
    """Head parameters with a leading task axis, from supports (N, K, …), grasps (N, K, 4) and mask (N, K)."""
    n = mask.shape[0]
    offset = support.places - grasps[..., None, :2]
    along = (offset @ grasps[..., 2:, None])[..., 0].abs()
    square = offset.square().sum(-1)
    across = (square - along.square()).clamp_min(0).sqrt()
    labels = [torch.exp(-square / width**2) for width in _WIDTHS]
    labels += [torch.exp(-((across / width) ** 2)) for width in _WIDTHS]
    labels += [square.clamp_min(1e-8).sqrt(), across]
    x = torch.cat([support.points, torch.stack(labels, -1)], -1)
    x = functional.silu(x @ theta["context.in.weight"] + theta["context.in.bias"])
    x = functional.silu(x @ theta["context.second.weight"] + theta["context.second.bias"])
    each = mask / mask.sum(-1, keepdim=True)
    everything = torch.cat([x.mean(-2), x.amax(-2), support.pooled], -1)
    everything = functional.silu(everything @ theta["context.all.weight"] + theta["context.all.bias"])
    counts = support.colours.sum(-2)[..., None]
    by_colour = support.colours.transpose(-1, -2) @ x / counts.clamp_min(1e-3)
    share = counts / support.colours.shape[-2]
    peak = (support.colours[..., None] * x[..., None, :]).amax(-3)
    rows = torch.cat([by_colour, peak, everything[..., None, :].expand(-1, -1, by_colour.shape[-2], -1), share], -1)
    rows = functional.silu(rows @ theta["context.colour.weight"] + theta["context.colour.bias"])
    # A colour that a demonstration doesn't show stays as it is; several demonstrations are averaged.
    rows = rows @ theta["context.colour.out"] * (share > 0.01) * each[..., None, None]
    rows = rows.sum(1)
    biases = functional.silu(everything @ theta["context.bias.weight"] + theta["context.bias.bias"])
    biases = (biases @ theta["context.bias.out"] * each[..., None]).sum(1)
    width = theta["head.in.bias"].shape[0]
    phi = stack(theta, n)
    phi["head.in.colour"] = phi["head.in.colour"] + rows[..., :width]
    phi["head.score.colour"] = phi["head.score.colour"] + rows[..., width:]
    phi["head.in.bias"] = phi["head.in.bias"] + biases[..., :width]
    phi["head.gate.bias"] = phi["head.gate.bias"] + biases[..., width:]
    return phi
