"""The baseline that repeats a demonstration: the recorded hand path in the object's frame, followed in closed loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demos.support import COMMAND, SupportItem, SupportSet, closing_step
from robo_meta.strategies.baselines.scan_alignment import Alignment, align
from robo_meta.strategies.policy import Controller
from sim.frames import wrap_heading
from sim.robot import Workspace

NEAR_METRES, NEAR_RADIANS = 0.012, 0.08
"""A waypoint this near counts as reached, before the fingers close."""
PATIENCE = 4
"""Actions to spend on one waypoint before going on to the next."""
SETTLED_METRES = 0.004
"""How near the hand must come to the closing pose before the fingers close."""
LIFT = 0.4
"""Action units of height per step after the recorded path has ended: 2 cm, slow enough not to shake the object out."""


@dataclass(frozen=True)
class ReplayPath:
    """A demonstrated hand path laid over the query, object frame."""

    waypoints: np.ndarray
    """(T+1, 4): x, y, z, yaw; m, m, m, rad."""
    gripper: np.ndarray
    """(T,): recorded gripper commands, −1 close … +1 open."""
    closing: int
    """The first step of the closing command that caught the object."""
    lift: float
    """Largest upward action while holding, in action units: the demonstrator's pace, not to be exceeded."""
    grasp: np.ndarray
    """(4,): where the fingers close, x, y, z, yaw."""


class Replay:
    """Replays the demonstration whose object looks most like the query, the frames' turn and mirroring removed.

    Args:
        checkpoint: unused; nothing is learned beforehand.
        controller: unused; the recorded path drives the hand.
    """

    name = "replay"

    def __init__(self, checkpoint: object, controller: Controller | None) -> None:
        pass

    def adapt(self, support: SupportSet) -> ReplayPolicy:
        """A policy that picks and lays over the demonstration once it sees the query."""
        return ReplayPolicy(support)


class ReplayPolicy:
    """Follows one recorded path. `reset` before each episode."""

    controller = "replayed"

    def __init__(self, support: SupportSet) -> None:
        self._support = support
        self.reset()

    def reset(self) -> None:
        """Forget the episode."""
        self._path: ReplayPath | None = None
        self._step = 0
        self._waited = 0
        self._holding = False

    def point_scores(self, points: np.ndarray) -> None:
        """None: no points are weighed."""

    def target(self, points: np.ndarray) -> np.ndarray:
        """(4,) where the fingers will close, object frame."""
        return replay_path(self._support, points).grasp

    def act(self, observation: Mapping[str, np.ndarray]) -> np.ndarray:
        """(5,) action toward the next recorded hand pose, object frame.

        Up to the closing pose a step lasts until its pose is reached; closing and lifting keep the recorded pace.
        """
        hand = np.asarray(observation["hand"], dtype=np.float64)
        if self._path is None:
            self._path = replay_path(self._support, observation["points"])
            self._step = nearest_start(self._path, hand)
        path = self._path
        if not self._holding:
            self._advance(path, hand)
        if not self._holding:
            self._waited += 1
            return approach(hand, path.waypoints[self._step], 1.0, 1.0)
        if self._step >= len(path.gripper):
            return np.array([0, 0, path.lift or LIFT, 0, -1], dtype=np.float32)
        action = approach(hand, path.waypoints[self._step + 1], path.gripper[self._step], path.lift or LIFT)
        self._step += 1
        return action

    def _advance(self, path: ReplayPath, hand: np.ndarray) -> None:
        """Go on to the first waypoint not yet reached; start holding once the closing pose is."""
        while True:
            error = pose_error(hand, path.waypoints[self._step])
            last = self._step == path.closing
            near = np.linalg.norm(error[:3]) < (SETTLED_METRES if last else NEAR_METRES)
            if not (near and abs(error[3]) < NEAR_RADIANS) and self._waited < PATIENCE:
                return
            self._waited = 0
            if last:
                self._holding = True
                return
            self._step += 1


def pose_error(hand: np.ndarray, waypoint: np.ndarray) -> np.ndarray:
    """(4,) m, m, m, rad from a hand (7,) to a waypoint (4,), the turn being the shorter one modulo π."""
    error = waypoint - hand[:4]
    error[3] = wrap_heading(error[3])
    return error


def approach(hand: np.ndarray, waypoint: np.ndarray, gripper: float, most_up: float) -> np.ndarray:
    """(5,) action from a hand (7,) toward a waypoint (4,), rising by `most_up` units at most."""
    error = pose_error(hand, waypoint)
    units = error / np.array([*3 * [Workspace.reach], Workspace.turn])
    # Scaled as a whole, so that a far waypoint is approached along a straight line whatever the axes' heading.
    units[:3] /= max(1.0, float(np.linalg.norm(units[:3])))
    units[2] = min(units[2], most_up)
    return np.clip(np.array([*units, gripper]), -1, 1).astype(np.float32)


def nearest_start(path: ReplayPath, hand: np.ndarray) -> int:
    """The step before closing whose recorded pose is nearest to a hand (7,): the demonstrator started elsewhere."""
    before = path.waypoints[: path.closing + 1, :3]
    return int(np.argmin(np.linalg.norm(before - hand[:3], axis=1)))


def replay_path(support: SupportSet, points: np.ndarray) -> ReplayPath:
    """The demonstration nearest to the query's scan (P, 6), laid over it by turn, shift and mirroring."""
    aligned = [(align(item.points, points, scaled=False), item) for item in support.items]
    alignment, item = min(aligned, key=lambda pair: pair[0].cost)
    return lay_over(item, alignment)


def lay_over(item: SupportItem, alignment: Alignment) -> ReplayPath:
    """A recorded path under a map of the plane."""
    waypoints = item.hand[:, :4].astype(np.float64)
    waypoints[:, :2] = alignment.place(waypoints[:, :2])
    waypoints[:, 3] = alignment.heading(waypoints[:, 3])
    grasp = item.grasp.astype(np.float64)
    heading = float(wrap_heading(float(alignment.heading(grasp[3]))))
    first = closing_step(item.hand)
    while first > 0 and item.hand[first, COMMAND] < 0:
        first -= 1
    lift = float(item.actions[first:, 2].max(initial=0.0))
    gripper = item.actions[:, 4].astype(np.float64)
    return ReplayPath(waypoints, gripper, first, lift, np.array([*alignment.place(grasp[:2]), grasp[2], heading]))
