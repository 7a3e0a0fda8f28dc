"""What two pads meet of a mesh between the open fingers, and the height at which they meet it best.

Axis letters: N queries (a point and a closing heading each), H heights. Five lines a query lie across the pads' width.
m; `u` as in `sim.objects.cross_sections`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.robot import Fingers


@dataclass(frozen=True)
class MeshLimits:
    """What pads can hold of a curved or hollow body; lengths in m."""

    fingers: Fingers
    """Widths, reaches and clearances, as on prisms."""
    most_lean: float
    """How much farther out, in 6 mm below the pads' lower edge, the surface may stand than at the pads: more, and they
    press it downwards out of themselves."""
    shallowest: float = 0.0025
    """Height over which the pads must lie on the surface."""


PAD_BELOW, PAD_ABOVE = 0.0065, 0.010
"""m: the pad's edges below and above the grasp point. Above it the finger leans back by `RECESS` a metre."""
RECESS = 0.07
FINGER_TOP = 0.030
"""m above the grasp point up to which the fingers can touch the object; over it is the palm."""
BELOW = 0.006
"""m below the pads' lower edge in which the surface may not stand out much farther."""
TIP = 0.0075
"""m below the grasp point: what the fingers pass on their way down is at this height or higher."""
ON_FACE = 0.001
"""m: surface this near to the outermost is where the pad lies."""
FLAT = 0.0003
"""m: surface this near to the outermost counts as flat."""
HAIR = 1e-9
"""m: far below anything that matters, far above rounding."""
LOWEST, HIGHEST, CLIMB = 0.010, 0.060, 0.002
"""m: heights of a grasp that are tried, and their distance."""


class Meeting(NamedTuple):
    """What pads meet at a height; each (N,), lengths in m."""

    cost: np.ndarray
    """Infinite where they can't hold it; the other fields have no meaning there."""
    left: np.ndarray
    """Along u: the outermost surface on the lower side."""
    right: np.ndarray
    """Along u: that on the higher side."""
    z: np.ndarray
    """Height of the grasp point."""
    off: np.ndarray
    """Penalty for touching the pads elsewhere than at their middles."""
    top: np.ndarray
    """Height of what stands between the fingers."""


class Faces(NamedTuple):
    """The surface that pads lie on; each (N,)."""

    spread: np.ndarray
    """m: how far a face recedes across the pad."""
    slant: np.ndarray
    """m: how much farther out it is at one edge of the pad than at the other."""
    flat: np.ndarray
    """Share of the pads that lies on it."""


class Outline:
    """The outermost surfaces between the open fingers, at every height, on the lines across the pads."""

    def __init__(self, low: np.ndarray, high: np.ndarray, heights: np.ndarray, step: float) -> None:
        """Keep what is asked for at every height of a grasp.

        Args:
            low, high: (N, 5, H), m along u; +inf and −inf where there is nothing.
            heights: (H,), m, rising.
            step: m between them.
        """
        self.low, self.high, self.heights, self.step = low, high, heights, step
        self.left, self.right = low.min(axis=1), high.max(axis=1)
        self.full = np.isfinite(low).all(axis=1)
        solid = np.isfinite(self.left) & np.isfinite(self.right)
        self.top = np.where(solid, heights + step / 2, 0.0).max(axis=1)

    def best(self, tallest: float, limits: MeshLimits) -> Meeting:
        """What pads meet at the best of all heights of a grasp.

        Args:
            tallest: m, of the object.
            limits: what can be held.
        """
        count = len(self.left)
        found = Meeting(np.full(count, np.inf), *(np.zeros(count) for _ in Meeting._fields[1:]))
        for z in grasp_heights(tallest):
            rows, met = self._at_height(z, limits)
            better = met.cost < found.cost[rows]
            for whole, part in zip(found, met, strict=True):
                whole[rows[better]] = part[better]
        return found

    def _at_height(self, z: float, limits: MeshLimits) -> tuple[np.ndarray, Meeting]:
        """Queries (N',) whose pads meet something at a grasp point `z` m high, and what they meet."""
        heights = self.heights
        first, above, last = _pad_rows(heights, z)
        under = np.searchsorted(heights, z - PAD_BELOW - BELOW, side="right")
        back = RECESS * np.maximum(heights[first:last] - z - PAD_ABOVE, 0.0)
        met_left, met_right = self.left[:, first:last] + back, self.right[:, first:last] - back
        left, right = met_left.min(axis=1, initial=np.inf), met_right.max(axis=1, initial=-np.inf)
        pads = slice(0, above - first)
        full = self.full[:, first:above]
        lies_left = full & (met_left[:, pads] <= left[:, None] + ON_FACE)
        lies_right = full & (met_right[:, pads] >= right[:, None] - ON_FACE)
        depth = self.step * np.minimum(lies_left.sum(axis=1), lies_right.sum(axis=1))
        rows = np.flatnonzero(np.isfinite(left) & np.isfinite(right) & (depth >= limits.shallowest))
        left, right = left[rows], right[rows]
        # The surface goes on below the pads' lower edge: does it stand farther out there?
        lower_left = self.left[rows, under:first].min(axis=1, initial=np.inf)
        lower_right = self.right[rows, under:first].max(axis=1, initial=-np.inf)
        lean = np.maximum(np.maximum(_gap(left, lower_left), _gap(lower_right, right)), 0.0)
        lean = np.where(np.isfinite(lean), lean, 0.0)
        lies = np.zeros((len(rows), len(heights)), dtype=bool)
        lies[:, first:above] = lies_left[rows] | lies_right[rows]
        middle = (lies * heights).sum(axis=1) / np.maximum(lies.sum(axis=1), 1)
        off = np.abs(z - middle) * 0.2 + lean
        top = self.top[rows]
        cost = off + 0.1 * np.abs(z - np.clip(top / 2, LOWEST, 0.022))
        cost = np.where(lean <= limits.most_lean, cost, np.inf)
        return rows, Meeting(cost, left, right, np.full(len(rows), z), off, top)

    def faces(self, rows: np.ndarray, met: Meeting) -> Faces:
        """What pads lie on that meet `met` (N,), for queries `rows` (N',) of it."""
        heights, z = self.heights, met.z[rows, None]
        low, high, left, right = self.low[rows], self.high[rows], met.left[rows], met.right[rows]
        pads = (heights > z - PAD_BELOW) & (heights < z + PAD_ABOVE)
        back = RECESS * np.maximum(heights - z - PAD_ABOVE, 0.0)
        on_left = self.left[rows] + back <= left[:, None] + ON_FACE
        on_right = self.right[rows] - back >= right[:, None] - ON_FACE
        lies = pads & self.full[rows] & (on_left | on_right)
        spread = np.maximum(_range(low), _range(high))
        slant = np.maximum(np.abs(_gap(low[:, 0], low[:, -1])), np.abs(_gap(high[:, 0], high[:, -1])))
        # What of the pads, below the object's top, lies on the surface.
        within = pads & (heights < met.top[rows, None])
        on = (low < left[:, None, None] + FLAT) & (high > right[:, None, None] - FLAT) & within[:, None]
        flat = on.sum(axis=(1, 2)) / np.maximum(low.shape[1] * within.sum(axis=1), 1)
        return Faces(
            np.where(lies, spread, np.inf).min(axis=1, initial=np.inf),
            np.where(lies, slant, np.inf).min(axis=1, initial=np.inf),
            flat,
        )


def may_fit(
    low: np.ndarray,
    high: np.ndarray,
    blocked: np.ndarray,
    heights: np.ndarray,
    tallest: float,
    limits: MeshLimits,
    most_shift: float,
) -> np.ndarray:
    """(N,) bool: whether what pads meet on one of their lines leaves it possible that they hold it, at some height.

    What they meet on all lines and at all heights is no narrower than on one of the lines at some of the heights.

    Args:
        low, high: (N, H), m: the outermost surfaces between the open fingers on that line.
        blocked: (N, H) bool: whether on that line something stands in the fingers' way.
        heights: (H,), m, rising.
        tallest: m, of the object.
        limits: what can be held.
        most_shift: m by which the hand may move to centre itself.
    """
    found, widest = np.zeros(len(low), dtype=bool), limits.fingers.max_width
    outermost = widest / 2 + most_shift
    for z in grasp_heights(tallest):
        first, _, last = _pad_rows(heights, z)
        back = RECESS * np.maximum(heights[first:last] - z - PAD_ABOVE, 0.0)
        left = (low[:, first:last] + back).min(axis=1, initial=np.inf)
        right = (high[:, first:last] - back).max(axis=1, initial=-np.inf)
        passed = int(np.searchsorted(heights, z - TIP))
        # A hair more than the limits: the sums that they are compared with are rounded in another order.
        narrow = (right - left <= widest + HAIR) & (np.maximum(-left, right) <= outermost + HAIR)
        found |= narrow & ~blocked[:, passed:].any(axis=1)
    return found


def grasp_heights(tallest: float) -> list[float]:
    """m: heights of a grasp that are tried on an object that is `tallest` m tall."""
    return [float(z) for z in np.arange(LOWEST, max(min(HIGHEST, tallest), LOWEST + 1e-6), CLIMB)]


def _pad_rows(heights: np.ndarray, z: float) -> tuple[int, int, int]:
    """Of rising `heights` (H,): the first beside the pads of a grasp at `z` m, the first above them, and the first
    above the fingers."""
    first = np.searchsorted(heights, z - PAD_BELOW, side="right")
    above, last = np.searchsorted(heights, [z + PAD_ABOVE, z + FINGER_TOP], side="left")
    return int(first), int(above), int(last)


def _range(values: np.ndarray) -> np.ndarray:
    """(N, H) largest less smallest over axis 1; infinite where not all are finite."""
    finite = np.isfinite(values).all(axis=1)
    size = np.where(finite[:, None], values, 0.0)
    return np.where(finite, size.max(axis=1) - size.min(axis=1), np.inf)


def _gap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """`one` less `other`; infinite where either is."""
    finite = np.isfinite(one) & np.isfinite(other)
    return np.where(finite, np.where(finite, one, 0.0) - np.where(finite, other, 0.0), np.inf)
