"""`RoboMeta/Grasp-v0`: a Panda over a table with one object; lift it so that it stays level, or hold it by a part."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from sim.errors import InputError, MachineError, did_you_mean
from sim.frames import Pose, nearest_sign, quat_from_yaw, wrap_heading
from sim.physics.bodies import SimObject
from sim.physics.panda import Panda
from sim.physics.push import Shove, check_distance
from sim.physics.world import FREE_ITERATIONS, PHYSICS_HZ, World
from sim.robot import GripperConfig, Workspace
from sim.sensing import POINT_COUNT, PoseBias, scan
from sim.shapes.families import families_of
from sim.shaping import Progress
from sim.success import FAILED, Judge, Thresholds, Verdict
from sim.tasks.sampling import draw_families, draw_scene, draw_task
from sim.tasks.scenes import Scene

CONTROL_HZ = 10
"""Actions per second."""
STATE_FIELDS = (
    *("hand_x", "hand_y", "hand_z", "hand_yaw", "opening", "opening_rate", "gripper_command"),
    *("object_x", "object_y", "object_z", "object_qx", "object_qy", "object_qz", "object_qw"),
)
"""Rows of the `state` observation."""
REWARDS = ("sparse", "dense")
RESET_OPTIONS = ("scene", "push")
RENEW_AFTER = 100
"""Resets after which the world is built anew, which takes 40 ms: PyBullet keeps 14 kB of every removed object."""


class ActionError(InputError):
    """An action that is not five finite numbers."""


class OptionError(InputError):
    """An option of `reset` that there isn't, or of another kind."""


class UnknownReward(InputError):
    """A reward's name that is not in `REWARDS`."""


class PhysicsError(MachineError):
    """The physics left the finite numbers."""


@dataclass
class _Episode:
    """What one episode keeps between steps."""

    scene: Scene
    body: SimObject
    judge: Judge
    bias: PoseBias
    points: np.ndarray
    hand_command: np.ndarray
    yaw_command: float
    last_opening: float
    last_quat: np.ndarray
    """(4,), xyzw: the object's true attitude when it was last observed."""
    gripper_command: float = 1.0
    steps: int = 0
    done: bool = False
    verdict: Verdict | None = field(default=None)
    shove: Shove | None = None
    progress: Progress | None = None
    """Of the dense reward alone."""


class GraspEnv(gymnasium.Env):
    """Grasp one object of hidden weight with a Franka Panda.

    Action, `Box(−1, 1, (5,))`, one every 0.1 s:

    | row | meaning | unit of ±1 |
    |---|---|---|
    | 0–2 | displacement of the commanded hand position, world x, y, z | 0.05 m |
    | 3 | rotation of the commanded closing direction about world z | 0.3 rad |
    | 4 | gripper: below 0 close, else open | – |

    Observation, a `Dict`:

    | key | row | meaning | unit, bounds |
    |---|---|---|---|
    | `points` | 512 × 0–2 | scanned point: x, y in the object frame, height over the table | m, ±1 |
    | | 512 × 3–5 | its RGB | 0–1 |
    | `state` | 0–2 | hand position, world | m, ±2 |
    | | 3 | heading of the closing direction, world | rad, ±π/2 |
    | | 4, 5 | opening between the pads; its rate | m, 0–0.1; m/s, ±2 |
    | | 6 | last gripper command | −1, 1 |
    | | 7–9 | perceived position of the object frame, world | m, ±5 |
    | | 10–13 | perceived xyzw quaternion of the object frame; its sign doesn't jump in an episode | ±1 |

    Hidden: materials, intention, mass, friction. The points are scanned once at reset; the perceived pose carries one
    error for the whole episode. Once the object frame has risen 0.10 m the environment itself holds and shakes, and
    terminates. After 45 actions, `max_episode_steps` of the registered environment too, the episode is truncated. The
    last `info` of an episode, ended either way, holds `verdict` (named parts), `success` and, for libraries that look
    for that name, `is_success`; all others are empty.

    | reward | meaning | sum over an episode |
    |---|---|---|
    | `sparse` | 1 with the last step of a success, else 0 | 0 or 1 |
    | `dense` | the same, plus what the step added to the episode's best progress so far | 0 to 2; a success over 1 |

    Progress (`sim.shaping.Progress`) is in [0, 1]: up to 0.3 for the hand's nearness to a right grasp, 0.2 for pads
    that press on the object, 0.5 for lifting it between both pads. It is computed from the true state, so a dense
    reward tells what observations hide: it is for training, and no result is reported by it.

    Args:
        split: tasks that `reset` draws from where no scene is given.
        render_mode: None, `rgb_array` or `human`.
        gripper, thresholds, workspace: configuration records. `gymnasium.make` needs `max_episode_steps` too where the
            workspace's `budget` is longer than 45.
        reward: `sparse` or `dense`.

    Options of `reset`:

    | option | meaning | default |
    |---|---|---|
    | `scene` | a `sim.tasks.scenes.Scene` to play | None: drawn from the split |
    | `push` | m, 0–0.1: someone shoves the object this far, any direction, before the fingers close | 0: nobody |

    `reset` with a seed gives the state of a new environment, bit for bit, whatever came before, a failed `reset` and
    `close` included. What `reset` and `step` refuse leaves the running episode as it was.

    Raises:
        ActionError: an action that is not five finite numbers.
        OptionError: an option of `reset` that isn't in the table, or of another kind.
        sim.physics.push.ShoveError: `push` is negative or would leave the workspace.
        sim.physics.world.DisplayError: `human` without a display to open a window on.
        sim.shapes.families.UnknownSplit, UnknownReward: no such name.

    Version 0: first release.
    """

    # Gymnasium declares it as an instance variable, so no ClassVar.
    metadata = {"render_modes": ["rgb_array", "human"], "render_fps": CONTROL_HZ}  # noqa: RUF012

    def __init__(
        self,
        split: str = "training",
        render_mode: str | None = None,
        gripper: GripperConfig | None = None,
        thresholds: Thresholds | None = None,
        workspace: Workspace | None = None,
        reward: str = "sparse",
    ) -> None:
        if reward not in REWARDS:
            raise UnknownReward(f"unknown reward {reward!r}{did_you_mean(reward, REWARDS)}")
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ValueError(f"render_mode {render_mode!r}; expected one of {self.metadata['render_modes']} or None")
        families_of(split)  # refuses what is no split
        self.split = split
        self.reward = reward
        self.render_mode = render_mode
        self.thresholds = thresholds or Thresholds()
        self.workspace = workspace or Workspace()
        self.action_space = spaces.Box(-1.0, 1.0, (5,), np.float32)
        self._state_box = _state_space()
        self.observation_space = spaces.Dict({"points": _points_space(), "state": self._state_box})
        self.world = World(gui=render_mode == "human")
        self.gripper = gripper or GripperConfig()
        self.panda = Panda(self.world, self.gripper, visible=render_mode is not None)
        self.watch: Callable[[], None] | None = None
        """Called every 0.05 s of the final hold and shake, which one step plays through: for whoever films it."""
        self._episode: _Episode | None = None
        self._resets = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Start an episode; the seed draws the scene (unless given), pose, arm start and noise."""
        given, push = _read_options(options or {})
        super().reset(seed=seed)
        scene = given or self._draw_scene()
        rng, space = self.np_random, self.workspace
        object_to_world = Pose(
            np.array([rng.uniform(*space.object_x), rng.uniform(*space.object_y), 0.0]),
            quat_from_yaw(rng.uniform(-np.pi, np.pi)),
        )
        hand = np.array(space.hand_centre) + rng.uniform(-1, 1, 3) * np.array(space.hand_spread)
        yaw = rng.uniform(-1, 1) * space.yaw_spread
        bias = PoseBias.draw(scene.noise, rng)
        points = scan(scene.object, object_to_world, scene.noise, rng)
        # Drawn last, so that pose, scan and noise are those of the same seed without a push.
        shove = Shove.draw(push, rng) if push else None
        with self._clear_table():
            self.panda.reset(hand, yaw)
            visible = self.render_mode is not None
            body = SimObject(self.world, scene.object, scene.mass_properties, object_to_world, visible)
        judge = Judge(self.world, self.panda, body, scene, self.thresholds, self.watch)
        self._episode = _Episode(
            scene=scene,
            body=body,
            judge=judge,
            bias=bias,
            points=points,
            hand_command=hand,
            yaw_command=yaw,
            last_opening=self.panda.opening(),
            last_quat=object_to_world.quat_xyzw,
            shove=shove,
            progress=Progress(judge) if self.reward == "dense" else None,
        )
        # What physics would give back went through the centre of mass, and its last bits could tell the materials.
        return self._observe(object_to_world), {}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Play one action of 0.1 s; see the class for its rows."""
        episode = self._running()
        space = self.workspace
        move = np.clip(_checked(action), -1, 1)
        episode.hand_command = np.clip(episode.hand_command + move[:3] * space.reach, space.low, space.high)
        episode.yaw_command = float(
            np.clip(episode.yaw_command + move[3] * space.turn, -space.yaw_limit, space.yaw_limit)
        )
        command = -1.0 if move[4] < 0 else 1.0
        if command < 0 <= episode.gripper_command:
            episode.judge.fingers_closed()
        episode.gripper_command = command
        if episode.shove is not None and episode.steps == episode.shove.step and command > 0:
            episode.body.set_velocity(episode.shove.velocity(episode.scene.object.friction))
        self.world.set_iterations(FREE_ITERATIONS if command > 0 else self.panda.gripper.iterations)
        self.panda.move(episode.hand_command, episode.yaw_command, command < 0, steps=PHYSICS_HZ // CONTROL_HZ)
        episode.steps += 1
        episode.judge.look()
        terminated, truncated = False, episode.steps >= space.budget
        if episode.judge.rise >= self.thresholds.lift:
            episode.verdict = episode.judge.hold_and_shake(episode.hand_command, episode.yaw_command)
            terminated, truncated = True, False
        elif truncated:
            episode.verdict = FAILED
        episode.done = terminated or truncated
        info: dict[str, Any] = {}
        if episode.verdict is not None:
            success = episode.verdict.success
            info = {"verdict": episode.verdict.parts, "success": success, "is_success": success}
        if self.render_mode == "human":
            self.render()
        reward = float(info.get("success", False)) + (episode.progress.gain() if episode.progress else 0.0)
        return self._observe(episode.body.object_to_world), reward, terminated, truncated, info

    def render(self) -> np.ndarray | None:
        """(480, 640, 3) uint8 picture for `rgb_array`; the window refreshes itself for `human`."""
        if self.render_mode != "rgb_array":
            return None
        return self.world.picture(640, 480, np.array([1.02, -0.42, 0.38]), np.array([0.50, 0.0, 0.13]))

    def close(self) -> None:
        """Free the physics; safe to call twice, and `reset` connects again."""
        self._episode = None
        self.world.close()

    @property
    def object_to_world(self) -> Pose:
        """Privileged: the object's true pose, for experts, judges and pictures."""
        return self._running(finished_too=True).body.object_to_world

    @property
    def tip(self) -> np.ndarray:
        """(2,), object frame: how the lifted object has hung, as seen without noise: the direction in
        its plane whose side sank, times the largest tilt from rest, rad, while both pads held it; zero where it never
        tipped."""
        return self._running(finished_too=True).judge.tip.copy()

    @property
    def scene(self) -> Scene:
        """Privileged: the scene being played."""
        return self._running(finished_too=True).scene

    def _running(self, finished_too: bool = False) -> _Episode:
        if self._episode is None or (self._episode.done and not finished_too):
            raise RuntimeError("no episode is running; call reset() first")
        if not self.world.is_open:
            raise RuntimeError("the physics is closed; call reset() first")
        return self._episode

    @contextlib.contextmanager
    def _clear_table(self) -> Iterator[None]:
        """The arm alone over the table; a world in which the reset then fails is built anew by the next one."""
        seen, ended = self._resets, self._episode
        self._resets, self._episode = RENEW_AFTER, None
        if seen >= RENEW_AFTER or not self.world.is_open:
            self.world.renew()
            self.panda = Panda(self.world, self.gripper, visible=self.render_mode is not None)
            seen = 0
        elif ended is not None:
            ended.body.remove()
        self.world.set_iterations(FREE_ITERATIONS)
        yield
        self._resets = seen + 1

    def _draw_scene(self) -> Scene:
        root = int(self.np_random.integers(2**31))
        task = draw_task(root, self.split, 0)
        return draw_scene(root, task, draw_families(root, task, 1)[0], "a0")

    def _observe(self, object_to_world: Pose) -> dict[str, np.ndarray]:
        episode = self._running(finished_too=True)
        # The sign of the physics' quaternion depends on the axes of inertia, which materials turn. A fixed convention
        # such as w ≥ 0 would leave it to the last bits where w is near 0, so the sign follows from the drawn pose on.
        episode.last_quat = nearest_sign(object_to_world.quat_xyzw, episode.last_quat)
        perceived = episode.bias.apply(Pose(object_to_world.position, episode.last_quat))
        # The joints' own velocities are full of the solver's corrections while they press; what the opening did in the
        # last 0.1 s is not.
        opening = self.panda.opening()
        rate = (opening - episode.last_opening) * CONTROL_HZ
        episode.last_opening = opening
        state = np.array(
            [
                *self.panda.hand_position(),
                wrap_heading(self.panda.hand_yaw()),
                opening,
                rate,
                episode.gripper_command,
                *perceived.position,
                *perceived.quat_xyzw,
            ],
            dtype=np.float32,
        )
        if not np.isfinite(state).all():
            episode.done, self._resets = True, RENEW_AFTER
            raise PhysicsError(f"the physics of this {episode.scene.object.family!r} diverged; call reset()")
        state = np.clip(state, self._state_box.low, self._state_box.high)
        return {"points": episode.points.copy(), "state": state}


def _read_options(options: Mapping[str, Any]) -> tuple[Scene | None, float]:
    """Scene and push, m, from the options of `reset`, checked."""
    for name in options:
        if name not in RESET_OPTIONS:
            raise OptionError(f"unknown reset option {name!r}{did_you_mean(str(name), RESET_OPTIONS)}")
    scene, push = options.get("scene"), options.get("push", 0.0)
    if scene is not None and not isinstance(scene, Scene):
        raise OptionError(f"reset option 'scene' is a {type(scene).__name__}; expected a sim.tasks.scenes.Scene")
    if not isinstance(push, Real):
        raise OptionError(f"reset option 'push' is {push!r}; expected a number, m")
    if push != 0:
        check_distance(float(push))
    return scene, float(push)


def _checked(action: Any) -> np.ndarray:
    """The action (5,) as float64.

    Raises:
        ActionError: it is not five finite numbers. One NaN in a motor's target would stay there for good.
    """
    try:
        numbers = np.asarray(action, dtype=np.float64)
    except (TypeError, ValueError):
        raise ActionError(f"action {action!r}; expected five finite numbers") from None
    if numbers.shape != (5,):
        raise ActionError(f"action of shape {numbers.shape}; expected (5,)")
    if not np.isfinite(numbers).all():
        raise ActionError(f"action {numbers.tolist()}; expected five finite numbers")
    return numbers


def _points_space() -> spaces.Box:
    low = np.tile(np.array([-1, -1, -1, 0, 0, 0], dtype=np.float32), (POINT_COUNT, 1))
    return spaces.Box(low, np.ones((POINT_COUNT, 6), dtype=np.float32), dtype=np.float32)


def _state_space() -> spaces.Box:
    half_turn = np.pi / 2 + 1e-3
    high = np.array([2, 2, 2, half_turn, 0.1, 2, 1, 5, 5, 5, 1, 1, 1, 1], dtype=np.float32)
    low = -high
    low[4] = 0.0
    return spaces.Box(low, high, dtype=np.float32)
