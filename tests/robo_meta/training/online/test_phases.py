"""Phases: every task comes when its families and colours have been brought, and never before."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from demos.recording.config import RecordConfig
from demos.storage.packed_file import write_packed_file
from robo_meta.training.online.config import StreamConfig, StreamError, StreamOptions
from robo_meta.training.online.phases import COLOURS, colours_shown, deal_phases, load_folders
from robo_meta.training.options import OptionsError, TrainOptions

RGB = np.array([(i >> 1 & 1, i & 1, i >> 2 & 1) for i in range(8)]) * 0.8 + 0.1
NAMES = tuple(f"family-{i}" for i in range(6))


def painted(tasks: int, families: tuple[int, ...], seed: int = 0, colours: int = 8) -> dict[str, np.ndarray]:
    """Tasks of two random families and two random colours; shapes mean nothing here."""
    rng = np.random.default_rng(seed)
    points = rng.normal(0, 0.05, (tasks, 4, 10, 6))
    family = np.zeros((tasks, 4), np.int16)
    for task in range(tasks):
        a, b = rng.permutation(families)[:2]
        family[task] = a, a, a, b
        pair = RGB[rng.permutation(colours)[:2]]
        points[task, ..., 3:] = pair[rng.permutation(10) % 2] + rng.normal(0, 0.02, (4, 10, 3))
    return {
        "points": points.astype(np.float16),
        "grasps": rng.normal(0, 0.05, (tasks, 4, 4)).astype(np.float32),
        "other_grasps": np.full((tasks, 4, 2, 4), np.nan, np.float32),
        "graspable": np.tile(np.int8([1, 1, 0, -1]), (tasks, 4, 2)),
        "family": family,
        "object": np.tile(np.int16([0, 0, 1, 2]), (tasks, 1)),
        "intention": np.zeros(tasks, np.int8),
        "densities": np.zeros((tasks, 8), np.float32),
        "hand": np.zeros((0, 7), np.float32),
        "hand_actions": np.zeros((0, 5), np.float32),
        "hand_targets": np.zeros((0, 4), np.float32),
        "hand_episode": np.zeros(0, np.int32),
    }


def write(folder: Path, arrays: dict[str, np.ndarray], split: str = "training") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    provenance = {"config": RecordConfig(out=folder, split=split, demos=4 if split == "training" else 1).identity}
    write_packed_file(folder / "training.safetensors", arrays, NAMES, provenance)
    return folder


def test_one_dataset_is_dealt_by_family_and_colour(tmp_path: Path) -> None:
    data, folder = load_folders([write(tmp_path, painted(1200, (0, 1, 2, 3, 4, 5)))])
    config = StreamConfig(phases=3, phase_tasks=10_000, held_out=3)
    phases = deal_phases(data, folder, config, seed=3)
    shown = colours_shown(data.points)
    assert shown.sum(1).tolist() == [2] * 1200
    placed = [np.concatenate([phase.arrivals, phase.held_out]) for phase in phases]
    # Everyone is placed once.
    assert sorted(np.concatenate(placed).tolist()) == list(range(1200))
    families: set[str] = set()
    colours: set[str] = set()
    for phase, tasks in zip(phases, placed, strict=True):
        assert phase.families and not families & set(phase.families)
        assert not colours & set(phase.colours)
        before = families, colours
        families, colours = families | set(phase.families), colours | set(phase.colours)
        assert len(phase.held_out) == 3
        for task in tasks:
            own = {NAMES[i] for i in data.family[task].tolist()}
            paint = {COLOURS[i] for i in np.flatnonzero(shown[task])}
            assert own <= families and paint <= colours
            # The first phase in which all of it was brought: it was not complete before.
            assert not (own <= before[0] and paint <= before[1])
    assert families == set(NAMES) and colours == set(COLOURS)


def test_several_datasets_are_the_phases(tmp_path: Path) -> None:
    sets = [write(tmp_path / str(i), painted(120, pair, seed=i)) for i, pair in enumerate([(2, 5), (5, 0), (1, 3)])]
    data, folder = load_folders(sets)
    phases = deal_phases(data, folder, StreamConfig(phases=3, phase_tasks=1000), seed=0)
    assert [phase.families for phase in phases] == [("family-2", "family-5"), ("family-0",), ("family-1", "family-3")]
    for number, phase in enumerate(phases):
        assert (folder[phase.arrivals] <= number).all()
    # Colours that come late make tasks of early datasets late.
    assert (folder[phases[2].arrivals] == 0).any()
    plain = deal_phases(data, folder, StreamConfig(phases=3, phase_tasks=1000, phase_colours=(8, 0, 0)), seed=0)
    assert all((folder[phase.arrivals] == number).all() for number, phase in enumerate(plain))


def test_the_deal_follows_from_the_seed_and_obeys_its_sizes(tmp_path: Path) -> None:
    data, folder = load_folders([write(tmp_path, painted(1200, (0, 1, 2, 3, 4, 5)))])
    config = StreamConfig(phases=2, phase_tasks=30, held_out=100)
    one, same, other = (deal_phases(data, folder, config, seed) for seed in (1, 1, 2))
    for a, b in zip(one, same, strict=True):
        assert a.families == b.families and a.colours == b.colours
        assert np.array_equal(a.arrivals, b.arrivals) and np.array_equal(a.held_out, b.held_out)
        assert len(a.arrivals) == 23 and len(a.held_out) == 7
    assert any(not np.array_equal(a.arrivals, b.arrivals) for a, b in zip(one, other, strict=True))


def test_colours_are_told_from_points(packed: SimpleNamespace) -> None:
    points = torch.zeros(8, 2, 10, 6)
    points[..., 3:] = torch.tensor(RGB, dtype=torch.float32)[:, None, None]
    assert np.array_equal(colours_shown(points), np.eye(8, dtype=bool))


@pytest.mark.parametrize(
    "pairs, options, line",
    [
        ([(0, 1), (1, 0)], {"phases": 2}, "dataset 2 of --data brings no family that those before it don't show"),
        ([(0, 1)], {"phases": 3}, "3 phases, but the data show 2 families; use fewer --phases"),
        ([(0, 1), (2, 3)], {"phases": 2, "phase_colours": (4, 3)}, "--phase-colours 4 3: 7 in all; expected 8"),
        ([(0, 1), (2, 3)], {"phases": 2, "phase_colours": (1, 7)}, r"phase 1 has 0 tasks, it needs 8; .*--families"),
        ([(0, 1), (2, 3)], {"phases": 2, "phase_tasks": 4}, "phase 1 has 4 tasks, it needs 8"),
    ],
)
def test_phases_that_cannot_be(tmp_path: Path, pairs: list, options: dict, line: str) -> None:
    data, folder = load_folders([write(tmp_path / str(i), painted(60, pair, i)) for i, pair in enumerate(pairs)])
    with pytest.raises(StreamError, match=line):
        deal_phases(data, folder, StreamConfig(**options), seed=0)


def test_datasets_that_do_not_fit(tmp_path: Path) -> None:
    good = write(tmp_path / "good", painted(20, (0, 1)))
    with pytest.raises(StreamError, match="recorded from split 'validation'; a stream learns from split 'training'"):
        load_folders([good, write(tmp_path / "other", painted(20, (2, 3)), split="validation")])
    fewer = painted(20, (2, 3))
    fewer = {**fewer, "points": fewer["points"][:, :, :6], "graspable": fewer["graspable"][:, :, :6]}
    with pytest.raises(StreamError, match=r"fewer: \(4, 6\) demonstrations and points a task; .*good has \(4, 10\)"):
        load_folders([good, write(tmp_path / "fewer", fewer)])
    lone = {
        k: v[:, :1] if v.ndim > 1 and len(v) == 20 and v.shape[1] == 4 else v for k, v in painted(20, (2,) * 2).items()
    }
    with pytest.raises(StreamError, match="1 demonstration a task; a stream needs a query beside it"):
        load_folders([write(tmp_path / "lone", lone)])


def options(data: int = 1, **given) -> TrainOptions:
    """With `data` datasets; what a stream alone heeds goes where it belongs."""
    own = {field.name for field in fields(StreamOptions)} & given.keys()
    online = StreamOptions(**{name: given.pop(name) for name in own})
    return TrainOptions(tuple(Path(str(n)) for n in range(data)), Path("out"), online=online, **given)


@pytest.mark.parametrize(
    "given, line",
    [
        ({"stream": False, "reservoir": 5}, "--reservoir without --stream"),
        ({"stream": False, "phase_colours": (4, 4)}, "--phase-colours without --stream"),
        ({"data": 0}, "no dataset in --data; expected one, or one a phase"),
        ({"method": ("context",)}, "--method context with --stream; expected maml"),
        ({"warm_up": 0.2, "init": Path("x")}, "--warm-up with --init; expected one of them"),
        ({"phases": 3, "data": 2}, "--phases 3 with 2 datasets; each dataset is a phase"),
        ({"phases": 1}, "--phases 1; expected 2 or more"),
        ({"reservoir": 0}, "--reservoir 0; expected 1 or more"),
        ({"stream_budget": 0}, "--stream-budget 0; expected 1 or more"),
        ({"stream_batch": -2}, "--stream-batch -2; expected 1 or more"),
        ({"held_out": 0}, "--held-out 0; expected 1 or more"),
        ({"stream_rate": float("nan")}, "--stream-rate nan; expected a number between 0 and 1"),
        ({"warm_up": 1.0}, "--warm-up 1.0; expected a share from 0 to below 1"),
        ({"phase_colours": (8,)}, "--phase-colours 8; expected 3 numbers of colours, one a phase"),
    ],
)
def test_options_that_make_no_sense(given: dict, line: str) -> None:
    with pytest.raises(StreamError, match=line):
        _ = options(**{"stream": True, **given}).stream_config


def test_a_dataset_without_a_stream() -> None:
    with pytest.raises(OptionsError, match="no dataset in --data; expected one or more"):
        _ = options(0).datasets


def test_options_that_do() -> None:
    assert options(method=("context",)).stream_config is None and options(2).datasets == (Path("0"), Path("1"))
    assert options(2, stream=True, reservoir=7).stream_config == StreamConfig(phases=2, reservoir=7)
    assert options(stream=True, method=("maml",)).stream_config == StreamConfig(phases=3)
    assert options(stream=True, phases=4).stream_config == StreamConfig(phases=4)
