"""What one episode keeps between steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.episode.observation import Observer
from sim.physics.bodies import SimObject
from sim.physics.push import Shove
from sim.robot import Workspace
from sim.shaping import Progress
from sim.success import FAILED, Judge, Verdict
from sim.tasks.scenes import Scene


@dataclass
class RunningEpisode:
    """One episode, from its reset to its verdict."""

    scene: Scene
    body: SimObject
    judge: Judge
    observer: Observer
    hand_command: np.ndarray
    """(3,), m, world: where the hand is told to be."""
    yaw_command: float
    """rad, world: the heading that the closing direction is told to have."""
    shove: Shove | None = None
    """None where nobody shoves."""
    progress: Progress | None = None
    """Of the dense reward alone."""
    gripper_command: float = 1.0
    """−1 close, 1 open."""
    steps: int = 0
    """Actions played."""
    done: bool = False
    verdict: Verdict | None = None
    """None until the episode ends."""

    def command(self, action: np.ndarray, space: Workspace) -> None:
        """Take an action (5,) in [−1, 1]: move what hand and gripper are told, and shove the object if it is time."""
        *moves, turn, gripper = action.tolist()
        told = zip(self.hand_command.tolist(), moves, space.low, space.high, strict=True)
        self.hand_command = np.array([min(max(at + move * space.reach, low), high) for at, move, low, high in told])
        self.yaw_command = min(max(self.yaw_command + turn * space.turn, -space.yaw_limit), space.yaw_limit)
        command = -1.0 if gripper < 0 else 1.0
        if command < 0 <= self.gripper_command:
            self.judge.fingers_closed()
        self.gripper_command = command
        if self.shove is not None and self.steps == self.shove.step and not self.closing:
            self.body.set_velocity(self.shove.velocity(self.scene.object.friction))

    @property
    def closing(self) -> bool:
        """Whether the gripper is told to close."""
        return self.gripper_command < 0

    def finish_step(self, budget: int) -> tuple[bool, bool]:
        """Look at what the action came to: whether the episode is terminated, and whether it is truncated.

        Args:
            budget: actions after which an episode is truncated.
        """
        self.steps += 1
        self.judge.look()
        terminated, truncated = False, self.steps >= budget
        if self.judge.rise >= self.judge.thresholds.lift:
            self.verdict = self.judge.hold_and_shake(self.hand_command, self.yaw_command)
            terminated, truncated = True, False
        elif truncated:
            self.verdict = FAILED
        self.done = terminated or truncated
        return terminated, truncated

    @property
    def info(self) -> dict[str, Any]:
        """Gymnasium's `info`: empty until the episode ends."""
        if self.verdict is None:
            return {}
        success = self.verdict.success
        return {"verdict": self.verdict.parts, "success": success, "is_success": success}

    def reward(self) -> float:
        """Of the last action; asked once a step, because progress counts once."""
        success = self.verdict is not None and self.verdict.success
        return float(success) + (self.progress.gain() if self.progress else 0.0)
