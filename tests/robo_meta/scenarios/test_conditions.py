"""Conditions: what no scene can have, nested supports, failed demonstrations, other paint and light, shoves."""

from __future__ import annotations

import numpy as np
import pytest

from demos.expert.episode import shared_env
from robo_meta.scenarios.conditions import (
    Condition,
    ConditionError,
    query_under,
    repainted,
)
from robo_meta.scenarios.matched_scenes import MatchedTask, matched_task, support_object
from robo_meta.scenarios.rollout import keypoint_error, true_keypoints
from robo_meta.scenarios.supports import record_support
from robo_meta.strategies.baselines.colour_clusters import colour_centres, nearest_colour
from sim.light import LightError
from sim.objects.roles import roles_of
from sim.palette import PALETTE
from sim.physics.push import FIRST_STEP, LAST_STEP, Shove, ShoveError
from sim.tasks.sampling import draw_scene
from sim.tasks.scenes import Noise


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"transfer": "newshape"}, "transfer 'newshape'; expected one of same-object"),
        ({"shots": 0}, "shots 0; expected 1 to 6"),
        ({"shots": 7}, "shots 7; expected 1 to 6"),
        ({"failed": 1}, "failed 1 of 1 demonstrations"),
        ({"carries": "parts"}, "carries 'parts'; expected one of paint, role"),
        ({"sensing": 0.0}, "sensing 0.0; expected more than 0"),
        ({"operator": float("nan")}, "operator nan; expected more than 0"),
        ({"push": 0.5}, "push 0.5; expected 0 to 0.1 m"),
    ],
)
def test_what_no_scene_can_have(changes: dict, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        Condition(**changes)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "light, line",
    [
        ("0-1-1", "light '0-1-1': expected gains above 0 and up to 2"),
        ("1-1-3", "light '1-1-3': expected gains above 0 and up to 2"),
        ("dim", "light 'dim'; expected plain, grey, or three gains as 0.6-0.8-1"),
        ("0.5-0.5", "light '0.5-0.5'; expected plain, grey, or three gains as 0.6-0.8-1"),
        ("nan-1-1", "light 'nan-1-1': expected gains above 0 and up to 2"),
    ],
)
def test_a_light_by_which_nothing_is_seen_is_one_line(light: str, line: str) -> None:
    with pytest.raises(LightError) as caught:
        Condition(light=light)
    assert str(caught.value) == line


def test_noise() -> None:
    assert Condition().noise == Noise()
    tripled = Condition(sensing=3.0, operator=0.012).noise
    assert (tripled.position, tripled.points, tripled.grasp) == pytest.approx((0.006, 0.006, 0.012))
    assert tripled.colour == Noise().colour


@pytest.fixture(scope="module")
def matched() -> MatchedTask:
    return matched_task(0, "validation", 0)


def test_default_support_is_the_headline_one_and_nested(matched: MatchedTask) -> None:
    plain = record_support(matched, Condition("new-instance"), 1).items[0]
    more = record_support(matched, Condition("new-instance", shots=3, failed=1))
    assert np.array_equal(plain.hand, more.items[0].hand) and np.array_equal(plain.points, more.items[0].points)
    assert [item.success for item in more.items] == [True, False, True]
    assert query_under(matched, Condition()) == matched.query


def colours_seen(points: np.ndarray) -> set[int]:
    """Numbers of the palette's paints on a scan."""
    return set(nearest_colour(colour_centres([points]), np.array(list(PALETTE.values()))).tolist())


def query_points(matched: MatchedTask, condition: Condition) -> np.ndarray:
    return shared_env().reset(seed=1, options={"scene": query_under(matched, condition)})[0]["points"]


@pytest.mark.parametrize("transfer", ["same-object", "new-instance"])
def test_repainted_demonstrations_show_the_same_goods_in_other_colours(matched: MatchedTask, transfer: str) -> None:
    plain, painted = (
        record_support(matched, Condition(transfer, shots=1, repainted=other)).items[0] for other in (False, True)
    )
    assert not colours_seen(painted.points) & colours_seen(matched_points := query_points(matched, Condition()))
    assert colours_seen(plain.points) == colours_seen(matched_points)
    # It is the same object, of the same materials: the demonstrator holds it where it did.
    assert np.allclose(plain.grasp, painted.grasp, atol=2e-3) and np.array_equal(
        plain.points[:, :3], painted.points[:, :3]
    )


@pytest.mark.parametrize("carries", ["paint", "role"])
def test_another_coat_changes_no_weight(carries: str) -> None:
    for index in range(6):
        scene = matched_task(0, "validation", index, carries=carries).query
        other = repainted(0, scene, avoid=("white",))
        assert not {*scene.object.colours, "white"} & set(other.object.colours)
        assert np.allclose(other.mass_properties.centre, scene.mass_properties.centre)
        assert np.allclose(true_keypoints(other), true_keypoints(scene))


def test_painted_goods_go_by_their_roles_in_any_paint() -> None:
    matched = matched_task(0, "validation", 1, carries="role")
    condition = Condition("new-shape", shots=3, carries="role")
    items = record_support(matched, condition).items
    assert len({frozenset(colours_seen(item.points)) for item in items}) > 1
    # Demonstrated at the handle or the head, as the task has it, on every object.
    for number, item in enumerate(items):
        family, label = support_object(matched, "new-shape", number)
        scene = draw_scene(0, matched.task, family, label)
        assert roles_of(scene.object)[str(scene.task.part_colour)] == matched.task.part_role
        assert keypoint_error(scene, item.grasp)[0] < 0.015


def test_light_dims_the_query_and_a_grey_camera_all(matched: MatchedTask) -> None:
    plain, dim, grey = (query_points(matched, Condition(light=light)) for light in ("plain", "0.5-1-0.6", "grey"))
    assert np.array_equal(dim[:, :3], plain[:, :3]) and np.array_equal(grey[:, :3], plain[:, :3])
    assert dim[:, 3].mean() < 0.6 * plain[:, 3].mean() and abs(dim[:, 4].mean() - plain[:, 4].mean()) < 0.01
    assert np.ptp(np.median(grey[:, 3:], axis=0)) < 0.02
    first, again = (record_support(matched, Condition(light=light)).items[0] for light in ("plain", "0.5-1-0.6"))
    assert np.array_equal(first.points, again.points)
    shown = record_support(matched, Condition(light="grey")).items[0].points
    assert np.ptp(np.median(shown[:, 3:], axis=0)) < 0.02


@pytest.mark.parametrize(
    "changes, world",
    [
        ({}, "paint"),
        ({"light": "0.5-0.6-0.7"}, "paint"),
        ({"light": "grey"}, "untellable"),
        ({"light": "grey", "shots": 2}, "paint"),
        ({"repainted": True}, "untellable"),
        ({"repainted": True, "transfer": "same-object"}, "repainted"),
        ({"light": "grey", "transfer": "same-object"}, "repainted"),
        ({"carries": "role"}, "role"),
        ({"carries": "role", "repainted": True}, "role"),
        ({"carries": "role", "light": "grey"}, "untellable"),
        ({"carries": "role", "transfer": "same-object"}, "paint"),
    ],
)
def test_what_tells_the_weight(changes: dict, world: str) -> None:
    assert Condition(**changes).world == world


def test_a_shove_slides_the_object_and_leaves_the_reset_alone(matched: MatchedTask) -> None:
    env, ends, starts = shared_env(), [], []
    for push in (0.0, 0.03, 0.03):
        observation, _ = env.reset(seed=4, options={"scene": matched.query, "push": push})
        starts.append(observation)
        before = env.object_to_world.position
        for _ in range(LAST_STEP + 3):
            observation = env.step(np.zeros(5, np.float32))[0]
        ends.append(observation["state"])
        assert np.hypot(*(env.object_to_world.position - before)[:2]) == pytest.approx(push, abs=0.004)
    assert all(np.array_equal(starts[0][key], start[key]) for start in starts[1:] for key in starts[0])
    # What is perceived follows the object, and the same seed gives the same shove.
    assert np.array_equal(ends[1], ends[2]) and np.hypot(*(ends[1] - ends[0])[7:9]) > 0.025


def test_shoves_come_during_the_approach() -> None:
    drawn = [Shove.draw(0.02, np.random.default_rng(seed)) for seed in range(40)]
    assert {shove.step for shove in drawn} == set(range(FIRST_STEP, LAST_STEP + 1))
    for wrong in (-0.01, 0.3, float("nan")):
        with pytest.raises(ShoveError, match=r"expected more than 0 and at most 0\.1 m"):
            Shove.draw(wrong, np.random.default_rng(0))
