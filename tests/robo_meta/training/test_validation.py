"""How a training does on other objects is logged beside its losses, and changes nothing of it."""

from __future__ import annotations

import dataclasses
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from robo_meta.cli.train import main
from robo_meta.runs.loggers import wandb_project
from robo_meta.training.checkpoint import load_checkpoint, split_rates
from robo_meta.training.data import load_training_data
from robo_meta.training.online.scores import keypoint_distances
from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.train import train
from robo_meta.training.validation import MOST
from sim.libraries import LibraryMissing

METHODS = ("maml", "zero-shot", "context")
CONFIG = dataclasses.replace(
    PRESETS["tiny"], schedules={**PRESETS["tiny"].schedules, **dict.fromkeys(METHODS, Schedule(40, 4))}
)


class Noted:
    """Keeps what a training tells it."""

    def __init__(self) -> None:
        self.values: dict[str, dict[int, float]] = {}
        self.closed = 0

    def scalar(self, name: str, value: float, step: int) -> None:
        self.values.setdefault(name, {})[step] = value

    def close(self) -> None:
        self.closed += 1


def test_keypoints_on_other_objects_are_logged_and_change_nothing(packed: SimpleNamespace, tmp_path: Path) -> None:
    data, noted, opened = packed.write(tmp_path), Noted(), []

    def opening(part: str, start: int) -> Noted:
        opened.append((part, start))
        return noted

    watched = train(data, tmp_path / "run", METHODS, CONFIG, validation=data, loggers=[opening])
    plain = train(data, tmp_path / "plain", METHODS, CONFIG)
    assert watched.read_bytes() == plain.read_bytes()
    assert [part for part, _ in opened] == ["closing", "controller", *METHODS] and noted.closed == len(opened)
    found, checkpoint = load_training_data(data), load_checkpoint(watched)
    for method in METHODS:
        missed = noted.values[f"{method}/validation/keypoint_mm"]
        assert sorted(missed) == list(range(1, 40, 2))
        theta, rates = split_rates(checkpoint.part(method))
        last = keypoint_distances(theta, rates, found.points[:MOST], found.grasps[:MOST], method)
        assert missed[39] == pytest.approx(1e3 * float(last.median()), rel=1e-5)
        assert noted.values[f"{method}/validation/within_2_cm"][39] == pytest.approx(
            float((last < 0.02).float().mean())
        )
        assert all(math.isfinite(value) for value in noted.values[f"{method}/loss"].values())
    assert not [name for name in noted.values if name.startswith("controller/validation")]
    # What adapts differently misses differently.
    assert len({noted.values[f"{method}/validation/keypoint_mm"][39] for method in METHODS}) == 3


def test_any_preset_logs_what_is_scored_and_says_where(packed: SimpleNamespace, tmp_path: Path, capsys) -> None:
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    data, out = packed.write(tmp_path), tmp_path / "run"
    line = ["--data", str(data), "--out", str(out), "--preset", "tiny", "--method", "maml"]
    assert main(line) == 0
    assert "tensorboard" not in capsys.readouterr().out and not (out / "logs").exists()
    assert main([*line[:3], str(tmp_path / "other"), *line[4:], "--validation", str(data)]) == 0
    said, logs = capsys.readouterr(), tmp_path / "other" / "logs"
    assert f"logs: tensorboard --logdir {logs}" in said.out and "mm off on other objects" in said.err
    events = reading.EventAccumulator(str(logs / "maml"))
    events.Reload()
    assert [one.step for one in events.Scalars("maml/validation/keypoint_mm")] == list(range(8))


def test_bad_validation_data_is_one_line(packed: SimpleNamespace, tmp_path: Path, capsys) -> None:
    data = packed.write(tmp_path)
    line = ["--data", str(data), "--out", str(tmp_path / "run"), "--preset", "tiny"]
    assert main([*line, "--validation", str(tmp_path / "none")]) == 2
    said = capsys.readouterr().err
    assert "none" in said and said.count("\n") == 1 and not (tmp_path / "run").exists()
    assert main([*line, "--validation", str(data), "--stream"]) == 2
    assert "--validation with --stream; only an offline training is logged" in capsys.readouterr().err


@pytest.mark.loggers
def test_wandb_offline(packed: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="the extra `wandb` is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    data = packed.write(tmp_path)
    out = tmp_path / "run"
    line = ["--data", str(data), "--out", str(out), "--preset", "tiny", "--method", "maml"]
    assert main([*line, "--validation", str(data), "--wandb", "few-shot"]) == 0
    logged = [path.read_bytes() for path in out.rglob("*.wandb")]
    assert len(logged) == 3  # closing, controller, maml
    assert sum(b"maml/validation/keypoint_mm" in log for log in logged) == 1
    assert all(b"few-shot" in log for log in logged)


def test_wandb_that_is_missing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(LibraryMissing, match=r"--wandb needs wandb, which is missing; pip install"):
        wandb_project("few-shot", tmp_path)
