"""Arrays of imported objects as array files hold them: what doesn't fit is damage of a file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from demos.storage.schema import Unfit
from sim.objects import mesh_arrays
from sim.objects.mesh_arrays import EXACT_LAYOUT, LAYOUT, MOST_VERTICES, Bodies, pack
from sim.objects.meshes import MeshError

__all__ = ["EXACT_LAYOUT", "LAYOUT", "MOST_VERTICES", "Bodies", "pack", "unpack"]


def unpack(arrays: Mapping[str, np.ndarray]) -> Bodies:
    """Meshes and pieces.

    Raises:
        Unfit: counts that don't add up, or a mesh that describes no body.
    """
    try:
        return mesh_arrays.unpack(arrays)
    except MeshError as error:
        raise Unfit(str(error)) from error
