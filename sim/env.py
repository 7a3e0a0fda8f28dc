"""`RoboMeta/Grasp-v0`: a Panda over a table with one object; lift it so that it stays level, or hold it by a part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from sim.episode.action import CONTROL_HZ, action_space, checked_action
from sim.episode.observation import Observer, PhysicsError, points_space, state_space
from sim.episode.rendering import RENDER_MODES, check_render_mode, picture_of
from sim.episode.reset_options import ResetOptions
from sim.episode.running import RunningEpisode
from sim.episode.start import Start, draw_scene_of
from sim.episode.tabletop import Tabletop
from sim.errors import InputError, did_you_mean
from sim.frames import PlainPose, Pose
from sim.physics.panda import Panda
from sim.physics.world import FREE_ITERATIONS, PHYSICS_HZ, World
from sim.robot import GripperConfig, Workspace
from sim.shapes.families import families_of
from sim.shaping import Progress
from sim.success import Judge, Thresholds
from sim.tasks.scenes import Scene

REWARDS = ("sparse", "dense")


class UnknownReward(InputError):
    """A reward's name that is not in `REWARDS`."""


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
        sim.episode.action.ActionError: an action that is not five finite numbers.
        sim.episode.reset_options.OptionError: an option of `reset` that isn't in the table, or of another kind.
        sim.physics.push.ShoveError: `push` is negative or would leave the workspace.
        sim.physics.world.DisplayError: `human` without a display to open a window on.
        sim.shapes.families.UnknownSplit, UnknownReward: no such name.

    Version 0: first release.
    """

    # Gymnasium declares it as an instance variable, so no ClassVar.
    metadata = {"render_modes": list(RENDER_MODES), "render_fps": CONTROL_HZ}  # noqa: RUF012

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
        check_render_mode(render_mode)
        families_of(split)  # refuses what is no split
        self.split = split
        self.reward = reward
        self.render_mode = render_mode
        self.gripper = gripper or GripperConfig()
        self.thresholds = thresholds or Thresholds()
        self.workspace = workspace or Workspace()
        self.action_space = action_space()
        self._state_space = state_space()
        self.observation_space = spaces.Dict({"points": points_space(), "state": self._state_space})
        self._tabletop = Tabletop(self.gripper, window=render_mode == "human", visible=render_mode is not None)
        self.watch: Callable[[], None] | None = None
        """Called every 0.05 s of the final hold and shake, which one step plays through: for whoever films it."""
        self._episode: RunningEpisode | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Start an episode; the seed draws the scene (unless given), pose, arm start and noise."""
        wanted = ResetOptions.read(options or {})
        super().reset(seed=seed)
        scene = wanted.scene or draw_scene_of(self.split, self.np_random)
        start = Start.draw(scene, self.workspace, self.np_random, wanted.push)
        # From here on a failure leaves no episode: the physics is another one.
        self._episode = None
        body = self._tabletop.set_up(scene, start)
        judge = Judge(self.world, self.panda, body, scene, self.thresholds, self.watch)
        opening, object_to_world = self.panda.opening(), PlainPose.of(start.object_to_world)
        self._episode = RunningEpisode(
            scene=scene,
            body=body,
            judge=judge,
            observer=Observer(start.points, start.bias, self._state_space, opening, object_to_world.quat_xyzw),
            hand_command=start.hand,
            yaw_command=start.yaw,
            shove=start.shove,
            progress=Progress(judge) if self.reward == "dense" else None,
        )
        # What physics would give back went through the centre of mass, and its last bits could tell the materials.
        return self._observe(self._episode, object_to_world), {}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Play one action of 0.1 s; see the class for its rows."""
        episode = self._running()
        episode.command(checked_action(action), self.workspace)
        self.world.set_iterations(self.panda.gripper.iterations if episode.closing else FREE_ITERATIONS)
        steps = PHYSICS_HZ // CONTROL_HZ
        self.panda.move(episode.hand_command, episode.yaw_command, episode.closing, steps=steps)
        terminated, truncated = episode.finish_step(self.workspace.budget)
        if self.render_mode == "human":
            self.render()
        reward = episode.reward()
        return self._observe(episode, episode.body.plain_object_to_world), reward, terminated, truncated, episode.info

    def render(self) -> np.ndarray | None:
        """(480, 640, 3) uint8 picture for `rgb_array`; the window refreshes itself for `human`."""
        return picture_of(self.world) if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Free the physics; safe to call twice, and `reset` connects again."""
        self._episode = None
        self._tabletop.close()

    @property
    def world(self) -> World:
        """Privileged: the physics."""
        return self._tabletop.world

    @property
    def panda(self) -> Panda:
        """Privileged: the arm in the physics; another one after the world is built anew."""
        return self._tabletop.panda

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

    def _running(self, finished_too: bool = False) -> RunningEpisode:
        if self._episode is None or (self._episode.done and not finished_too):
            raise RuntimeError("no episode is running; call reset() first")
        if not self.world.is_open:
            raise RuntimeError("the physics is closed; call reset() first")
        return self._episode

    def _observe(self, episode: RunningEpisode, object_to_world: PlainPose) -> dict[str, np.ndarray]:
        try:
            return episode.observer.observe(self.panda, object_to_world, episode.gripper_command)
        except PhysicsError as error:
            episode.done = True
            self._tabletop.renew_next()
            said = f"the physics of this {episode.scene.object.family!r} diverged; call reset()"
            raise PhysicsError(said) from error
