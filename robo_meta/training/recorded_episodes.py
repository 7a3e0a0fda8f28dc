"""Recorded steps as whole episodes, and draws of them: what networks that clone actions learn from.

Axis letters: E recorded episodes, T steps of the longest, P points; of a draw N tasks, K demonstrations, M steps,
Q points that are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from demos.support import TRANSFERS, eligible
from robo_meta.catalogue import TRAINED_BY_NAME
from robo_meta.learning.seen_episodes import SeenEpisodes, mirrored, repainted, sampled
from robo_meta.model.episode_transformer import STEPS
from robo_meta.model.hand_view import unwrapped
from robo_meta.training.data import TrainingData
from robo_meta.training.presets import TrainConfig
from robo_meta.training.task_sampler import draw_supports, fitting
from sim.errors import InputError


class NoEpisodes(InputError):
    """Data without recorded episodes, for a method that learns from steps."""


class RecordedEpisodes:
    """The episodes of packed data, each with its task's number.

    An episode belongs to the scan whose demonstrated grasp is the very one that its steps lead to. Steps of tasks that
    the packed file leaves out, for want of demonstrations, are left out.

    Args:
        data: of `load_training_data`.
        shots, transfers: as `task_sampler.TaskStream` takes them.
        device: where draws go.

    Raises:
        NoEpisodes: no task has all of its demonstrations recorded.
    """

    def __init__(
        self, data: TrainingData, shots: tuple[int, ...], transfers: Sequence[float], device: torch.device
    ) -> None:
        self._shots, self._transfers = fitting(shots, data.points.shape[1]), torch.tensor(transfers)
        found = _episodes_of(data)
        demos = data.points.shape[1]
        whole = sorted(task for task in {task for task, _ in found} if all((task, d) in found for d in range(demos)))
        if not whole:
            raise NoEpisodes("--data: no task with recorded episodes; record with --tasks 1 or more")
        self.tasks = torch.tensor(whole)
        """(N,) numbers within the data of the tasks that have episodes."""
        self._points = data.points[self.tasks].to(device)
        rows = [[found[task, d] for d in range(demos)] for task in whole]
        longest = max(len(steps) for task in rows for steps in task)
        if longest > STEPS:
            raise NoEpisodes(f"--data: an episode of {longest} steps; expected {STEPS} at most")
        shape = (len(whole), demos, longest)
        self._hand, self._actions = torch.zeros(*shape, 7), torch.zeros(*shape, 5)
        self._mask = torch.zeros(*shape, dtype=torch.bool)
        for n, task in enumerate(rows):
            for d, steps in enumerate(task):
                hand = data.hand[steps].clone()
                hand[:, 3] = torch.from_numpy(unwrapped(hand[:, 3].numpy()))
                self._hand[n, d, : len(steps)], self._actions[n, d, : len(steps)] = hand, data.hand_actions[steps]
                self._mask[n, d, : len(steps)] = True
        self._steps = self._mask.nonzero()
        self._hand, self._actions, self._mask = (a.to(device) for a in (self._hand, self._actions, self._mask))
        family, objects = data.family[self.tasks].numpy(), data.object[self.tasks].numpy()
        self._allowed = torch.stack([torch.from_numpy(eligible(family, objects, t)) for t in TRANSFERS], 1)
        self.device = device

    @classmethod
    def of(cls, data: TrainingData, config: TrainConfig, device: torch.device) -> RecordedEpisodes:
        """With the supports that a configuration asks for."""
        return cls(data, config.shots, config.transfers, device)

    def __len__(self) -> int:
        """How many tasks there are."""
        return len(self.tasks)

    def steps(self, count: int, generator: torch.Generator) -> tuple[SeenEpisodes, Tensor]:
        """`count` single steps, (M, …) with T = 1, and the numbers (M,) of their tasks."""
        n, d, t = self._steps[torch.randint(len(self._steps), (count,), generator=generator)].unbind(-1)
        seen = self._seen(n[:, None], d[:, None], generator, t[:, None])
        return SeenEpisodes(seen.points[:, 0], seen.hand[:, 0], seen.wanted[:, 0], seen.mask[:, 0]), self.tasks[n]

    def prompts(self, count: int, generator: torch.Generator) -> tuple[SeenEpisodes, Tensor]:
        """`count` queries, each after the demonstrations of a support: (N, K + 1, …), the query last; and the numbers
        (N,) of their tasks. Where a task has fewer demonstrations of the transfer drawn, some have no steps."""
        shots = self._shots[int(torch.randint(len(self._shots), (), generator=generator))]
        n = torch.randint(len(self), (count,), generator=generator)
        query, support, shown = draw_supports(self._allowed[n], self._transfers, shots, generator)
        drawn = self._seen(n, torch.cat([support, query], 1), generator)
        there = torch.cat([shown, torch.ones(count, 1, dtype=torch.bool)], 1).to(self.device)
        mask = drawn.mask & there[..., None]
        longest = int(mask.any(0).any(0).nonzero().max()) + 1
        hand, wanted, mask = (a[:, :, :longest] for a in (drawn.hand, drawn.wanted, mask))
        return SeenEpisodes(drawn.points, hand, wanted, mask), self.tasks[n]

    def _seen(self, n: Tensor, d: Tensor, generator: torch.Generator, t: Tensor | None = None) -> SeenEpisodes:
        """Episodes `d` (N, E) of tasks `n` (N,) or (N, 1); step `t` (N, 1) of each alone where that is given."""
        tasks = n if n.dim() == 2 else n[:, None].expand_as(d)
        hand, actions, mask = (
            a[tasks.to(self.device), d.to(self.device)] for a in (self._hand, self._actions, self._mask)
        )
        points = sampled(self._points[tasks.to(self.device), d.to(self.device)].float(), generator)
        points[..., 3:] = repainted(points[..., 3:], generator)
        seen = SeenEpisodes.of(points, hand, actions, mask)
        return mirrored(seen if t is None else seen.at(t.to(self.device)), generator)


def check_episodes(methods: Sequence[str], data: TrainingData, config: TrainConfig, device: torch.device) -> None:
    """Refuse methods that learn from steps where the data has no whole task of episodes.

    Raises:
        NoEpisodes: it has none.
    """
    if any(TRAINED_BY_NAME[name].from_steps for name in methods):
        RecordedEpisodes.of(data, config, device)


def _episodes_of(data: TrainingData) -> dict[tuple[int, int], Tensor]:
    """(task, demonstration) → numbers of its recorded steps, in order."""
    if not len(data.hand):
        return {}
    owner = {
        data.grasps[n, d].numpy().tobytes(): (n, d)
        for n in range(len(data.grasps))
        for d in range(data.grasps.shape[1])
    }
    _, first, counts = np.unique(data.hand_episode.numpy(), return_index=True, return_counts=True)
    found = {}
    for start, count in zip(first.tolist(), counts.tolist(), strict=True):
        task = owner.get(data.hand_targets[start].numpy().tobytes())
        if task is not None:
            found[task] = torch.arange(start, start + count)
    return found
