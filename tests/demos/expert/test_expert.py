"""The expert's demonstrations differ as asked, their labels stay clean, and disturbances are recovered from."""

import numpy as np
import pytest

from demos.demo import provenance
from demos.expert.expert import ExpertConfig, demonstrate
from demos.expert.grasp_plan import plan_grasp
from demos.expert.scripted_controller import CONTROLLER, REACH, scripted_controller
from demos.hindsight import actions_in_object, hand_path
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import BALANCE, NO_NOISE
from sim.tasks.seeds import seed_sequence

CLEAN = ExpertConfig(slowest=1.0, motion_noise=0.0, kick=0.0)
ROUGH = ExpertConfig(slowest=1.0, noisy_share=0.7, kick=0.3)
SCENE = draw_scene(0, draw_task(0, "training", 4, BALANCE), "hammer", "a0", NO_NOISE)
NATURAL = draw_scene(0, draw_task(0, "training", 4, BALANCE), "hammer", "a0")


def play(scene, number, config=None):
    path = ("training", 4, "demo", number, 0)
    origin = provenance("expert", 0, path)
    return demonstrate(scene, seed_sequence(0, *path), object_id="a0", provenance=origin, config=config)


@pytest.fixture(scope="module")
def natural():
    """8 demonstrations of one task on one object, noise and variation as recorded by default."""
    return [play(NATURAL, number) for number in range(8)]


@pytest.fixture(scope="module")
def rough():
    """4 demonstrations without observation noise, thrown about much."""
    return [play(SCENE, number, ROUGH) for number in range(4)]


def disturbed(demo):
    """(T,) bool: steps whose executed action is another than the label."""
    return (demo.actions != demo.labels).any(axis=1)


def test_labels_are_the_clean_action_at_every_state(rough):
    """At full speed and without noise of pose and aim, the recorded state alone says what the expert means to do."""
    target = plan_grasp(SCENE)
    for demo in rough:
        meant = np.array([scripted_controller(hand, target) for hand in hand_path(demo)[:-1]])
        np.testing.assert_allclose(actions_in_object(demo, demo.labels), np.clip(meant, -1, 1), atol=2e-3)
        assert disturbed(demo).any()
        assert np.abs(demo.actions - demo.labels).max() > 0.2


def test_only_the_open_hand_on_its_way_is_disturbed(rough):
    """Never the gripper, and nothing within 3 cm over the grasp, where a demonstration shows how to close."""
    height = plan_grasp(SCENE)[2]
    for demo in rough:
        hand = hand_path(demo)[:-1]
        on_its_way = (demo.labels[:, 4] > 0) & (hand[:, 6] > 0) & (hand[:, 2] - height > 0.03)
        assert not disturbed(demo)[~on_its_way].any()
        np.testing.assert_array_equal(demo.actions[:, 4], demo.labels[:, 4])


def test_without_disturbances_the_label_is_what_is_done():
    demo = play(SCENE, 0, CLEAN)
    np.testing.assert_array_equal(demo.actions, demo.labels)
    assert demo.success


def test_disturbances_are_recovered_from(rough):
    """Thrown about on the way, the hand ends where an undisturbed one does."""
    thrown = [(np.abs(demo.actions - demo.labels)[:, :2] > 0.5).any(axis=1).sum() for demo in rough]
    assert sum(thrown) >= 4
    for demo in rough:
        assert demo.success
    assert np.mean([demo.steps for demo in rough]) > play(SCENE, 0, CLEAN).steps


def test_recorded_demonstrations_are_disturbed_a_little_and_succeed(natural):
    shares = [disturbed(demo).mean() for demo in natural]
    assert sum(share > 0 for share in shares) >= 6
    assert 0.05 < np.mean(shares) < ExpertConfig().noisy_share
    assert sum(demo.success for demo in natural) >= 7


def test_demonstrations_of_one_task_differ_in_speed_and_start(natural):
    """Once over the grasp, the hand descends at the most that its speed allows."""
    speeds = [round(float(-demo.labels[:, 2].min()) * REACH / CONTROLLER.descent, 4) for demo in natural]
    assert ExpertConfig().slowest <= min(speeds) and max(speeds) <= 1
    assert np.ptp(speeds) > 0.15
    assert len(set(speeds)) == len(speeds)
    starts = np.array([demo.state[0] for demo in natural])
    for row, least in ((0, 0.02), (1, 0.02), (3, 0.1), (7, 0.02), (8, 0.02)):  # hand x, y, yaw; object x, y
        assert np.ptp(starts[:, row]) > least
    assert len({start.tobytes() for start in starts}) == len(natural)
