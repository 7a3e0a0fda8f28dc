"""Table of adaptation methods: each maps a support set to task-specific head parameters.

Training, strategies and tests read the same table, `SPECIALISE`. Axis letters as in `robo_meta.learning`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.catalogue import TRAINED
from robo_meta.learning.batch import Batch
from robo_meta.learning.inner_loop import MOVED, adapt, initial_rates
from robo_meta.model import context_encoder, scorer
from robo_meta.model.architecture import Architecture
from robo_meta.model.scorer import Hidden, Parameters, body, head, log_likelihood, outer_log_scales, stack


def zero_shot(
    theta: Parameters, rates: Parameters, support: Hidden, grasps: Tensor, mask: Tensor, first_order: bool = False
) -> Mapping[str, Tensor]:
    """The network as it was trained; the support changes nothing."""
    return stack(theta, mask.shape[0])


def maml(
    theta: Parameters, rates: Parameters, support: Hidden, grasps: Tensor, mask: Tensor, first_order: bool = False
) -> Mapping[str, Tensor]:
    """Gradient steps on the demonstrations. The rates name the parameters that move, so `anil` is this function too."""
    return adapt(theta, rates, support, grasps, mask, first_order=first_order)


def fomaml(
    theta: Parameters, rates: Parameters, support: Hidden, grasps: Tensor, mask: Tensor, first_order: bool = True
) -> Mapping[str, Tensor]:
    """As `maml`, but inner gradients are always constants, whatever `first_order` says."""
    return adapt(theta, rates, support, grasps, mask, first_order=True)


def context(
    theta: Parameters, rates: Parameters, support: Hidden, grasps: Tensor, mask: Tensor, first_order: bool = False
) -> Mapping[str, Tensor]:
    """One pass of the demonstration encoder."""
    return context_encoder.condition(theta, support, grasps, mask)


HOLD_WEIGHT = 1.0
"""Of `hold_losses` in the outer loss."""
FUNCTIONS: dict[str, Callable[..., Mapping[str, Tensor]]] = {
    function.__name__: function for function in (zero_shot, maml, fomaml, context)
}
"""Name in the catalogue → function: (theta, rates, support, grasps, mask, first_order) → head parameters with a leading
task axis."""
SPECIALISE = {method.name: FUNCTIONS[method.specialise] for method in TRAINED if method.specialise is not None}
"""Method → its function. `reptile`, `pretrain` and `contrast` are not here: they minimise no loss of queries after
specialising, see the modules `reptile`, `pretraining` and `contrast`."""


def initial_parameters(method: str, sizes: Architecture, generator: torch.Generator) -> dict[str, Tensor]:
    """Fresh parameters of a method."""
    theta = scorer.initial(sizes.hidden, sizes.head, sizes.keypoints, generator)
    if SPECIALISE.get(method) is context:
        theta |= context_encoder.initial(sizes.hidden, sizes.head, sizes.keypoints, sizes.context, generator)
    return theta


def initial_method_rates(method: str, sizes: Architecture, theta: Parameters) -> dict[str, Tensor]:
    """Fresh inner rates of a method in `MOVED`; the others have none."""
    return initial_rates(theta, sizes.inner_steps, MOVED[method]) if method in MOVED else {}


def select(hidden: Hidden, demos: Tensor) -> Hidden:
    """The scans numbered `demos` (N, K) of every task."""
    rows = torch.arange(len(demos), device=demos.device)[:, None]
    return Hidden(*(part[rows, demos] for part in hidden))


def query_losses(
    method: str, theta: Parameters, rates: Parameters, batch: Batch, first_order: bool = False, progress: float = 1.0
) -> Tensor:
    """(N,) negative log-likelihood of the queries' grasps after specialising to the supports, and `hold_losses`.

    Args:
        method: one of `SPECIALISE`.
        theta, rates: its parameters.
        batch: tasks.
        first_order: treat inner gradients as constants.
        progress: share of the training that is behind, for `outer_log_scales`.
    """
    hidden = body(theta, batch.scans)
    rows = torch.arange(len(batch.support), device=batch.support.device)[:, None]
    grasps = batch.grasps[rows, batch.support]
    support = select(hidden, batch.support)
    phi = SPECIALISE[method](theta, rates, support, grasps, batch.support_mask, first_order)
    scales = batch.grasps.new_tensor(outer_log_scales(progress))
    likelihood = log_likelihood(head(phi, hidden), batch.grasps, scales)
    return -(likelihood * batch.query_mask).sum(-1) / batch.query_mask.sum(-1) + hold_losses(hidden, batch.graspable)


def hold_losses(hidden: Hidden, graspable: Tensor) -> Tensor:
    """(N,) logistic loss of `Hidden.hold` over those of the labels (N, D, L) that are known.

    A demonstrated grasp says little about where others would fail; these labels say where a part's end is graspable, of
    shapes that no intention leads to as well, and so carry over to families whose ends the gripper cannot hold. They
    hold nothing about materials or intentions.
    """
    count = min(hidden.hold.shape[-1], graspable.shape[-1])
    known = (graspable[..., :count] >= 0).to(hidden.hold.dtype)
    target = graspable[..., :count].clamp_min(0).to(hidden.hold.dtype)
    each = functional.binary_cross_entropy_with_logits(hidden.hold[..., :count], target, reduction="none") * known
    return HOLD_WEIGHT * each.sum((-1, -2)) / known.sum((-1, -2)).clamp_min(1)
