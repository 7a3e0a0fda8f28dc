"""The loops of rays over the half-spaces of prisms, compiled; equal to the bit to what numpy gave.

Axis letters: R rays, P parts, H half-spaces of all parts. Object frame, m.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiling import compiled


@compiled
def first_met(slope: np.ndarray, reach: np.ndarray, firsts: np.ndarray, nearest: np.ndarray, met: np.ndarray) -> None:
    """Where rays meet the first of several convex bodies: each between the last half-space entered and the first left.

    Args:
        slope: (R, H) of the rays against the half-spaces' outward normals.
        reach: (H,) m from the rays' origin to each half-space.
        firsts: (P + 1,): where each body's half-spaces begin, and their count.
        nearest: (R,), all infinite; distances, filled in where one is met.
        met: (R,) int, filled in likewise: its number.
    """
    for ray in range(len(slope)):
        for part in range(len(firsts) - 1):
            enter, leave, outside = -math.inf, math.inf, False
            # Top and bottom come last, and are all that most rays need to be seen to miss.
            for side in range(firsts[part + 1] - 1, firsts[part] - 1, -1):
                tilt = slope[ray, side]
                if tilt < 0:
                    distance = reach[side] / tilt
                    enter = distance if distance > enter else enter
                elif tilt > 0:
                    distance = reach[side] / tilt
                    leave = distance if distance < leave else leave
                elif reach[side] < 0:
                    outside = True
                if enter > leave:
                    break
            if enter <= leave and enter > 0 and not outside and enter < nearest[ray]:
                nearest[ray], met[ray] = enter, part
