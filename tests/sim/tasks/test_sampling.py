"""Tasks and scenes: ranges, streams that stay apart, and a world in which guessing fails."""

from dataclasses import replace

import numpy as np
import pytest

from demos.expert.grasp_plan import plan_grasp
from sim.objects.balance_points import balance_points, colour_moments
from sim.shapes.families import SPLITS, UnknownSplit, families_of
from sim.tasks.sampling import FRICTION_RANGE, MASS_RANGE, UnknownIntention, draw_families, draw_scene, draw_task
from sim.tasks.scenes import BALANCE, PART, Noise


def geometry(scene):
    return [(part.outline.tobytes(), part.height, part.colour) for part in scene.object.parts]


def test_task_ranges_and_shares():
    tasks = [draw_task(0, "training", index) for index in range(400)]
    ratios = np.array([max(task.densities.values()) / min(task.densities.values()) for task in tasks])
    assert all(len(task.densities) == 2 for task in tasks)
    assert ratios.min() >= 3
    assert ratios.max() <= 10
    # Log-uniform: the mean of the logarithm is that of the ends, within 4 standard errors.
    assert np.log(ratios).mean() == pytest.approx(np.log(30) / 2, abs=4 * np.log(10 / 3) / np.sqrt(12 * 400))
    assert np.mean([task.intention == BALANCE for task in tasks]) == pytest.approx(0.5, abs=0.1)
    first_heavier = [next(iter(task.densities.values())) > 1 for task in tasks]
    assert np.mean(first_heavier) == pytest.approx(0.5, abs=0.1)
    heavier_held = [task.densities[task.part_colour] > 1 for task in tasks if task.intention == PART]
    assert np.mean(heavier_held) == pytest.approx(0.5, abs=0.15)
    assert len({tuple(task.densities) for task in tasks}) == 28  # 8 colours, two at a time


def test_same_seed_same_task_and_other_seed_other_task():
    assert draw_task(1, "validation", 5) == draw_task(1, "validation", 5)
    others = [draw_task(2, "validation", 5), draw_task(1, "training", 5), draw_task(1, "validation", 6)]
    assert all(dict(other.densities) != dict(draw_task(1, "validation", 5).densities) for other in others)


def test_forcing_the_intention_keeps_the_materials():
    free, balance, part = (draw_task(0, "training", 3, intention) for intention in (None, BALANCE, PART))
    assert dict(free.densities) == dict(balance.densities) == dict(part.densities)
    assert balance.part_colour is None
    assert part.part_colour in part.densities


def test_three_colours_on_request():
    task = draw_task(0, "training", 3, colours=3)
    assert len(task.densities) == 3
    assert 3 <= max(task.densities.values()) / min(task.densities.values()) <= 10


def test_bad_names():
    with pytest.raises(UnknownSplit):
        draw_task(0, "trainig", 0)
    with pytest.raises(UnknownIntention, match="unknown intention 'balanc'; did you mean 'balance'"):
        draw_task(0, "training", 0, "balanc")
    with pytest.raises(ValueError, match="99 families of split 'validation' for balance; it has 5"):
        draw_families(0, draw_task(0, "validation", 0), 99)


def test_families_are_distinct_and_of_the_split():
    for split in SPLITS:
        drawn = draw_families(0, draw_task(0, split, 1), 4)
        assert len(set(drawn)) == 4
        assert set(drawn) <= set(families_of(split))
    firsts = {draw_families(0, draw_task(0, "training", index), 1) for index in range(60)}
    assert len(firsts) >= 10


def test_scene_is_fixed_by_its_path():
    task = draw_task(0, "training", 0)
    scene, again = draw_scene(0, task, "hammer", "a0"), draw_scene(0, task, "hammer", "a0")
    assert geometry(scene) == geometry(again)
    assert (scene.mass, scene.object.friction) == (again.mass, again.object.friction)
    assert scene.noise == Noise()
    assert set(scene.object.colours) == set(task.densities)
    for other in (
        draw_scene(0, task, "hammer", "a1"),
        draw_scene(1, task, "hammer", "a0"),
        draw_scene(0, draw_task(0, "training", 1), "hammer", "a0"),
    ):
        assert [g[0] for g in geometry(other)] != [g[0] for g in geometry(scene)]


def test_nothing_seen_tells_of_materials_or_intention():
    # Exchanging which colour is heavy, or the intention, leaves the drawn geometry and friction bit-identical.
    for index in range(5):
        task = draw_task(0, "training", index, BALANCE)
        first, second = task.densities
        swapped = replace(task, densities={first: task.densities[second], second: task.densities[first]})
        held = replace(task, intention=PART, part_colour=first)
        scenes = [draw_scene(0, each, "key", "a0") for each in (task, swapped, held)]
        assert geometry(scenes[0]) == geometry(scenes[1]) == geometry(scenes[2])
        assert scenes[0].object.friction == scenes[1].object.friction == scenes[2].object.friction
        assert scenes[0].mass == scenes[1].mass


def test_hidden_ranges():
    for index in range(20):
        for intention in (BALANCE, PART):
            scene = draw_scene(0, draw_task(0, "training", index, intention), "bar", "a0")
            assert MASS_RANGE[intention][0] <= scene.mass <= MASS_RANGE[intention][1]
            assert FRICTION_RANGE[0] <= scene.object.friction <= FRICTION_RANGE[1]
            assert scene.mass_properties.mass == scene.mass


@pytest.mark.parametrize("split", SPLITS)
def test_guesses_that_need_no_demo_are_mostly_wrong(split: str):
    middle, equal, count = 0, 0, 40
    for index in range(count):
        task = draw_task(3, split, index, BALANCE)
        scene = draw_scene(3, task, draw_families(3, task, 1)[0], "a0")
        grasp, centre = plan_grasp(scene), scene.mass_properties.centre[:2]
        across = np.array([-np.sin(grasp[3]), np.cos(grasp[3])])
        volumes, centroids = colour_moments(scene.object)
        even = balance_points(volumes, centroids, np.ones((1, 2)))[0]
        middle += abs(centre @ across) < 0.02
        equal += abs((even - centre) @ across) < 0.02
    assert middle <= 0.35 * count
    assert equal <= 0.30 * count
