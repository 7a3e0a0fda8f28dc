"""A policy that is a network over steps: it is shown what the hand sees, and gives the next action.

No place to grasp is chosen beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from robo_meta.model.action_head import in_object
from robo_meta.model.hand_view import SAMPLED
from sim.frames import wrap_heading
from sim.robot import GripperConfig, Workspace

Next = Callable[[Tensor, Tensor], Tensor]
"""points (Q, 6) and hand (7,), object frame → outputs (5,), see `action_head`."""
IMAGINED_START = (0.0, 0.0, 0.25, 0.0)
"""x, y, z (m), yaw (rad), object frame: where the hand is taken to start in an episode that is only imagined."""


class StepPolicy:
    """Acts step by step; `reset` before each episode.

    Args:
        following: what gives the next action.
    """

    controller = "own"

    def __init__(self, following: Next) -> None:
        self._following = following
        self._played: tuple[bytes, np.ndarray] | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the episode, but not where its hand closed."""
        self._closed = False

    def act(self, observation: Mapping[str, np.ndarray]) -> np.ndarray:
        """Next action (5,) float32, object frame."""
        hand = np.asarray(observation["hand"], dtype=np.float32)
        action = next_action(self._following, looked_at(observation["points"]), hand)
        if action[4] < 0 and not self._closed:
            self._closed = True
            self._played = np.asarray(observation["points"]).tobytes(), grasp_of(hand)
        return action

    def target(self, points: np.ndarray) -> np.ndarray:
        """(4,) x, y, z, yaw, object frame: where the hand was when it first closed, in the last episode played on this
        scan; on any other scan, where it would close if every action did exactly what it says."""
        if self._played is not None and self._played[0] == np.asarray(points).tobytes():
            return self._played[1].copy()
        return imagined_grasp(self._following, points)

    def point_scores(self, points: np.ndarray) -> None:
        """None: no points are weighed."""


def looked_at(points: np.ndarray) -> Tensor:
    """(Q, 6) of a scan (P, 6), evenly spread over its rows, whose order is random."""
    rows = np.linspace(0, len(points) - 1, min(SAMPLED, len(points))).round().astype(int)
    return torch.from_numpy(np.asarray(points, dtype=np.float32)[rows])


def next_action(following: Next, points: Tensor, hand: np.ndarray) -> np.ndarray:
    """(5,) float32, object frame, for points (Q, 6) and a hand (7,)."""
    with torch.no_grad():
        outputs = following(points, torch.tensor(hand))
        return in_object(outputs, torch.as_tensor(hand[3])).numpy()


def imagined_grasp(following: Next, points: np.ndarray) -> np.ndarray:
    """(4,) where the hand would close on a scan (P, 6), without physics: every action does exactly what it says."""
    hand = np.array([*IMAGINED_START, GripperConfig.open_width, 0.0, 1.0], dtype=np.float32)
    reach = np.array([*3 * [Workspace.reach], Workspace.turn], dtype=np.float32)
    seen = looked_at(points)
    for _ in range(Workspace.budget):
        action = next_action(following, seen, hand)
        if action[4] < 0:
            break
        hand[:4] += action[:4] * reach
        hand[2] = max(hand[2], Workspace.low[2])
    return grasp_of(hand)


def grasp_of(hand: np.ndarray) -> np.ndarray:
    """(4,) float64 x, y, z and heading of a hand (7,)."""
    return np.array([*hand[:3], wrap_heading(float(hand[3]))], dtype=np.float64)
