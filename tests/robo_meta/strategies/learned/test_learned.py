"""The learned strategies keep the promises of the interface; their accuracy is measured elsewhere."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from demos.expert.scripted_controller import scripted_controller
from robo_meta.catalogue import CATALOGUE
from robo_meta.model.controller import LearnedController
from robo_meta.strategies import StrategyError, make_strategy
from robo_meta.strategies.policy import GraspPolicy
from robo_meta.training.checkpoint import CheckpointError, load_checkpoint

LEARNED = [row.name for row in CATALOGUE.values() if row.has_prior and not row.drives_itself]
"""Those that choose a place by weighing points."""


@pytest.fixture(params=LEARNED)
def strategy(request: pytest.FixtureRequest, tiny_run: Path):
    return make_strategy(request.param, load_checkpoint(tiny_run), scripted_controller)


@pytest.fixture(scope="module")
def data(packed: SimpleNamespace) -> dict[str, np.ndarray]:
    return packed.arrays(tasks=3)


def test_only_those_that_adapt_change_with_the_support(strategy, data: dict, packed: SimpleNamespace) -> None:
    query = data["points"][0, 3].astype(np.float32)
    prior = strategy.prior_policy().point_scores(query)
    adapted = strategy.adapt(packed.support(data, 0)).point_scores(query)
    assert np.allclose(prior, adapted, atol=1e-7) == (strategy.name == "zero-shot")


def test_targets_are_kept_for_an_episode(strategy, data: dict, packed: SimpleNamespace) -> None:
    policy = strategy.adapt(packed.support(data, 0))
    one, other = (data["points"][0, k].astype(np.float32) for k in (2, 3))
    hand = np.array([0.1, 0, 0.2, 0, 0.08, 0, 1], np.float32)
    action = policy.act({"points": one, "hand": hand})
    assert np.array_equal(action, policy.act({"points": other, "hand": hand}))
    policy.reset()
    assert not np.array_equal(action, policy.act({"points": other, "hand": hand}))


def test_strategies_that_cannot_be_made() -> None:
    with pytest.raises(StrategyError, match=r"unknown strategy 'mamml'; did you mean 'maml'?"):
        make_strategy("mamml", None, scripted_controller)
    with pytest.raises(StrategyError, match=r"strategy 'maml' needs a checkpoint with 'maml'; found none"):
        make_strategy("maml", None, scripted_controller)


def test_fine_tune_starts_from_the_pretrained_network_where_there_is_one(tiny_run: Path, data: dict) -> None:
    found = load_checkpoint(tiny_run)
    without = type(found)({k: v for k, v in found.parts.items() if k != "pretrain"}, found.card)
    neither = type(found)({k: v for k, v in without.parts.items() if k != "zero-shot"}, found.card)
    query = data["points"][0, 3].astype(np.float32)

    def prior(name: str, checkpoint) -> np.ndarray:
        return make_strategy(name, checkpoint, scripted_controller).prior_policy().point_scores(query)

    pooled = prior("zero-shot", found)
    assert not np.allclose(prior("fine-tune", found), pooled)
    assert np.array_equal(prior("fine-tune", without), pooled)
    with pytest.raises(CheckpointError, match=r"holds no 'zero-shot'"):
        make_strategy("fine-tune", neither, scripted_controller)


def test_anil_moves_the_output_layer_only(tiny_run: Path, data: dict, packed: SimpleNamespace) -> None:
    from robo_meta.catalogue import OUTPUT_LAYER
    from robo_meta.model.point_features import encode
    from robo_meta.model.scorer import grasp_rows

    checkpoint = load_checkpoint(tiny_run)
    (item,) = packed.support(data, 0).items
    scans, grasps = encode(torch.tensor(item.points)[None, None]), grasp_rows(torch.tensor(item.grasp))
    phi = make_strategy("anil", checkpoint, scripted_controller).adapted(scans, grasps[None, None], torch.ones(1, 1))
    moved = {name for name, value in phi.items() if not torch.equal(value[0], checkpoint.part("anil")[name])}
    assert moved == set(OUTPUT_LAYER) and all(name in phi for name in checkpoint.part("anil") if name[:5] == "head.")


@pytest.mark.parametrize("name", ["scratch", "reptile"])
def test_whole_network_fits_the_support(name: str, tiny_run: Path, data: dict, packed: SimpleNamespace) -> None:
    """Body and head move, and the demonstrations become likelier; `scratch` needs no trained scorer for it."""
    from robo_meta.learning.reptile import whole_losses
    from robo_meta.model.point_features import encode
    from robo_meta.model.scorer import grasp_rows, shapes

    found = load_checkpoint(tiny_run)
    kept = ("closing",) if name == "scratch" else ("closing", "reptile")
    checkpoint = type(found)({k: found.parts[k] for k in kept}, found.card)
    items = packed.support(data, 0, 2).items
    scans = encode(torch.from_numpy(np.stack([item.points for item in items]))[None])
    grasps, mask = grasp_rows(torch.from_numpy(np.stack([item.grasp for item in items]))[None]), torch.ones(1, 2)
    strategy = make_strategy(name, checkpoint, scripted_controller)
    before = {k: v[None] for k, v in strategy.parameters(checkpoint).items()}
    after = strategy.adapted(scans, grasps, mask)
    sizes = found.architecture
    assert set(after) == set(shapes(sizes.hidden, sizes.head, sizes.keypoints))
    assert not torch.equal(before["body.in.weight"], after["body.in.weight"])
    assert whole_losses(after, scans, grasps, mask) < whole_losses(before, scans, grasps, mask) - 0.1


def test_checkpoint_without_the_part(tiny_run: Path) -> None:
    found = load_checkpoint(tiny_run)
    lacking = type(found)({k: v for k, v in found.parts.items() if k != "context"}, found.card)
    with pytest.raises(CheckpointError, match=r"holds no 'context'"):
        make_strategy("context", lacking, scripted_controller)


def test_learned_controller_is_the_trained_network(tiny_run: Path) -> None:
    from robo_meta.model.controller import hand_inputs, loss

    omega = load_checkpoint(tiny_run).part("controller")
    hand = LearnedController({k: v.numpy() for k, v in omega.items()})
    rng = np.random.default_rng(0)
    state, target = rng.normal(0, 0.05, (1, 7)), rng.normal(0, 0.05, (1, 4))
    action = hand(state[0], target[0])
    assert hand.whose == "learned" and GraspPolicy(lambda p: target[0], hand).controller == "learned"
    assert action.shape == (5,) and abs(action[4]) == 1
    # Motions equal to the network's own output cost nothing but the gripper's term.
    from robo_meta.model.controller import turned

    inputs, direction = hand_inputs(state, target)
    wanted = torch.tensor(turned(action[None].astype(np.float64), direction), dtype=torch.float32)
    assert float(loss(omega, torch.tensor(inputs, dtype=torch.float32), wanted)) < np.log(2)


def test_controller_turns_with_the_frame(tiny_run: Path) -> None:
    hand = LearnedController({k: v.numpy() for k, v in load_checkpoint(tiny_run).part("controller").items()})
    state, target = np.array([0.02, 0.01, 0.1, 0.3, 0.08, 0, 1]), np.array([-0.01, 0.03, 0.02, 0.5])
    c, s = np.cos(0.4), np.sin(0.4)
    turn = np.array([[c, -s], [s, c]])
    turned_state, turned_target = state.copy(), target.copy()
    turned_state[:2], turned_target[:2] = turn @ state[:2], turn @ target[:2]
    turned_state[3] += 0.4
    turned_target[3] += 0.4
    before, after = hand(state, target), hand(turned_state, turned_target)
    assert np.allclose(turn @ before[:2], after[:2], atol=1e-6) and np.allclose(before[2:], after[2:], atol=1e-6)


def test_targets_are_spread_only_from_closing_on() -> None:
    from robo_meta.model.controller import CLOSED_SPREAD, CLOSING_SPREAD, spread_targets

    hand, actions, target = np.zeros((3, 7)), np.zeros((3, 5)), np.zeros((3, 4))
    hand[:, 6], actions[:, 4] = [1, 1, -1], [1, -1, -1]
    moved = spread_targets(hand, target, actions, np.ones((3, 4)))
    assert np.array_equal(moved, [np.zeros(4), CLOSING_SPREAD, CLOSED_SPREAD])
