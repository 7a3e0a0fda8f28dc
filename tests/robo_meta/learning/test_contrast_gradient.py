"""The contrast update's outer gradient: the stacked path against one task at a time, and finite differences."""

from __future__ import annotations

import pytest
import torch

from robo_meta.learning import contrast
from robo_meta.learning.attempt_loss import FLOOR, STEEPEST, SUREST, Attempts
from robo_meta.learning.inner_loop import CLIP, initial_rates
from robo_meta.model import scorer
from robo_meta.model.grasp_choice import candidates
from robo_meta.model.point_features import Encoded, encode
from robo_meta.model.scorer import Hidden, body, grasp_rows, head, log_likelihood
from tests.robo_meta.learning.finite_differences import worst_error

TRIED = [0, 1, 2, 2]
"""The scans on which the attempts were made."""
WIDTHS = (-2.0, -1.0, -2.0)
"""Log widths of the outer loss, as `log_likelihood` takes them."""


@pytest.fixture
def exact_problem() -> tuple:
    """(theta, own, rates, scans, grasps, attempts) in float64: four tasks of three scans, an attempt on each of the
    first two and two on the third; successes, failures that tipped and that did not, and padding."""
    generator = torch.Generator().manual_seed(5)

    def random(tensor: torch.Tensor, scale: float) -> torch.Tensor:
        return (tensor + scale * torch.randn(tensor.shape, generator=generator)).double()

    theta = scorer.initial(7, 5, 2, generator)
    theta = {k: random(v, 0.3 if k.endswith(("bias", "colour", "like")) else 0.0) for k, v in theta.items()}
    given = {f"rates.{k}": v for k, v in initial_rates(theta, 2).items()}
    own, rates = contrast.initial({**theta, **given})
    # So heavy that some inner gradients are clipped.
    rates["away"][:, 0] += 2.0
    rates["side"][:, 0] += 2.0
    own, rates = ({k: random(v, 0.1).requires_grad_() for k, v in tree.items()} for tree in (own, rates))
    points = torch.rand(4, 3, 16, 6, generator=generator) * torch.tensor([0.2, 0.05, 0.03, 1, 1, 1])
    scans = encode(points - torch.tensor([0.1, 0.025, -0.01, 0, 0, 0]))
    grasps = grasp_rows(torch.rand(4, 3, 4, generator=generator).double() * 0.1 - 0.05)
    tips = torch.randn(4, 4, 2, generator=generator).double() * torch.tensor([0.02, 0.3, 0.05, 0.3])[:, None].double()
    success = torch.tensor([[1.0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]]).double()
    mask = torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 0], [0, 1, 1, 0], [1, 1, 0, 1]]).double()
    attempts = Attempts(
        grasps[:, TRIED] + 0.05 * torch.randn(4, 4, 4, generator=generator).double(), tips, success, mask
    )
    return theta, own, rates, type(scans)(*(part.double() for part in scans)), grasps, attempts


def outer_loss(
    theta: dict, own: dict, rates: dict, scans: Encoded, grasps: torch.Tensor, attempts: Attempts
) -> torch.Tensor:
    hidden = body(theta, scans)
    phi = contrast.adapt_to_attempts(theta, own, rates, Hidden(*(part[:, TRIED] for part in hidden)), attempts)
    return -log_likelihood(head(phi, hidden), grasps, grasps.new_tensor(WIDTHS)).sum()


def alone(theta: dict, own: dict, rates: dict, scans: Encoded, grasps: torch.Tensor, attempts: Attempts) -> tuple:
    """(loss, norms of the inner gradients) of a single task, written out: no stacking, one attempt after the other."""
    hidden = body(theta, scans)
    threshold = rates["tilt"][0] + (rates["tilt"][1] - rates["tilt"][0]) * attempts.success[0]
    tilt = attempts.tips[0].norm(dim=-1)
    tip = torch.sigmoid((tilt - threshold) / rates["tilt"][2].exp())
    used = [k for k in range(len(TRIED)) if attempts.mask[0, k]]
    good, bad = [k for k in used if attempts.success[0, k]], [k for k in used if not attempts.success[0, k]]
    nothing = grasps.new_zeros(())
    with_tip = sum((tip[k] for k in bad), nothing).tanh()
    level = sum((1 - tip[k] for k in bad), nothing).tanh()
    phi = {k: v.detach().requires_grad_() for k, v in theta.items() if k.startswith("head.")}
    gate = phi["head.gate.bias"] + with_tip * own["gate.tipped"] + level * own["gate.level"]
    phi = {**phi, "head.gate.bias": gate}
    names, norms = [name for name in rates if name.startswith("head.")], []
    for step in range(len(rates["away"])):
        found = head({k: v[None] for k, v in phi.items()}, Hidden(*(part[:, TRIED] for part in hidden)))
        likelihood = log_likelihood(found, attempts.grasps, rates["log_scales"][step])[0]
        places, log_mass = (part[0] for part in candidates(found))
        loss = nothing
        for k in good:
            loss = loss - likelihood[k] / len(good)
        for k in used:
            mass, offset = log_mass[k].exp(), places[k] - attempts.grasps[0, k, :2]
            away, side = rates["away"][step], rates["side"][step]
            if k in bad:
                beside = SUREST * torch.exp(-0.5 * offset.square().sum(-1) / away[1].exp() ** 2)
                loss = loss - away[0].exp() * (1 - tip[k]) * torch.log((mass * (1 - beside)).sum())
            margin = side[2] + side[3] * min(float(tilt[k]) / STEEPEST, 1.0)
            sank = torch.sigmoid((offset @ (attempts.tips[0, k] / tilt[k]) - margin) / side[1].exp())
            loss = loss - side[0].exp() * tip[k] * torch.log((mass * (FLOOR + (1 - FLOOR) * sank)).sum())
        slopes = torch.autograd.grad(loss, [phi[k] for k in names], create_graph=True)
        norm = torch.sqrt(sum(slope.square().sum() for slope in slopes))
        norms.append(float(norm.detach()))
        shrink = CLIP / norm if norm > CLIP else 1.0
        phi |= {k: phi[k] - rates[k][step].exp() * shrink * s for k, s in zip(names, slopes, strict=True)}
    found = head({k: v[None] for k, v in phi.items()}, hidden)
    return -log_likelihood(found, grasps, grasps.new_tensor(WIDTHS)).sum(), norms


def slopes_of(loss: torch.Tensor, own: dict, rates: dict) -> dict[str, torch.Tensor]:
    leaves = {**own, **rates}
    # Where nothing succeeded, the widths about what did are of no matter.
    found = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, materialize_grads=True)
    return dict(zip(leaves, found, strict=True))


def test_outer_gradient_equals_a_per_task_loop(exact_problem: tuple) -> None:
    theta, own, rates, scans, grasps, attempts = exact_problem
    stacked = slopes_of(outer_loss(*exact_problem), own, rates)
    loop, norms = {name: torch.zeros_like(value) for name, value in stacked.items()}, []
    for task in range(4):
        row = (type(part)(*(x[task : task + 1] for x in part)) for part in (scans, attempts))
        (one, tried), right = row, grasps[task : task + 1]
        loss, own_norms = alone(theta, own, rates, one, right, tried)
        norms += own_norms
        loop = {name: loop[name] + slope for name, slope in slopes_of(loss, own, rates).items()}
    for name, expected in loop.items():
        assert expected.norm() > 0 and (stacked[name] - expected).norm() <= 1e-10 * expected.norm(), name
    # Both sides of the clip are covered, and none is so near to it that a difference could cross it.
    assert min(norms) < CLIP < max(norms) and min(abs(norm - CLIP) for norm in norms) > 0.05


def test_outer_gradient_equals_finite_differences(exact_problem: tuple) -> None:
    theta, own, rates, *rest = exact_problem
    exact = slopes_of(outer_loss(*exact_problem), own, rates)

    def value(name: str, moved: torch.Tensor) -> float:
        trees = ({k: (moved if k == name else v).detach() for k, v in tree.items()} for tree in (own, rates))
        return float(outer_loss(theta, *trees, *rest).detach())

    assert worst_error(value, {**own, **rates}, exact, 1e-3) < 1e-6
