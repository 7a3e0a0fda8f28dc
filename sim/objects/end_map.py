"""Where fingers can take an outer end of an imported object, worked out once on a lattice in its frame at rest.

To ask the meshes themselves for every point of every scan takes seconds; the lattice answers from memory. For each
heading it has places `ACROSS` m apart across the closing direction, to which a grasp is sensitive, and `ALONG` m apart
along it, where the hand centres itself. Axis letters: K headings, M points. Frame at rest, m and rad.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sim.objects.mesh_sections import AT_MESH_ENDS, MeshFootprint
from sim.objects.turned_meshes import KEPT, MeshesAtRest, footprint_at_rest

ACROSS, ALONG = 0.003, 0.02
"""m: a point is at most half of the first from the line that is asked in its stead; scanned points err by 2 mm. Of the
places along a line two that are neighbours see whatever fingers can hold from between them."""
MARGIN = 0.006
"""m that scanned points may lie outside of the object."""


class EndMap:
    """For every heading, where the hand would centre itself on a lattice of places, and how wide what it holds is: NaN
    where it can't hold."""

    def __init__(self, footprint: MeshFootprint) -> None:
        self.headings = footprint.end_headings()
        corners = np.concatenate([part.corners for part in footprint.spec.parts])[:, :2]
        reach = float(np.hypot(*corners.T).max()) + MARGIN
        self._rows, self._columns = (int(np.ceil(reach / step)) + 1 for step in (ALONG, ACROSS))
        shape = (len(self.headings), 2 * self._rows + 1, 2 * self._columns + 1)
        self._middle, self._half = np.full(shape, np.nan), np.full(shape, np.nan)
        along = np.arange(-self._rows, self._rows + 1) * ALONG
        across = np.arange(-self._columns, self._columns + 1) * ACROSS
        for number, yaw in enumerate(self.headings):
            u, v = _axes(float(yaw))
            # Beyond the object's extent along and across there is nothing to ask.
            rows, columns = (
                np.flatnonzero((places > (corners @ axis).min() - MARGIN) & (places < (corners @ axis).max() + MARGIN))
                for places, axis in ((along, u), (across, v))
            )
            row, column = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
            places = along[row, None] * u + across[column, None] * v
            sections = footprint.cut(places, np.full(len(places), yaw), at_end=True)
            good = sections.graspable & (sections.held.sum(axis=1) == 1)
            self._middle[number, row[good], column[good]] = along[row[good]] + sections.shift[good]
            self._half[number, row[good], column[good]] = sections.width[good] / 2

    def holds(self, points: np.ndarray, most_shift: float) -> np.ndarray:
        """(M,) bool: whether fingers can take one material alone at `points` (M, 2), at most `most_shift` m beside the
        place where they centre themselves."""
        found = np.zeros(len(points), dtype=bool)
        for number, yaw in enumerate(self.headings):
            u, v = _axes(float(yaw))
            at = points @ u
            column = np.clip(np.rint(points @ v / ACROSS).astype(np.int64), -self._columns, self._columns)
            for side in (0, 1):
                row = np.clip(np.floor(at / ALONG).astype(np.int64) + side, -self._rows, self._rows)
                cell = number, row + self._rows, column + self._columns
                off = np.abs(self._middle[cell] - at)
                # A comparison with NaN is false.
                found |= (off <= most_shift) & (off + self._half[cell] < AT_MESH_ENDS.fingers.inner_reach)
        return found


@lru_cache(maxsize=KEPT)
def end_map(rest: MeshesAtRest) -> EndMap:
    """The map of a divided object."""
    return EndMap(footprint_at_rest(rest))


def _axes(yaw: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
