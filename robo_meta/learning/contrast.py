"""The contrast update, θ' = θ + α(∇J(θ, x) − w ∇J(θ, y)), with J a log-likelihood and the repulsion bounded.

It starts from `maml`'s parameters, which stay as they are, and learns rates, weights and widths of its own for the
attempts that succeeded (x), those that failed (y) and the side that sank. Axis letters as in `robo_meta.learning`; K
attempts.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.learning.attempt_loss import Attempts, attempt_loss, tipped
from robo_meta.learning.batch import Batch
from robo_meta.learning.inner_loop import ADAPTED, LOG_SCALES, descend
from robo_meta.learning.synthetic_attempts import synthesise
from robo_meta.model.scorer import OUTER_LOG_SCALES, Hidden, Parameters, body, head, log_likelihood, stack

ALL = slice(None)
"""All tasks of a batch."""
EXTRA = {"log_scales": LOG_SCALES, "away": 2, "side": 4}
"""Name → how many numbers the loss of an inner step learns, see `attempt_loss`."""


def steps(inner_steps: int) -> int:
    """S: twice as many as `maml` takes, as the loss has three terms."""
    return 2 * inner_steps


def shapes(inner_steps: int, keypoints: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of the part's tensors; the inner-loop parameters are under `rates.…`."""
    count = steps(inner_steps)
    found: dict[str, tuple[int, ...]] = {"gate.tipped": (keypoints + 1,), "gate.level": (keypoints + 1,)}
    found |= {f"rates.{name}": (count,) for name in ADAPTED}
    found |= {f"rates.{name}": (count, size) for name, size in EXTRA.items()}
    return found | {"rates.tilt": (3,)}


def initial(maml: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Fresh parameters and rates: `maml`'s own rates first, smaller ones after.

    Args:
        maml: the trained part, rates under `rates.…`.
    """
    gate = torch.zeros_like(maml["head.gate.bias"])
    known = {name: maml[f"rates.{name}"] for name in ADAPTED}
    rates = {name: torch.cat([rate, rate[-1:].expand_as(rate) - 0.7]) for name, rate in known.items()}
    scales = maml["rates.log_scales"]
    rates["log_scales"] = torch.cat([scales, scales])
    count = len(rates["log_scales"])
    rates["away"] = scales.new_tensor([-1.0, -1.0]).repeat(count, 1)
    rates["side"] = scales.new_tensor([0.0, -2.0, 0.1, 0.25]).repeat(count, 1)
    rates["tilt"] = scales.new_tensor([0.15, 0.08, -3.5])
    return {"gate.tipped": gate, "gate.level": gate.clone()}, rates


def adapt_to_attempts(
    theta: Parameters,
    own: Parameters,
    rates: Mapping[str, Tensor],
    hidden: Hidden,
    attempts: Attempts,
    *,
    differentiable: bool = True,
) -> dict[str, Tensor]:
    """Take S steps on attempts.

    Args:
        theta: the scorer of `maml`, not stacked; left as it is.
        own: `gate.tipped` and `gate.level` (M + 1,): how failures with and without a tip shift the gates.
        rates: of `initial`.
        hidden: the body's output on the attempts' scans, (N, K, …).
        attempts: N tasks, K each.
        differentiable: keep the graph for an outer gradient.

    Returns:
        Head parameters with a leading task axis.
    """
    phi = stack(theta, len(attempts.mask))
    tip, failed = tipped(attempts, rates["tilt"]), attempts.mask * (1 - attempts.success)
    with_tip, level = (failed * tip).sum(-1, keepdim=True).tanh(), (failed * (1 - tip)).sum(-1, keepdim=True).tanh()
    phi["head.gate.bias"] = phi["head.gate.bias"] + with_tip * own["gate.tipped"] + level * own["gate.level"]
    if not differentiable:
        hidden = Hidden(*(part.detach() for part in hidden))

    def losses(current: Parameters, step: int) -> Tensor:
        return attempt_loss(head(current, hidden), attempts, rates, step)

    # `maml` is constant here, but its inner gradients are still asked for.
    phi = {k: v if v.requires_grad or k not in ADAPTED else v.detach().requires_grad_() for k, v in phi.items()}
    return descend(phi, losses, {k: rates[k] for k in ADAPTED}, differentiable=differentiable)


def query_losses(
    theta: Parameters,
    own: Parameters,
    rates: Mapping[str, Tensor],
    batch: Batch,
    generator: torch.Generator,
    which: slice = ALL,
) -> Tensor:
    """(N,) negative log-likelihood of the queries' grasps after adapting to attempts made up about the supports.

    Args:
        theta: `maml`'s, constant.
        own, rates: of this part.
        batch: tasks.
        generator: draws the attempts, on the CPU.
        which: the tasks whose losses are wanted; what is drawn doesn't depend on it.
    """
    demos, attempts = synthesise(batch, generator)
    demos, attempts, batch = demos[which], Attempts(*(part[which] for part in attempts)), batch.rows(which)
    with torch.no_grad():
        hidden = body(theta, batch.scans)
    rows = torch.arange(len(demos), device=demos.device)[:, None]
    phi = adapt_to_attempts(theta, own, rates, Hidden(*(part[rows, demos] for part in hidden)), attempts)
    scales = batch.grasps.new_tensor(OUTER_LOG_SCALES)
    likelihood = log_likelihood(head(phi, hidden), batch.grasps, scales)
    return -(likelihood * batch.query_mask).sum(-1) / batch.query_mask.sum(-1)
