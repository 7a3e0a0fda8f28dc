"""What comes with the package fits together: checkpoint, selector and the matrix that the selector learned from."""

from __future__ import annotations

import gymnasium
import numpy as np

import robo_meta  # noqa: F401  (registers the environment)
from robo_meta.runs.provenance import fingerprint
from robo_meta.selector.learner.file import load_selector
from robo_meta.selector.matrix.file import load_matrix
from robo_meta.strategies.build import playable
from robo_meta.training.checkpoint import checkpoint_file
from sim.shapes.families import families_of


def test_they_are_of_one_checkpoint_and_of_validation_families_only() -> None:
    file, matrix, selector = checkpoint_file(None), load_matrix(), load_selector()
    assert matrix.provenance["checkpoint"] == selector.card["checkpoint"]
    # Where the checkpoint was trained further since, the selector's card names the one that it learned from.
    learned_from = selector.card["checkpoint"]
    assert learned_from == fingerprint(file) or learned_from[:16] in (file.parent / "selector.md").read_text("utf-8")
    assert set(selector.strategies) == set(matrix.strategies) <= set(playable(file))
    assert set(matrix.families) <= set(families_of("validation"))
    assert selector.card["rows"] == len(matrix)


def test_the_decision_is_an_environment_without_any_file_of_ones_own() -> None:
    env = gymnasium.make("RoboMeta/Select-v1")
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    rewards, ended = [], False
    while not ended:
        _, reward, terminated, truncated, _ = env.step(0)
        rewards.append(float(reward))
        ended = terminated or truncated
    assert np.isfinite(rewards).all() and max(rewards) <= 1.0


def test_together_they_weigh_little() -> None:
    folder = checkpoint_file(None).parent
    assert sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) < 2_000_000
