"""panda-gym's pick-and-place task, stepped and reset as its users do: a peer of the rows `sim`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.physics.quiet import quiet


class PandaGym:
    """One environment of panda-gym.

    Args:
        substeps: physics steps of a control step; its own default is 20.
    """

    def __init__(self, substeps: int) -> None:
        from panda_gym.envs.core import RobotTaskEnv
        from panda_gym.envs.robots.panda import Panda
        from panda_gym.envs.tasks.pick_and_place import PickAndPlace
        from panda_gym.pybullet import PyBullet

        with quiet(1):  # its client tells its options
            self._sim = PyBullet(render_mode="rgb_array", n_substeps=substeps, renderer="Tiny")
        robot = Panda(self._sim, block_gripper=False, base_position=np.array([-0.6, 0.0, 0.0]), control_type="ee")
        self._env = RobotTaskEnv(robot, PickAndPlace(self._sim))
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self._env.reset(seed=seed)

    def step(self, displacement: Any) -> None:
        """A control step with the open hand, told to move by (3,) of its own unit."""
        self._env.step(np.array([*displacement, 1.0]))

    def raw(self, steps: int) -> None:
        """Control steps' physics alone."""
        for _ in range(steps):
            self._sim.step()
