"""A reset resets: whatever came before, what follows is what a new environment would show."""

import gc
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import sim  # noqa: F401  (registers the environment)
from sim.env import GraspEnv
from sim.episode.action import ActionError
from sim.episode.observation import PhysicsError
from sim.episode.reset_options import OptionError
from sim.episode.tabletop import RENEW_AFTER
from sim.physics.push import ShoveError
from sim.physics.world import pybullet
from sim.shapes.families import UnknownSplit
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import Scene
from tests.sim.objects.bars import bar_scene

DOWN = np.array([0.1, 0.1, -0.6, 0.1, 1.0], dtype=np.float32)
CLOSE = np.array([0, 0, 0, 0, -1], dtype=np.float32)


def trajectory(env: gymnasium.Env, seed: int = 3, **options: object) -> str:
    """Digest of an episode's first observations: down onto the table, and the fingers closed."""
    observation, _ = env.reset(seed=seed, options=options)
    digest = hashlib.sha256(observation["points"].tobytes() + observation["state"].tobytes())
    for action in [DOWN] * 9 + [CLOSE] * 2:
        digest.update(env.step(action)[0]["state"].tobytes())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def scene() -> Scene:
    return draw_scene(0, draw_task(0, "training", 7, "balance"), "hammer", "a0")


@pytest.fixture(scope="module")
def fresh() -> str:
    """What a new environment shows."""
    env = GraspEnv()
    digest = trajectory(env)
    env.close()
    return digest


@pytest.fixture
def own() -> Iterator[GraspEnv]:
    """An environment that a test may spoil."""
    env = GraspEnv()
    yield env
    env.close()


def cut_short(env: GraspEnv) -> None:
    env.reset(seed=8)
    for action in [DOWN] * 6 + [CLOSE] * 2:
        env.step(action)


def pushed(env: GraspEnv) -> None:
    env.reset(seed=8, options={"push": 0.08})
    for _ in range(7):
        env.step(np.array([0, 0, 0, 0, 1]))


def refused_action(env: GraspEnv) -> None:
    env.reset(seed=8)
    with pytest.raises(ActionError):
        env.step(np.full(5, np.nan))


def refused_options(env: GraspEnv) -> None:
    env.reset(seed=8)
    for options in ({"pussh": 0.05}, {"scene": "hammer"}, {"push": np.inf}):
        with pytest.raises((OptionError, ShoveError)):
            env.reset(seed=9, options=options)


def failed_half_way(env: GraspEnv) -> None:
    """A mass that PyBullet refuses as it makes the body: the arm has moved by then."""
    env.reset(seed=8)
    bad = bar_scene()
    object.__setattr__(bad, "mass", "heavy")
    with pytest.raises(Exception):  # noqa: B017  (whichever error it is)
        env.reset(seed=9, options={"scene": bad})


def failed_before_the_physics(env: GraspEnv) -> None:
    env.reset(seed=8)
    bad = bar_scene()
    object.__setattr__(bad, "noise", None)
    with pytest.raises(AttributeError):
        env.reset(seed=9, options={"scene": bad})


def nan_in_the_physics(env: GraspEnv) -> None:
    """Past the check of actions, as a diverging object would bring it: the arm's motors take up NaN for good."""
    env.reset(seed=8)
    env.panda.move(np.full(3, np.nan), 0.0, close=False, steps=24)
    with pytest.raises(PhysicsError, match=r"diverged; call reset\(\)"):
        env.step(DOWN)
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        env.step(DOWN)


def closed(env: GraspEnv) -> None:
    env.reset(seed=8)
    env.close()
    env.close()
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        env.step(DOWN)


def disconnected(env: GraspEnv) -> None:
    """As a user does who shuts the window."""
    env.reset(seed=8)
    pybullet.disconnect(env.world.client)
    with pytest.raises(RuntimeError, match=r"closed; call reset\(\)"):
        env.step(DOWN)


@pytest.mark.parametrize(
    "before",
    [
        *(
            cut_short,
            pushed,
            refused_action,
            refused_options,
            failed_half_way,
            failed_before_the_physics,
            nan_in_the_physics,
        ),
        *(closed, disconnected),
    ],
)
def test_after_a_reset_all_is_as_in_a_new_environment(
    own: GraspEnv, fresh: str, before: Callable[[GraspEnv], None]
) -> None:
    before(own)
    assert trajectory(own) == fresh


@pytest.mark.parametrize("push", [0.0, 0.06], ids=["gripped", "gripped and pushed"])
def test_the_body_kept_for_the_same_scene_is_as_one_just_made(own: GraspEnv, scene: Scene, push: float) -> None:
    def played() -> tuple[str, bytes]:
        digest, pose = trajectory(own, scene=scene, push=push), own.object_to_world
        return digest, pose.position.tobytes() + pose.quat_xyzw.tobytes()

    made, body = played(), own._tabletop._object
    # It was pressed on as that ended, and lies now where it lay then: what outlived the reset would show.
    assert played() == made
    own.reset(seed=9, options={"scene": scene})
    own.step(DOWN)
    assert played() == made and own._tabletop._object is body
    own._tabletop.renew_next()
    assert played() == made and own._tabletop._object is not body


def test_another_mass_of_the_same_object_is_another_body(own: GraspEnv, scene: Scene) -> None:
    heavier = replace(scene, mass=scene.mass * 1.5)
    own.reset(seed=1, options={"scene": scene})
    own.reset(seed=1, options={"scene": heavier})
    body = own._tabletop._object
    assert body is not None
    assert pybullet.getDynamicsInfo(body.body, -1, physicsClientId=own.world.client)[0] == pytest.approx(heavier.mass)


@pytest.mark.parametrize(
    "action, found",
    [
        (np.array([np.nan, 0, 0, 0, 0]), "nan"),
        (np.array([0, 0, 0, np.inf, 0]), "inf"),
        (np.array([0, 0, 0, 0, -np.inf]), "-inf"),
        (np.zeros(7), r"\(7,\)"),
        (np.zeros((1, 5)), r"\(1, 5\)"),
        (0.0, r"\(\)"),
        (None, r"\(\)"),
        (["a"] * 5, "'a'"),
        ([0, 0, [0], 0, 0], "expected five finite numbers"),
    ],
)
def test_what_is_no_action_is_refused_and_the_episode_untouched(own: GraspEnv, action: object, found: str) -> None:
    seen = []
    for refuse in (False, True):
        own.reset(seed=2)
        states = []
        for _ in range(3):
            if refuse:
                with pytest.raises(ActionError, match=found) as caught:
                    own.step(action)  # type: ignore[arg-type]
                assert isinstance(caught.value, ValueError) and "\n" not in str(caught.value)
            states.append(own.step(DOWN)[0]["state"])
        seen.append(np.stack(states))
    assert np.array_equal(*seen)


@pytest.mark.parametrize(
    "options, line",
    [
        ({"pussh": 0.05}, "unknown reset option 'pussh'; did you mean 'push'?"),
        ({7: 1}, "unknown reset option 7; expected one of scene, push"),
        ({"scene": "hammer"}, "reset option 'scene' is a str; expected a sim.tasks.scenes.Scene"),
        ({"push": "far"}, "reset option 'push' is 'far'; expected a number, m"),
        ({"push": None}, "reset option 'push' is None; expected a number, m"),
        ({"push": float("nan")}, "push nan; expected more than 0 and at most 0.1 m"),
        ({"push": float("inf")}, "push inf; expected more than 0 and at most 0.1 m"),
        ({"push": -0.01}, "push -0.01; expected more than 0 and at most 0.1 m"),
    ],
)
def test_options_that_reset_does_not_know_are_refused_and_the_episode_goes_on(
    env: GraspEnv, options: dict, line: str
) -> None:
    env.reset(seed=2)
    first = env.step(DOWN)[0]["state"]
    second = env.step(DOWN)[0]["state"]
    env.reset(seed=2)
    assert np.array_equal(env.step(DOWN)[0]["state"], first)
    with pytest.raises(ValueError) as caught:
        env.reset(seed=5, options=options)
    assert str(caught.value) == line
    assert np.array_equal(env.step(DOWN)[0]["state"], second)


def test_an_unknown_split_is_refused_where_the_environment_is_made() -> None:
    with pytest.raises(UnknownSplit, match="unknown split 'trainning'; did you mean 'training'"):
        gymnasium.make("RoboMeta/Grasp-v0", split="trainning")


def connected() -> int:
    return sum(bool(pybullet.isConnected(client)) for client in range(64))


def test_a_dropped_environment_frees_its_physics() -> None:
    before = connected()
    for _ in range(3):
        env = gymnasium.make("RoboMeta/Grasp-v0", disable_env_checker=True)
        env.reset(seed=0)
    assert connected() > before
    del env
    gc.collect()
    assert connected() == before


def kilobytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4.096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read as Linux tells it")
def test_memory_does_not_grow_with_resets_and_renewed_worlds_are_the_same(
    own: GraspEnv, fresh: str, scene: Scene
) -> None:
    """Without renewals each reset keeps some 14 kB."""
    digests, scenes = [], (scene, bar_scene())
    for period in range(4):
        if period == 2:
            before = kilobytes()
        for number in range(RENEW_AFTER - 1):
            own.reset(seed=1, options={"scene": scenes[number % 2]})
        digests.append(trajectory(own))
    assert (kilobytes() - before) / (2 * RENEW_AFTER) < 4.0
    assert set(digests) == {fresh}


def test_the_worlds_table_and_arm_are_all_that_a_renewal_leaves(own: GraspEnv) -> None:
    own.reset(seed=1)
    own.world.renew()
    assert pybullet.getNumBodies(physicsClientId=own.world.client) == 1
    own.close()
    own.world.renew()
    assert own.world.is_open and pybullet.getNumBodies(physicsClientId=own.world.client) == 1
