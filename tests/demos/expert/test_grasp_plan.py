"""The demonstrator's grasp is where the task's secret says, on every family."""

from dataclasses import replace

import numpy as np
import pytest

from demos.demo import provenance
from demos.expert.expert import demonstrate
from demos.expert.grasp_plan import NEARBY, NoGrasp, aim, plan_grasp
from sim.objects.acceptance import place
from sim.objects.graspable import footprint_of, outer_ends
from sim.shapes.families import FAMILIES
from sim.shapes.pieces import box, in_slots
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import BALANCE, NO_NOISE, PART, Noise, Scene
from sim.tasks.seeds import seed_sequence


@pytest.mark.parametrize("family", FAMILIES)
def test_balance_goes_through_the_centre_of_mass_and_part_to_the_outer_end(family: str):
    for index in range(3):
        for intention in (BALANCE, PART):
            scene = draw_scene(0, draw_task(0, FAMILIES[family].group, index, intention), family, "a0")
            grasp = plan_grasp(scene)
            assert grasp.shape == (4,)
            assert -np.pi / 2 < grasp[3] <= np.pi / 2
            assert 0.01 <= grasp[2] <= 0.022
            sections = footprint_of(scene.object).cut(grasp[None, :2], grasp[3:], at_end=intention != BALANCE)
            assert sections.graspable[0]
            assert abs(sections.shift[0]) < 1e-9
            if intention == BALANCE:
                across = np.array([-np.sin(grasp[3]), np.cos(grasp[3])])
                assert abs((grasp[:2] - scene.mass_properties.centre[:2]) @ across) <= NEARBY + 1e-9
            else:
                np.testing.assert_array_equal(grasp[:3], outer_ends(scene.object, str(scene.task.part_colour))[0])


@pytest.mark.parametrize("family", ["trowel", "chisel"])
def test_ends_whose_faces_lean_are_held(family: str):
    """Narrower or wider outwards, by more than *balance* allows: an end as light as those of *part* doesn't slip."""
    held: list[bool] = []
    for index in range(60):
        scene = draw_scene(0, draw_task(0, "training", index, PART), family, "a0")
        grasp = plan_grasp(scene)
        if footprint_of(scene.object).cut(grasp[None, :2], grasp[3:]).graspable[0]:
            continue
        path = ("lean", family, index + 1)
        origin = provenance("expert", 0, path)
        held.append(demonstrate(scene, seed_sequence(0, *path), object_id="a0", provenance=origin).success)
        if len(held) == 6:
            break
    assert len(held) == 6 and sum(held) >= 5


def test_the_secret_moves_the_grasp():
    task = draw_task(0, "training", 0, BALANCE)
    first, second = task.densities
    swapped = replace(task, densities={first: task.densities[second], second: task.densities[first]})
    here, there = (plan_grasp(draw_scene(0, each, "bar", "a0")) for each in (task, swapped))
    assert np.hypot(*(here - there)[:2]) > 0.03


def test_no_hold_is_said():
    wide = in_slots([box(0, 0.15, 0.08, 0.02), box(0.15, 0.3, 0.08, 0.02)], (0, 1))
    spec = place(wide, ("red", "blue"), "slab", 0.8, mirror=False, turn=0.0)
    task = replace(draw_task(0, "training", 0, BALANCE), densities={"red": 1.0, "blue": 4.0})
    with pytest.raises(NoGrasp, match=r"slab: no hold at the centre of mass \(0.045, 0.000\) m"):
        plan_grasp(Scene(task, spec, 0.5))
    with pytest.raises(NoGrasp, match="slab: no hold on a red part"):
        plan_grasp(Scene(replace(task, intention=PART, part_colour="red"), spec, 0.5))


def test_aim_errs_in_the_plane_only_and_by_the_noise_asked_for():
    grasp = np.array([0.05, -0.02, 0.012, 1.2])
    rng = np.random.default_rng(0)
    aimed = np.array([aim(grasp, Noise(grasp=0.003), rng) for _ in range(2000)])
    np.testing.assert_array_equal(aimed[:, 2:], np.broadcast_to(grasp[2:], (2000, 2)))
    np.testing.assert_allclose(aimed[:, :2].mean(axis=0), grasp[:2], atol=4 * 0.003 / np.sqrt(2000))
    np.testing.assert_allclose(aimed[:, :2].std(axis=0), 0.003, rtol=0.1)
    np.testing.assert_array_equal(aim(grasp, NO_NOISE, rng), grasp)
    np.testing.assert_array_equal(grasp, [0.05, -0.02, 0.012, 1.2])
