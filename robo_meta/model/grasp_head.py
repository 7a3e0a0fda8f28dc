"""The closing network: how the fingers close at a place. Its outputs are heading, height and centring.

It learns from demonstrated grasps. What it learns is the same for every task, so it isn't adapted. The heading is
chosen among directions on a grid; one network sees every direction in that direction's own frame, so turning the object
turns the answer. Axis letters: B places, P points, A directions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model.closing_measures import INPUTS, closing_vectors, headings, measure
from robo_meta.model.dense import two_layers

OUTPUTS = 3
"""Preference of the direction, shift along it (units of 1 cm), height (units of 1 cm)."""


def shapes(hidden: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of the parameters."""
    return two_layers(INPUTS, hidden, OUTPUTS)


def evaluate(psi: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """(B, A, 3) outputs for the inputs of `measure`."""
    x = functional.silu(inputs @ psi["in.weight"] + psi["in.bias"])
    x = functional.silu(x @ psi["middle.weight"] + psi["middle.bias"])
    return x @ psi["out.weight"] + psi["out.bias"]


def loss(psi: Mapping[str, Tensor], points: Tensor, places: Tensor, grasps: Tensor) -> Tensor:
    """(B,) cross-entropy of the demonstrated headings plus errors of centring and height.

    Args:
        psi: parameters.
        points: (B, P, 6).
        places: (B, 2), m: where the closing is asked for, near the grasps.
        grasps: (B, 4): where and how the demonstrator closed.
    """
    inputs, height = measure(points, places)
    out = evaluate(psi, inputs)
    turn = 2 * (grasps[:, 3, None] - headings(points))
    wanted = torch.softmax(30 * turn.cos(), -1)
    heading_loss = -(wanted * out[..., 0].log_softmax(-1)).sum(-1)
    offset = grasps[:, :2] - places
    cosine, sine = closing_vectors(points)
    shift = offset[:, :1] * cosine + offset[:, 1:] * sine
    shift_error = functional.huber_loss(out[..., 1], shift / 0.01, reduction="none", delta=0.5)
    z = height / 2 + (wanted * out[..., 2]).sum(-1) * 0.01
    z_error = functional.huber_loss(z / 0.01, grasps[:, 2] / 0.01, reduction="none", delta=0.5)
    return heading_loss + (wanted * shift_error).sum(-1) + z_error


def close_on(psi: Mapping[str, Tensor], points: Tensor, places: Tensor) -> Tensor:
    """Grasps (B, 4) x, y, z, yaw at places (B, 2) of scans (B, P, 6)."""
    inputs, height = measure(points, places)
    out = evaluate(psi, inputs)
    angle = headings(points)
    preference, across, above = out.unbind(-1)
    best = preference.argmax(-1)
    chosen = angle[best]
    turn = angle - chosen[:, None]
    double = 2 * turn
    cosine = double.cos()
    weight = torch.softmax(preference.masked_fill(cosine <= math.cos(2 * 0.3), -math.inf), -1)
    yaw = chosen + torch.atan2((weight * double.sin()).sum(-1), (weight * cosine).sum(-1)) / 2
    # Directions past half a turn from the best point the other way, and so do their shifts.
    facing = torch.where(turn.cos() >= 0, 1.0, -1.0)
    shift = (weight * facing * across).sum(-1).clamp(-1.5, 1.5) * 0.01
    z = (height / 2 + (weight * above).sum(-1) * 0.01).clamp(0.006, 0.04)
    # The shift was gathered in the frame of `best`, whose heading may differ from the mean by a little.
    place = places + shift[:, None] * closing_vectors(points)[:, best].T
    yaw = torch.remainder(yaw + math.pi / 2, math.pi) - math.pi / 2
    return torch.cat([place, z[:, None], yaw[:, None]], -1)
