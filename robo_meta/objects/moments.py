"""Volume, centre and moments of inertia of what a closed mesh encloses."""

from __future__ import annotations

import numpy as np

from sim.objects.meshes import TriangleMesh


def volume_moments(mesh: TriangleMesh) -> tuple[float, np.ndarray, np.ndarray]:
    """Volume m³, centre (3,) m and inertia (3, 3) m⁵ about it, at a density of 1, of a closed mesh."""
    vertices, faces = mesh.vertices, mesh.faces
    origin = vertices.mean(axis=0)
    a, b, c = np.moveaxis((vertices - origin)[faces], 1, 0)
    volumes = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    volume = float(volumes.sum())
    centre = (volumes[:, None] * (a + b + c)).sum(axis=0) / 4 / volume
    total = a + b + c
    second = sum(np.einsum("n,ni,nj->ij", volumes, p, p) for p in (a, b, c, total)) / 20
    second = second - volume * np.outer(centre, centre)
    return volume, centre + origin, np.trace(second) * np.eye(3) - second
