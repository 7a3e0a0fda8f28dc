"""Training data in one file, `training.safetensors`, that needs neither simulator nor episodes to be read.

For the scorer, N tasks × D demonstrations, recorded tasks first and planned ones after:
`points` (N, D, P, 6) float16, `grasps` (N, D, 4) and `other_grasps` (N, D, 2, 4) float32 (what the two other intentions
would have asked for, planned; NaN for recorded episodes), `graspable` (N, D, L) int8 (whether the fingers could take an
outer end at each of the first L points; −1 for recorded episodes), `family` and `object` (N, D) int16, and for reports
only `intention` (N,) int8 and `densities` (N, 8) float32. For the hand, M recorded steps: `hand` (M, 7), `hand_actions`
(M, 5) clean labels and `hand_targets` (M, 4) float32, `hand_episode` (M,) int32. All in the object's frame.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from demos.demo import SCHEMA, Demo, installed_versions
from demos.hindsight import actions_in_object, hand_path
from demos.recording.planned import ARRAYS, LABELLED, OTHERS, object_numbers, read_planned_chunk, secret_rows
from demos.storage.dataset import Dataset, open_dataset
from demos.storage.episode_file import StoreError
from demos.storage.files import checksum, write_safetensors
from demos.support import hindsight_grasp
from sim.shapes.families import numbered_families

TRAINING_FILE = "training.safetensors"


def pack(folder: Path) -> Path:
    """Write `training.safetensors` into a dataset folder; its bytes follow from the dataset's.

    Failed episodes are left out, and with them, for the scorer, tasks that lack a demonstration.

    Raises:
        StoreError: no dataset, an empty one, a damaged file, or nothing in it to train on.
    """
    dataset = open_dataset(Path(folder))
    demos_per_task = dataset.index["config"]["demos"]
    families = numbered_families(dataset.index["config"]["families"])
    tasks: dict[int, list[dict[str, np.ndarray]]] = {}
    steps: dict[str, list[np.ndarray]] = {"hand": [], "hand_actions": [], "hand_targets": [], "hand_episode": []}
    scorer: dict[str, list[np.ndarray]] = {name: [] for name in ARRAYS}
    episode = 0
    for key in dataset.keys:
        demo = dataset.demo(key)
        if not demo.success:
            continue
        hand = hand_path(demo)
        grasp = hindsight_grasp(hand)
        steps["hand"].append(hand[:-1])
        steps["hand_actions"].append(actions_in_object(demo, demo.labels))
        steps["hand_targets"].append(np.tile(grasp, (demo.steps, 1)))
        steps["hand_episode"].append(np.full(demo.steps, episode, dtype=np.int32))
        tasks.setdefault(demo.task.index, []).append(_row(demo, grasp))
        episode += 1
    for index in sorted(tasks):
        rows = tasks[index]
        if len(rows) == demos_per_task:
            for name, array in _task_arrays(rows, families).items():
                scorer[name].append(array[None])
    for path in dataset.planned_paths:
        for name, array in read_planned_chunk(path, dataset.index["planned"][path.stem]["checksum"]).items():
            scorer[name].append(array)
    if not scorer["points"]:
        raise StoreError(f"{folder}: no task has its {demos_per_task} demonstrations; record more")
    empty = {"hand": (0, 7), "hand_actions": (0, 5), "hand_targets": (0, 4), "hand_episode": (0,)}
    arrays = {name: np.concatenate(parts) for name, parts in scorer.items()}
    for name, parts in steps.items():
        dtype = np.int32 if name == "hand_episode" else np.float32
        arrays[name] = np.concatenate([np.zeros(empty[name], dtype), *parts]).astype(dtype)
    return _write(dataset, arrays, families)


def _row(demo: Demo, grasp: np.ndarray) -> dict:
    return {"points": demo.points, "grasp": grasp, "family": demo.family, "label": demo.object_id, "task": demo.task}


def _task_arrays(rows: list[dict], families: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {
        "points": np.stack([row["points"] for row in rows]).astype(np.float16),
        "grasps": np.stack([row["grasp"] for row in rows]).astype(np.float32),
        "other_grasps": np.full((len(rows), OTHERS, 4), np.nan, dtype=np.float32),
        "graspable": np.full((len(rows), LABELLED), -1, dtype=np.int8),
        "family": np.array([families.index(row["family"]) for row in rows], dtype=np.int16),
        "object": np.array(object_numbers([row["label"] for row in rows]), dtype=np.int16),
        **secret_rows(rows[0]["task"]),
    }


def _write(dataset: Dataset, arrays: dict[str, np.ndarray], families: tuple[str, ...]) -> Path:
    path = dataset.folder / TRAINING_FILE
    origin = {"config": dataset.index["config"], "counts": dataset.index["counts"], "versions": installed_versions()}
    metadata = {
        "schema": SCHEMA,
        "families": json.dumps(families),
        "provenance": json.dumps(origin, sort_keys=True),
        "checksum": checksum(arrays, SCHEMA),
    }
    try:
        write_safetensors(path, arrays, metadata)
    except OSError as error:
        raise StoreError(f"{path}: cannot write: {error.strerror}") from error
    return path
