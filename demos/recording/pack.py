"""Training data in one file, `training.safetensors`, that needs neither simulator nor episodes to be read.

For the scorer, N tasks × D demonstrations, recorded tasks first and planned ones after:
`points` (N, D, P, 6) float16, `grasps` (N, D, 4) and `other_grasps` (N, D, 2, 4) float32 (what the two other intentions
would have asked for, planned; NaN for recorded episodes), `graspable` (N, D, L) int8 (whether the fingers could take an
outer end at each of the first L points; −1 for recorded episodes), `family` and `object` (N, D) int16, and for reports
only `intention` (N,) int8 and `densities` (N, 8) float32. For the hand, M recorded steps: `hand` (M, 7), `hand_actions`
(M, 5) clean labels and `hand_targets` (M, 4) float32, `hand_episode` (M,) int32. All in the object's frame.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos.demo import Demo, installed_versions
from demos.hindsight import actions_in_object, hand_path
from demos.recording.planned import ARRAYS, LABELLED, OTHERS, object_numbers, secret_rows
from demos.storage.dataset import Dataset, open_dataset
from demos.storage.episode_file import StoreError
from demos.storage.folder import TRAINING_FILE
from demos.storage.packed_file import write_packed_file
from demos.storage.planned_file import read_planned_chunk
from demos.support import hindsight_grasp
from sim.shapes.families import numbered_families


def pack(folder: Path) -> Path:
    """Write `training.safetensors` into a dataset folder; its bytes follow from the dataset's.

    Failed episodes are left out, and with them, for the scorer, tasks that lack a demonstration.

    Raises:
        StoreError: no dataset, an empty one, a damaged file, or nothing in it to train on.
    """
    dataset = open_dataset(Path(folder))
    demos_per_task = dataset.index["config"]["demos"]
    recordings = [dataset.index["config"], *dataset.index["merged"]]
    families = numbered_families(name for config in recordings for name in config["families"])
    tasks: dict[tuple[int, int], list[dict]] = {}
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
        # Tasks of equal numbers are different ones where several recordings were merged.
        task = dataset.index["episodes"][key]["recording"], demo.task.index
        tasks.setdefault(task, []).append(_row(demo, grasp))
        episode += 1
    for task in sorted(tasks):
        rows = tasks[task]
        if len(rows) == demos_per_task:
            for name, array in _task_arrays(rows, families).items():
                scorer[name].append(array[None])
    for path in dataset.planned_paths:
        entry = dataset.index["planned"][path.stem]
        for name, array in read_planned_chunk(path, families, entry["checksum"]).items():
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
    origin = {name: dataset.index[name] for name in ("config", "merged", "counts")}
    provenance = {**origin, "versions": installed_versions()}
    write_packed_file(path, arrays, families, provenance, dataset.fingerprint)
    return path
