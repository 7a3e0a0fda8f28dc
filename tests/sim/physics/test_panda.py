"""The arm: joints that bring the hand to a place, and what is read once a moment of the physics."""

import platform
from collections.abc import Iterator

import numpy as np
import pytest

from sim.frames import Pose, heading_gap, quat_from_yaw
from sim.physics.arm_kinematics import LOWER, UPPER, ArmKinematics
from sim.physics.arm_model import ARM_JOINTS, HOME
from sim.physics.bodies import SimObject
from sim.physics.panda import GRASP_LINK, Panda
from sim.physics.world import World, pybullet
from sim.robot import GripperConfig
from tests.sim.objects.bars import bar_scene


@pytest.fixture(scope="module")
def arm() -> Iterator[tuple[World, Panda]]:
    world = World()
    yield world, Panda(world, GripperConfig(), visible=False)
    world.close()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="elsewhere sums may be contracted otherwise")
def test_joint_angles_are_pybullets_to_the_last_bit(arm: tuple[World, Panda]) -> None:
    world, panda = arm
    kinematics = ArmKinematics(world, panda.body, GRASP_LINK)
    base = pybullet.getDynamicsInfo(panda.body, -1, physicsClientId=world.client)[3]
    rng, near = np.random.default_rng(0), HOME
    for number in range(400):
        if number % 10 == 0:
            # Every other chain of steps starts anywhere; some end out of reach, where no number of iterations helps.
            near = HOME if number % 20 else tuple(rng.uniform(LOWER, UPPER).tolist())
            position, yaw = np.array([0.5, 0.0, 0.27]) + rng.uniform(-0.4, 0.4, 3), rng.uniform(-4, 4)
        if number % 10 < 4:
            # Then the hand stands still, as when it holds: few iterations come as near as is asked for.
            position, yaw = position + rng.uniform(-0.05, 0.05, 3), yaw + rng.uniform(-0.3, 0.3)
        half = yaw / 2 + np.pi / 4
        whole = pybullet.calculateInverseKinematics(
            panda.body,
            GRASP_LINK,
            list(position - np.array(base)),
            [np.cos(half), np.sin(half), 0.0, 0.0],
            currentPositions=[*near, 0.04, 0.04],
            maxNumIterations=60,
            residualThreshold=1e-6,
            physicsClientId=world.client,
        )
        found = kinematics.solve(position, yaw, near)
        assert found == tuple(np.clip(whole[: len(ARM_JOINTS)], LOWER, UPPER).tolist())
        near = found


def test_a_place_that_is_no_number_gives_angles_that_are_none(arm: tuple[World, Panda]) -> None:
    world, panda = arm
    found = ArmKinematics(world, panda.body, GRASP_LINK).solve(np.array([np.nan, 0.0, 0.2]), 0.0, HOME)
    assert np.isnan(found).all()


def test_the_hand_is_where_it_is_put_and_moved(arm: tuple[World, Panda]) -> None:
    _, panda = arm
    for position, yaw in ((np.array([0.45, 0.1, 0.3]), 0.3), (np.array([0.55, -0.1, 0.2]), -0.4)):
        panda.reset(position, yaw)
        np.testing.assert_allclose(panda.hand_position(), position, atol=1e-4)
        assert panda.hand_height() == panda.hand_position()[2] and panda.opening() == pytest.approx(0.08)
        assert heading_gap(panda.hand_yaw(), yaw) < 1e-3
    before = panda.hand_position()
    panda.move(before + [0, 0, 0.02], -0.4, close=True, steps=24)
    assert panda.hand_height() > before[2] + 0.005 and panda.opening() < 0.079
    x, y = panda.closing_direction()
    assert np.hypot(x, y) == pytest.approx(1, abs=1e-12)
    assert heading_gap(np.arctan2(y, x), panda.hand_yaw()) < 1e-12


def test_a_body_is_read_where_it_was_put_and_where_it_fell(arm: tuple[World, Panda]) -> None:
    world, scene = arm[0], bar_scene()
    aloft = Pose(np.array([0.5, 0.6, 0.3]), quat_from_yaw(0.2))
    body = SimObject(world, scene.object, scene.mass_properties, aloft, visible=False)
    np.testing.assert_allclose(body.object_to_world.position, aloft.position, atol=1e-9)
    world.step(10)
    fallen = body.object_to_world.position[2]
    assert fallen < 0.3 - 1e-3
    body.start_again(aloft)
    np.testing.assert_allclose(body.object_to_world.position, aloft.position, atol=1e-9)
    world.step(10)
    assert body.object_to_world.position[2] == fallen
    body.remove()
