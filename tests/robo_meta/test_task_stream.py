"""Batches: what they hold besides what was demonstrated."""

from __future__ import annotations

import numpy as np
import torch

from robo_meta.networks import grasp_rows
from robo_meta.run_identity import data_fingerprint
from robo_meta.task_stream import TaskStream
from robo_meta.training_data import load_training_data


def drawn(packed, folder, arrays, count: int = 4000) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(count,): numbers of the tasks drawn, x of their first grasp, and whether that is a grasp of *balance*."""
    data = load_training_data(packed.write(folder, arrays))
    stream = TaskStream(data, (1, 2), (0.3, 0.3, 0.4), torch.device("cpu"))
    batch = stream.draw(count, torch.Generator().manual_seed(0))
    return batch.tasks, batch.grasps[:, 0, 0], batch.balance


def test_other_wishes_are_a_part_of_what_a_training_depends_on(packed, tmp_path):
    arrays = packed.arrays()
    before = data_fingerprint(load_training_data(packed.write(tmp_path, arrays)))
    arrays["other_grasps"][:8] = 0.05
    assert data_fingerprint(load_training_data(packed.write(tmp_path, arrays))) != before


def test_half_of_the_tasks_are_other_wishes_where_they_were_planned(packed, tmp_path):
    arrays = packed.arrays()
    arrays["other_grasps"][:8] = 0.05
    arrays["other_grasps"][:8, :, 1] = -0.05
    arrays["other_grasps"][3, 2, 1, 0] = np.nan  # one demonstration of one wish that could not be planned
    arrays["intention"][4:] = 1
    tasks, x, balance = drawn(packed, tmp_path, arrays)
    own = grasp_rows(torch.from_numpy(arrays["grasps"]))[tasks, 0, 0]
    share = {wish: float((x == value)[tasks < 8].float().mean()) for wish, value in (("own", own), ("a", 1), ("b", -1))}
    assert abs(share["own"] - 0.5) < 0.04
    assert abs(share["a"] - 0.28) < 0.04
    assert abs(share["b"] - 0.22) < 0.04
    assert (x == own)[tasks >= 8].all()
    assert not (x == -1)[tasks == 3].any()
    # A task of *balance* has two wishes of *part* besides; one of *part* has *balance* as the first.
    assert torch.equal(balance, torch.where(tasks < 4, x == own, (x == 1) & (tasks < 8)))
