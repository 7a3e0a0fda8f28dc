"""Volume, centre and moments of inertia of what a closed mesh encloses."""

from __future__ import annotations

import numpy as np

from sim.objects.meshes import TriangleMesh, mesh_moments


def volume_moments(mesh: TriangleMesh) -> tuple[float, np.ndarray, np.ndarray]:
    """Volume m³, centre (3,) m and inertia (3, 3) m⁵ about it, at a density of 1, of a closed mesh."""
    # From a point of its own: far from the origin of its file, the difference of large moments would lose digits.
    origin = mesh.vertices.mean(axis=0)
    volume, centre, second = mesh_moments(TriangleMesh(mesh.vertices - origin, mesh.faces))
    central = second - volume * np.outer(centre, centre)
    return volume, centre + origin, np.trace(central) * np.eye(3) - central
