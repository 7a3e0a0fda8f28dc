"""Rollouts: frames at the boundary, keypoint errors, and one real episode."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from demos.expert.grasp_plan import plan_grasp
from demos.expert.scripted_controller import scripted_controller
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import matched_task, support_object
from robo_meta.scenarios.rollout import Outcome, expert_rollout, keypoint_error, rollout, true_keypoints
from robo_meta.scenarios.scene_rollouts import SceneRollouts
from robo_meta.scenarios.supports import record_support
from robo_meta.strategies.policy import GraspPolicy
from sim.env import GraspEnv
from sim.frames import quat_from_yaw
from sim.objects.prisms import Prism
from sim.objects.spec import ObjectSpec
from sim.tasks.scenes import Scene, Task


def box(x0: float, x1: float, half: float, colour: str) -> Prism:
    return Prism("box", np.array([[x0, -half], [x1, -half], [x1, half], [x0, half]]), 0.03, colour)


def bar_scene(intention: str, part_colour: str | None = None) -> Scene:
    """A bar 24 cm long: 12 cm of red (density 3) and 12 cm of blue (density 1); balances at −3 cm."""
    spec = ObjectSpec("bar", (box(-0.12, 0.0, 0.02, "red"), box(0.0, 0.12, 0.02, "blue")), 0.8)
    task = Task("validation", 0, {"red": 3.0, "blue": 1.0}, intention, part_colour)
    return Scene(task, spec, 0.4 if intention == "balance" else 0.03)


class FakeEnv:
    """Ends after three actions; the object lies at a heading of 90° and the hand 10 cm from it along world y."""

    def __init__(self, verdict: dict[str, bool]) -> None:
        self.verdict, self.actions, self.seed, self.tip = verdict, list[np.ndarray](), -1, np.zeros(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self.seed, self.actions = int(seed or 0), []
        return self._observation(), {}

    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.actions.append(action)
        if len(self.actions) < 3:
            return self._observation(), 0.0, False, False, {}
        return self._observation(), 0.0, False, True, {"verdict": self.verdict, "success": all(self.verdict.values())}

    def _observation(self) -> dict[str, np.ndarray]:
        state = np.zeros(14, dtype=np.float32)
        state[:3], state[3], state[4], state[6] = (0.5, 0.1, 0.2), 0.3, 0.08, 1.0
        state[7:10], state[10:14] = (0.5, 0.0, 0.0), quat_from_yaw(np.pi / 2)
        return {"points": np.zeros((96, 6), dtype=np.float32), "state": state}


class Recording:
    """A policy that keeps what it sees and always asks for object-frame +x."""

    controller = "scripted"

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []
        self.resets = 0

    def target(self, points: np.ndarray) -> np.ndarray:
        return np.array([-0.03, 0.01, 0.015, np.pi / 2])

    def act(self, observation: Any) -> np.ndarray:
        self.seen.append(observation["hand"])
        return np.array([1.0, 0.0, -0.5, 0.25, -1.0], dtype=np.float32)

    def reset(self) -> None:
        self.resets += 1
        self.seen = []

    def point_scores(self, points: np.ndarray) -> None:
        return None


def test_policies_see_and_act_in_the_object_frame() -> None:
    env, policy = FakeEnv({"lifted": True, "level": False}), Recording()
    outcome = rollout(env, bar_scene("balance"), 17, policy)
    assert env.seed == 17 and policy.resets == 1
    # The object's x axis is the world's y: the hand, 10 cm along world y, is at object x = 10 cm.
    np.testing.assert_allclose(policy.seen[0][:3], [0.1, 0.0, 0.2], atol=1e-6)
    assert policy.seen[0][3] == pytest.approx(0.3 - np.pi / 2, abs=1e-6)
    np.testing.assert_allclose(env.actions[0], [0.0, 1.0, -0.5, 0.25, -1.0], atol=1e-6)
    assert outcome.steps == 3 and not outcome.success
    assert outcome.failed_parts == ("level",) and dict(outcome.verdict) == {"lifted": True, "level": False}
    assert outcome.controller == "scripted" and outcome.act_ms > 0 and outcome.first_act_ms > 0


def test_the_first_action_takes_as_long_as_choosing() -> None:
    """Also where the rollout itself was played for another strategy with the same target."""
    chosen = []

    def slowly(points: np.ndarray) -> np.ndarray:
        chosen.append(len(points))
        time.sleep(0.02)
        return plan_grasp(matched.query)

    matched = matched_task(0, "validation", 0)
    query = SceneRollouts(matched.query, [matched.rollout_seed])
    outcomes = [query.outcome(GraspPolicy(slowly, scripted_controller)) for _ in range(2)]
    assert query.played == 1 and outcomes[0] == outcomes[1]
    for outcome in outcomes:
        assert outcome.first_act_ms >= 20 and 20 / outcome.steps <= outcome.act_ms < outcome.first_act_ms
    # Once for each policy: the same scan is not looked at again.
    assert len(chosen) == 2


class Own(GraspPolicy):
    """A policy that moves the hand its own way: its episode can't be known from its target."""

    controller = "own"

    def __init__(self, speed: float) -> None:
        target = plan_grasp(bar_scene("balance"))
        super().__init__(lambda points: target, lambda hand, target: scripted_controller(hand, target, speed))


def test_only_those_who_act_by_their_target_alone_share_an_episode() -> None:
    rollouts = SceneRollouts(bar_scene("balance"), [3, 4], push=0.01)
    slow, fast = rollouts.outcome(Own(0.5)), rollouts.outcome(Own(1.0))
    assert rollouts.played == 2 and slow.steps > fast.steps and slow.target == fast.target
    drawn = [GraspPolicy(lambda points: plan_grasp(bar_scene("balance")), scripted_controller) for _ in range(2)]
    assert rollouts.outcome(drawn[0]).steps == rollouts.outcome(drawn[1]).steps == fast.steps and rollouts.played == 3
    # The other rollout is another pose, and an item is the same episode as an outcome.
    item = rollouts.item(drawn[0], 1)
    assert rollouts.played == 4 and rollouts.outcome(drawn[1], 1).steps == len(item.actions) and rollouts.played == 4
    assert not np.array_equal(rollouts.scans[0], rollouts.scans[1]) and np.array_equal(item.points, rollouts.scans[1])


def test_latencies_do_not_enter_comparisons() -> None:
    first, second = (
        Outcome(True, {"lifted": True}, 3, (0.0, 0.0, 0.0, 0.0), 1.0, 0.5, "learned", act_ms=ms) for ms in (1.0, 2.0)
    )
    assert first == second and first.act_ms != second.act_ms


def test_keypoint_error_of_balance() -> None:
    scene = bar_scene("balance")
    np.testing.assert_allclose(true_keypoints(scene), [[-0.03, 0.0]], atol=1e-12)
    plain, across = keypoint_error(scene, np.array([-0.02, 0.004, 0.015, np.pi / 2]))
    assert (plain, across) == pytest.approx((np.hypot(0.01, 0.004), 0.01), abs=1e-9)
    # Closing along x instead, only the 4 mm beside the line count.
    assert keypoint_error(scene, np.array([-0.02, 0.004, 0.015, 0.0]))[1] == pytest.approx(0.004, abs=1e-9)


def test_keypoint_error_of_part_is_to_the_nearest_end() -> None:
    scene = bar_scene("part", "blue")
    ends = true_keypoints(scene)
    assert len(ends) == 1 and ends[0, 0] > 0.09
    assert keypoint_error(scene, np.array([ends[0, 0] - 0.02, 0.0, 0.015, np.pi / 2]))[0] == pytest.approx(
        0.02, abs=2e-3
    )


@pytest.fixture(scope="module")
def env() -> Any:
    world = GraspEnv()
    yield world
    world.close()


def test_true_grasp_succeeds_and_the_end_tips(env: GraspEnv) -> None:
    scene = bar_scene("balance")
    grasp, end = plan_grasp(scene), np.array([0.11, 0, 0, 0])
    held = rollout(env, scene, 5, GraspPolicy(lambda points: grasp, scripted_controller))
    assert held.success and held.keypoint_mm < 1 and held.steps < 45
    tipped = rollout(env, scene, 5, GraspPolicy(lambda points: grasp + end, scripted_controller))
    assert not tipped.success and tipped.across_mm == pytest.approx(110, abs=1)
    assert rollout(env, scene, 5, GraspPolicy(lambda points: grasp, scripted_controller)) == held


def test_expert_plays_the_same_episode_again(env: GraspEnv) -> None:
    scene = bar_scene("balance")
    first, second = expert_rollout(env, scene, 9), expert_rollout(env, scene, 9)
    assert first == second and first.success and 0 < first.keypoint_mm < 15


# Matched scenes


def test_tasks_alternate_intentions_and_depend_on_seed_and_number_alone() -> None:
    tasks = [matched_task(3, "validation", index) for index in range(4)]
    assert [m.task.intention for m in tasks] == ["balance", "part"] * 2
    again = matched_task(3, "validation", 2)
    assert again.rollout_seed == tasks[2].rollout_seed
    assert dict(again.task.densities) == dict(tasks[2].task.densities)
    assert len({m.rollout_seed for m in tasks}) == 4
    assert matched_task(4, "validation", 2).rollout_seed != again.rollout_seed


def test_support_objects_of_each_transfer() -> None:
    matched = matched_task(3, "validation", 0)
    own, others = matched.families[0], matched.families[1:]
    assert [support_object(matched, "same-object", k) for k in range(3)] == [(own, "a0")] * 3
    assert [support_object(matched, "new-instance", k) for k in range(3)] == [(own, f"a{k + 1}") for k in range(3)]
    shapes = [support_object(matched, "new-shape", k) for k in range(len(others) + 1)]
    assert [family for family, _ in shapes] == [*others, others[0]]
    assert own not in {family for family, _ in shapes} and len(set(shapes)) == len(shapes)


def test_three_shots_contain_the_one_shot() -> None:
    matched = matched_task(3, "validation", 0)
    one, two = record_support(matched, Condition(), 1), record_support(matched, Condition(), 2)
    assert (one.shots, two.shots) == (1, 2) and all(item.success for item in two.items)
    np.testing.assert_array_equal(one.items[0].hand, two.items[0].hand)
    np.testing.assert_array_equal(one.items[0].points, two.items[0].points)
    assert two.items[0].family != two.items[1].family != matched.query.object.family
