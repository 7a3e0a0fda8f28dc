"""Scans of two-coloured objects made without the simulator, whose weights are known, and demonstrations on them."""

from __future__ import annotations

import numpy as np

from demos.support import SupportItem

RED, BLUE = (0.9, 0.1, 0.1), (0.1, 0.2, 0.9)
Box = tuple[float, float, float, float, float, tuple[float, float, float]]
"""x0, x1, y0, y1, height, RGB."""
HAMMER: tuple[Box, ...] = ((-0.11, 0.07, -0.015, 0.015, 0.025, RED), (0.07, 0.11, -0.06, 0.06, 0.04, BLUE))
BAR: tuple[Box, ...] = ((-0.12, -0.02, -0.02, 0.02, 0.03, BLUE), (-0.02, 0.12, -0.02, 0.02, 0.03, RED))


def scan(boxes: tuple[Box, ...], rng: np.random.Generator, noise: float = 0.002, count: int = 96) -> np.ndarray:
    """(P, 6) points drawn evenly over the tops of boxes with disjoint footprints."""
    area = np.array([(b[1] - b[0]) * (b[3] - b[2]) for b in boxes])
    rows = []
    for number in rng.choice(len(boxes), count, p=area / area.sum()):
        x0, x1, y0, y1, height, rgb = boxes[number]
        rows.append([rng.uniform(x0, x1), rng.uniform(y0, y1), height, *rgb])
    points = np.array(rows)
    points[:, :3] += rng.normal(0, noise, (count, 3))
    points[:, 3:] += rng.normal(0, 0.02, (count, 3))
    return points.astype(np.float32)


def centre_of_mass(boxes: tuple[Box, ...], densities: dict[tuple[float, float, float], float]) -> np.ndarray:
    """(2,), m."""
    mass = np.array([(b[1] - b[0]) * (b[3] - b[2]) * b[4] * densities[b[5]] for b in boxes])
    middles = np.array([[(b[0] + b[1]) / 2, (b[2] + b[3]) / 2] for b in boxes])
    return mass @ middles / mass.sum()


def demo(points: np.ndarray, grasp: np.ndarray, label: str = "a0") -> SupportItem:
    """A demonstration that descends on `grasp` in 4 cm steps, closes in three and lifts in 2 cm steps."""
    path = [np.array([grasp[0] + 0.06, grasp[1], 0.25, grasp[3]])]
    path += [np.array([grasp[0], grasp[1], z, grasp[3]]) for z in (0.2, 0.16, 0.12, 0.08, 0.04, grasp[2])]
    down = len(path)
    path += [path[-1]] * 3
    path += [path[-1] + np.array([0, 0, 0.02 * step, 0]) for step in range(1, 7)]
    waypoints = np.array(path)
    steps = len(waypoints) - 1
    closed = np.arange(steps) >= down - 1
    actions = np.zeros((steps, 5))
    actions[:, :3] = np.clip(np.diff(waypoints[:, :3], axis=0) / 0.05, -1, 1)
    actions[:, 4] = np.where(closed, -1.0, 1.0)
    hand = np.zeros((steps + 1, 7))
    hand[:, :4] = waypoints
    hand[:, 4] = np.where(np.arange(steps + 1) >= down + 1, 0.03, 0.08)
    hand[1:, 6] = actions[:, 4]
    hand[0, 6] = 1.0
    return SupportItem(points, hand, actions, grasp, True, "synthetic", label)


def off_line(target: np.ndarray, place: np.ndarray) -> float:
    """m from `place` to the line along which the fingers close."""
    error = target[:2] - place
    return float(abs(error[1] * np.cos(target[3]) - error[0] * np.sin(target[3])))
