"""Episodes of packed data: which task each belongs to, what is drawn, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from robo_meta.cli.main import main
from robo_meta.training.data import TrainingData, load_training_data
from robo_meta.training.presets import PRESETS
from robo_meta.training.recorded_episodes import NoEpisodes, RecordedEpisodes

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, packed: SimpleNamespace) -> TrainingData:
    return load_training_data(packed.write(tmp_path_factory.mktemp("packed"), packed.arrays(points=120)))


def episodes(data: TrainingData, shots: tuple[int, ...] = (1,)) -> RecordedEpisodes:
    return RecordedEpisodes(data, shots, (0.2, 0.25, 0.55), CPU)


def test_an_episode_belongs_to_the_scan_whose_grasp_it_leads_to(data: TrainingData) -> None:
    found = episodes(data)
    assert found.tasks.tolist() == [0, 1, 2]
    # The order of the steps' episodes doesn't matter, nor does a task that lost one of them.
    order = torch.cat([torch.arange(5 * e, 5 * e + 5) for e in np.random.default_rng(0).permutation(12) if e != 6])
    names = ("hand", "hand_actions", "hand_targets", "hand_episode")
    mixed = episodes(replace(data, **{name: getattr(data, name)[order] for name in names}))
    assert mixed.tasks.tolist() == [0, 2]
    seen, tasks = found.steps(400, torch.Generator().manual_seed(0))
    assert set(tasks.tolist()) == {0, 1, 2} and seen.hand.shape == (400, 1, 7) and bool(seen.mask.all())
    # Up to mirrors, each step is one of its own task's.
    for task in range(3):
        own = data.hand[data.hand_episode // 4 == task]
        drawn = seen.hand[tasks == task][:, 0]
        nearest = torch.cdist(drawn[:, [0, 2]], own[:, [0, 2]]).amin(-1)
        assert float(nearest.max()) < 1e-4


def test_a_prompt_never_holds_its_query_and_obeys_the_transfer(data: TrainingData) -> None:
    for transfer, differs in (((1, 0, 0), (False, False)), ((0, 1, 0), (True, False)), ((0, 0, 1), (True, True))):
        drawn = RecordedEpisodes(data, (1, 2), transfer, CPU)
        generator = torch.Generator().manual_seed(0)
        for _ in range(6):
            seen, tasks = drawn.prompts(40, generator)
            for n in range(40):
                numbers = [
                    _episode(data, int(tasks[n]), seen.hand[n, e, 0])
                    for e in range(seen.mask.shape[1])
                    if seen.mask[n, e].any()
                ]
                *support, query = numbers
                assert support and query not in support
                for one in support:
                    task = int(tasks[n])
                    changed = tuple(bool(part[task, one] != part[task, query]) for part in (data.object, data.family))
                    assert changed == differs


def _episode(data: TrainingData, task: int, hand: torch.Tensor) -> int:
    """Which demonstration of the task starts with this hand, mirrors apart."""
    starts = data.hand[task * 20 : task * 20 + 20 : 5]
    return int(torch.cdist(hand[None, [0, 2]], starts[:, [0, 2]]).argmin())


def test_draws_are_the_generators_alone(data: TrainingData) -> None:
    found = episodes(data, (1, 2, 3))
    torch.manual_seed(1)
    one = found.prompts(5, torch.Generator().manual_seed(9))[0]
    torch.manual_seed(2)
    other = found.prompts(5, torch.Generator().manual_seed(9))[0]
    assert torch.equal(one.points, other.points) and torch.equal(one.hand, other.hand)


def test_planned_tasks_alone_are_refused(
    data: TrainingData, tmp_path: Path, packed: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NoEpisodes, match="no task with recorded episodes"):
        episodes(replace(data, hand=data.hand[:0]))
    arrays = packed.arrays()
    for name in ("hand", "hand_actions", "hand_targets", "hand_episode"):
        arrays[name] = arrays[name][:0]
    folder = tmp_path / "planned"
    folder.mkdir()
    packed.write(folder, arrays)
    out = tmp_path / "run"
    status = main(["train", "--data", str(folder), "--out", str(out), "--method", "in-context", "--preset", "tiny"])
    said = capsys.readouterr().err
    assert status == 2 and said == "robo-meta: --data: no task with recorded episodes; record with --tasks 1 or more\n"
    assert not out.exists()


def test_the_presets_train_both() -> None:
    for preset in PRESETS.values():
        assert {"bc-finetune", "in-context"} <= set(preset.schedules)
