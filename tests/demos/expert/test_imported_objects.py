"""Imported objects in the physics: drawn as families, at rest, held at the balance point and not beside it."""

from dataclasses import replace

import numpy as np
import pytest

from demos.expert.grasp_plan import plan_grasp
from demos.expert.scripted_controller import scripted_controller
from robo_meta.scenarios.matched_scenes import PROCEDURAL, matched_task, support_object
from robo_meta.scenarios.rollout import rollout
from robo_meta.strategies.policy import GraspPolicy
from sim.env import GraspEnv
from sim.objects.meshes import Division
from sim.records import FrozenMapping
from sim.shapes.families import ALL_SPLITS, families_for, families_of, register_meshes, unregister_family
from sim.shapes.family import FamilyError
from sim.tasks.sampling import LAWS, draw_scene, draw_task
from sim.tasks.scenes import BALANCE, PART
from tests.sim.objects.mesh_tools import rod


def for_part_alone(shape):
    """The shape, refused for *balance*."""
    refused = FrozenMapping({BALANCE: "made up"})
    return replace(
        shape, divisions=tuple(Division(d.meshes, d.where, refused) for d in shape.divisions), name=f"{shape.name}-part"
    )


@pytest.fixture(scope="module")
def rods():
    families = register_meshes([rod(), for_part_alone(rod(radius=0.012))], group="rods")
    yield "rods"
    for family in families:
        unregister_family(family.name)


@pytest.fixture(scope="module")
def env():
    env = GraspEnv()
    yield env
    env.close()


def outcome(env, scene, grasp, seed=3):
    return rollout(env, scene, seed, GraspPolicy(lambda points: grasp, scripted_controller))


def test_families_serve_for_what_they_are_accepted_for(rods):
    assert families_of(rods) == ("rods-rod", "rods-rod-part")
    assert families_for(rods, BALANCE) == ("rods-rod",)
    assert families_for(rods, PART) == families_of(rods)
    task = draw_task(0, rods, 0, BALANCE)
    with pytest.raises(FamilyError, match="doesn't serve for balance: made up"):
        draw_scene(0, task, "rods-rod-part", "a0")


def test_friction_and_mass_are_drawn_by_the_surface_and_geometry_knows_no_materials(rods):
    law = LAWS["curved"]
    for index in range(12):
        task = draw_task(0, rods, index, BALANCE)
        scene = draw_scene(0, task, "rods-rod", "a0")
        assert law.friction[0] <= scene.object.friction <= law.friction[1]
        assert law.mass[BALANCE][0] <= scene.mass <= law.mass[BALANCE][1]
        first, second = task.densities
        exchanged = replace(task, densities={first: task.densities[second], second: task.densities[first]})
        assert draw_scene(0, exchanged, "rods-rod", "a0").object == scene.object


def test_exchanged_materials_leave_the_observation_and_the_object_lies_still(rods, env):
    task = draw_task(0, rods, 1, BALANCE)
    first, second = task.densities
    exchanged = replace(task, densities={first: task.densities[second], second: task.densities[first]})
    seen = []
    for one in (task, exchanged):
        observation, _ = env.reset(seed=5, options={"scene": draw_scene(0, one, "rods-rod", "a0")})
        start = env.object_to_world
        for _ in range(10):
            env.step(np.array([0, 0, 0, 0, 1.0]))
        moved = env.object_to_world
        assert np.linalg.norm(moved.position - start.position) < 1e-3
        assert moved.rotation[2, 2] > np.cos(np.radians(1.0))
        seen.append(observation)
    for key in ("points", "state"):
        np.testing.assert_array_equal(seen[0][key], seen[1][key])


def test_the_expert_holds_at_the_balance_point_and_not_beside_it(rods, env):
    held, beside = [], []
    for index in range(6):
        scene = draw_scene(1, draw_task(1, rods, index, BALANCE), "rods-rod", "a0")
        grasp = plan_grasp(scene)
        held.append(outcome(env, scene, grasp).success)
        off = grasp.copy()
        off[:2] += 0.035 * np.array([-np.sin(grasp[3]), np.cos(grasp[3])]) * (1 if index % 2 else -1)
        beside.append(outcome(env, scene, off).success)
    assert sum(held) >= 5
    assert sum(beside) <= 1


def test_the_expert_takes_the_outer_end(rods, env):
    done = []
    for index in range(4):
        scene = draw_scene(2, draw_task(2, rods, index, PART), "rods-rod-part", "a0")
        done.append(outcome(env, scene, plan_grasp(scene)).success)
    assert sum(done) >= 3


def test_procedural_supports_are_of_the_training_families_and_the_query_stays(rods):
    own, procedural = matched_task(0, rods, 1), matched_task(0, rods, 1, PROCEDURAL)
    assert own.query == procedural.query
    family, _ = support_object(procedural, "new-shape", 0)
    assert family in families_of("training")
    orders = {matched_task(0, rods, index, PROCEDURAL).families[1] for index in range(10)}
    assert len(orders) > 3


def test_a_library_is_registered_anew_in_place_of_the_former_and_not_over_shipped_splits(rods):
    again = register_meshes([rod(), for_part_alone(rod(radius=0.012))], group="rods")
    assert families_of("rods") == tuple(family.name for family in again)
    for split in ALL_SPLITS:
        with pytest.raises(FamilyError, match="shipped"):
            register_meshes([rod()], group=split)
    assert families_of("rods") == tuple(family.name for family in again)
