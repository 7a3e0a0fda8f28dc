"""Losses of the queries after adapting, and their gradient: `methods.query_losses` without a graph.

Axis letters as in `robo_meta.learning.meta_gradient`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.catalogue import ADAPTED, TRAINED
from robo_meta.learning.batch import Batch
from robo_meta.learning.meta_gradient.body_pass import BodyPass
from robo_meta.learning.meta_gradient.head_compiled import CompiledScans, compiled_here
from robo_meta.learning.meta_gradient.head_pass import LIKE, NAMES, ByScans, Scans, SomeScans
from robo_meta.learning.meta_gradient.inner_steps import InnerSteps
from robo_meta.learning.methods import HOLD_WEIGHT
from robo_meta.model.point_features import LOG_VOLUME
from robo_meta.model.scorer import Parameters

BY_HAND: dict[str, bool] = {
    method.name: method.specialise == "fomaml"
    for method in TRAINED
    if method.specialise == "zero_shot" or (method.specialise in ("maml", "fomaml") and method.moved == ADAPTED)
}
"""Method whose gradient is worked out here → whether its inner gradients are constants whatever is asked."""


class MetaGradient(NamedTuple):
    """Losses, and the gradient of their sum."""

    losses: Tensor
    """(N,)."""
    theta: dict[str, Tensor]
    rates: dict[str, Tensor]


def meta_gradient(
    theta: Parameters, rates: Parameters, batch: Batch, log_scales: Tensor, *, first_order: bool = False
) -> MetaGradient:
    """Losses of `methods.query_losses`, and the gradient of their sum by `theta` and by `rates`.

    Args:
        theta, rates: of a method that adapts the tables of `catalogue.ADAPTED`, or adapts nothing and has no rates.
        batch: tasks.
        log_scales: (3,), of the outer loss.
        first_order: treat inner gradients as constants.
    """
    n, d, p, _ = batch.scans.features.shape
    features, colours, places, vectors = (part.flatten(0, 1) for part in batch.scans)
    ones = torch.ones_like(places[..., :1])
    colours = torch.cat([colours, ones], -1)
    compiled = compiled_here(features)
    body = BodyPass(theta, features, colours, places, vectors, compiled)
    scans = Scans(
        body.points.view(n * d, p, -1),
        colours,
        (body.points @ theta["head.in.weight"]).view(n * d, p, -1),
        body.pooled @ theta["head.in.pooled"],
        features[..., LOG_VOLUME].contiguous(),
        body.log_hold,
        body.pooled @ theta["head.gate.weight"],
        theta["head.score.weight"].t().contiguous(),
        torch.cat([places, ones], -1),
        body.votes,
        batch.grasps.flatten(0, 1),
    )
    some = CompiledScans if compiled else SomeScans
    numbers = torch.arange(n * d, device=features.device).view(n, d)
    tables: Parameters = {name: theta[name].expand(n, *theta[name].shape) for name in NAMES}
    steps = None
    if rates:
        supports = numbers.gather(1, batch.support).flatten()
        steps = InnerSteps(tables, rates, some(scans, supports, _shares(batch.support_mask), n))
        tables = steps.tables
    query = some(scans, numbers.flatten(), _shares(batch.query_mask), n).run(tables, log_scales)
    into = ByScans.of(scans)
    by_tables, _ = query.gradient(into)
    own = [(query.own_scores(), numbers.flatten(), tables[LIKE])]
    by_rates: dict[str, Tensor] = {}
    if steps is not None:
        back = steps.gradient(by_tables, into, first_order=first_order)
        by_tables, by_rates = back.tables, back.rates
        own += [(scores, supports, like) for scores, like in back.own]
    hold_losses, by_hold = _hold(body.hold.view(n, d, p), batch.graspable)
    by_theta = {name: by_tables[name].sum(0) for name in NAMES}
    by_theta |= _through_body(theta, body, into, by_hold.view(n * d, p), _side_by_side(own, n * d))
    return MetaGradient(query.losses.view(n, d).sum(-1) + hold_losses, by_theta, by_rates)


def _shares(mask: Tensor) -> Tensor:
    """(N · K,) weight of each grasp in its task's mean, from mask (N, K)."""
    return (mask / mask.sum(-1, keepdim=True)).flatten()


def _side_by_side(own: list[tuple[Tensor, Tensor, Tensor]], scans: int) -> tuple[Tensor, Tensor]:
    """(U, P, J) and (U, J, H) whose product is the sum of all products.

    Args:
        own: (V, P), the scans' numbers (V,), and (N, H, 1).
        scans: U.
    """
    left, right = [], []
    for scores, rows, like in own:
        per_scan = like[..., 0].repeat_interleave(len(rows) // len(like), 0)
        left.append(scores.new_zeros(scans, scores.shape[1]).index_copy_(0, rows, scores))
        right.append(per_scan.new_zeros(scans, per_scan.shape[1]).index_copy_(0, rows, per_scan))
    return torch.stack(left, -1), torch.stack(right, 1)


def _through_body(
    theta: Parameters, body: BodyPass, into: ByScans, by_hold: Tensor, own: tuple[Tensor, Tensor]
) -> dict[str, Tensor]:
    """Name → gradient of the body's parameters, and of those of the head that no task owns."""
    by_hidden = into.hidden.flatten(0, 1)
    by_points = by_hidden @ theta["head.in.weight"].t()
    by_pooled = into.pooled @ theta["head.in.pooled"].t() + into.gates @ theta["head.gate.weight"].t()
    return {
        "head.in.weight": body.points.t() @ by_hidden,
        "head.in.pooled": body.pooled.t() @ into.pooled,
        "head.gate.weight": body.pooled.t() @ into.gates,
        "head.score.weight": into.weight.t(),
    } | body.gradient(by_points, by_pooled, into.votes, by_hold, into.log_hold, own)


def _hold(hold: Tensor, graspable: Tensor) -> tuple[Tensor, Tensor]:
    """`methods.hold_losses` (N,), and their gradient by `hold` (N, D, P)."""
    count = min(hold.shape[-1], graspable.shape[-1])
    known = (graspable[..., :count] >= 0).to(hold.dtype)
    target = graspable[..., :count].clamp_min(0).to(hold.dtype)
    share = HOLD_WEIGHT * known / known.sum((-1, -2), keepdim=True).clamp_min(1)
    logit = hold[..., :count]
    each = functional.binary_cross_entropy_with_logits(logit, target, reduction="none") * share
    by_hold = torch.zeros_like(hold)
    by_hold[..., :count] = (torch.sigmoid(logit) - target) * share
    return each.sum((-1, -2)), by_hold
