"""Batches: supports that never leak the query, and what they hold besides what was demonstrated."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from demos.support import TRANSFERS, ShotsError, eligible
from robo_meta.model.point_features import encode
from robo_meta.model.scorer import grasp_rows
from robo_meta.training.data import TrainingData, data_fingerprint, load_training_data
from robo_meta.training.task_sampler import TaskStream, WorldsError, check_worlds

CPU = torch.device("cpu")
FITS = {
    "same-object": lambda one, other: one == other,
    "new-instance": lambda one, other: one[0] == other[0] and one != other,
    "new-shape": lambda one, other: one[0] != other[0],
}
"""What (family, object) of a support and of its query must be; written out, not taken from `eligible`."""


def labelled(labels: list[list[tuple[int, int]]]) -> TrainingData:
    """Tasks (N, D) of which only the families and objects matter."""
    family, number = torch.tensor(labels, dtype=torch.int16).unbind(-1)
    tasks, demos = family.shape
    points = torch.rand(tasks, demos, 4, 6, generator=torch.Generator().manual_seed(0))
    return TrainingData(
        points=points.half(),
        grasps=torch.zeros(tasks, demos, 4),
        other_grasps=torch.full((tasks, demos, 2, 4), torch.nan),
        graspable=torch.full((tasks, demos, 4), -1, dtype=torch.int8),
        family=family,
        object=number,
        intention=torch.zeros(tasks, dtype=torch.int8),
        densities=torch.zeros(tasks, 8),
        hand=torch.zeros(0, 7),
        hand_actions=torch.zeros(0, 5),
        hand_targets=torch.zeros(0, 4),
        hand_episode=torch.zeros(0, dtype=torch.int32),
        families=("a", "b", "c"),
        provenance={},
    )


def only(transfer: str) -> tuple[float, ...]:
    """Weights that draw no other transfer."""
    return tuple(float(transfer == name) for name in TRANSFERS)


demonstration = st.tuples(st.integers(0, 2), st.integers(0, 1))
tasks_and_shots = st.integers(2, 6).flatmap(
    lambda demos: st.tuples(
        st.lists(st.lists(demonstration, min_size=demos, max_size=demos), min_size=1, max_size=3),
        st.integers(1, min(3, demos - 1)),
    )
)
"""Tasks of as many demonstrations each, and fewer shots than those."""


@settings(max_examples=60, deadline=None)
@given(tasks_and_shots, st.sampled_from(TRANSFERS), st.integers(0, 2**32 - 1))
def test_supports_never_leak(asked, transfer, seed):
    """What is adapted from is never judged by, and some query outside is of the transfer asked for."""
    (labels, shots), fits = asked, FITS[transfer]

    def partners(task: list, query: int) -> set[int]:
        return {k for k in range(len(task)) if k != query and fits(task[k], task[query])}

    able = [n for n, task in enumerate(labels) if any(partners(task, query) for query in range(len(task)))]
    assume(able)
    stream = TaskStream(labelled(labels), (shots,), only(transfer), CPU)
    batch = stream.draw(16, torch.Generator().manual_seed(seed), torch.tensor(able))
    assert set(batch.tasks.tolist()) <= set(able) and batch.support.shape == (16, shots)
    for row, number in enumerate(batch.tasks.tolist()):
        task, drawn = labels[number], batch.support[row][batch.support_mask[row] > 0].tolist()
        support, queries = set(drawn), set(torch.nonzero(batch.query_mask[row])[:, 0].tolist())
        assert len(support) == len(drawn) >= 1
        assert support.isdisjoint(queries) and support | queries == set(range(len(task)))
        # The query drawn is one of those whose partners fill the support, as far as there are any.
        assert any(
            support <= partners(task, query) and len(support) == min(shots, len(partners(task, query)))
            for query in queries
        )


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_every_support_comes_up(transfer):
    task = [(0, 0), (0, 0), (0, 1), (1, 0)]
    batch = TaskStream(labelled([task]), (1,), only(transfer), CPU).draw(200, torch.Generator().manual_seed(0))
    wanted = {"same-object": {0, 1}, "new-instance": {0, 1, 2}, "new-shape": {0, 1, 2, 3}}
    assert set(batch.support[:, 0].tolist()) == wanted[transfer] and batch.support_mask.all()


def test_a_transfer_that_a_task_cannot_show_is_not_drawn():
    task = [(0, 0), (0, 1), (0, 2)]
    batch = TaskStream(labelled([task]), (2,), (0.4, 0.2, 0.4), CPU).draw(200, torch.Generator().manual_seed(0))
    assert not eligible(*np.array(task).T, "same-object").any() and batch.support_mask.all()


def test_sizes_that_leave_no_query_are_left_out():
    generator, stream = (
        torch.Generator().manual_seed(0),
        TaskStream(labelled([[(0, 0)] * 3]), (3, 1, 2, 4), only("same-object"), CPU),
    )
    assert {stream.draw(2, generator).support.shape[1] for _ in range(20)} == {1, 2}


@pytest.mark.parametrize(
    ("shots", "line"),
    [
        (
            (4, 3),
            "shots 3 with 3 demonstrations a task, of which one must stay for the query; expected 4 or more",
        ),
        ((1, 0), "shots 1, 0; expected at least one size, each at least 1"),
        ((), "shots none; expected at least one size, each at least 1"),
    ],
)
def test_supports_that_cannot_be_drawn_are_refused_with_one_line(shots, line):
    with pytest.raises(ShotsError) as error:
        TaskStream(labelled([[(0, 0), (0, 1), (1, 0)]]), shots, only("new-shape"), CPU)
    assert str(error.value) == line


def drawn(packed, folder, arrays, count: int = 4000) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(count,): numbers of the tasks drawn, x of their first grasp, and whether that is a grasp of *balance*."""
    data = load_training_data(packed.write(folder, arrays))
    stream = TaskStream(data, (1, 2), (0.3, 0.3, 0.4), torch.device("cpu"))
    batch = stream.draw(count, torch.Generator().manual_seed(0))
    return batch.tasks, batch.grasps[:, 0, 0], batch.balance


def test_other_intentions_are_a_part_of_what_a_training_depends_on(packed, tmp_path):
    arrays = packed.arrays()
    before = data_fingerprint(load_training_data(packed.write(tmp_path, arrays)))
    arrays["other_grasps"][:8] = 0.05
    assert data_fingerprint(load_training_data(packed.write(tmp_path, arrays))) != before


def test_half_of_the_tasks_are_other_intentions_where_they_were_planned(packed, tmp_path):
    arrays = packed.arrays()
    arrays["other_grasps"][:8] = 0.05
    arrays["other_grasps"][:8, :, 1] = -0.05
    arrays["other_grasps"][3, 2, 1, 0] = np.nan  # one demonstration of one intention that could not be planned
    arrays["intention"][4:] = 1
    tasks, x, balance = drawn(packed, tmp_path, arrays)
    own = grasp_rows(torch.from_numpy(arrays["grasps"]))[tasks, 0, 0]
    share = {
        intention: float((x == value)[tasks < 8].float().mean())
        for intention, value in (("own", own), ("a", 1), ("b", -1))
    }
    assert abs(share["own"] - 0.5) < 0.04
    assert abs(share["a"] - 0.28) < 0.04
    assert abs(share["b"] - 0.22) < 0.04
    assert (x == own)[tasks >= 8].all()
    assert not (x == -1)[tasks == 3].any()
    # A task of *balance* has two intentions of *part* besides; one of *part* has *balance* as the first.
    assert torch.equal(balance, torch.where(tasks < 4, x == own, (x == 1) & (tasks < 8)))


def two_worlds(packed, folder) -> tuple[TrainingData, TaskStream]:
    """Twelve tasks, of which the last six are painted goods."""
    data = load_training_data(packed.write(folder, packed.arrays()))
    return data, TaskStream(data, (1, 2, 3), (0.2, 0.25, 0.55), CPU)


def test_both_worlds_come_up_evenly_and_supports_are_whole(packed, tmp_path):
    data, stream = two_worlds(packed, tmp_path)
    generator, painted, sizes = torch.Generator().manual_seed(0), [], set()
    for _ in range(20):
        batch = stream.draw_both(100, generator)
        painted.append(data.painted_goods[batch.tasks])
        sizes.add(batch.support.shape[1])
        assert batch.support_mask.all()
        used = torch.zeros(100, 4).scatter_add_(-1, batch.support, batch.support_mask)
        assert torch.equal(used + batch.query_mask, torch.ones(100, 4)), (
            "no demonstration twice, and none on both sides"
        )
    assert sizes == {1, 2, 3} and abs(float(torch.cat(painted).float().mean()) - 0.5) < 0.04


def test_painted_goods_are_painted_anew_and_nothing_else_is(packed, tmp_path):
    data, stream = two_worlds(packed, tmp_path)
    batch = stream.draw_both(60, torch.Generator().manual_seed(0))
    plain = encode(data.points[batch.tasks].float())
    assert torch.allclose(batch.scans.features, plain.features, atol=1e-2)
    assert torch.equal(batch.grasps, grasp_rows(data.grasps)[batch.tasks])
    coded, painted = ~data.painted_goods[batch.tasks], data.painted_goods[batch.tasks]
    assert torch.allclose(batch.scans.colours[coded], plain.colours[coded], atol=1e-3)
    before, after = (colours[painted].argmax(-1) for colours in (plain.colours, batch.scans.colours))
    worn = [[tuple(sorted(set(scan.tolist()))) for scan in task] for task in after]
    # Two paints stay two and part the object at the same points; the four demonstrations of a task hardly ever agree.
    for task in range(len(before)):
        for demo in range(4):
            pairs = set(zip(before[task, demo].tolist(), after[task, demo].tolist(), strict=True))
            assert len(pairs) == len(set(before[task, demo].tolist())) == len(worn[task][demo])
    assert np.mean([len(set(task)) for task in worn]) > 3


@pytest.mark.parametrize(("density", "carries"), [(0.0, "paint"), (1.0, "role")])
def test_a_method_of_both_worlds_is_refused_what_shows_one(packed, tmp_path, density, carries):
    arrays = packed.arrays()
    arrays["densities"][:] = density
    data = load_training_data(packed.write(tmp_path, arrays))
    check_worlds(("maml", "context"), data)
    with pytest.raises(WorldsError, match=f"method 'maml-both' .* has no tasks of record --carries {carries}"):
        check_worlds(("maml", "maml-both"), data)
