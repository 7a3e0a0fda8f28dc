"""Planned demonstrations: where a demonstrator would have closed the fingers, and what was seen, without an episode.

The scorer needs objects, points and grasps, not motion; drawing these costs some ten milliseconds where an episode
costs a hundred. A planned grasp carries what a recorded one would: the demonstrator's noise, and the error of the
perceived pose through which it is read back. What the same demonstrator would have done with the same object had the
intention been another (balance it, or take it by either colour) is planned as well: one scan then serves as an example
of each. Where fingers could take an outer end is noted too: a matter of shape and hand that holds for every intention.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from demos.demo import installed_versions
from demos.expert.grasp_plan import NoGrasp, aim, plan_grasp
from demos.recording.config import CHUNK, MIXED, RecordConfig
from demos.recording.object_labels import object_label
from demos.recording.task_scenes import demo_scene
from demos.storage.array_file import write_array_file
from demos.storage.folder import PLANNED
from demos.storage.packed_file import TASK_LAYOUT
from demos.storage.planned_file import PLANNED_CHUNK
from sim.frames import Pose, planar_to_object, planar_to_world, quat_from_yaw, wrap_heading
from sim.objects.graspable import end_holds
from sim.palette import PALETTE
from sim.robot import Workspace
from sim.sensing import POINT_COUNT, PoseBias, scan
from sim.shapes.families import numbered_families
from sim.tasks.scenes import BALANCE, INTENTIONS, PAINT, PART, Scene, Task
from sim.tasks.seeds import generator

HAND_HEIGHT, HAND_YAW = 0.0007, 0.017
"""m and rad: standard deviation of where the expert's fingers close about where it aims, measured on 90 episodes."""
LABELLED = 128
"""Points of a scan, the first ones, for which is noted whether the fingers could take an outer end there."""
OTHERS = 2
"""Intentions besides the task's own on two-coloured objects."""
ARRAYS = tuple(TASK_LAYOUT)
"""Arrays of a chunk, axis 0 tasks."""


def missing_chunks(config: RecordConfig) -> dict[int, int]:
    """Number of each chunk of the shard that is not on disk yet → how many tasks it holds."""
    sizes = {start // CHUNK: min(CHUNK, config.planned - start) for start in range(0, config.planned, CHUNK)}
    return {
        number: size
        for number, size in sizes.items()
        if config.part.has(number) and not chunk_path(config.out, number).exists()
    }


def write_planned_chunk(config: RecordConfig, identity: Mapping[str, Any], number: int, tasks: int) -> None:
    """Draw chunk `number` of `tasks` tasks and write it; `identity` is the configuration's."""
    # Planned tasks come after the recorded ones, so that none is in the training data twice.
    first = config.tasks + number * CHUNK
    rows = [plan_task(config, index) for index in range(first, first + tasks)]
    arrays = {name: np.stack([row[name] for row in rows]) for name in ARRAYS}
    record = {
        "config": dict(identity),
        "families": list(numbered_families(config.families)),
        "first": first,
        "tasks": tasks,
        "versions": installed_versions(),
    }
    write_array_file(chunk_path(config.out, number), PLANNED_CHUNK, record, arrays)


def plan_task(config: RecordConfig, index: int) -> dict[str, np.ndarray]:
    """The rows of one task: `points` (D, P, 6), `grasps` (D, 4), `other_grasps` (D, 2, 4), `graspable` (D, 128),
    `family` (D,), `object` (D,) and its secrets."""
    names, labels = numbered_families(config.families), [object_label(demo) for demo in range(config.demos)]
    points = np.empty((config.demos, POINT_COUNT, 6), dtype=np.float16)
    grasps = np.empty((config.demos, 4), dtype=np.float32)
    others = np.full((config.demos, OTHERS, 4), np.nan, dtype=np.float32)
    held = np.empty((config.demos, LABELLED), dtype=np.int8)
    family = np.empty(config.demos, dtype=np.int16)
    for demo in range(config.demos):
        scene, _ = demo_scene(config, index, demo)
        rng = generator(config.seed, config.split_name, index, "planned", demo)
        intentions = other_intentions(scene.task) if config.intention == MIXED else ()
        points[demo], grasps[demo], others[demo, : len(intentions)] = plan_demo(scene, rng, intentions)
        held[demo] = end_holds(scene.object, points[demo, :LABELLED, :2])
        family[demo] = names.index(scene.object.family)
    return {
        "points": points,
        "grasps": grasps,
        "other_grasps": others,
        "graspable": held,
        "family": family,
        "object": np.array(object_numbers(labels), dtype=np.int16),
        **secret_rows(scene.task),
    }


def other_intentions(task: Task) -> tuple[Task, ...]:
    """The same materials with the two other intentions; none where there are more than two colours."""
    if len(task.densities) != 2:
        return ()
    intentions = [(BALANCE, None), *((PART, colour) for colour in task.ordered)]
    return tuple(
        replace(task, intention=intention, part_colour=colour)
        for intention, colour in intentions
        if (intention, colour) != (task.intention, task.part_colour)
    )


def plan_demo(
    scene: Scene, rng: np.random.Generator, intentions: tuple[Task, ...] = ()
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What hindsight would read from an episode on `scene`; object frame.

    Returns:
        Points (P, 6), the grasp (4,), and the grasps (W, 4) had the task been each of `intentions`, NaN where the
        fingers find no hold.
    """
    space = Workspace()
    position = np.array([rng.uniform(*space.object_x), rng.uniform(*space.object_y), 0.0])
    object_to_world = Pose(position, quat_from_yaw(rng.uniform(-np.pi, np.pi)))
    perceived = PoseBias.draw(scene.noise, rng).apply(object_to_world)
    points = scan(scene.object, object_to_world, scene.noise, rng, light=scene.light)

    def read_back(wanted: Scene) -> np.ndarray:
        closed = aim(plan_grasp(wanted), scene.noise, rng)
        closed[2:] += rng.standard_normal(2) * (HAND_HEIGHT, HAND_YAW)
        return seen_through(perceived, object_to_world, closed)

    grasp, others = read_back(scene), np.full((len(intentions), 4), np.nan)
    for row, task in enumerate(intentions):
        with contextlib.suppress(NoGrasp):
            others[row] = read_back(replace(scene, task=task))
    return points, grasp, others


def seen_through(perceived: Pose, object_to_world: Pose, grasp: np.ndarray) -> np.ndarray:
    """A true grasp (4,) in the object frame, as read back by someone who takes `perceived` for the object's pose."""
    read = np.empty(4)
    read[:3] = planar_to_object(planar_to_world(grasp[:3], object_to_world), perceived)
    read[3] = wrap_heading(grasp[3] + object_to_world.yaw - perceived.yaw)
    return read


def object_numbers(labels: list[str]) -> list[int]:
    """Number of each label's object within the task, by first appearance: a0, a0, a1, b0 → 0, 0, 1, 2."""
    order = list(dict.fromkeys(labels))
    return [order.index(label) for label in labels]


def secret_rows(task: Any) -> dict[str, np.ndarray]:
    """`intention` () int8 and `densities` (8,) float32 by palette colour, 0 where absent and of painted goods, whose
    colours differ from object to object; for reports only."""
    weights = task.densities if task.carries == PAINT else {}
    return {
        "intention": np.array(INTENTIONS.index(task.intention), dtype=np.int8),
        "densities": np.array([weights.get(colour, 0.0) for colour in PALETTE], dtype=np.float32),
    }


def chunk_path(folder: Path, number: int) -> Path:
    """Where chunk `number` lies."""
    return folder / PLANNED / f"{number:06d}.safetensors"
