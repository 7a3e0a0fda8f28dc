"""The point scorer: scans in, a mixture over grasp places out; parameters are plain dicts, stacked over tasks.

Parameters live in one flat dict. Those named `body.…` serve every task as they are; those named `head.…` get a leading
task axis when a strategy adapts them, and one batched product then runs all tasks at once. Axis letters as in
`robo_meta.model`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model.point_features import CORNERS, FEATURES, LOG_VOLUME, SCALE, VECTORS, Encoded

Parameters = Mapping[str, Tensor]
OUTER_LOG_SCALES = (-2.1, -1.2, -1.75)
"""Log widths of the outer loss, units of `SCALE`: 6 mm across, 15 mm along the closing, 9 mm for points."""
FIRST_POINTS, NARROWING = -1.4, (0.2, 0.8)
"""Log width for points at first (12 mm), and the share of the training over which it comes down. With 6 mm from start
to end, where a point is 2.4 times as dense as a keypoint for being sharper, the points' own choice took every
demonstration in 18 of 28 trainings: *balance* was right in 0.85–0.95 of held-out shapes instead of 0.98–1.00. In the
three that were opened the keypoints' scores were as they had been drawn, and their gates shut."""


def outer_log_scales(progress: float) -> tuple[float, float, float]:
    """`OUTER_LOG_SCALES` as they are once a share `progress` of the training is behind.

    What goes on from trained parameters, as a stream does, keeps those of the end.
    """
    across, along, points = OUTER_LOG_SCALES
    narrowed = min(max((progress - NARROWING[0]) / (NARROWING[1] - NARROWING[0]), 0.0), 1.0)
    return across, along, FIRST_POINTS + narrowed * (points - FIRST_POINTS)


class Hidden(NamedTuple):
    """Output of the body on scans. It does not depend on the task."""

    points: Tensor
    """(N, D, P, H)."""
    pooled: Tensor
    """(N, D, 2H): mean and maximum over the points."""
    log_volume: Tensor
    """(N, D, P, 1)."""
    hold: Tensor
    """(N, D, P): logit that the gripper can grasp the part's end at this point. Depends on shape only; trained where
    `graspable` labels exist, see `robo_meta.learning.methods.hold_losses`."""
    log_hold: Tensor
    """(N, D, P, 1): the term that it adds to the points' own scores."""
    colours: Tensor
    """(N, D, P, 8)."""
    places: Tensor
    """(N, D, P, 2): in units of `SCALE`."""
    votes: Tensor
    """(N, D, P, 2), units of `SCALE`: the grasp place that each point votes for, near the middle of its part."""


class Mixture(NamedTuple):
    """Where to grasp: M softmax means and the points' votes, each with a probability."""

    keypoints: Tensor
    """(N, D, M, 2): softmax means."""
    log_gates: Tensor
    """(N, D, M + 1): log-probability of each keypoint, and of the points together."""
    log_weights: Tensor
    """(N, D, P, M + 1): log-softmax over the points, for each keypoint and for the points' own choice."""
    places: Tensor
    """(N, D, P, 2): the points, whose means the keypoints are."""
    votes: Tensor
    """(N, D, P, 2): the places among which the points' own choice chooses."""


def shapes(hidden: int, head: int, keypoints: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of every parameter of the scorer."""
    outputs = keypoints + 1
    return {
        "body.in.weight": (FEATURES, hidden),
        "body.in.bias": (hidden,),
        "body.pool.weight": (2 * hidden, hidden),
        "body.pool.bias": (hidden,),
        "body.mix.weight": (hidden, hidden),
        "body.mix.own": (hidden, hidden),
        "body.mix.bias": (hidden,),
        "body.vote.weight": (hidden, VECTORS),
        "body.vote.bias": (VECTORS,),
        "body.hold.in.weight": (hidden, head),
        "body.hold.in.bias": (head,),
        "body.hold.out.weight": (head, 1),
        "body.hold.out.bias": (1,),
        "body.hold.gain": (1,),
        "head.in.weight": (hidden, head),
        "head.in.pooled": (2 * hidden, head),
        "head.in.bias": (head,),
        "head.in.colour": (CORNERS, head),
        "head.score.weight": (head, outputs),
        "head.score.colour": (CORNERS, outputs),
        "head.score.like": (hidden, 1),
        "head.gate.weight": (2 * hidden, outputs),
        "head.gate.bias": (outputs,),
    }


def initial(hidden: int, head: int, keypoints: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Fresh parameters. Colour tables are zero, so that colours are alike until a demonstration tells them apart; so
    are places, and what tells where they can be held."""
    theta = {}
    for name, shape in shapes(hidden, head, keypoints).items():
        if len(shape) == 1 or name.endswith(("colour", "like", "hold.out.weight")):
            theta[name] = torch.zeros(shape)
        else:
            gain = 0.3 if name in ("body.vote.weight", "head.score.weight", "head.gate.weight") else 1.0
            theta[name] = torch.randn(shape, generator=generator) * gain / math.sqrt(shape[0])
    return theta


def body(theta: Parameters, scans: Encoded) -> Hidden:
    """Run the shared body on scans (N, D, P, …)."""
    x = functional.silu(scans.features @ theta["body.in.weight"] + theta["body.in.bias"])
    pooled = torch.cat([x.mean(-2), x.amax(-2)], -1)
    context = functional.silu(pooled @ theta["body.pool.weight"] + theta["body.pool.bias"])
    # Each point also hears the mean of its own colour, whichever colour that is.
    counts = scans.colours.sum(-2).clamp_min(1e-3)
    colour_mean = scans.colours.transpose(-1, -2) @ x / counts[..., None]
    own = scans.colours @ (colour_mean @ theta["body.mix.own"])
    x = functional.silu(x @ theta["body.mix.weight"] + own + (context + theta["body.mix.bias"])[..., None, :])
    pooled = torch.cat([x.mean(-2), x.amax(-2)], -1)
    parts = x @ theta["body.vote.weight"] + theta["body.vote.bias"]
    votes = scans.places + (parts[..., None, :] @ scans.vectors)[..., 0, :]
    hold = functional.silu(x @ theta["body.hold.in.weight"] + theta["body.hold.in.bias"])
    hold = hold @ theta["body.hold.out.weight"] + theta["body.hold.out.bias"]
    log_hold = functional.softplus(theta["body.hold.gain"]) * functional.logsigmoid(hold)
    log_volume = scans.features[..., LOG_VOLUME, None]
    return Hidden(x, pooled, log_volume, hold[..., 0], log_hold, scans.colours, scans.places, votes)


def head(phi: Parameters, hidden: Hidden) -> Mixture:
    """Run task-stacked head parameters `phi` (leading axis N) on (N, D) scans."""
    n, d, p, width = hidden.points.shape
    flat = hidden.points.reshape(n, d * p, width)
    colours = hidden.colours.reshape(n, d * p, CORNERS)
    from_pool = torch.baddbmm(phi["head.in.bias"][:, None], hidden.pooled, phi["head.in.pooled"])
    z = torch.bmm(flat, phi["head.in.weight"]) + torch.bmm(colours, phi["head.in.colour"])
    z = functional.silu(z.view(n, d, p, -1) + from_pool[:, :, None])
    scores = torch.bmm(z.view(n, d * p, -1), phi["head.score.weight"])
    scores = torch.baddbmm(scores, colours, phi["head.score.colour"]).view(n, d, p, -1)
    own_choice = torch.bmm(flat, phi["head.score.like"]).view(n, d, p, 1) + hidden.log_hold
    scores = scores + functional.pad(own_choice, (scores.shape[-1] - 1, 0))
    # Log volume + log density makes the softmax mean the centre of mass.
    log_weights = (scores + hidden.log_volume).log_softmax(-2)
    keypoints = log_weights[..., :-1].exp().transpose(-1, -2) @ hidden.places
    gates = torch.baddbmm(phi["head.gate.bias"][:, None], hidden.pooled, phi["head.gate.weight"])
    return Mixture(keypoints, gates.log_softmax(-1), log_weights, hidden.places, hidden.votes)


def grasp_rows(grasps: Tensor) -> Tensor:
    """Grasps (..., 4) x, y, z, yaw (m, rad) → (..., 4): x, y in units of `SCALE`, cosine and sine of the yaw."""
    return torch.cat([grasps[..., :2] / SCALE, grasps[..., 3:].cos(), grasps[..., 3:].sin()], -1)


def log_kernel(square: Tensor) -> Tensor:
    """Log of a bump at squared distance `square` (in widths): a Gaussian's core with exponential tails."""
    return 1 - (1 + square).sqrt()


def log_likelihood(mixture: Mixture, grasps: Tensor, log_scales: Tensor) -> Tensor:
    """(N, D) log-density of demonstrated grasps.

    A keypoint is compared across and along the closing direction with different widths: a demonstrator who balances
    an object hits the centre of mass across, and along takes the middle of what is between the fingers.

    Args:
        mixture: of `head`.
        grasps: (N, D, 4), of `grasp_rows`.
        log_scales: (3,) log widths, units of `SCALE`: keypoints across, keypoints along, points.
    """
    place, closing = grasps[..., None, :2], grasps[..., 2:, None]
    offset = mixture.keypoints - place
    along = (offset @ closing)[..., 0]
    square = offset.square().sum(-1)
    wide = (-2 * log_scales).exp()
    scaled = (square - along.square()).clamp_min(0) * wide[0] + along.square() * wide[1]
    keypoints = log_kernel(scaled) - log_scales[0] - log_scales[1]
    from_points = (mixture.votes - place).square().sum(-1) * wide[2]
    points = (mixture.log_weights[..., -1] + log_kernel(from_points)).logsumexp(-1, keepdim=True) - 2 * log_scales[2]
    return (mixture.log_gates + torch.cat([keypoints, points], -1)).logsumexp(-1)


def stack(theta: Parameters, tasks: int) -> dict[str, Tensor]:
    """The head's parameters with a leading task axis (a view, no copy)."""
    names = sorted(name for name in theta if name.startswith("head."))
    return {k: theta[k].expand(tasks, *theta[k].shape) for k in names}
