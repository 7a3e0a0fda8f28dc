"""What a policy that knows nothing of keypoints sees at one step: the scanned points as they lie about the hand, and
the hand's own state. An encoder makes one vector of it.

Points are turned and moved into the hand's frame, as a camera at the wrist would show them, so that the encoder needs
not learn what a turn of the object is. They are those of the scan at the start: nothing sees the object again. What the
hand did before is left out: a network that is shown its own motion clones that, and not the demonstrator (de Haan et
al., 2019, "Causal confusion in imitation learning").
The encoder is a small PointNet (Qi et al., 2017, "PointNet: deep learning on point sets").

Axis letters as in `robo_meta.model`, and: M steps, Q sampled points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SAMPLED = 96
"""Q: points of a scan that are looked at."""
SCALE = 0.1
"""m: unit of offsets."""
WAVES = (0.5, 1.0, 2.0, 4.0)
"""Waves per 2 `SCALE`, whose sines and cosines tell places apart that differ by millimetres."""
SEEN = 3 + 3 + 4 * len(WAVES)
"""Inputs of a point: offset, paint, waves of its two planar offsets."""
STATE = 8
"""Inputs of a step besides its points."""


def shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of the encoder's parameters, for vectors of `width`."""
    return {
        "view.in.weight": (SEEN, width // 2),
        "view.in.bias": (width // 2,),
        "view.middle.weight": (width // 2, width),
        "view.middle.bias": (width,),
        "view.look.weight": (width, 4),
        "view.pooled.weight": (5 * width, width),
        "view.state.weight": (STATE, width),
        "view.bias": (width,),
    }


def unwrapped(yaw: np.ndarray) -> np.ndarray:
    """Headings (T,), rad, of which none jumps by half a turn from one step to the next. The fingers close alike after
    half a turn, so that a hand's heading is given in (−π/2, π/2]."""
    return np.asarray(np.unwrap(yaw, period=np.pi))


def turned_to_hand(planar: Tensor, yaw: Tensor) -> Tensor:
    """(…, 2) vectors of the object's frame as seen by hands of heading `yaw` (…)."""
    c, s = yaw.cos(), yaw.sin()
    return torch.stack([c * planar[..., 0] + s * planar[..., 1], c * planar[..., 1] - s * planar[..., 0]], -1)


def turned_to_object(planar: Tensor, yaw: Tensor) -> Tensor:
    """Inverse of `turned_to_hand`."""
    return turned_to_hand(planar, -yaw)


def seen(points: Tensor, hand: Tensor) -> Tensor:
    """(M, Q, `SEEN`) inputs of points (M, Q, 6), object frame, for hands (M, 7)."""
    offset = points[..., :3] - hand[:, None, :3]
    planar = turned_to_hand(offset[..., :2], hand[:, None, 3]) / SCALE
    phase = (planar[..., None] * planar.new_tensor(WAVES) * math.pi).flatten(-2)
    return torch.cat([planar, offset[..., 2:] / SCALE, points[..., 3:] - 0.5, phase.sin(), phase.cos()], -1)


def state_inputs(hand: Tensor) -> Tensor:
    """(M, `STATE`) of hands (M, 7)."""
    height = hand[:, 2:3]
    return torch.cat(
        [
            height / SCALE,
            (height / 0.03 - 1).clamp(-2, 2),
            (height / 0.01 - 2).clamp(-2, 2),
            hand[:, 4:5] / 0.04 - 1,
            (hand[:, 4:5] / 0.003).clamp(0, 2),
            (hand[:, 5:6] / 0.05).clamp(-2, 2),
            (hand[:, 5:6] / 0.006).clamp(-2, 2),
            hand[:, 6:7],
        ],
        -1,
    )


def encode_steps(theta: Mapping[str, Tensor], points: Tensor, hand: Tensor) -> Tensor:
    """(M, width) a vector of each step.

    Args:
        theta: parameters, of `shapes`.
        points: (M, Q, 6) the scan's points, object frame.
        hand: (M, 7), object frame.
    """
    return pooled(theta, point_vectors(theta, points, hand), hand)


def point_vectors(theta: Mapping[str, Tensor], points: Tensor, hand: Tensor) -> Tensor:
    """(M, Q, width) a vector of each point by itself."""
    x = functional.silu(seen(points, hand) @ theta["view.in.weight"] + theta["view.in.bias"])
    return functional.silu(x @ theta["view.middle.weight"] + theta["view.middle.bias"])


def pooled(theta: Mapping[str, Tensor], vectors: Tensor, hand: Tensor) -> Tensor:
    """(M, width) of a step's `point_vectors` together, and of the hand."""
    # Four looks choose softly among the points; the maximum tells what is there at all.
    looks = (vectors @ theta["view.look.weight"]).softmax(-2).transpose(-1, -2) @ vectors
    together = torch.cat([vectors.amax(-2), looks.flatten(-2)], -1)
    own = state_inputs(hand) @ theta["view.state.weight"]
    return functional.silu(together @ theta["view.pooled.weight"] + own + theta["view.bias"])
