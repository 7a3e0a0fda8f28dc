"""Painted goods are recorded and read back: what the roles weigh stays, their paint changes from object to object."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demos.expert.grasp_plan import plan_grasp
from demos.recording.config import RecordConfig, RecordError
from demos.recording.pack import pack
from demos.recording.planned import plan_task
from demos.recording.recorder import record
from demos.recording.task_scenes import demo_scene
from demos.storage.array_file import read_array_file
from demos.storage.dataset import open_dataset
from demos.storage.packed_file import PACKED
from sim.objects.roles import ROLES, roles_of
from sim.shapes.pieces import HANDLE, HEAD
from sim.tasks.scenes import BALANCE, PART, ROLE


def test_roles_come_back_and_the_other_intentions_with_them(tmp_path: Path) -> None:
    config = RecordConfig(
        tmp_path / "d", families=("hammer", "spoon"), tasks=2, demos=3, planned=6, seed=5, carries=ROLE, workers=1
    )
    record(config, progress=False)
    dataset = open_dataset(config.out)
    by_task: dict[int, list] = {}
    for key in dataset.keys:
        task = dataset.demo(key).task
        assert task.carries == ROLE and set(task.roles) == set(ROLES)
        assert sorted(task.densities.values()) == sorted(task.roles.values())
        by_task.setdefault(task.index, []).append(task)
    assert all(len({tuple(sorted(task.roles.items())) for task in tasks}) == 1 for tasks in by_task.values())
    assert any(len({tuple(task.densities) for task in tasks}) > 1 for tasks in by_task.values())
    header, arrays, _ = read_array_file(pack(config.out), PACKED)
    assert set(header["families"]) >= {"hammer", "spoon"}
    # The grasps of the other intentions are there too.
    others = arrays["other_grasps"]
    assert np.isfinite(others[arrays["family"] >= 0]).any()


def test_a_row_of_grasps_is_of_one_role_on_every_object(tmp_path: Path) -> None:
    """A planned task is three in one: balance it, take its handle, take its head; whatever colour these wear."""
    config = RecordConfig(
        tmp_path / "d", families=("hammer", "spoon"), planned=1, tasks=0, demos=4, seed=3, carries=ROLE
    )
    paints: set[tuple[str, ...]] = set()
    for index in range(4):
        rows = plan_task(config, index)
        meant: list[list[str]] = []
        for demo in range(config.demos):
            scene, _ = demo_scene(config, index, demo)
            paints.add(tuple(scene.task.densities))
            wanted = {"balance": replace(scene.task, intention=BALANCE, part_colour=None)} | {
                role: replace(scene.task, intention=PART, part_colour=colour)
                for colour, role in roles_of(scene.object).items()
            }
            exact = {name: plan_grasp(replace(scene, task=task)) for name, task in wanted.items()}
            drawn = [rows["grasps"][demo], *rows["other_grasps"][demo]]
            meant.append([min(exact, key=lambda name: math.dist(exact[name][:2], grasp[:2])) for grasp in drawn])
        assert sorted(meant[0]) == ["balance", HANDLE, HEAD]
        assert all(names == meant[0] for names in meant)
        assert (rows["densities"] == 0).all(), "which is how training knows painted goods"
    assert len(paints) > 4


def test_an_unknown_carrier(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="unknown carrier 'smell'; expected paint, role"):
        RecordConfig(tmp_path / "d", carries="smell")  # type: ignore[arg-type]
