"""The parts of a checkpoint: where the training of each starts, and what it minimises.

The methods learn from tasks, the closing network from single scans with their grasps, the controller from
recorded steps. Axis letters: N losses of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from robo_meta.catalogue import TRAINED_BY_NAME
from robo_meta.learning import cloning, contrast, methods, pretraining, reptile
from robo_meta.learning.adam import zero_moments
from robo_meta.learning.batch import Batch
from robo_meta.learning.meta_gradient.meta_pass import BY_HAND, meta_gradient
from robo_meta.model import controller, grasp_head
from robo_meta.model.architecture import Architecture
from robo_meta.model.dense import initial_dense
from robo_meta.model.scorer import outer_log_scales
from robo_meta.training.checkpoint import split_rates
from robo_meta.training.data import TrainingData
from robo_meta.training.outer_loop import Found, Losses
from robo_meta.training.presets import TrainConfig
from robo_meta.training.ranks import ALONE, Ranks
from robo_meta.training.recorded_episodes import RecordedEpisodes
from robo_meta.training.seeds import part_seed
from robo_meta.training.state import MetaState
from robo_meta.training.task_sampler import INTENTIONS_PER_SCAN, TaskStream

PLACE_NOISE = 0.006
"""m: standard deviation of the places at which the closing network is trained, about the demonstrated grasps: the
methods miss by about as much."""


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
        part: one of `METHODS`, `closing` or `controller`.
        config: sizes.
        seed: of the parameters and of the batches to come.
        device: where the tensors go.
        tasks: training tasks, each with tables of its own for every intention where `part` is `pretrain`.
        start: parameters that take the place of the fresh ones of the same names, inner rates under `rates.…`.
        maml: that part, trained, from which `contrast` starts.
    """
    generator = torch.Generator().manual_seed(part_seed(seed, part))
    theta, rates = _initial(part, config.architecture, generator, maml)
    given, given_rates = split_rates(start or {})
    theta |= {k: v for k, v in given.items() if k in theta}
    if part != "contrast":  # whose rates are its own, not those of the `maml` that it starts from
        rates |= {k: v for k, v in given_rates.items() if k in rates}
    tables = pretraining.initial_departures(theta, tasks * INTENTIONS_PER_SCAN) if part == "pretrain" else {}
    theta, rates, tables = ({k: v.to(device) for k, v in group.items()} for group in (theta, rates, tables))
    together = {f"theta/{k}": v for k, v in theta.items()} | {f"rates/{k}": v for k, v in rates.items()}
    return MetaState(theta, rates, zero_moments(together), 0, generator.get_state(), tables)


def _initial(
    part: str, sizes: Architecture, generator: torch.Generator, maml: Mapping[str, Tensor] | None
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Fresh parameters and rates."""
    if part == "closing":
        return initial_dense(grasp_head.shapes(sizes.closing), generator), {}
    if part == "controller":
        return initial_dense(controller.shapes(sizes.controller), generator), {}
    if part == "contrast":
        assert maml is not None
        return contrast.initial(maml)
    if part in cloning.SHAPES:
        return cloning.initial(cloning.SHAPES[part](sizes), generator), {}
    theta = methods.initial_parameters(part, sizes, generator)
    return theta, methods.initial_method_rates(part, sizes, theta)


class Setting(NamedTuple):
    """What a part's losses are computed from."""

    part: str
    """One of `METHODS`, `closing` or `controller`."""
    data: TrainingData
    """For `closing`, `controller` and methods that learn from steps."""
    stream: TaskStream | None
    """For the other methods."""
    config: TrainConfig
    """Schedules and sizes."""
    device: torch.device
    """Where to compute."""
    tables: Mapping[str, Tensor]
    """Of the state, for `pretrain`; its losses update them in place."""
    maml: Mapping[str, Tensor] | None
    """That part, trained, for `contrast`."""
    ranks: Ranks
    """This process: its losses are of its rows of what all processes draw alike."""
    dtype: torch.dtype
    """In which to compute."""

    @property
    def batch(self) -> int:
        """N of a step, of all processes together."""
        return self.config.schedules[self.part].batch

    @property
    def rows(self) -> slice:
        """Which of them are this process's."""
        return self.ranks.rows(self.batch)

    def draw(self, generator: torch.Generator) -> Batch:
        """A batch of tasks, all processes' together."""
        assert self.stream is not None
        both = TRAINED_BY_NAME[self.part].both_worlds
        draw = self.stream.draw_both if both else self.stream.draw
        return draw(self.batch, generator).to(self.dtype)


def part_losses(
    part: str,
    data: TrainingData,
    stream: TaskStream | None,
    config: TrainConfig,
    device: torch.device,
    *,
    tables: Mapping[str, Tensor] | None = None,
    maml: Mapping[str, Tensor] | None = None,
    ranks: Ranks = ALONE,
    dtype: torch.dtype = torch.float32,
) -> Losses:
    """What the training of `part` minimises; the arguments are the fields of `Setting`."""
    return OBJECTIVES[part](Setting(part, data, stream, config, device, dict(tables or {}), maml, ranks, dtype))


def closing_losses(setting: Setting) -> Losses:
    """Errors of heading, centring and height at places near the demonstrated grasps, one a scan and intention."""
    data, device, count = setting.data, setting.device, setting.batch
    points = data.points.flatten(0, 1).to(device)
    intentions = torch.cat([data.grasps[:, :, None], data.other_grasps], 2).flatten(0, 1)
    usable = (~intentions.isnan().any(-1)).nonzero()
    intentions = intentions.to(device)

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        index, intention = usable[torch.randint(len(usable), (count,), generator=generator)].unbind(-1)
        noise = torch.randn(count, 2, generator=generator) * PLACE_NOISE
        index, intention, noise = (values[setting.rows] for values in (index, intention, noise.to(setting.dtype)))
        wanted = intentions[index.to(device), intention.to(device)].to(setting.dtype)
        scans = points[index.to(device)].to(setting.dtype)
        return grasp_head.loss(theta, scans, wanted[:, :2] + noise.to(device), wanted), index

    return losses


def controller_losses(setting: Setting) -> Losses:
    """Errors of the controller's actions on recorded steps, their targets moved a little."""
    data, device, count = setting.data, setting.device, setting.batch
    state, target, label = (a.numpy() for a in (data.hand, data.hand_targets, data.hand_actions))

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        index = torch.randint(len(state), (count,), generator=generator)[setting.rows]
        noise = torch.randn(count, 4, generator=generator)[setting.rows].numpy()
        rows = index.numpy()
        moved = controller.spread_targets(state[rows], target[rows], label[rows], noise)
        inputs, direction = controller.hand_inputs(state[rows], moved)
        wanted = controller.turned(label[rows], direction)
        seen, wanted_actions = (
            torch.from_numpy(a.astype(np.float32)).to(device, setting.dtype) for a in (inputs, wanted)
        )
        return controller.loss(theta, seen, wanted_actions), index

    return losses


def cloning_losses(setting: Setting) -> Losses:
    """Errors of cloned actions: at single recorded steps, or of whole episodes, others of the task being the prompt."""
    episodes = RecordedEpisodes.of(setting.data, setting.config, setting.device)
    draw, loss = {
        "bc-finetune": (episodes.steps, cloning.cloner_losses),
        "in-context": (episodes.prompts, cloning.prompted_losses),
    }[setting.part]

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        seen, tasks = draw(setting.batch, generator)
        return loss(theta, seen.rows(setting.rows).to(setting.dtype)), tasks[setting.rows]

    return losses


def contrast_losses(setting: Setting) -> Losses:
    """Query losses after `maml`, which stays as it is, has adapted to attempts made up about the supports."""
    assert setting.maml is not None
    frozen = {k: v.to(setting.device, setting.dtype) for k, v in split_rates(setting.maml)[0].items()}

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        batch, rows = setting.draw(generator), setting.rows
        return contrast.query_losses(frozen, theta, rates, batch, generator, rows), batch.tasks[rows]

    return losses


def reptile_losses(setting: Setting) -> Losses:
    """Losses whose gradient leads to where plain descent on each task ends."""
    steps = setting.config.architecture.inner_steps

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        batch = setting.draw(generator).rows(setting.rows)
        return reptile.reptile_losses(theta, batch, steps, progress), batch.tasks

    return losses


def pretrain_losses(setting: Setting) -> Losses:
    """Losses of all demonstrations, every task having tables of its own."""
    tables = dict(setting.tables)

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Tensor, Tensor]:
        drawn = setting.draw(generator)
        batch = drawn.rows(setting.rows)
        found = pretraining.pretrain_losses(theta, tables, batch, progress)
        _share_tables(tables, drawn.examples, setting)
        return found, batch.tasks

    return losses


def _share_tables(tables: Mapping[str, Tensor], examples: Tensor, setting: Setting) -> None:
    """Give every process the tables that each has moved; of an example drawn twice, the first one's count, as where one
    process draws both.

    Args:
        tables: name → (T, …), changed in place.
        examples: (N,) the rows that all processes' batch moves.
        setting: whose share is this process's.
    """
    if setting.ranks.world == 1:
        return
    first = torch.from_numpy(np.unique(examples.cpu().numpy(), return_index=True)[1])
    own = first[(first >= setting.rows.start) & (first < setting.rows.stop)]
    for table in tables.values():
        moved = table.new_zeros(len(examples), *table.shape[1:])
        moved[own] = table[examples[own]]
        moved = setting.ranks.summed(moved)
        table[examples[first]] = moved[first]


def query_losses(setting: Setting) -> Losses:
    """Losses of the queries after the method has specialised to the support."""

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> Found:
        batch, first_order = setting.draw(generator).rows(setting.rows), setting.config.first_order
        return found_losses(setting.part, theta, rates, batch, first_order, progress)

    return losses


def found_losses(
    part: str,
    theta: Mapping[str, Tensor],
    rates: Mapping[str, Tensor],
    batch: Batch,
    first_order: bool,
    progress: float,
) -> Found:
    """`methods.query_losses`, with their gradient where that was worked out by hand."""
    if part not in BY_HAND:
        return Found(methods.query_losses(part, theta, rates, batch, first_order, progress), batch.tasks)
    scales = batch.grasps.new_tensor(outer_log_scales(progress))
    own, own_rates = ({k: v.detach() for k, v in group.items()} for group in (theta, rates))
    with torch.no_grad():
        found = meta_gradient(own, own_rates, batch, scales, first_order=first_order or BY_HAND[part])
    gradients = {f"theta/{k}": v for k, v in found.theta.items()} | {f"rates/{k}": v for k, v in found.rates.items()}
    return Found(found.losses, batch.tasks, gradients)


OBJECTIVES: dict[str, Callable[[Setting], Losses]] = {
    "closing": closing_losses,
    "controller": controller_losses,
    **dict.fromkeys(cloning.SHAPES, cloning_losses),
    "contrast": contrast_losses,
    "reptile": reptile_losses,
    "pretrain": pretrain_losses,
    **dict.fromkeys(methods.SPECIALISE, query_losses),
}
"""Part → what makes its losses."""
