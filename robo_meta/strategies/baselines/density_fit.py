"""The baseline that is told the rule: find the densities that put the demonstrated grasps on the centre of mass.

It knows the physics and the density ratios that occur, so it is a reference for *balance*, and wrong for *part*, where
a demonstrated grasp says nothing about weight.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from demos.support import SupportSet
from robo_meta.strategies.baselines.colour_clusters import colour_centres, volumes
from robo_meta.strategies.baselines.scan_grasps import snap
from robo_meta.strategies.policy import Controller, GraspPolicy

LEAST_RATIO, LARGEST_RATIO = 3.0, 10.0
"""Density ratios that occur, heavier ÷ lighter; with either colour the heavier, log-uniform: the prior of the fit."""
_HEAVIER = np.linspace(np.log(LEAST_RATIO), np.log(LARGEST_RATIO), 20)
LOG_RATIOS = np.concatenate([-_HEAVIER[::-1], _HEAVIER])
"""Log density ratios tried where there are two colours."""
ACROSS_DEVIATION = 0.0065
"""m: the demonstrator's noise and the scans' errors of centroid, perpendicular to the closing direction."""
ALONG_DEVIATION = 0.020
"""m: the same along it, where a demonstrator need not hit the centre of mass."""
TOLERANCE = 0.012
"""m: an aim this near the centre of mass holds; the aim is chosen to be so under as many likely ratios as can be."""


class DensityFit:
    """Fits the materials to the demonstrations, then grasps the query's centre of mass.

    Args:
        checkpoint: unused; nothing is learned beforehand.
        controller: drives the hand to a target.
    """

    name = "density-fit"

    def __init__(self, checkpoint: object, controller: Controller) -> None:
        self._controller = controller

    def adapt(self, support: SupportSet) -> GraspPolicy:
        """A policy that solves for the densities once it sees the query: colours are grouped over all scans at once."""
        return GraspPolicy(lambda points: fitted_grasp(support, points), self._controller)


def fitted_grasp(support: SupportSet, points: np.ndarray) -> np.ndarray:
    """(4,) grasp x, y, z, yaw of the query (P, 6) at its likeliest centre of mass."""
    centres = colour_centres([*(item.points for item in support.items), points])
    log_densities = log_density_grid(len(centres))
    log_posterior = np.zeros(len(log_densities))
    for item in support.items:
        log_posterior += log_likelihood(item.points, item.grasp, centres, log_densities)
    return snap(points, likely_centre(points, centres, log_densities, log_posterior))


def log_density_grid(colours: int) -> np.ndarray:
    """(D, G) log densities relative to the first colour, the prior being even over them."""
    if colours == 2:
        return np.stack([np.zeros_like(LOG_RATIOS), LOG_RATIOS], axis=-1)
    # Of three and more colours only the lightest and the heaviest are known to differ by a factor of at least 3.
    steps = np.linspace(-np.log(LARGEST_RATIO), np.log(LARGEST_RATIO), 31 if colours < 4 else 11)
    grid = np.array([(0.0, *rest) for rest in product(steps, repeat=colours - 1)])
    spread = np.ptp(grid, axis=1)
    allowed = (spread >= np.log(LEAST_RATIO) - 1e-9) & (spread <= np.log(LARGEST_RATIO) + 1e-9)
    return grid[allowed] if colours > 1 else grid


def centres_of_mass(points: np.ndarray, centres: np.ndarray, log_densities: np.ndarray) -> np.ndarray:
    """(D, 2), m: the scan's centre of mass under each row of densities (D, G)."""
    volume, centroid = volumes(points, centres)
    weight = volume * np.exp(log_densities)
    return weight @ centroid / weight.sum(axis=1, keepdims=True)


def log_likelihood(points: np.ndarray, grasp: np.ndarray, centres: np.ndarray, log_densities: np.ndarray) -> np.ndarray:
    """(D,) log likelihood of a demonstrated grasp (4,) under each row of densities (D, G)."""
    error = centres_of_mass(points, centres, log_densities) - np.asarray(grasp, dtype=np.float64)[:2]
    c, s = np.cos(float(grasp[3])), np.sin(float(grasp[3]))
    along = error[:, 0] * c + error[:, 1] * s
    across = error[:, 1] * c - error[:, 0] * s
    return -0.5 * ((across / ACROSS_DEVIATION) ** 2 + (along / ALONG_DEVIATION) ** 2)


def likely_centre(
    points: np.ndarray, centres: np.ndarray, log_densities: np.ndarray, log_posterior: np.ndarray
) -> np.ndarray:
    """(2,), m: the aim that lies within tolerance of the query's centre of mass with the largest posterior probability.

    A mean would fall between two explanations when a demonstration leaves two open.
    """
    places = centres_of_mass(points, centres, log_densities)
    probability = np.exp(log_posterior - log_posterior.max())
    squared = ((places[:, None] - places[None]) ** 2).sum(-1)
    gain = np.exp(-0.5 * squared / TOLERANCE**2)
    best = int(np.argmax(gain @ probability))
    near = probability * gain[best]
    return near @ places / near.sum()
