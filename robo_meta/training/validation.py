"""How well a training does on objects that it is not trained on, while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import torch

from robo_meta.learning.methods import SPECIALISE
from robo_meta.model.scorer import Parameters
from robo_meta.runs.progress import KEYPOINT_MM
from robo_meta.training.data import TrainingData
from robo_meta.training.online.scores import NEAR, JudgedTasks, distances_in, judged_tasks
from robo_meta.training.prepared import training_data

TIMES = 20
"""How often a part is scored in the course of its training, about."""
MOST = 64
"""Tasks scored, the first ones, so that scoring takes little beside training."""


class Validation:
    """Scores methods on tasks of other objects: each adapts to a task's first demonstration, and is judged by the
    distance from the places that it chooses on the others to where their demonstrators' fingers closed.

    Args:
        data: packed tasks.
        device: of the training.
    """

    def __init__(self, data: TrainingData, device: torch.device) -> None:
        self._points, self._grasps, self._device = data.points[:MOST], data.grasps[:MOST], device

    @cached_property
    def _tasks(self) -> list[JudgedTasks]:
        """The tasks, encoded when a part is scored for the first time."""
        return list(judged_tasks(self._points, self._grasps, self._device))

    @classmethod
    def of(cls, data: Path | str | Sequence[Path | str], device: torch.device) -> Validation:
        """Of packed tasks that are read.

        Raises:
            TrainingDataError, TrainError: no such data, or too few demonstrations a task.
        """
        return cls(training_data(data), device)

    def due(self, part: str, done: int, steps: int) -> bool:
        """Whether a part is scored after `done` of `steps` steps; only methods that specialise are."""
        every = max(1, steps // TIMES)
        return part in SPECIALISE and (done % every == 0 or done == steps)

    def scores(self, part: str, theta: Parameters, rates: Parameters) -> dict[str, float]:
        """`{validation/keypoint_mm, validation/within_2_cm}`: the median distance, mm, and the share of keypoints that
        are near enough."""
        missed = torch.cat([distances_in(theta, rates, tasks, part) for tasks in self._tasks])
        return {
            KEYPOINT_MM: 1e3 * float(missed.median()),
            "validation/within_2_cm": float((missed < NEAR).float().mean()),
        }
