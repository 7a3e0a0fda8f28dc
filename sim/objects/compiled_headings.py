"""The loops of `prism_sections` over the sides of parts and along them, compiled: where outer ends are looked for.

Axis letters: A sides, P parts, K headings, S slides, N places. Object frame, m and rad; `u` and `v` as in
`sim.objects.cross_sections`.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiling import compiled


@compiled
def between_sides(angles: np.ndarray, firsts: np.ndarray, taper: float, apart: float, kept: np.ndarray) -> int:
    """Headings of sides, and the middles of two sides of a part that differ by less than `taper`; none within `apart`
    of an earlier one.

    Args:
        angles: (A,), rad: headings of the sides' normals.
        firsts: (P + 1,): where each part's begin, and their count.
        taper, apart: rad.
        kept: (K,), filled in from the first row on: rad in (−π/2, π/2].

    Returns:
        How many are filled in.
    """
    count = 0
    for part in range(len(firsts) - 1):
        for one in range(firsts[part], firsts[part + 1]):
            for other in range(one, firsts[part + 1]):
                gap = (angles[one] - angles[other] + math.pi / 2) % math.pi - math.pi / 2
                if not abs(gap) < taper:
                    continue
                angle, new = angles[one] - gap / 2, True
                for earlier in range(count):
                    if not abs((angle - kept[earlier] + math.pi / 2) % math.pi - math.pi / 2) > apart:
                        new = False
                        break
                if new:
                    kept[count] = angle
                    count += 1
    for k in range(count):
        kept[k] = math.pi / 2 - (math.pi / 2 - kept[k]) % math.pi
    return count


@compiled
def places_along(slides: np.ndarray, counts: np.ndarray, points: np.ndarray, u: np.ndarray, yaws: np.ndarray) -> None:
    """The places of slides, each slide's as `np.linspace` has them.

    Args:
        slides: (S, 6): start and stop, m along v; the part's middle, m along u; the heading, rad; x and y of u.
        counts: (S,): places of each, 2 at least.
        points, u, yaws: (N, 2), m, (N, 2), of length 1, and (N,), rad, filled in.
    """
    n = 0
    for s in range(len(slides)):
        start, stop, middle, ux, uy = slides[s, 0], slides[s, 1], slides[s, 2], slides[s, 4], slides[s, 5]
        step = (stop - start) / (counts[s] - 1)
        for k in range(counts[s]):
            along = stop if k == counts[s] - 1 else k * step + start
            points[n, 0], points[n, 1] = along * -uy + middle * ux, along * ux + middle * uy
            u[n, 0], u[n, 1], yaws[n] = ux, uy, slides[s, 3]
            n += 1
