"""Strategies that clone actions: what they do in an episode, and that demonstrations move them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from demos.expert.episode import shared_env
from demos.support import SupportSet
from robo_meta.learning import cloning
from robo_meta.model.action_head import OUTPUTS
from robo_meta.model.architecture import Architecture
from robo_meta.scenarios.attempts import attempt
from robo_meta.scenarios.rollout import play_policy
from robo_meta.strategies.learned.bc_finetune import BcFinetune, cloning_policy, fine_tuned
from robo_meta.strategies.learned.in_context import InContext
from robo_meta.strategies.learned.step_policy import StepPolicy, imagined_grasp
from robo_meta.training.checkpoint import Checkpoint, load_checkpoint
from sim.robot import Workspace
from tests.sim.objects.bars import HEIGHT, bar_scene

WANTED = np.array([0.03, -0.02, 0.015, 0.5])


def towards(points: torch.Tensor, hand: torch.Tensor) -> torch.Tensor:
    """A network that was told the place: it goes to `WANTED` in the hand's frame, and closes there."""
    x, y, z, yaw = hand[:4].double().numpy()
    error = WANTED[:2] - (x, y)
    c, s = np.cos(yaw), np.sin(yaw)
    planar = np.array([c * error[0] + s * error[1], c * error[1] - s * error[0]]) / Workspace.reach
    up, turn = (WANTED[2] - z) / Workspace.reach, (WANTED[3] - yaw) / Workspace.turn
    arrived = np.hypot(*error) < 0.006 and abs(WANTED[2] - z) < 0.006
    return torch.tensor(np.array([*planar, up, turn, -5.0 if arrived else 5.0]).clip(-1, 1), dtype=torch.float32)


def test_an_imagined_hand_closes_where_it_was_sent() -> None:
    found = imagined_grasp(towards, np.zeros((10, 6), np.float32))
    np.testing.assert_allclose(found, WANTED, atol=6e-3)


def test_the_target_is_where_the_hand_closed() -> None:
    policy, scene = StepPolicy(towards), bar_scene()
    timed = play_policy(shared_env(), scene, 3, policy)
    points = timed.episode.points
    np.testing.assert_allclose(policy.target(points), WANTED, atol=2e-2)
    other = np.array(points) + np.float32(1e-3)
    assert not np.array_equal(policy.target(points), policy.target(other))
    np.testing.assert_allclose(policy.target(other), WANTED, atol=6e-3)


def test_an_imagined_hand_that_never_closes_stays_above_the_table() -> None:
    def down(points: torch.Tensor, hand: torch.Tensor) -> torch.Tensor:
        return torch.tensor([0.0, 0.0, -1.0, 0.0, 1.0])

    assert imagined_grasp(down, np.zeros((10, 6), np.float32))[2] == pytest.approx(Workspace.low[2])


@pytest.fixture(scope="module")
def support() -> SupportSet:
    """Two demonstrations on a bar, as physics played them."""
    scene = bar_scene()
    grasp = np.array([scene.mass_properties.centre[0], 0.0, HEIGHT / 2, np.pi / 2])
    return SupportSet(tuple(attempt(scene, seed, grasp) for seed in (1, 2)))


def fresh(part: str) -> Checkpoint:
    theta = cloning.initial(cloning.SHAPES[part](Architecture(hidden=16)), torch.Generator().manual_seed(0))
    return Checkpoint({part: theta}, {})


def test_fine_tuning_clones_what_was_demonstrated(support: SupportSet) -> None:
    """From scratch, so that nothing but the demonstration can have taught it: the actions along the demonstrated path
    come out, those of the prior don't."""
    one = SupportSet(support.items[:1])
    theta = fresh("bc-finetune").parts["bc-finetune"]
    item = one.items[0]

    def errors(parameters: dict) -> np.ndarray:
        policy = cloning_policy(parameters)
        found = []
        for hand, action in zip(item.hand[:-1], item.actions, strict=True):
            found.append(np.abs(policy.act({"points": item.points, "hand": hand})[:4] - action[:4].clip(-1, 1)).max())
        return np.array(found)

    before = {name: value.clone() for name, value in theta.items()}
    tuned = fine_tuned(theta, one)
    assert np.median(errors(tuned)) < 0.5 * np.median(errors(theta))
    assert all(torch.equal(theta[name], value) for name, value in before.items())


def test_the_same_support_gives_the_same_policy(support: SupportSet) -> None:
    query = attempt(bar_scene(joint=0.03), 5, np.array([0.0, 0.0, HEIGHT / 2, np.pi / 2]))
    for strategy in (BcFinetune(fresh("bc-finetune"), None), InContext(fresh("in-context"), None)):
        one, other = (strategy.adapt(support).act({"points": query.points, "hand": query.hand[0]}) for _ in range(2))
        assert np.array_equal(one, other) and one.shape == (OUTPUTS,) and one.dtype == np.float32


def test_a_prompt_moves_the_action(support: SupportSet) -> None:
    """Untrained, but nothing cuts the demonstrations off."""
    strategy, query = InContext(fresh("in-context"), None), support.items[1]
    seen = {"points": query.points, "hand": query.hand[0]}
    one, both = (strategy.adapt(SupportSet(items)).act(seen) for items in (support.items[:1], support.items))
    assert np.abs(one[:4] - both[:4]).max() > 1e-4


def test_the_second_checkpoint_is_there_by_name() -> None:
    found = load_checkpoint(Path("shipped:recorded"))
    assert {"maml", "bc-finetune", "in-context", "closing", "controller"} == set(found.parts)
    assert all(part["tasks"] == 160 for part in found.card["parts"].values())
