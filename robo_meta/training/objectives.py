"""The parts of a checkpoint: where each one's training starts, and what it minimises.

Scorers learn from tasks, the closing network from single scans with their grasps, the hand from recorded steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from robo_meta.learning import contrast, methods, pretraining, reptile
from robo_meta.learning.adam import zero_moments
from robo_meta.model import controller, grasp_head
from robo_meta.model.dense import initial_dense
from robo_meta.training.checkpoint import split_rates
from robo_meta.training.data import TrainingData
from robo_meta.training.outer_loop import Losses
from robo_meta.training.presets import METHODS, TrainConfig
from robo_meta.training.state import MetaState
from robo_meta.training.task_sampler import INTENTIONS_PER_SCAN, TaskStream

PLACE_NOISE = 0.006
"""m: how far from the demonstrated grasps the closing network is asked, as the scorers will miss by as much."""


def fresh_state(
    part: str,
    config: TrainConfig,
    seed: int,
    device: torch.device,
    *,
    tasks: int = 0,
    start: Mapping[str, Tensor] | None = None,
    maml: Mapping[str, Tensor] | None = None,
) -> MetaState:
    """Where the training of `part` starts.

    Args:
        part: one of `METHODS`, `closing` or `hand`.
        config: sizes.
        seed: of the parameters and of the batches to come.
        device: where the tensors go.
        tasks: training tasks, each with tables of its own for every intention where `part` is `pretrain`.
        start: parameters that take the place of the fresh ones of the same names; rates stay fresh.
        maml: that part, trained, from which `contrast` starts.
    """
    # Each part has a stream of its own, so that training one more method changes none of the others.
    number = ("closing", "hand", *METHODS).index(part)
    generator = torch.Generator().manual_seed(seed * 16 + number)
    sizes = config.architecture
    rates: dict[str, Tensor] = {}
    if part == "closing":
        theta = initial_dense(grasp_head.shapes(sizes.closing), generator)
    elif part == "hand":
        theta = initial_dense(controller.shapes(sizes.hand), generator)
    elif part == "contrast":
        assert maml is not None
        theta, rates = contrast.initial(maml)
    else:
        theta = methods.initial_parameters(part, sizes, generator)
        rates = methods.initial_method_rates(part, sizes, theta)
    theta |= {k: v for k, v in (start or {}).items() if k in theta}
    tables = pretraining.initial_departures(theta, tasks * INTENTIONS_PER_SCAN) if part == "pretrain" else {}
    theta, rates, tables = ({k: v.to(device) for k, v in group.items()} for group in (theta, rates, tables))
    together = {f"theta/{k}": v for k, v in theta.items()} | {f"rates/{k}": v for k, v in rates.items()}
    return MetaState(theta, rates, zero_moments(together), 0, generator.get_state(), tables)


def part_losses(
    part: str,
    data: TrainingData,
    stream: TaskStream | None,
    config: TrainConfig,
    device: torch.device,
    *,
    tables: Mapping[str, Tensor] | None = None,
    maml: Mapping[str, Tensor] | None = None,
) -> Losses:
    """What the training of `part` minimises.

    Args:
        part: one of `METHODS`, `closing` or `hand`.
        data: for `closing` and `hand`.
        stream: for scorers.
        config: schedules.
        device: where to compute.
        tables: of the state, for `pretrain`.
        maml: that part, trained, for `contrast`.
    """
    count = config.schedules[part].batch
    if part == "closing":
        points = data.points.flatten(0, 1).to(device)
        intentions = torch.cat([data.grasps[:, :, None], data.other_grasps], 2).flatten(0, 1)
        usable = (~intentions.isnan().any(-1)).nonzero()
        intentions = intentions.to(device)

        def closing_losses(
            theta: dict, rates: dict, generator: torch.Generator, progress: float
        ) -> tuple[Tensor, Tensor]:
            index, intention = usable[torch.randint(len(usable), (count,), generator=generator)].unbind(-1)
            noise = torch.randn(count, 2, generator=generator) * PLACE_NOISE
            wanted = intentions[index.to(device), intention.to(device)]
            scans = points[index.to(device)].float()
            return grasp_head.loss(theta, scans, wanted[:, :2] + noise.to(device), wanted), index

        return closing_losses
    if part == "hand":
        state, target, label = (a.numpy() for a in (data.hand, data.hand_targets, data.hand_actions))

        def hand_losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
            index = torch.randint(len(state), (count,), generator=generator)
            noise = torch.randn(count, 4, generator=generator).numpy()
            rows = index.numpy()
            moved = controller.spread_targets(state[rows], target[rows], label[rows], noise)
            inputs, direction = controller.hand_inputs(state[rows], moved)
            wanted = controller.turned(label[rows], direction)
            seen, wanted_actions = (torch.from_numpy(a.astype(np.float32)).to(device) for a in (inputs, wanted))
            return controller.loss(theta, seen, wanted_actions), index

        return hand_losses

    if part == "contrast":
        assert stream is not None and maml is not None
        tasks, frozen = stream, {k: v.to(device) for k, v in split_rates(maml)[0].items()}

        def contrast_losses(
            theta: dict, rates: dict, generator: torch.Generator, progress: float
        ) -> tuple[Tensor, Tensor]:
            batch = tasks.draw(count, generator)
            return contrast.query_losses(frozen, theta, rates, batch, generator), batch.tasks

        return contrast_losses

    def scorer_losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        assert stream is not None
        batch = stream.draw(count, generator)
        if part == "reptile":
            return reptile.reptile_losses(theta, batch, config.architecture.inner_steps, progress), batch.tasks
        if part == "pretrain":
            return pretraining.pretrain_losses(theta, dict(tables or {}), batch, progress), batch.tasks
        return methods.query_losses(part, theta, rates, batch, config.first_order, progress), batch.tasks

    return scorer_losses
