"""An episode's take as a shot: with the right place of its scene, and how far from it the chosen one was."""

from __future__ import annotations

import numpy as np

from demos.expert.grasp_plan import right_places
from demos.film.camera import Take
from demos.film.panel import Shot
from sim.tasks.scenes import PART


def shot_of(title: str, take: Take, target: np.ndarray) -> Shot:
    """The shot of an episode whose actor meant to grasp at `target` (4,), object frame."""
    scene = take.episode.scene
    right, chosen = right_places(scene), np.asarray(target, dtype=np.float64)[:3]
    nearest = float(np.hypot(*(right[:, :2] - chosen[:2]).T).min()) * 1e3
    what = "wanted end" if scene.task.intention == PART else "balance point"
    return Shot(title, take, right, chosen, f"{nearest:.0f} mm off the {what}")
