"""Attempts: labelled by physics, and the observed tip points to the side that sank."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demos.expert.scripted_controller import scripted_controller
from robo_meta.scenarios.attempts import attempt, policy_attempt, seen_tip
from robo_meta.scenarios.rollout import rollout
from robo_meta.strategies.policy import GraspPolicy
from sim.env import GraspEnv
from sim.tasks.scenes import Noise
from tests.sim.objects.bars import HEIGHT, LENGTH, bar_scene


def at(x: float) -> np.ndarray:
    return np.array([x, 0.0, HEIGHT / 2, np.pi / 2])


@pytest.mark.parametrize("side", [-1, 1])
def test_the_side_of_the_centre_of_mass_sinks(side: int) -> None:
    scene = bar_scene()
    centre = scene.mass_properties.centre[0]
    item = attempt(scene, 3, at(centre + side * 0.06))
    assert not item.success
    # Held to the left of what it weighs, the right side goes down, and the other way round.
    assert np.sign(item.tip[0]) == -side
    assert np.hypot(*item.tip) > 0.2 and abs(item.tip[1]) < 0.3 * abs(item.tip[0])


def test_a_good_hold_is_level_and_a_light_object_always() -> None:
    scene = bar_scene()
    good = attempt(scene, 1, at(scene.mass_properties.centre[0]))
    assert good.success and np.hypot(*good.tip) < 0.1
    light = bar_scene(mass=0.03, intention="part", part_colour="blue")
    wrong = attempt(light, 1, at(-LENGTH / 2 + 0.02))
    assert not wrong.success and np.hypot(*wrong.tip) < 0.1


def test_a_miss_has_no_tip() -> None:
    missed = attempt(bar_scene(), 1, at(LENGTH / 2 + 0.06))
    assert not missed.success and not missed.tip.any()
    assert missed.grasp[0] == pytest.approx(LENGTH / 2 + 0.06, abs=0.01)


def test_what_is_seen_has_noise_and_follows_from_the_seed() -> None:
    tips = np.stack([seen_tip(np.array([0.3, 0.0]), 0.035, seed) for seed in range(400)])
    assert np.allclose(tips.mean(0), [0.3, 0.0], atol=0.006) and np.allclose(tips.std(0), 0.035, atol=0.005)
    assert np.array_equal(seen_tip(np.zeros(2), 0.035, 7), seen_tip(np.zeros(2), 0.035, 7))
    scene = replace(bar_scene(), noise=Noise())
    first, again = attempt(scene, 5, at(0.05)), attempt(scene, 5, at(0.05))
    assert all(np.array_equal(getattr(first, k), getattr(again, k)) for k in ("points", "hand", "actions", "tip"))


def test_a_policys_attempt_is_its_rollout() -> None:
    scene = replace(bar_scene(), noise=Noise())
    policy = GraspPolicy(lambda points: at(0.04), scripted_controller)
    item = policy_attempt(scene, 11, policy, "b0")
    env = GraspEnv()
    outcome = rollout(env, scene, 11, policy)
    env.close()
    assert item.success == outcome.success and len(item.actions) == outcome.steps
    assert item.object_id == "b0" and item.family == "bar" and not item.tip.flags.writeable
