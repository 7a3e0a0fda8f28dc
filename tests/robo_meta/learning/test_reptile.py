"""Reptile: its pseudo-gradient by hand, its inner loop against a plain loop over tasks, and that training helps."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from robo_meta.learning.batch import Batch
from robo_meta.learning.inner_loop import descend
from robo_meta.learning.reptile import RATE, adapt_whole, reptile_losses, toward, whole_losses
from robo_meta.model import scorer
from robo_meta.model.point_features import Encoded, encode
from robo_meta.model.scorer import OUTER_LOG_SCALES, body, grasp_rows, head, log_likelihood
from robo_meta.training.task_sampler import TaskStream

TASKS, DEMOS, STEPS = 3, 3, 3


@pytest.fixture
def problem() -> tuple[dict[str, torch.Tensor], Batch]:
    """Parameters and a batch, float64."""
    generator = torch.Generator().manual_seed(2)
    theta = {k: v.double().requires_grad_() for k, v in scorer.initial(6, 5, 2, generator).items()}
    points = torch.rand(TASKS, DEMOS, 16, 6, generator=generator).double()
    points = points * torch.tensor([0.2, 0.05, 0.03, 1, 1, 1]) - torch.tensor([0.1, 0.025, -0.01, 0, 0, 0])
    grasps = grasp_rows(torch.rand(TASKS, DEMOS, 4, generator=generator).double() * 0.1 - 0.05)
    query = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]).double()
    support = torch.tensor([[0], [1], [2]])
    hold = torch.randint(-1, 2, (TASKS, DEMOS, 12), generator=generator).double()
    tasks, balance = torch.arange(TASKS), torch.ones(TASKS, dtype=torch.bool)
    return theta, Batch(tasks, encode(points), grasps, hold, support, torch.ones(TASKS, 1), query, tasks, balance)


def test_pseudo_gradient_by_hand() -> None:
    """Two tasks, two steps of size 1/2 on l(w) = ½ (w − y)²: each step halves the distance, so φ = y + (w − y) / 4.

    From w = 4 with y = 0 and y = −4: φ = 1 and −2, and mean(θ − φ) = ((4 − 1) + (4 + 2)) / 2 = 4.5, which is not the
    gradient of the loss after adapting, mean((φ − y) / 4) = 0.375, nor that before, mean(w − y) = 6.
    """
    w = torch.tensor([4.0], dtype=torch.float64, requires_grad=True)
    wanted = torch.tensor([[0.0], [-4.0]]).double()
    rates = {"w": torch.full((2,), 0.5).double().log()}
    start = {"w": w.detach().expand(2, 1)}

    def losses(phi: dict, step: int) -> torch.Tensor:
        return 0.5 * (phi["w"] - wanted).square().sum(-1)

    phi = descend(start, losses, rates, differentiable=False, clip=1e9)
    assert phi["w"][:, 0].tolist() == pytest.approx([1.0, -2.0])
    each = toward({"w": w}, phi, torch.tensor([7.0, 8.0]).double())
    assert each.tolist() == [7.0, 8.0]
    assert torch.autograd.grad(each.mean(), w)[0].tolist() == pytest.approx([4.5])


def plain(theta: dict[str, torch.Tensor], batch: Batch, task: int) -> dict[str, torch.Tensor]:
    """Gradient descent of one task written out: support and queries in turns, gradients clipped to length 2."""
    scans, grasps = Encoded(*(part[task : task + 1] for part in batch.scans)), batch.grasps[task : task + 1]
    phi = {k: v.detach().clone().requires_grad_() for k, v in theta.items()}
    for step in range(STEPS):
        seen = batch.query_mask[task] if step % 2 else 1 - batch.query_mask[task]
        mixture = head({k: v[None] for k, v in phi.items() if k.startswith("head.")}, body(phi, scans))
        likelihood = log_likelihood(mixture, grasps, grasps.new_tensor(OUTER_LOG_SCALES))[0]
        odds, labels = body(phi, scans).hold[0, :, :12], batch.graspable[task]
        likely = torch.where(labels == 1, odds, -odds)[labels >= 0].sigmoid()
        loss = -(likelihood[seen > 0]).mean() - likely.log().mean()
        found = torch.autograd.grad(loss, list(phi.values()))
        norm = float(sum(g.square().sum() for g in found)) ** 0.5
        size = RATE * min(1.0, 2.0 / norm)
        phi = {k: (v - size * g).detach().requires_grad_() for (k, v), g in zip(phi.items(), found, strict=True)}
    return phi


def test_stacked_pseudo_gradient_equals_a_per_task_loop(problem: tuple) -> None:
    theta, batch = problem
    each = reptile_losses(theta, batch, STEPS)
    found = dict(zip(theta, torch.autograd.grad(each.mean(), list(theta.values())), strict=True))
    ends = [plain(theta, batch, task) for task in range(TASKS)]
    for name, value in theta.items():
        expected = sum((value - end[name]).detach() for end in ends) / TASKS
        assert torch.allclose(found[name], expected, rtol=1e-9, atol=1e-12), name
        assert expected.abs().max() > 0, name
    together = {k: torch.stack([end[k] for end in ends]).detach() for k in theta}
    values = whole_losses(together, batch.scans, batch.grasps, torch.ones(TASKS, DEMOS).double(), batch.graspable)
    assert torch.allclose(each, values, rtol=1e-9)


def test_adapting_is_pure(problem: tuple) -> None:
    theta, batch = problem
    before = {k: v.detach().clone() for k, v in theta.items()}
    masks = torch.ones(2, TASKS, DEMOS).double()
    phi = adapt_whole(theta, batch.scans, batch.grasps, masks)
    again = adapt_whole(theta, batch.scans, batch.grasps, masks)
    assert all(torch.equal(theta[k], before[k]) for k in theta)
    assert all(torch.equal(phi[k], again[k]) and not phi[k].requires_grad for k in theta)


def test_training_lowers_the_loss_after_adapting(packed: SimpleNamespace, tmp_path: Path) -> None:
    from robo_meta.training.data import load_training_data
    from robo_meta.training.objectives import fresh_state, part_losses
    from robo_meta.training.outer_loop import run
    from robo_meta.training.presets import PRESETS, Schedule

    device, tiny = torch.device("cpu"), PRESETS["tiny"]
    config = dataclasses.replace(tiny, schedules={**tiny.schedules, "reptile": Schedule(80, 8, 1e-2)})
    data = load_training_data(packed.write(tmp_path, packed.arrays(tasks=24)))
    stream = TaskStream(data, (1,), (0, 0, 1), device)
    batch = stream.draw(24, torch.Generator().manual_seed(1))
    state = fresh_state("reptile", config, 0, device)
    trained = run("reptile", state, part_losses("reptile", data, stream, config, device), config.schedules["reptile"],
                  clip=1.0, path=tmp_path / "state", identity={}, save_every=80, report=lambda *_: None)  # fmt: skip

    def query_loss(theta: dict[str, torch.Tensor]) -> float:
        support = (1 - batch.query_mask).expand(4, -1, -1)
        phi = adapt_whole(theta, batch.scans, batch.grasps, support)
        return float(whole_losses(phi, batch.scans, batch.grasps, batch.query_mask).mean())

    assert query_loss(trained.theta) < query_loss(state.theta) - 0.2
