"""A site's memory: Bayes' rule by hand, learning from a matrix of two kinds of sites, and what it is worth there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robo_meta.selector.judging.site import MIXED, judge_sites
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.file import load_selector, save_selector
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.site import CHANGED, SiteMemory, SiteModel, train_site
from robo_meta.selector.matrix.matrix import Matrix
from tests.robo_meta.selector.selector_matrices import made_up

NAMES = ("maml", "role")
CONFIG = LearnerConfig(trees=20)


def scenes(count: int = 160, told: float = 0.0, seed: int = 0, **changes: object) -> Matrix:
    """`maml` works where paint tells, `role` where the part does; a share `told` of the scenes shows which."""
    rng = np.random.default_rng(seed)
    by_part = rng.random(count) < 0.5
    chances = np.where(by_part[:, None], [[0.1, 0.9]], [[0.9, 0.1]])
    shows = rng.random(count) < told
    features = {"colour not shown": np.where(shows, by_part, 0.5)}
    carries = np.where(by_part, "role", "paint")
    return made_up(chances, features=features, strategies=NAMES, seed=seed, carries=carries, **changes)


@pytest.fixture(scope="module")
def model() -> SiteModel:
    found = train_site(scenes(), CONFIG)
    assert found is not None
    return found


def test_bayes_by_hand(model: SiteModel) -> None:
    memory = SiteMemory(replace(model, prior=0.5))
    by_kind = np.array([[0.9, 0.2], [0.3, 0.8]])
    assert memory.chances(by_kind).tolist() == pytest.approx([0.6, 0.5])
    memory.observe(by_kind, 0, success=False)
    assert memory.belief.tolist() == pytest.approx([0.1 / 0.8, 0.7 / 0.8])
    memory.look(float(np.log(1 / 7)))
    assert memory.belief.tolist() == pytest.approx([0.5, 0.5])
    memory.observe(by_kind, 1, success=True)
    memory.next_scene()
    assert memory.belief[1] == pytest.approx(0.8 * (1 - CHANGED) + 0.5 * CHANGED)


def test_each_kind_is_predicted_as_it_is(model: SiteModel) -> None:
    from robo_meta.selector.learner.inputs import Inputs

    found = model.chances(Inputs(NAMES), scenes(5, seed=3).features)
    assert found == pytest.approx(np.tile([[[0.9, 0.1], [0.1, 0.9]]], (5, 1, 1)), abs=0.08)
    shown = train_site(scenes(told=1.0), CONFIG)
    assert shown is not None
    judged = scenes(60, told=1.0, seed=4)
    speaks = shown.log_odds(Inputs(NAMES), judged.features) > 0
    assert (speaks == (judged.scenes["carries"] == "role")).all()


def test_memory_gains_where_scenes_are_alike_and_loses_little_elsewhere() -> None:
    """Nothing in most scenes tells the kind, so that without memory half of them fail."""
    selector = train_selector(scenes(told=0.1), Prices(attempts=1), CONFIG)
    judged = scenes(120, told=0.1, seed=1, families=("axe", "hook", "girder"))
    found = judge_sites(judged, selector)
    assert found is not None
    for kind in ("paint", "role"):
        assert found[kind]["memory"] == pytest.approx(found[kind]["without"] + found[kind]["gain"]["value"])
    gains = [found[kind]["gain"]["value"] for kind in ("paint", "role")]
    # Without memory the same strategy is taken everywhere: wrong at one kind of site, where memory is worth the most.
    assert max(gains) > 0.6 and min(gains) > -0.1
    assert abs(found[MIXED]["gain"]["value"]) < 0.1
    assert judge_sites(judged, replace(selector, site=None)) is None


def test_one_kind_alone_teaches_nothing() -> None:
    assert train_site(made_up(np.full((20, 2), 0.5), strategies=NAMES), CONFIG) is None


def test_the_file_keeps_it(tmp_path: Path) -> None:
    selector = train_selector(scenes(60), Prices(attempts=1), CONFIG)
    found = load_selector(save_selector(tmp_path / "s.safetensors", selector))
    assert found.site is not None and selector.site is not None and found.site.prior == selector.site.prior
    features = scenes(10, seed=2).features
    before, after = (one.site.chances(one.inputs, features) for one in (selector, found))
    assert np.array_equal(before, after)
