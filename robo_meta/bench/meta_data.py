"""Tasks made up for the rows `meta`, without simulator and files: bars of two colours.

Axis letters as in `robo_meta.training.data`.
"""

from __future__ import annotations

import numpy as np
import torch

from robo_meta.training.data import TrainingData
from sim.tasks.seeds import generator

DEMOS, POINTS, LABELS = 4, 512, 8
COLOURS = np.array([(0.9, 0.1, 0.1), (0.1, 0.8, 0.15), (0.1, 0.2, 0.9), (0.9, 0.85, 0.1)])


def made_up(tasks: int, seed: int) -> TrainingData:
    """Tasks as many, which hold nothing that tells how well a method learns; only how fast."""
    rng = generator(seed, "bench", "meta")
    points, grasps = np.zeros((tasks, DEMOS, POINTS, 6), np.float16), np.zeros((tasks, DEMOS, 4), np.float32)
    for task in range(tasks):
        colours = COLOURS[rng.permutation(len(COLOURS))[:2]]
        for demo in range(DEMOS):
            points[task, demo], grasps[task, demo] = _bar(rng, colours)
    arrays = {
        "points": points,
        "grasps": grasps,
        "other_grasps": np.full((tasks, DEMOS, 2, 4), np.nan, np.float32),
        "graspable": rng.integers(-1, 2, (tasks, DEMOS, LABELS)).astype(np.int8),
        "family": np.tile(np.array([0, 0, 0, 1], np.int16), (tasks, 1)),
        "object": np.tile(np.array([0, 0, 1, 2], np.int16), (tasks, 1)),
        "intention": np.zeros(tasks, np.int8),
        "densities": np.tile(np.array([1, 4, 0, 0, 0, 0, 0, 0], np.float32), (tasks, 1)),
        "hand": np.zeros((0, 7), np.float32),
        "hand_actions": np.zeros((0, 5), np.float32),
        "hand_targets": np.zeros((0, 4), np.float32),
        "hand_episode": np.zeros(0, np.int32),
    }
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return TrainingData(**tensors, families=("bar", "rod"), provenance={})


def _bar(rng: np.random.Generator, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A scan (P, 6) and a grasp (4,) across it."""
    length, split, yaw = rng.uniform(0.15, 0.3), rng.uniform(0.3, 0.7), rng.uniform(-np.pi, np.pi)
    along, across = rng.uniform(-0.5, 0.5, POINTS) * length, rng.uniform(-0.015, 0.015, POINTS)
    turn = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
    place = np.stack([along, across], -1) @ turn
    rgb = colours[(along > (split - 0.5) * length).astype(int)] + 0.02 * rng.standard_normal((POINTS, 3))
    scan = np.concatenate([place, np.full((POINTS, 1), 0.03), rgb.clip(0, 1)], -1)
    held = np.array([rng.uniform(-0.4, 0.4) * length, 0.0]) @ turn
    return scan, np.array([*held, 0.015, (yaw + np.pi) % np.pi - np.pi / 2])
