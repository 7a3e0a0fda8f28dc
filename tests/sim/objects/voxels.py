"""Centre of mass and inertia by another route: a fine voxel grid, for tests of mass properties and of bodies."""

from __future__ import annotations

import numpy as np
import shapely

from sim.objects.spec import ObjectSpec


def voxel_properties(spec: ObjectSpec, densities: dict[str, float], mass: float, step: float = 0.0008):
    """Mass-weighted sums over cell centres; needs nothing of prisms but point-in-polygon."""
    weights, points = [], []
    for part in spec.parts:
        low, high = part.outline.min(axis=0), part.outline.max(axis=0)
        xs, ys = np.arange(low[0] + step / 2, high[0], step), np.arange(low[1] + step / 2, high[1], step)
        layers = max(int(part.height / 0.002), 8)
        zs = (np.arange(layers) + 0.5) * part.height / layers
        plane = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)
        plane = plane[shapely.contains_xy(shapely.Polygon(part.outline), plane[:, 0], plane[:, 1])]
        cells = np.concatenate([np.column_stack([plane, np.full(len(plane), z)]) for z in zs])
        points.append(cells)
        weights.append(np.full(len(cells), densities[part.colour] * part.height / layers))
    where, weight = np.concatenate(points), np.concatenate(weights)
    weight = weight * mass / weight.sum()
    centre = weight @ where / mass
    arm = where - centre
    inertia = (weight * (arm**2).sum(axis=1)).sum() * np.eye(3) - np.einsum("n,ni,nj->ij", weight, arm, arm)
    return centre, inertia
