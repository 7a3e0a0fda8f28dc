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
from robo_meta.learning.meta_gradient.compiled_call import compiled_here
from robo_meta.learning.meta_gradient.head_compiled import CompiledScans, listed
from robo_meta.learning.meta_gradient.head_layers import LIKE, NAMES, Scans, SomeScans
from robo_meta.learning.meta_gradient.head_pass import ByScans, HeadPass
from robo_meta.learning.meta_gradient.inner_steps import InnerSteps
from robo_meta.learning.meta_gradient.products import product, transposed
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
    which = listed(colours) if compiled_here(features) else None
    body = BodyPass(theta, features, colours, places, vectors, which)
    scans = Scans(
        body.points.view(n * d, p, -1),
        colours,
        product(body.points.view(n * d, p, -1), theta["head.in.weight"]).view(n * d, p, -1),
        body.pooled @ theta["head.in.pooled"],
        features[..., LOG_VOLUME].contiguous(),
        body.log_hold,
        body.pooled @ theta["head.gate.weight"],
        theta["head.score.weight"].t().contiguous(),
        torch.cat([places, ones], -1),
        body.votes,
        batch.grasps.flatten(0, 1),
    )
    numbers = torch.arange(n * d, device=features.device).view(n, d)

    def some(rows: Tensor, mask: Tensor) -> SomeScans:
        if which is None:
            return SomeScans(scans, rows.flatten(), _shares(mask), n)
        return CompiledScans(scans, rows.flatten(), _shares(mask), n, which)

    tables: Parameters = {name: theta[name].expand(n, *theta[name].shape) for name in NAMES}
    steps, into = None, ByScans.of(scans, n * d)
    if rates:
        supports = some(numbers.gather(1, batch.support), batch.support_mask)
        steps = InnerSteps(tables, rates, supports)
        tables = steps.tables
    queries = some(numbers, batch.query_mask)
    query, by_queries = HeadPass(tables, queries, log_scales), ByScans.of(scans, len(queries.rows))
    by_tables, _ = query.gradient(by_queries)
    into.add(by_queries, queries.rows)
    own = [(queries.rows, query.own_scores()[..., None], queries.per_scan(tables[LIKE]).transpose(1, 2))]
    by_rates: dict[str, Tensor] = {}
    if steps is not None:
        by_supports = ByScans.of(scans, len(supports.rows))
        back = steps.gradient(by_tables, by_supports, first_order=first_order)
        by_tables, by_rates = back.tables, back.rates
        into.add(by_supports, supports.rows)
        if back.own:
            left = torch.stack([scores for scores, _ in back.own], -1)
            right = torch.stack([supports.per_scan(like)[..., 0] for _, like in back.own], 1)
            own.append((supports.rows, left, right))
    hold_losses, by_hold = _hold(body.hold.view(n, d, p), batch.graspable)
    by_theta = {name: by_tables[name].sum(0) for name in NAMES}
    by_votes = 2 * into.near[..., None] * scans.from_vote()
    by_theta |= _through_body(theta, body, into, by_votes, by_hold.view(n * d, p), own)
    return MetaGradient(queries.per_task(query.losses) + hold_losses, by_theta, by_rates)


def _shares(mask: Tensor) -> Tensor:
    """(N · K,) weight of each grasp in its task's mean, from mask (N, K)."""
    return (mask / mask.sum(-1, keepdim=True)).flatten()


def _through_body(
    theta: Parameters,
    body: BodyPass,
    into: ByScans,
    by_votes: Tensor,
    by_hold: Tensor,
    own: list[tuple[Tensor, Tensor, Tensor]],
) -> dict[str, Tensor]:
    """Name → gradient of the body's parameters, and of those of the head that no task owns.

    Args:
        theta, body: parameters, and the pass that is gone back through.
        into: gradients by what the head saw.
        by_votes, by_hold: (U, P, 2) and (U, P), by `BodyPass.votes` and `BodyPass.hold`.
        own: scans' numbers (V,), and (V, P, J) and (V, J, H) whose products are gradients by their points besides.
    """
    by_hidden = into.hidden.flatten(0, 1)
    by_points = by_hidden @ theta["head.in.weight"].t()
    for rows, left, right in own:
        by_points.view(len(into.hidden), -1, by_points.shape[1]).index_add_(0, rows, torch.bmm(left, right))
    by_pooled = into.pooled @ theta["head.in.pooled"].t() + into.gates @ theta["head.gate.weight"].t()
    return {
        "head.in.weight": transposed(body.points, by_hidden),
        "head.in.pooled": body.pooled.t() @ into.pooled,
        "head.gate.weight": body.pooled.t() @ into.gates,
        "head.score.weight": into.weight.t(),
    } | body.gradient(by_points, by_pooled, by_votes, by_hold, into.log_hold)


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
