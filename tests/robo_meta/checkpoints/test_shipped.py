"""What comes with the package fits together: checkpoint, selector and the matrix that the selector learned from."""

from __future__ import annotations

import gymnasium
import numpy as np

import robo_meta  # noqa: F401  (registers the environment)
from robo_meta.runs.provenance import fingerprint
from robo_meta.selector.judging.scoring import score
from robo_meta.selector.judging.seeds import learned_from
from robo_meta.selector.learner.file import load_selector
from robo_meta.selector.matrix.file import load_matrix
from robo_meta.strategies.build import playable
from robo_meta.training.checkpoint import checkpoint_file
from sim.shapes.families import families_of


def test_they_are_of_one_checkpoint_and_of_training_shapes_only() -> None:
    file, matrix, selector = checkpoint_file(None), load_matrix(), load_selector()
    assert matrix.provenance["checkpoint"] == selector.card["checkpoint"] == fingerprint(file)
    assert set(selector.strategies) == set(matrix.strategies) <= set(playable(file))
    prisms = [family for family in matrix.families if not family.startswith("lib-c13-")]
    assert set(prisms) <= set(families_of("training")) and len(prisms) > 15
    assert selector.card["rows"] == len(matrix) and len(matrix.drawn) >= 300
    assert learned_from(selector, matrix) and selector.site is not None


def test_the_selector_has_something_to_choose_and_chooses() -> None:
    """On its own training scenes, which flatters it; what it comes to elsewhere is in docs/RESULTS.md."""
    matrix, selector = load_matrix(), load_selector()
    scored = score(matrix, selector)
    best, single = scored.scores["virtual best"].mean(), scored.scores[scored.single].mean()
    assert best > single + 0.15 and scored.scores["selector"].mean() > single + 0.1
    assert len(np.unique(scored.choices["selector"])) >= 3


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
    assert sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) < 6_000_000
