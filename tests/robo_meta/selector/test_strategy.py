"""The selector as a strategy: it decides at the first scan, delegates, and says what it lacks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from demos.expert.scripted_controller import scripted_controller
from demos.support import SupportSet
from robo_meta.selector.learner.file import SelectorError
from robo_meta.selector.matrix.feature_names import SCENE_FEATURES, feature_names
from robo_meta.selector.matrix.observe import look, shown
from robo_meta.selector.strategy import SelectorStrategy
from robo_meta.strategies import StrategyError, make_strategy
from robo_meta.strategies.build import build_strategies
from robo_meta.training.checkpoint import CheckpointError, load_checkpoint
from tests.robo_meta.selector.selector_matrices import STRATEGIES


@pytest.fixture(scope="module")
def strategy(selector_file: Path, tiny_run: Path) -> SelectorStrategy:
    return SelectorStrategy(load_checkpoint(tiny_run), scripted_controller, selector_file)


def test_it_delegates_what_it_decides(strategy: SelectorStrategy, packed: SimpleNamespace, tiny_run: Path) -> None:
    data = packed.arrays(tasks=3)
    query = data["points"][0, 3].astype(np.float32)
    for shots, name, hand in ((1, "replay", "replayed"), (3, "maml", "scripted")):
        support = packed.support(data, 0, shots)
        policy = strategy.adapt(support)
        assert policy.controller == "undecided"
        target = policy.target(query)
        assert (policy.chosen, policy.controller) == (name, hand)
        own = make_strategy(name, load_checkpoint(tiny_run), scripted_controller).adapt(support)
        assert np.array_equal(target, own.target(query))
        seen = {"points": query, "hand": np.array([0.1, 0, 0.2, 0, 0.08, 0, 1], np.float32)}
        policy.reset()
        own.reset()
        assert np.array_equal(policy.act(seen), own.act(seen))
        scores = policy.point_scores(query)
        assert (scores is None) == (name == "replay")


def test_it_acts_without_being_asked_for_a_target(strategy: SelectorStrategy, packed: SimpleNamespace) -> None:
    data = packed.arrays(tasks=3)
    policy = strategy.adapt(packed.support(data, 1))
    query = data["points"][1, 3].astype(np.float32)
    action = policy.act({"points": query, "hand": np.array([0.1, 0, 0.2, 0, 0.08, 0, 1], np.float32)})
    assert action.shape == (5,) and policy.chosen == "replay"


def test_participants_take_the_file(selector_file: Path, tiny_run: Path, tmp_path: Path) -> None:
    built = build_strategies(tiny_run / "policy.safetensors", ("selector",), "learned", selector_file)
    assert built[0].name == "selector"
    with pytest.raises(SelectorError, match="no selector; train one with robo-meta select train"):
        build_strategies(tiny_run / "policy.safetensors", ("selector",), "learned", tmp_path / "none")


def test_strategies_that_the_checkpoint_lacks(selector_file: Path, tiny_run: Path) -> None:
    found = load_checkpoint(tiny_run)
    lacking = type(found)({k: v for k, v in found.parts.items() if k != "maml"}, found.card)
    with pytest.raises(CheckpointError, match="holds no 'maml'"):
        SelectorStrategy(lacking, scripted_controller, selector_file)
    with pytest.raises(StrategyError, match="strategy 'maml' needs a checkpoint"):
        SelectorStrategy(None, scripted_controller, selector_file)  # type: ignore[arg-type]


def test_features_know_nothing_but_scans_and_demonstrations(packed: SimpleNamespace, tiny_run: Path) -> None:
    data = packed.arrays(tasks=3)
    support, query = packed.support(data, 0, 2), data["points"][0, 3].astype(np.float32)
    held = load_checkpoint(tiny_run)
    strategies = {name: make_strategy(name, held, scripted_controller) for name in STRATEGIES}
    found = look(strategies, support, query)
    names = feature_names(STRATEGIES)
    assert found.features.shape == (len(names),) and np.isfinite(found.features).all()
    # Labels of families and objects, and what the scene is called, are no part of it.
    from dataclasses import replace

    renamed = SupportSet(tuple(replace(item, family="other", object_id="z9") for item in support.items))
    assert np.array_equal(look(strategies, renamed, query).features, found.features)
    value = dict(zip(names, found.features, strict=True))
    assert value["shots"] == 2 and value["left one out"] == 1 and value["colour not shown"] == 0
    assert value["fit: replay"] == pytest.approx(0, abs=0.5) and value["fit: centre"] > 1
    alone = dict(zip(names, look(strategies, packed.support(data, 0, 1), query).features, strict=True))
    assert alone["left one out"] == 0 and alone["left-out: maml"] == alone["left-out: centre"]
    # A demonstration on the very same scan is no distance away; other colours are not shown.
    same = dict(zip(names, look(strategies, support, support.items[0].points).features, strict=True))
    assert same["shape distance"] == 0 < value["shape distance"]
    painted = query.copy()
    painted[:, 3:6] = 0.92
    assert dict(zip(names, look(strategies, support, painted).features, strict=True))["colour not shown"] == 1
    rough = query.copy()
    rough[:, 2] += np.random.default_rng(0).normal(0, 0.006, len(query)).astype(np.float32)
    there = SCENE_FEATURES.index("scan roughness")
    assert look(strategies, support, rough).features[there] > 2 * found.features[there]


def test_failures_are_shown_to_those_who_learn_from_them(packed: SimpleNamespace) -> None:
    from dataclasses import replace

    first, second = packed.support(packed.arrays(tasks=1), 0, 2).items
    support = SupportSet((first, replace(second, success=False)))
    assert shown("maml", support).items == (first,)
    assert shown("retry", support) is support
    nothing_else = SupportSet((replace(first, success=False),))
    assert shown("maml", nothing_else) is nothing_else
