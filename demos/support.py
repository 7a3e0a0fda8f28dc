"""Support sets: demonstrations as a strategy may see them, and which of them may stand beside a held-out query.

Axis letters: K shots, T steps, P points, D episodes of one task. Needs only numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.errors import InputError
from sim.records import Record

TRANSFERS = ("same-object", "new-instance", "new-shape")
"""What demos and query share, from most to least; the same names as `sim.tasks.scenes.TRANSFERS`."""
OPENING, COMMAND = 4, 6
"""Columns of `hand`: the finger opening, m, and the last gripper command."""
STILL = 0.001
"""m per step: fingers that close by less have met something, or each other."""
NOTHING = 0.002
"""m: an opening below this holds nothing."""


class ShotsError(InputError):
    """A support that cannot be drawn: no shots, more than there are demonstrations at hand, an unknown transfer."""


class SupportError(InputError):
    """Arrays that make no support item."""


@dataclass(frozen=True, eq=False)
class SupportItem(Record):
    """One demonstration as a strategy sees it: object frame, nothing privileged; arrays are read-only copies.

    Example:
        >>> points, hand = np.zeros((512, 6)), np.zeros((15, 7))
        >>> item = SupportItem(points, hand, np.zeros((14, 5)), np.zeros(4), True, "hammer", "a0")
        >>> item.grasp.flags.writeable
        False
    """

    points: np.ndarray
    """(P, 6) float32: x, y, z in m, object frame, then r, g, b in [0, 1]."""
    hand: np.ndarray
    """(T+1, 7) float32, object frame: x, y, z (m), yaw (rad), opening (m), opening rate (m/s), last command."""
    actions: np.ndarray
    """(T, 5) float32, object frame, executed; turned from world axes, so that components reach ±√2."""
    grasp: np.ndarray
    """(4,) float32, object frame: x, y, z (m), yaw (rad) where the fingers closed, read back from the hand."""
    success: bool
    """Whether the demonstration reached its goal."""
    family: str
    """Public label of the shape family."""
    object_id: str
    """Public label of the object within its task, e.g. `a0`."""
    tip: np.ndarray = field(default_factory=lambda: np.zeros(2))
    """(2,) float32, object frame, with noise: how the object hung when it was lifted or dropped: the
    direction in the object's plane whose side sank, times the tilt in rad; 0 where level, never lifted or unknown."""

    def __post_init__(self) -> None:
        for name in ("points", "hand", "actions", "grasp", "tip"):
            value = np.array(getattr(self, name), dtype=np.float32)
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        steps = len(self.actions)
        expected = {"points": (len(self.points), 6), "hand": (steps + 1, 7), "actions": (steps, 5), "grasp": (4,)}
        expected["tip"] = (2,)
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise SupportError(f"support item: {name} of shape {getattr(self, name).shape}; it needs {shape}")


@dataclass(frozen=True)
class SupportSet:
    """The K demonstrations to adapt from.

    Example:
        >>> points, hand = np.zeros((512, 6)), np.zeros((15, 7))
        >>> item = SupportItem(points, hand, np.zeros((14, 5)), np.zeros(4), True, "hammer", "a0")
        >>> SupportSet((item, item)).shots
        2
    """

    items: tuple[SupportItem, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
        if not self.items:
            raise SupportError("an empty support set; it needs at least 1 demonstration")

    @property
    def shots(self) -> int:
        """Number of demonstrations, K."""
        return len(self.items)


def closing_step(hand: np.ndarray) -> int:
    """The step at which the fingers had closed on the object: hindsight from the hand alone.

    That is the first step of the last stretch of closing commands at which the opening has stopped shrinking above
    zero width; the last stretch, because a demonstrator who misses opens again and retries. Where every closing ran
    through to nothing, the step at which the last one stopped; where no command closed, the step nearest the table.

    Args:
        hand: (T+1, 7) as in `SupportItem.hand`; any frame.
    """
    opening, closing = hand[:, OPENING], hand[:, COMMAND] < 0
    shrinking = np.append(opening[:-1] - opening[1:], 0.0)
    stretches = _stretches(closing)
    if not stretches:
        return int(np.argmin(hand[:, 2]))
    for first, end in reversed(stretches):
        stopped = [step for step in range(first, end) if shrinking[step] < STILL and opening[step] > NOTHING]
        if stopped:
            return stopped[0]
    first, end = stretches[-1]
    return next((step for step in range(first, end) if shrinking[step] < STILL), end - 1)


def _stretches(flags: np.ndarray) -> list[tuple[int, int]]:
    """Runs of true values as [first, end) pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def hindsight_grasp(hand: np.ndarray) -> np.ndarray:
    """(4,) float32: x, y, z, yaw of the hand (T+1, 7) where its fingers closed, in the hand's frame."""
    return np.asarray(hand[closing_step(hand), :4], dtype=np.float32)


def eligible(families: np.ndarray, objects: np.ndarray, transfer: str) -> np.ndarray:
    """Which episodes may stand in the support of which query.

    Args:
        families: (..., D) labels of the episodes' families within each task, comparable by `==`.
        objects: (..., D) labels of their objects within each task.
        transfer: one of `TRANSFERS`.

    Returns:
        (..., D, D) bool, indexed by query and then support; never true on the diagonal.

    Raises:
        ShotsError: an unknown transfer.
    """
    families, objects = np.asarray(families), np.asarray(objects)
    same_family = families[..., :, None] == families[..., None, :]
    same_object = same_family & (objects[..., :, None] == objects[..., None, :])
    if transfer == "same-object":
        return same_object & ~np.eye(families.shape[-1], dtype=bool)
    if transfer == "new-instance":
        return same_family & ~same_object
    if transfer == "new-shape":
        return ~same_family
    raise ShotsError(f"unknown transfer {transfer!r}; expected one of {', '.join(TRANSFERS)}")
