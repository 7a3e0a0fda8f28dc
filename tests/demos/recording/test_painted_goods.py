"""Painted goods are recorded and read back: what the roles weigh stays, their paint changes from object to object."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demos.recording.config import RecordConfig, RecordError
from demos.recording.pack import pack
from demos.recording.recorder import record
from demos.storage.array_file import read_array_file
from demos.storage.dataset import open_dataset
from demos.storage.packed_file import PACKED
from sim.objects.roles import ROLES
from sim.tasks.scenes import ROLE


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


def test_an_unknown_carrier(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="unknown carrier 'smell'; expected paint, role"):
        RecordConfig(tmp_path / "d", carries="smell")  # type: ignore[arg-type]
