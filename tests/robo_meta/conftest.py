"""Small packed datasets for the learning tests: bars of two colours, made without the simulator."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from demos.expert.scripted_controller import scripted_controller
from demos.recording.config import RecordConfig
from demos.storage.packed_file import write_packed_file
from demos.support import SupportItem, SupportSet

_COLOURS = np.array([(0.9, 0.1, 0.1), (0.1, 0.8, 0.15), (0.1, 0.2, 0.9), (0.9, 0.85, 0.1)])


def bar(rng: np.random.Generator, colours: np.ndarray, ratio: float, points: int) -> tuple[np.ndarray, np.ndarray]:
    """A scan (P, 6) of a two-coloured bar and the grasp (4,) on its centre of mass."""
    length, split, height = rng.uniform(0.15, 0.3), rng.uniform(0.3, 0.7), rng.uniform(0.015, 0.04)
    along, across = rng.uniform(-0.5, 0.5, points) * length, rng.uniform(-0.015, 0.015, points)
    second = along > (split - 0.5) * length
    masses = np.array([split, (1 - split) * ratio])
    centre = masses @ [(split - 1) / 2 * length, split / 2 * length] / masses.sum()
    yaw = rng.uniform(-np.pi, np.pi)
    c, s = np.cos(yaw), np.sin(yaw)
    place = np.stack([c * along - s * across, s * along + c * across], -1)
    rgb = colours[second.astype(int)] + 0.02 * rng.standard_normal((points, 3))
    scan = np.concatenate([place, np.full((points, 1), height), rgb.clip(0, 1)], -1)
    closing = (yaw + np.pi) % np.pi - np.pi / 2
    return scan, np.array([c * centre, s * centre, height / 2, closing])


def arrays(tasks: int = 12, points: int = 24, seed: int = 0) -> dict[str, np.ndarray]:
    """The arrays of a packed file."""
    rng = np.random.default_rng(seed)
    scans, grasps = np.zeros((tasks, 4, points, 6), np.float16), np.zeros((tasks, 4, 4), np.float32)
    for task in range(tasks):
        colours = _COLOURS[rng.permutation(4)[:2]]
        ratio = np.exp(rng.uniform(1.1, 2.3) * rng.choice([-1, 1]))
        for demo in range(4):
            scans[task, demo], grasps[task, demo] = bar(rng, colours, ratio, points)
    # The second half of the tasks passes for painted goods, of which no colour has a density.
    densities = np.zeros((tasks, 8), np.float32)
    densities[: (tasks + 1) // 2, :2] = (1.0, 4.0)
    # Five steps of each demonstration of the first three tasks.
    targets = np.repeat(grasps[:3].reshape(-1, 4), 5, axis=0)
    hand = np.zeros((len(targets), 7), np.float32)
    hand[:, :4] = targets + rng.normal(0, 0.05, targets.shape)
    hand[:, 4], hand[:, 6] = 0.08, 1.0
    actions = np.stack([scripted_controller(h, t) for h, t in zip(hand, targets, strict=True)])
    return {
        "points": scans,
        "grasps": grasps,
        "other_grasps": np.full((tasks, 4, 2, 4), np.nan, np.float32),
        "graspable": np.tile(np.int8([1, 1, 0, -1]), (tasks, 4, 2)),
        "family": np.tile(np.int16([0, 0, 0, 1]), (tasks, 1)),
        "object": np.tile(np.int16([0, 0, 1, 2]), (tasks, 1)),
        "intention": np.zeros(tasks, np.int8),
        "densities": densities,
        "hand": hand,
        "hand_actions": actions.astype(np.float32),
        "hand_targets": targets,
        "hand_episode": np.repeat(np.arange(len(targets) // 5, dtype=np.int32), 5),
    }


def write_packed(folder: Path, packed: dict[str, np.ndarray] | None = None) -> Path:
    """A dataset folder that holds only its packed file."""
    packed = arrays() if packed is None else packed
    provenance = {"config": RecordConfig(out=folder).identity}
    write_packed_file(folder / "training.safetensors", packed, ["bar", "rod"], provenance)
    return folder


def support_of(packed: dict[str, np.ndarray], task: int = 0, shots: int = 1) -> SupportSet:
    """The first demonstrations of a task as a support set, with a hand path of a few steps."""
    items: list[SupportItem] = []
    for demo in range(shots):
        grasp = packed["grasps"][task, demo]
        hand = np.zeros((6, 7), np.float32)
        hand[:, :4], hand[:, 4] = grasp, 0.03
        items.append(
            SupportItem(
                packed["points"][task, demo].astype(np.float32), hand, np.zeros((5, 5)), grasp, True, "bar", "a0"
            )
        )
    return SupportSet(tuple(items))


@pytest.fixture(scope="session")
def packed() -> SimpleNamespace:
    """`arrays(tasks, points, seed)`, `write(folder, arrays)` and `support(arrays, task, shots)`."""
    return SimpleNamespace(arrays=arrays, write=write_packed, support=support_of)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with every part of the tiny preset."""
    from robo_meta.training.presets import METHODS, PRESETS
    from robo_meta.training.train import train

    folder = tmp_path_factory.mktemp("tiny")
    train(write_packed(folder), folder / "run", METHODS, PRESETS["tiny"])
    return folder / "run"


@pytest.fixture(scope="session")
def selector_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A selector that takes `replay` with one demonstration and `maml` with more."""
    from robo_meta.selector.learner.config import LearnerConfig
    from robo_meta.selector.learner.file import save_selector
    from robo_meta.selector.learner.fitted_q import train_selector
    from robo_meta.selector.learner.prices import Prices
    from tests.robo_meta.selector.selector_matrices import made_up

    shots = np.arange(60) % 3 + 1
    chances = np.where(shots[:, None] == 1, [[0.1, 0.9, 0.1]], [[0.9, 0.1, 0.1]])
    matrix = made_up(chances, features={"shots": shots})
    selector = train_selector(matrix, Prices(attempts=1), LearnerConfig(trees=20))
    return save_selector(tmp_path_factory.mktemp("selector") / "s.safetensors", selector)
