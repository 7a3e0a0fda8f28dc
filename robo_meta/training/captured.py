"""An outer step with nothing for the processor to wait for: the whole of it one CUDA graph where there is CUDA.

Everything that a step reads lies in buffers that stay where they are; it changes them in place, takes no number back,
and keeps its losses and the gradient's norm on the device, which are looked at every `CHECKED` steps. Without CUDA the
same step runs call by call, so that what is captured can be tested anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from robo_meta.learning.adam import BETA_FIRST, BETA_SECOND, EPSILON, Moments
from robo_meta.learning.meta_gradient.meta_pass import BY_HAND, meta_gradient
from robo_meta.model.scorer import outer_log_scales
from robo_meta.training.outer_loop import RATE_FACTOR, TrainingDiverged
from robo_meta.training.state import MetaState
from robo_meta.training.task_sampler import Picked, TaskStream

CHECKED = 50
"""Steps between looks at the marks."""
WARM_UP = 3
"""Runs of a step before it is captured: libraries choose their kernels in the first ones."""


class Numbers(NamedTuple):
    """What differs from step to step, on the device."""

    rates: Tensor
    """(2,): of Adam, for parameters and for inner rates, divided by the bias of its first moment."""
    unbias: Tensor
    """(): of its second moment."""
    log_scales: Tensor
    """(3,): of the outer loss."""


class CapturedStep:
    """Outer steps of a method of `BY_HAND`, from a state on.

    Args:
        part: the method.
        state: where to start; left as it is.
        stream: draws the batches.
        batch: tasks of a step.
        first_order: treat inner gradients as constants.
        clip: largest norm of an outer gradient.
    """

    def __init__(
        self, part: str, state: MetaState, stream: TaskStream, batch: int, *, first_order: bool, clip: float
    ) -> None:
        self._part, self._stream, self._batch, self._clip = part, stream, batch, clip
        self._first_order = first_order or BY_HAND[part]
        self._step, self._checked = state.step, state.step
        self._generator = torch.Generator()
        self._generator.set_state(state.rng)
        together = {f"theta/{k}": v for k, v in state.theta.items()} | {f"rates/{k}": v for k, v in state.rates.items()}
        self._names = sorted(together)
        self._values = [together[k].detach().clone() for k in self._names]
        self._first = [state.optimizer.first[k].clone() for k in self._names]
        self._second = [state.optimizer.second[k].clone() for k in self._names]
        one = self._values[0]
        self._numbers = Numbers(one.new_ones(2), one.new_ones(()), one.new_zeros(3))
        self._losses = one.new_zeros(CHECKED, batch)
        self._norms = one.new_zeros(CHECKED)
        self._slot = torch.zeros(1, dtype=torch.int64, device=one.device)
        self._drawn: list[Tensor] = []
        self._buffers: dict[int, Picked] = {}
        self._graphs: dict[int, torch.cuda.CUDAGraph] = {}

    def run(self, rate: float, progress: float) -> list[float]:
        """One step with Adam's `rate`, a share `progress` of the training being behind.

        Returns:
            The mean losses of the steps since the last look, where it was time for one; else nothing.

        Raises:
            TrainingDiverged: naming the first step of those, and task.
        """
        picked = self._stream.pick(self._batch, self._generator)
        self._drawn.append(picked.tasks)
        self._set(rate, progress)
        shots = picked.support.shape[1]
        if shots not in self._buffers:
            self._buffers[shots] = Picked(*(part.to(self._values[0].device, copy=True) for part in picked))
        buffers = self._buffers[shots]
        for buffer, part in zip(buffers, picked, strict=True):
            self._send(part, buffer)
        if self._values[0].is_cuda:
            if shots not in self._graphs:
                self._graphs[shots] = self._capture(buffers)
            self._graphs[shots].replay()
        else:
            self.work(buffers)
        self._step += 1
        return self.look() if self._step - self._checked == CHECKED else []

    def work(self, picked: Picked) -> None:
        """What is captured: draw, losses, gradient, Adam, all in place."""
        with torch.no_grad():
            batch = self._stream.gather(picked).to(self._values[0].dtype)
            groups = self._groups(self._values)
            found = meta_gradient(*groups, batch, self._numbers.log_scales, first_order=self._first_order)
            by_name = {f"theta/{k}": v for k, v in found.theta.items()}
            by_name |= {f"rates/{k}": v for k, v in found.rates.items()}
            gradients = torch._foreach_div([by_name[k] for k in self._names], len(batch.support))
            norm = torch.stack(torch._foreach_norm(gradients)).norm()
            self._losses.index_copy_(0, self._slot, found.losses[None])
            self._norms.index_copy_(0, self._slot, norm[None])
            self._slot.add_(1)
            torch._foreach_mul_(gradients, self._clip / norm.clamp_min(self._clip))
            self._adam(gradients)

    def _adam(self, gradients: Sequence[Tensor]) -> None:
        torch._foreach_mul_(self._first, BETA_FIRST)
        torch._foreach_add_(self._first, list(gradients), alpha=1 - BETA_FIRST)
        torch._foreach_mul_(self._second, BETA_SECOND)
        torch._foreach_addcmul_(self._second, list(gradients), list(gradients), 1 - BETA_SECOND)
        size = torch._foreach_div(self._second, self._numbers.unbias)
        torch._foreach_sqrt_(size)
        torch._foreach_add_(size, EPSILON)
        change = torch._foreach_div(self._first, size)
        first_theta = sum(name.startswith("rates/") for name in self._names)
        for rate, part in zip(
            self._numbers.rates.flip(0).unbind(), (slice(first_theta), slice(first_theta, None)), strict=True
        ):
            if change[part]:
                torch._foreach_mul_(change[part], rate)
        torch._foreach_sub_(self._values, change)

    def _set(self, rate: float, progress: float) -> None:
        """Copy this step's numbers to the device."""
        unbias_first, unbias_second = 1 - BETA_FIRST ** (self._step + 1), 1 - BETA_SECOND ** (self._step + 1)
        dtype = self._values[0].dtype
        rates = torch.tensor([rate, rate * RATE_FACTOR], dtype=dtype) / unbias_first
        parts = (rates, torch.tensor(unbias_second, dtype=dtype), torch.tensor(outer_log_scales(progress), dtype=dtype))
        for buffer, part in zip(self._numbers, parts, strict=True):
            self._send(part, buffer)

    def _send(self, part: Tensor, buffer: Tensor) -> None:
        """Copy to the device without waiting, which memory that may be paged out doesn't allow."""
        buffer.copy_(part.pin_memory() if buffer.is_cuda else part, non_blocking=True)

    def _capture(self, picked: Picked) -> torch.cuda.CUDAGraph:
        """Capture `work`; the runs that warm up leave no trace."""
        kept = [*self._values, *self._first, *self._second, self._slot]
        before = [value.clone() for value in kept]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self.work(picked)
                torch._foreach_copy_(kept, before)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # Graphs run one after another, so that one pool of memory serves them all.
        with torch.cuda.graph(graph, pool=next(iter(self._graphs.values())).pool() if self._graphs else None):
            self.work(picked)
        return graph

    def look(self) -> list[float]:
        """Mean losses of the steps since the last look.

        Raises:
            TrainingDiverged: naming the first of them that isn't finite, and task.
        """
        count = self._step - self._checked
        losses, norms = self._losses[:count].cpu(), self._norms[:count].cpu()
        for number in range(count):
            where, tasks = f"{self._part}: step {self._checked + number}", self._drawn[number]
            bad = (~torch.isfinite(losses[number])).nonzero()
            if len(bad):
                task = int(bad[0, 0])
                raise TrainingDiverged(f"{where}, task {int(tasks[task])}: loss is {float(losses[number, task])}")
            if not torch.isfinite(norms[number]):
                raise TrainingDiverged(
                    f"{where}, tasks {tasks.tolist()}: the gradient's norm is {float(norms[number])}"
                )
        self._checked, self._drawn = self._step, []
        self._slot.zero_()
        return [float(mean) for mean in losses.mean(1)]

    def state(self) -> MetaState:
        """Where the training is now, in tensors of its own; every step looked at."""
        theta, rates = self._groups([value.clone() for value in self._values])
        first, second = (
            {k: v.clone() for k, v in zip(self._names, part, strict=True)} for part in (self._first, self._second)
        )
        return MetaState(theta, rates, Moments(first, second), self._step, self._generator.get_state(), {})

    def _groups(self, values: Sequence[Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Parameters and rates by name."""
        by_name: Mapping[str, Tensor] = dict(zip(self._names, values, strict=True))
        theta, rates = (
            {k.removeprefix(group): v for k, v in by_name.items() if k.startswith(group)}
            for group in ("theta/", "rates/")
        )
        return theta, rates


def run_captured(
    step: CapturedStep,
    steps: range,
    rate: Callable[[int], float],
    progress: Callable[[int], float],
    *,
    save_every: int,
    report: Callable[[int, float], None],
    keep: Callable[[MetaState], None],
) -> MetaState:
    """Run steps to the last one.

    Args:
        step: where to start.
        steps: their numbers.
        rate, progress: of a step's number.
        save_every: steps between states that are kept.
        report: hears of every step and mean loss, some time after it.
        keep: gets the states, each looked at before.
    """
    told = steps.start
    for number in steps:
        means = step.run(rate(number), progress(number))
        due = (number + 1) % save_every == 0 or number + 1 == steps.stop
        means += step.look() if due else []
        for mean in means:
            report(told, mean)
            told += 1
        if due:
            keep(step.state())
    return step.state()
