"""The environment keeps Gymnasium's contract, its seeds and its secrets."""

import os
import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import sim  # noqa: F401  (registers the environment)
from sim.env import GraspEnv
from sim.episode.observation import STATE_FIELDS
from sim.physics import world
from sim.physics.world import DisplayError
from sim.robot import Workspace
from sim.sensing import POINT_COUNT
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import NO_NOISE, Scene, Task

ROLL = """
import hashlib, numpy as np
from sim.env import GraspEnv
def trajectory(env, seed):
    rng, digest = np.random.default_rng(seed), hashlib.sha256()
    observation, _ = env.reset(seed=seed)
    for step in range(14):
        digest.update(observation["state"].tobytes() + observation["points"].tobytes())
        action = rng.uniform(-1, 1, 5).astype(np.float32)
        action[2] = -0.6
        observation, *_ = env.step(action)
    digest.update(observation["state"].tobytes())
    return digest.hexdigest()
"""


@pytest.mark.parametrize("reward", ["sparse", "dense"])
def test_check_env_passes_with_warnings_as_errors(reward):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make("RoboMeta/Grasp-v0", reward=reward)
        check_env(env.unwrapped, skip_render_check=True)
        env.close()


class IgnoresItsSeed(GraspEnv):
    """A broken double."""

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=None if seed is None else int.from_bytes(os.urandom(4), "big"), options=options)


def test_check_env_bites():
    broken = IgnoresItsSeed()
    with pytest.raises(AssertionError):
        check_env(broken, skip_render_check=True)
    broken.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vectorised_environments_match_single_ones(mode):
    envs = gymnasium.make_vec("RoboMeta/Grasp-v0", num_envs=2, vectorization_mode=mode)
    observations, _ = envs.reset(seed=[3, 4])
    step = envs.step(np.zeros((2, 5), dtype=np.float32))[0]
    envs.close()
    single = GraspEnv()
    for row, seed in enumerate((3, 4)):
        first, _ = single.reset(seed=seed)
        second = single.step(np.zeros(5, dtype=np.float32))[0]
        for key in first:
            assert np.array_equal(observations[key][row], first[key])
            assert np.array_equal(step[key][row], second[key])
    single.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_scene_of_ones_own_is_played_by_vectorised_environments(env, mode):
    """With `async` it goes to other processes, and so must pickle."""
    scene = draw_scene(0, draw_task(0, "training", 7, "balance"), "hammer", "a0")
    envs = gymnasium.make_vec("RoboMeta/Grasp-v0", num_envs=2, vectorization_mode=mode)
    observations, _ = envs.reset(seed=[3, 4], options={"scene": scene, "push": 0.05})
    envs.close()
    for row, seed in enumerate((3, 4)):
        alone, _ = env.reset(seed=seed, options={"scene": scene, "push": 0.05})
        for key in alone:
            assert np.array_equal(observations[key][row], alone[key])


def test_same_seed_is_bit_identical_in_any_order_and_process():
    scope: dict = {}
    exec(ROLL, scope)
    env = GraspEnv()
    forward = {seed: scope["trajectory"](env, seed) for seed in range(4)}
    backward = {seed: scope["trajectory"](env, seed) for seed in reversed(range(4))}
    env.close()
    code = ROLL + "env = GraspEnv()\nprint(' '.join(trajectory(env, seed) for seed in (2, 0)))"
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert forward == backward
    assert len(set(forward.values())) == 4
    assert fresh == [forward[2], forward[0]]


def exchanged(scene: Scene) -> Scene:
    """The same scene with the materials of its two colours exchanged."""
    (a, dense_a), (b, dense_b) = scene.task.densities.items()
    task = Task(scene.task.split, scene.task.index, {a: dense_b, b: dense_a}, scene.task.intention, None)
    return Scene(task, scene.object, scene.mass, scene.noise)


@pytest.mark.parametrize("family", ["hammer", "pan", "ell", "key"])
def test_exchanging_materials_leaves_the_reset_observation_bit_identical(env, family):
    scene = draw_scene(0, draw_task(0, "training", 7, "balance"), family, "a0")
    seen = [env.reset(seed=11, options={"scene": s})[0] for s in (scene, exchanged(scene))]
    assert np.array_equal(seen[0]["points"], seen[1]["points"])
    assert np.array_equal(seen[0]["state"], seen[1]["state"])
    settled = []
    for s in (scene, exchanged(scene)):
        env.reset(seed=11, options={"scene": s})
        for _ in range(5):
            observation = env.step(np.zeros(5, dtype=np.float32))[0]
        settled.append(observation["state"][7:10])
    assert np.abs(settled[0] - settled[1]).max() < 1e-4


def test_exchanged_materials_never_flip_the_perceived_quaternion(env):
    """Open-handed over four families and 48 seeds: attitudes agree, sign included, and the reset to the last bit."""
    pairs = []
    for family in ("hammer", "pan", "ell", "key"):
        scene = draw_scene(0, draw_task(0, "training", 7, "balance"), family, "a0", NO_NOISE)
        pairs.append((scene, exchanged(scene)))
    for seed in range(48):
        quats = []
        for scene in pairs[seed % len(pairs)]:
            observation, _ = env.reset(seed=seed, options={"scene": scene})
            stepped = [env.step(np.array([0, 0, 0, 0, 1], dtype=np.float32))[0] for _ in range(2)]
            quats.append([seen["state"][10:14] for seen in (observation, *stepped)])
        assert np.array_equal(quats[0][0], quats[1][0])
        assert np.abs(np.subtract(*quats)).max() < 1e-3
        assert np.linalg.norm(np.diff(quats, axis=1), axis=-1).max() < 0.1


def test_info_and_observation_hold_nothing_privileged(env):
    observation, info = env.reset(seed=0)
    assert info == {}
    assert set(observation) == {"points", "state"}
    assert len(STATE_FIELDS) == observation["state"].shape[0]
    done = False
    while not done:
        _, _, terminated, truncated, info = env.step(np.zeros(5, dtype=np.float32))
        done = terminated or truncated
        assert set(info) == ({"verdict", "success", "is_success"} if done else set())
    assert truncated and info["success"] is False and info["is_success"] is False


@pytest.mark.parametrize("budget, settings", [(None, {}), (7, {}), (50, {"max_episode_steps": 50})])
def test_gymnasiums_time_limit_and_the_environments_own_are_one(budget, settings):
    """At the default, at a shorter budget, and at a longer one: the last step is truncated and has its verdict."""
    if budget is not None:
        settings = settings | {"workspace": Workspace(budget=budget)}
    env = gymnasium.make("RoboMeta/Grasp-v0", **settings)
    env.reset(seed=0)
    steps, terminated, truncated, info = 0, False, False, {}
    while not (terminated or truncated):
        *_, terminated, truncated, info = env.step(np.array([0, 0, 0, 0, 1], dtype=np.float32))
        steps += 1
    env.close()
    assert steps == (budget or gymnasium.spec("RoboMeta/Grasp-v0").max_episode_steps)
    assert truncated and not terminated and info["is_success"] is False


def test_stepping_a_finished_episode_is_refused(env):
    env.reset(seed=0)
    for _ in range(45):
        env.step(np.zeros(5, dtype=np.float32))
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        env.step(np.zeros(5, dtype=np.float32))


def test_rgb_array_shows_the_object():
    env = gymnasium.make("RoboMeta/Grasp-v0", render_mode="rgb_array")
    scene = draw_scene(0, draw_task(0, "training", 7, "balance"), "hammer", "a0", NO_NOISE)
    env.reset(seed=1, options={"scene": scene})
    picture = env.render()
    env.close()
    assert picture.shape == (480, 640, 3) and picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="windows are X11's on Linux alone")
@pytest.mark.parametrize(
    "display, trouble", [(None, "DISPLAY is not set"), (":4242", "no window opens on DISPLAY ':4242'")]
)
def test_human_without_a_display_is_a_clear_error(display, trouble):
    """In a process of its own, which PyBullet would end."""
    code = (
        "from sim.env import GraspEnv\n"
        "from sim.physics.world import DisplayError\n"
        "try:\n    GraspEnv(render_mode='human')\n"
        "except DisplayError as error:\n    print(error)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    if display is not None:
        environment["DISPLAY"] = display
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"render_mode 'human' needs a display, and {trouble}; use 'rgb_array' instead\n"


@pytest.mark.parametrize("outcome", ["opens", "hangs"])
def test_a_window_is_tried_in_another_process_first(monkeypatch, outcome):
    tried = []

    def run(command, timeout, **_):
        tried.append(command)
        if outcome == "hangs":
            raise subprocess.TimeoutExpired(command, timeout)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(world.subprocess, "run", run)
    monkeypatch.setattr(world.pybullet, "GUI", world.pybullet.DIRECT)  # the window that would then open
    if outcome == "hangs":
        with pytest.raises(DisplayError, match="no window opens on DISPLAY ':0'"):
            world.World(gui=True)
    else:
        world.World(gui=True).close()
    assert len(tried) == 1


def test_the_docstring_has_the_scans_true_size():
    assert GraspEnv.__doc__.count(f"{POINT_COUNT} × ") == 2


def test_an_unknown_reward_is_refused():
    with pytest.raises(ValueError, match="unknown reward 'densse'; did you mean 'dense'"):
        GraspEnv(reward="densse")


def test_unknown_render_mode_is_refused():
    with pytest.raises(ValueError, match="rgb_array"):
        GraspEnv(render_mode="ascii")
