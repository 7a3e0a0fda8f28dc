"""The outer loop: any loss over drawn batches, Adam with a falling rate, saved so that a kill costs little.

On one machine's CPU a training that was killed and resumed ends with the same bits as one that was not: everything that
the next step depends on is in `MetaState`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from robo_meta.learning.adam import Moments, adam_step
from robo_meta.learning.freed_memory import keep_freed_memory
from robo_meta.training.presets import Schedule
from robo_meta.training.ranks import ALONE, Ranks
from robo_meta.training.state import MetaState, save_state
from sim.errors import MachineError

RATE_FACTOR = 3.0
"""Inner rates are logs, so they may move faster than parameters."""
WARM_UP, FLOOR = 40, 0.02
"""Steps of linear warm-up; the last rate relative to the largest."""


class Found(NamedTuple):
    """Losses of a step."""

    each: Tensor
    """(N,)."""
    numbers: Tensor
    """(N,): of what each is a loss of."""
    gradients: Mapping[str, Tensor] | None = None
    """Name under `theta/…` and `rates/…` → gradient of the losses' sum, where it was worked out by hand; else it is
    taken from the losses' graph."""


Losses = Callable[[dict[str, Tensor], dict[str, Tensor], torch.Generator, float], Found | tuple[Tensor, Tensor]]
"""(theta, rates, generator, progress) → `Found`; `progress` is the share of the training that is behind, 0 to 1."""
Report = Callable[[int, float], None]
"""(step, loss) → None, called after every step."""


class TrainingDiverged(MachineError):
    """A loss or gradient that is not a finite number."""


def learning_rate(schedule: Schedule, step: int) -> float:
    """Linear warm-up, then half a cosine."""
    warm = min(1.0, (step + 1) / WARM_UP)
    falling = FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * step / schedule.steps))
    return schedule.rate * warm * falling


def run(
    part: str,
    state: MetaState,
    losses: Losses,
    schedule: Schedule,
    *,
    clip: float,
    path: Path,
    identity: dict,
    save_every: int,
    report: Report,
    trained: bool = False,
    watch: Callable[[MetaState], None] = lambda state: None,
    ranks: Ranks = ALONE,
) -> MetaState:
    """Train from `state` to the schedule's end.

    Args:
        part: name, for messages.
        state: where to start; left as it is, its tables apart.
        losses: what to minimise the mean of.
        schedule: steps and rates.
        clip: largest norm of an outer gradient.
        path: where the state is saved.
        identity: what the state file is marked with.
        save_every: steps between saves.
        report: hears of every step.
        trained: whether the parameters were trained before this run. Losses narrow while parameters are coarse; what
            goes on from trained ones keeps those of the end.
        watch: hears of the state after every step.
        ranks: this process among those that train together; `losses` are of its share, and rank 0 saves.

    Raises:
        TrainingDiverged: naming step and task; the last saved state is kept.
    """
    generator = torch.Generator()
    generator.set_state(state.rng)
    for step in range(state.step, schedule.steps):
        rate = learning_rate(schedule, step)
        progress = 1.0 if trained else step / schedule.steps
        state, mean = outer_step(part, state, losses, generator, rate=rate, clip=clip, progress=progress, ranks=ranks)
        report(step, mean)
        watch(state)
        if ranks.first and (state.step % save_every == 0 or state.step == schedule.steps):
            save_state(path, state, identity)
    return state


def outer_step(
    part: str,
    state: MetaState,
    losses: Losses,
    generator: torch.Generator,
    *,
    rate: float,
    clip: float,
    progress: float = 1.0,
    ranks: Ranks = ALONE,
) -> tuple[MetaState, float]:
    """One step of Adam on the mean of all ranks' `losses`; arguments as in `run` and `Losses`.

    Returns:
        The state after it, with the generator's, and the mean loss before it.

    Raises:
        TrainingDiverged: naming step and task.
    """
    keep_freed_memory()
    theta = {k: v.detach().requires_grad_() for k, v in state.theta.items()}
    rates = {k: v.detach().requires_grad_() for k, v in state.rates.items()}
    found = Found(*losses(theta, rates, generator, progress))
    together = {f"theta/{k}": v for k, v in theta.items()} | {f"rates/{k}": v for k, v in rates.items()}
    # In the order of their names: a loaded state has lost every other, and sums depend on order in the last bits.
    leaves = {name: together[name] for name in sorted(together)}
    where = f"{part}: step {state.step}"
    gradients, mean = _gradients(where, leaves, found, ranks)
    norm = torch.stack(torch._foreach_norm(list(gradients.values()))).norm()
    if not torch.isfinite(norm):
        raise TrainingDiverged(f"{where}, tasks {found.numbers.tolist()}: the gradient's norm is {float(norm)}")
    shrink = clip / torch.clamp(norm, min=clip)
    return _update(state, gradients, shrink, rate, generator), mean


def _gradients(
    where: str, leaves: Mapping[str, Tensor], losses: Found, ranks: Ranks
) -> tuple[dict[str, Tensor], float]:
    """The gradient of the mean of all ranks' losses, and that mean.

    Raises:
        TrainingDiverged: a loss on any rank is not finite; on every rank with the same words.
    """
    each, numbers = losses.each, losses.numbers
    bad = (~torch.isfinite(each)).nonzero()
    worst = "" if not len(bad) else f"task {int(numbers[bad[0, 0]])}: loss is {float(each[bad[0, 0]].detach())}"
    if ranks.world == 1:
        if worst:
            raise TrainingDiverged(f"{where}, {worst}")
        return _of(losses, leaves, 1 / len(each)), float(each.detach().mean())
    total = each.sum()
    found = {k: torch.zeros_like(v) for k, v in leaves.items()} if worst else _of(losses, leaves, 1.0)
    # All in one sum, as each costs a round through the network.
    own = torch.stack([total.detach(), total.new_tensor(len(each)), total.new_tensor(float(bool(worst)))])
    if worst:
        own[0] = 0.0
    flat = ranks.summed(torch.cat([*(g.flatten() for g in found.values()), own]))
    loss, count, diverged = flat[-3:].tolist()
    if diverged:
        said = next(text for text in ranks.texts(worst) if text)
        raise TrainingDiverged(f"{where}, {said}")
    parts = torch.split(flat[:-3] / count, [g.numel() for g in found.values()])
    return {k: part.view_as(leaves[k]) for k, part in zip(leaves, parts, strict=True)}, loss / count


def _of(losses: Found, leaves: Mapping[str, Tensor], factor: float) -> dict[str, Tensor]:
    """The gradient of `factor` times the losses' sum with regard to `leaves`, zero where it doesn't depend on one."""
    if losses.gradients is not None:
        known = [losses.gradients[k] for k in leaves]
        return dict(zip(leaves, torch._foreach_mul(known, factor), strict=True))
    found = torch.autograd.grad(losses.each.sum() * factor, list(leaves.values()), allow_unused=True)
    return {k: torch.zeros_like(v) if g is None else g for (k, v), g in zip(leaves.items(), found, strict=True)}


def _update(
    state: MetaState, gradients: dict[str, Tensor], shrink: Tensor, rate: float, generator: torch.Generator
) -> MetaState:
    moved: dict[str, dict[str, Tensor]] = {}
    firsts: dict[str, Tensor] = {}
    seconds: dict[str, Tensor] = {}
    for group, values, factor in (("theta", state.theta, 1.0), ("rates", state.rates, RATE_FACTOR)):
        parameters = {f"{group}/{k}": v for k, v in values.items()}
        mine = {k: gradients[k] * shrink for k in parameters}
        moments = Moments(
            {k: state.optimizer.first[k] for k in parameters}, {k: state.optimizer.second[k] for k in parameters}
        )
        after, moments = adam_step(parameters, mine, moments, state.step, rate * factor)
        moved[group] = {k.partition("/")[2]: v.detach() for k, v in after.items()}
        firsts |= moments.first
        seconds |= moments.second
    moments = Moments(firsts, seconds)
    return MetaState(moved["theta"], moved["rates"], moments, state.step + 1, generator.get_state(), state.tables)
