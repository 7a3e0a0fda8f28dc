"""What there is to see: plain records that the session puts out and a page draws. Lengths in m, world frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from robo_meta.studio.choice import Choice
from sim.env import GraspEnv
from sim.frames import Pose
from sim.tasks.scenes import Scene

CHOOSE, MOVING, JUDGED, WATCHING, BUSY = "choose", "moving", "judged", "watching", "busy"
"""Phases: nothing on the table yet; an attempt in progress; its verdict; strategies acting; working."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Where everything is at one moment."""

    links: Mapping[str, Pose]
    """Link of the arm → its frame to world."""
    object_to_world: Pose
    """The object's true pose."""

    @staticmethod
    def of(env: GraspEnv) -> Frame:
        """The moment as it is in an environment."""
        return Frame(env.panda.link_frames(), env.object_to_world)


Film = tuple[tuple[float, Frame], ...]
"""Frames, each with the seconds that it is shown for."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One copy of the scene."""

    title: str
    scene: Scene
    frame: Frame


@dataclass(frozen=True)
class Trial:
    """What one strategy's attempt came to."""

    strategy: str
    success: bool
    verdict: Mapping[str, bool]
    keypoint_mm: float
    """mm in the plane from its grasp to the true balance point, or the nearest wanted end."""


@dataclass(frozen=True, eq=False)
class Weighing:
    """How a strategy weighs an object's points before and after it adapted."""

    strategy: str
    shots: int
    """Demonstrations that it adapted to."""
    family: str
    points: np.ndarray
    """(P, 6): x, y, z in m, object frame, then r, g, b in [0, 1]."""
    before: np.ndarray | None
    """(Q,) weights of the first Q points; None where the strategy knows nothing before any demonstration."""
    after: np.ndarray | None
    """(Q,); None where the strategy weighs no points."""
    target_before: np.ndarray | None
    """(4,) grasp x, y, z, heading, object frame."""
    target_after: np.ndarray
    moved_mm: float | None
    """mm in the plane between the two grasps."""


@dataclass(frozen=True)
class Advice:
    """What the selector would take."""

    chosen: str
    because: str
    predicted: Mapping[str, float]
    """Strategy → chance of success."""
    family: str
    """Of the object that it looked at."""


@dataclass(frozen=True, eq=False)
class View:
    """All that a page shows."""

    phase: str = CHOOSE
    message: str = "Choose an object and press Start."
    choice: Choice | None = None
    wanted: str = ""
    """The intention in words; what nobody is to see, the densities, is not among them."""
    stages: tuple[Stage, ...] = ()
    target: np.ndarray | None = None
    """(4,) x, y, z, heading that the hand is brought to; None where there is no attempt."""
    closed: bool = False
    left: int = 0
    """Actions left of the attempt."""
    verdict: Mapping[str, bool] | None = None
    """Of the last attempt, once it was judged."""
    kept: str = ""
    """Key of the last demonstration in the dataset."""
    demos: int = 0
    """Demonstrations of this task in the dataset."""
    successes: int = 0
    trials: tuple[Trial, ...] = ()
    weighing: Weighing | None = None
    advice: Advice | None = None
    attempts: int = 0
    """Attempts that were begun: another one, another scene to draw."""


def together(
    scene: Scene, films: Sequence[tuple[str, Film]], beat: float = 0.05
) -> list[tuple[float, tuple[Stage, ...]]]:
    """Films of one scene side by side, at one pace; one that ends earlier stands still.

    Args:
        scene: what is grasped in all of them.
        films: title and film of each.
        beat: s that each of the moments is shown for; the frames' own times are multiples of it.
    """
    rows = []
    for title, film in films:
        stages = [(Stage(title, scene, frame), round(delay / beat)) for delay, frame in film]
        rows.append([stage for stage, beats in stages for _ in range(beats)])
    longest = max(map(len, rows))
    return [(beat, tuple(row[min(now, len(row) - 1)] for row in rows)) for now in range(longest)]
