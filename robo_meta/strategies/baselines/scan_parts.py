"""The parts of a scanned object, told apart by their paint, and their sizes whatever it is.

Axis letters: P points, G parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from robo_meta.strategies.baselines.colour_clusters import colour_centres, nearest_colour, volumes
from robo_meta.strategies.scan_memory import read_only, remembered
from sim.frames import long_axis

LEAST_SHARE = 0.02
"""Of the points: a colour on fewer is a stray one, and goes to the nearest of the others."""
END_SHARE = 0.1
"""Of a part's points: those farthest from the object's origin make its outer end."""


@dataclass(frozen=True)
class ScannedParts:
    """A scan and the colours on it; every part is of one colour."""

    points: np.ndarray
    """(P, 6): x, y, z in m, object frame, then RGB."""
    centres: np.ndarray
    """(G, 3) RGB of the parts' paint."""
    owner: np.ndarray
    """(P,) number of the part that each point is on."""

    @staticmethod
    def of(points: np.ndarray) -> ScannedParts:
        """The parts of one scan (P, 6); of the same scan, the same record again."""
        return _parts_of(points)

    def __len__(self) -> int:
        return len(self.centres)

    def thinned(self, count: int) -> ScannedParts:
        """The same with the first `count` points, which are an even sample, as scans come in random order."""
        return ScannedParts(self.points[:count], self.centres, self.owner[:count])

    @cached_property
    def bulk(self) -> tuple[np.ndarray, np.ndarray]:
        """(G,) volumes, m³, and (G, 2) centroids, m, as the camera sees them."""
        return cast(tuple[np.ndarray, np.ndarray], read_only(volumes(self.points, self.centres)))

    @cached_property
    def extents(self) -> np.ndarray:
        """(G, 2) m: length of each part along the object's long axis, and width across it."""
        xy = self.points[:, :2].astype(np.float64)
        along = long_axis(xy)
        axes = np.stack([along, [-along[1], along[0]]], axis=1)
        found = np.array([np.ptp(xy[self.owner == part] @ axes, axis=0) for part in range(len(self))])
        return cast(np.ndarray, read_only(found))

    def outer_end(self, part: int) -> np.ndarray:
        """(2,) m: the middle of a part's points that lie farthest from the object's origin."""
        own = self.points[self.owner == part, :2].astype(np.float64)
        out = np.hypot(*own.T)
        return np.asarray(own[out >= np.quantile(out, 1 - END_SHARE)].mean(axis=0))

    def falsely_coloured(self, shades: np.ndarray) -> np.ndarray:
        """(P, 6) the scan with its parts in shades (G,) of grey and no noise, whatever their paint."""
        shade = shades[self.owner]
        return np.column_stack([self.points[:, :3], shade, shade, shade]).astype(np.float32)

    def painted(self, colours: np.ndarray) -> np.ndarray:
        """(P, 6) the scan with its parts in other colours (G, 3); the noise of each point's colour stays."""
        moved = self.points.astype(np.float64)
        moved[:, 3:6] += (colours - self.centres)[self.owner]
        moved[:, 3:6] = moved[:, 3:6].clip(0.0, 1.0)
        return moved.astype(np.float32)


@remembered
def _parts_of(points: np.ndarray) -> ScannedParts:
    centres = colour_centres([points])
    owner = nearest_colour(points[:, 3:6], centres)
    shares = np.bincount(owner, minlength=len(centres)) / len(points)
    centres = centres[shares >= min(LEAST_SHARE, shares.max())]
    arrays = points.copy(), centres, nearest_colour(points[:, 3:6], centres)
    return ScannedParts(*read_only(arrays))
