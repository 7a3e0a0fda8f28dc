"""Actions in the hand's frame: how networks that clone them give them out, and how far off they are.

Axis letters as in `robo_meta.model`, and: M steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model.hand_view import turned_to_hand, turned_to_object

OUTPUTS = 5
"""Displacement x, y, z and turn in the action's units, and the logit of an open gripper."""
MOTION_WEIGHT = 10.0
"""Of the motion against the gripper's command in the loss, as in the learned controller's."""


def shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of a head on vectors of `width`."""
    return {"act.in.weight": (width, width), "act.in.bias": (width,), "act.weight": (width, OUTPUTS), "act.bias": (5,)}


def actions(theta: Mapping[str, Tensor], steps: Tensor) -> Tensor:
    """(…, 5) outputs on vectors (…, width)."""
    hidden = functional.silu(steps @ theta["act.in.weight"] + theta["act.in.bias"])
    return hidden @ theta["act.weight"] + theta["act.bias"]


def losses(outputs: Tensor, wanted: Tensor) -> Tensor:
    """(…) Huber loss of the motion plus the logistic loss of the command; `wanted` (…, 5) in the hand's frame."""
    motion = functional.huber_loss(outputs[..., :4], wanted[..., :4], reduction="none", delta=0.2).sum(-1)
    return MOTION_WEIGHT * motion + functional.softplus(-outputs[..., 4] * wanted[..., 4].sign())


def in_hand(actions_in_object: Tensor, yaw: Tensor) -> Tensor:
    """Actions (…, 5) along the object's axes as a hand of heading `yaw` (…) sees them."""
    return torch.cat([turned_to_hand(actions_in_object[..., :2], yaw), actions_in_object[..., 2:]], -1)


def in_object(outputs: Tensor, yaw: Tensor) -> Tensor:
    """(…, 5) the action along the object's axes, within [−1, 1], that `outputs` of a hand of heading `yaw` ask for."""
    planar = turned_to_object(outputs[..., :2], yaw)
    command = torch.where(outputs[..., 4:] > 0, 1.0, -1.0).to(outputs.dtype)
    return torch.cat([planar, outputs[..., 2:4], command], -1).clamp(-1, 1)
