"""Episodes that somebody collected in our environment: their seed tells the scene, and with it the task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from demos.exchange.meaning import ExchangeError
from demos.storage.episode_file import task_record
from sim.episode.start import Start, draw_scene_of
from sim.robot import Workspace


def seeded_record(
    where: str, split: str, attributes: Mapping[str, Any], points: np.ndarray, rewards: np.ndarray
) -> dict[str, Any]:
    """The record of an episode that began with `reset(seed=…)` of `RoboMeta/Grasp-v0`.

    Args:
        where: for messages.
        split: that the environment drew its scenes from.
        attributes: of the episode; `seed` is needed.
        points: (P, 6): its scan, by which the seed is checked.
        rewards: (T,): the last one of a success is 1 or more.

    Raises:
        ExchangeError: no seed, options of the reset, or a seed that draws another scan here.
        sim.shapes.families.UnknownSplit: no such split.
    """
    from gymnasium.utils.seeding import np_random

    options = [name for name in attributes if name.startswith("options/") and name != "options/minari_autoseed"]
    if options:
        raise ExchangeError(f"{where}: reset with {options[0]}; expected no options, so that the seed tells the scene")
    if "seed" not in attributes:
        raise ExchangeError(f"{where} has neither a record 'robo_meta' nor a seed; its object and task are unknown")
    generator = np_random(int(attributes["seed"]))[0]
    scene = draw_scene_of(split, generator)
    if not np.array_equal(Start.draw(scene, Workspace(), generator, push=0.0).points, points):
        raise ExchangeError(f"{where}: its seed draws another scan here; collected with another version of robo-meta?")
    return {
        "verdict": {"success": bool(rewards[-1] >= 1)},
        "family": scene.object.family,
        "object_id": "a0",
        "task": task_record(scene.task),
    }
