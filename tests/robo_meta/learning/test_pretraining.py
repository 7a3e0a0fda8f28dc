"""Pre-training: every task has tables of its own, and only what all share goes on from there."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from robo_meta.learning.batch import Batch
from robo_meta.learning.inner_loop import ADAPTED
from robo_meta.learning.methods import hold_losses
from robo_meta.learning.pretraining import all_losses, initial_departures, pretrain_losses, with_mean_tables
from robo_meta.model.scorer import Hidden, body, initial, stack
from robo_meta.training.data import load_training_data
from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.state import load_state
from robo_meta.training.task_sampler import INTENTIONS_PER_SCAN, TaskStream
from robo_meta.training.train import train


@pytest.fixture
def problem(packed: SimpleNamespace, tmp_path: Path) -> tuple[dict[str, torch.Tensor], Batch]:
    """Parameters, and a batch of 4 of 12 tasks in which one is drawn twice."""
    stream = TaskStream(load_training_data(packed.write(tmp_path)), (1,), (0, 0, 1), torch.device("cpu"))
    seed = next(s for s in range(99) if len(_draw(stream, s).tasks.unique()) == 3)
    theta = {k: v.requires_grad_() for k, v in initial(8, 6, 2, torch.Generator().manual_seed(0)).items()}
    return theta, _draw(stream, seed)


def _draw(stream: TaskStream, seed: int) -> Batch:
    return stream.draw(4, torch.Generator().manual_seed(seed))


def test_only_the_drawn_tasks_tables_move_and_they_fit_better(problem: tuple) -> None:
    theta, batch = problem
    tables = initial_departures(theta, 12 * INTENTIONS_PER_SCAN)
    assert set(tables) == set(ADAPTED) and all(
        v.shape == (12 * INTENTIONS_PER_SCAN, *theta[k].shape) for k, v in tables.items()
    )
    hidden = Hidden(*(part.detach() for part in body(theta, batch.scans)))
    holds = hold_losses(hidden, batch.graspable)
    prior = all_losses(stack(theta, 4), hidden, batch.grasps) + holds
    first = pretrain_losses(theta, tables, batch)
    moved = {n for n in range(12 * INTENTIONS_PER_SCAN) if any(float(v[n].abs().max()) > 0 for v in tables.values())}
    assert moved == set(batch.examples.tolist())
    second = pretrain_losses(theta, tables, batch)
    assert (first < prior).all() and (second < first).all(), "a task goes on from where its last visit left it"
    # What the loss says is the loss at the stored tables.
    phi = {k: v + tables[k][batch.examples] if k in tables else v for k, v in stack(theta, 4).items()}
    assert torch.allclose(second, all_losses(phi, hidden, batch.grasps) + holds, atol=1e-5)


def test_shared_gradient_is_that_at_the_tasks_own_tables(problem: tuple) -> None:
    theta, batch = problem
    theta["body.hold.out.weight"] = torch.full_like(theta["body.hold.out.weight"], 0.3).requires_grad_()
    tables = initial_departures(theta, 12 * INTENTIONS_PER_SCAN)
    found = torch.autograd.grad(pretrain_losses(theta, tables, batch).mean(), list(theta.values()))
    own = {k: v[batch.examples] for k, v in tables.items()}
    phi = {k: v + own[k] if k in own else v for k, v in stack(theta, 4).items()}
    hidden = body(theta, batch.scans)
    losses = all_losses(phi, hidden, batch.grasps) + hold_losses(hidden, batch.graspable)
    expected = torch.autograd.grad(losses.mean(), list(theta.values()))
    for name, a, b in zip(theta, found, expected, strict=True):
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-5) and float(a.abs().max()) > 0, name


def test_checkpoint_holds_the_mean_tables_and_no_tasks(packed: SimpleNamespace, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    data = packed.write(tmp_path)
    tiny = PRESETS["tiny"]
    config = dataclasses.replace(
        tiny, schedules={**tiny.schedules, "pretrain": Schedule(30, 4)}
    )  # so that every task is drawn
    found = load_file(train(data, tmp_path / "run", ["pretrain"], config))
    assert not any("tables" in name for name in found)
    path = tmp_path / "run" / "state" / "pretrain.safetensors"
    state = load_state(path, {}, torch.device("cpu"))
    assert all(len(v) == 12 * INTENTIONS_PER_SCAN and float(v.abs().max()) > 0 for v in state.tables.values())
    for name, value in state.theta.items():
        # The data has no other intention than the demonstrated one, so no table but its own was ever drawn.
        own = (value + state.tables[name][::INTENTIONS_PER_SCAN]).mean(0) if name in ADAPTED else value
        assert torch.allclose(found[f"pretrain/{name}"], own, atol=1e-6), name
    assert with_mean_tables(state.theta, {}) == state.theta
