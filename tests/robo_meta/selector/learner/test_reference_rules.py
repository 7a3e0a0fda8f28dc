"""Rules that need no learning from features: the three-line rule, and being told the world."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.file import load_selector, save_selector
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules
from robo_meta.selector.matrix.matrix import Matrix, MatrixError
from tests.robo_meta.selector.selector_matrices import made_up

NAMES = ("maml", "warped-replay", "role")
CHANCES = np.tile([[0.6, 0.9, 0.5]], (6, 1))


def scenes(names: tuple[str, ...] = NAMES, **changes: object) -> Matrix:
    """Six scenes: unseen paint in 0 and 4, several demonstrations in 2 to 5, where errors differ."""
    errors = ([5, 5, 1, 3, 1, 2], [5, 5, 2, 2, 2, 2], [5, 5, 3, 1, 3, 3])
    features = {f"left-out: {name}": np.array(row) for name, row in zip(names, errors, strict=False)}
    features["colour not shown"] = np.array([1.0, 0.4, 0.0, 0.0, 0.9, 0.0])
    features["left one out"] = np.array([0, 0, 1, 1, 1, 1])
    return made_up(CHANCES[:, : len(names)], features=features, strategies=names, **changes)


def chosen(matrix: Matrix) -> list[str]:
    return [matrix.strategies[a] for a in ReferenceRules.of(matrix).three_lines(matrix)]


def test_three_lines() -> None:
    # Of equal errors, in the last scene, that of the better strategy in training is taken.
    assert chosen(scenes()) == ["role", "maml", "maml", "role", "role", "warped-replay"]


def test_what_the_matrix_lacks_falls_on_maml() -> None:
    assert chosen(scenes(("maml", "warped-replay"))) == [
        "maml",
        "maml",
        "maml",
        "warped-replay",
        "maml",
        "warped-replay",
    ]
    whole = scenes()
    bare = replace(whole, feature_names=("anything",), features=whole.features[:, :1])
    assert chosen(bare) == ["maml"] * 6
    # Without `maml` as well, the single best.
    assert chosen(scenes(("replay", "warped-replay")))[:2] == ["warped-replay", "warped-replay"]


def test_what_cannot_be_taken_gives_way() -> None:
    """`contrast` comes nearest on demonstrations left out, and yet only in one scene has it a failure to learn from."""
    names = ("maml", "warped-replay", "contrast")
    errors = {f"left-out: {name}": np.full(6, error) for name, error in zip(names, (3.0, 2.0, 1.0), strict=True)}
    known = {**errors, "left one out": np.ones(6)}
    found = chosen(made_up(CHANCES, features=known, strategies=names, failed=np.array([0, 1, 0, 0, 0, 0])))
    assert found == ["warped-replay", "contrast", *["warped-replay"] * 4]


def test_retry_is_no_first_choice_of_the_rule() -> None:
    matrix = scenes(("maml", "warped-replay", "retry"))
    assert "retry" not in chosen(matrix)


def labelled(labels: list[str], best: list[int]) -> Matrix:
    chances = np.where(np.arange(3)[None] == np.array(best)[:, None], 1.0, 0.2)
    return made_up(chances, strategies=NAMES, world=np.array(labels))


def test_told_the_world() -> None:
    training = labelled(["paint", "role", "repainted"] * 4, [0, 2, 1] * 4)
    rules = ReferenceRules.of(training)
    judged = labelled(["role", "paint", "repainted", "elsewhere"], [0, 0, 0, 0])
    # A world that training didn't have falls on the single best.
    assert rules.told(judged).tolist() == [2, 0, 1, rules.ranking[0]]
    assert replace(rules, worlds={}).told(judged) is None


def test_rankings_leave_out_scenes_where_nothing_can_tell() -> None:
    """Five untellable scenes would make `role` the single best."""
    mixed = labelled(["paint"] * 4 + ["untellable"] * 5, [1] * 4 + [2] * 5)
    rules = ReferenceRules.of(mixed)
    assert rules.ranking[0] == 1 and set(rules.worlds) == {"paint"}
    with pytest.raises(MatrixError, match="matrix of 2 scenes of the world 'untellable' alone"):
        ReferenceRules.of(labelled(["untellable"] * 2, [0, 0]))


def test_what_was_told_is_kept_in_the_file(tmp_path: Path) -> None:
    training = labelled(["paint", "role"] * 6, [0, 2] * 6)
    selector = train_selector(training, Prices(attempts=1), LearnerConfig(trees=2))
    save_selector(tmp_path / "s.safetensors", selector)
    assert load_selector(tmp_path / "s.safetensors").rules == selector.rules and selector.rules.worlds
