"""Losses of the queries after adapting, and their gradient: `methods.query_losses` without a graph.

Axis letters as in `robo_meta.learning.meta_gradient`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.catalogue import ADAPTED
from robo_meta.learning.batch import Batch
from robo_meta.learning.meta_gradient.body_pass import BodyPass
from robo_meta.learning.meta_gradient.head_pass import BIAS, COLOUR, GATE, LIKE, SCORE, ByFixed, Fixed, HeadPass
from robo_meta.learning.meta_gradient.inner_steps import InnerSteps
from robo_meta.learning.meta_gradient.mixture_loss import Seen
from robo_meta.learning.methods import HOLD_WEIGHT
from robo_meta.model.point_features import LOG_VOLUME
from robo_meta.model.scorer import Parameters, outer_log_scales

def losses_and_gradient(
    theta: Parameters,
    rates: Parameters,
    batch: Batch,
    *,
    first_order: bool = False,
    log_scales: Tensor,
) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
    """(N,) losses of `methods.query_losses`, and the gradient of their sum by `theta` and by `rates`.

    Args:
        theta, rates: of a method that adapts the tables of `ADAPTED`, or adapts nothing and has no rates.
        batch: tasks.
        first_order: treat inner gradients as constants.
        log_scales: (3,), of the outer loss.
    """
    scans = batch.scans
    n, d, p, _ = scans.features.shape
    flat = [part.flatten(0, 1) for part in scans]
    features, colours, places, vectors = flat
    colours = torch.cat([colours, torch.ones_like(colours[..., :1])], -1)
    body = BodyPass(theta, features, colours, places, vectors)
    points = body.points.view(n * d, p, -1)
    hidden = (body.points @ theta["head.in.weight"]).view(n * d, p, -1)
    pooled = body.pooled @ theta["head.in.pooled"]
    gates = body.pooled @ theta["head.gate.weight"]
    log_volume = features[..., LOG_VOLUME]
    grasps = batch.grasps.flatten(0, 1)
    centred = torch.cat([places, torch.ones_like(places[..., :1])], -1)
    def fixed(rows: Tensor | slice, weight: Tensor) -> Fixed:
        place = grasps[rows, None, :2]
        from_vote = body.votes[rows] - place
        seen = Seen(centred[rows], from_vote, from_vote.square().sum(-1), place, grasps[rows, None, 2:], weight)
        return Fixed(n, points[rows].reshape(n, -1, points.shape[-1]), colours[rows], hidden[rows], pooled[rows], log_volume[rows], body.log_hold[rows], gates[rows], theta["head.score.weight"], seen)
    start = {name: theta[name].expand(n, *theta[name].shape) for name in ADAPTED}
    steps = None
    tables = start
    if rates:
        rows = (batch.support + d * torch.arange(n, device=batch.support.device)[:, None]).flatten()
        weight = batch.support_mask / batch.support_mask.sum(-1, keepdim=True)
        steps = InnerSteps(start, rates, fixed(rows, weight.flatten()))
        tables = steps.tables
    weight = batch.query_mask / batch.query_mask.sum(-1, keepdim=True)
    query = HeadPass(tables, fixed(slice(None), weight.flatten()), log_scales)
    losses = query.losses.view(n, d).sum(-1)
    by_tables, by = query.gradient()
    by_rates = {}
    by_log_hold, by_points_own = by.scores[:, -1], by.scores[:, -1]
    own = [by.scores[:, -1:].transpose(1, 2)]
    like = [tables[LIKE].transpose(1, 2).expand(n, 1, -1).repeat_interleave(d, 0)]
    near, by_weight, by_hidden, by_pooled, by_gates = by.near, by.weight, by.hidden, by.pooled, by.gates
    by_log_hold = by.scores[:, -1]
    if steps is not None:
        by_tables, by_rates, inner, pairs = steps.gradient(by_tables, first_order=first_order)
        if inner:
            total = ByFixed(*(sum(parts) for parts in zip(*inner)))
            by_hidden.index_add_(0, rows, total.hidden)
            by_pooled = by_pooled.index_add(0, rows, total.pooled)
            by_gates = by_gates.index_add(0, rows, total.gates)
            by_log_hold = by_log_hold.index_add(0, rows, total.scores[:, -1])
            near = near.index_add(0, rows, total.near)
            by_weight = by_weight + total.weight
            coefficients = torch.stack([a for a, _ in pairs], -1)
            k = len(rows) // n
            vectors_ = torch.cat([b.transpose(1, 2) for _, b in pairs], 1).repeat_interleave(k, 0)
            spread = coefficients.new_zeros(n * d, p, coefficients.shape[-1]).index_copy(0, rows, coefficients)
            spread_v = vectors_.new_zeros(n * d, *vectors_.shape[1:]).index_copy(0, rows, vectors_)
            own.append(spread); like.append(spread_v)
    flat_hidden = by_hidden.view(n * d * p, -1)
    found = {name: by_tables[name].sum(0) for name in ADAPTED}
    found["head.in.weight"] = body.points.t() @ flat_hidden
    found["head.in.pooled"] = body.pooled.t() @ by_pooled
    found["head.gate.weight"] = body.pooled.t() @ by_gates
    found["head.score.weight"] = by_weight.t()
    by_points = flat_hidden @ theta["head.in.weight"].t()
    pooled_back = by_pooled @ theta["head.in.pooled"].t() + by_gates @ theta["head.gate.weight"].t()
    hold_losses, by_hold = _hold(body.hold.view(n, d, p), batch.graspable)
    votes = 2 * near[..., None] * (body.votes - grasps[:, None, :2])
    found |= body.gradient(by_points, pooled_back, votes, by_hold.view(n * d, p), by_log_hold, (torch.cat(own, -1), torch.cat(like, 1)))
    return losses + hold_losses, found, by_rates


def _hold(hold: Tensor, graspable: Tensor) -> tuple[Tensor, Tensor]:
    count = min(hold.shape[-1], graspable.shape[-1])
    known = (graspable[..., :count] >= 0).to(hold.dtype)
    target = graspable[..., :count].clamp_min(0)
    total = known.sum((-1, -2), keepdim=True).clamp_min(1)
    logit = hold[..., :count]
    each = torch.nn.functional.binary_cross_entropy_with_logits(logit, target, reduction="none") * known
    by = torch.zeros_like(hold)
    by[..., :count] = HOLD_WEIGHT * (torch.sigmoid(logit) - target) * known / total
    return HOLD_WEIGHT * each.sum((-1, -2)) / total[:, 0, 0], by
