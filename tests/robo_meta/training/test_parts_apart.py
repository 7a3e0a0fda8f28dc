"""Parts trained side by side: the same bytes as one after another, also after a kill; bad input refused."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from robo_meta.cli.train import main
from robo_meta.runs.loggers import tensorboard
from robo_meta.training.outer_loop import TrainingDiverged
from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.train import TrainError, train

ROOT = Path(__file__).parents[3]
TINY = PRESETS["tiny"]
METHODS = ("zero-shot", "maml", "contrast")
LONG = dataclasses.replace(TINY, schedules={**TINY.schedules, "maml": Schedule(60, 4)}, checkpoint_every=4)
_CHILD = """
import sys
from dataclasses import replace
from robo_meta.training.train import train
from robo_meta.training.presets import PRESETS, Schedule
if __name__ == "__main__":
    tiny = PRESETS["tiny"]
    long = replace(tiny, schedules={**tiny.schedules, "maml": Schedule(60, 4)}, checkpoint_every=4)
    train(sys.argv[1], sys.argv[2], sys.argv[3:], long, seed=5, workers=2)
"""


def _files(run: Path) -> dict[str, bytes]:
    """Checkpoint and training states of a run folder."""
    found = [run / "policy.safetensors", run / "policy.json", *(run / "state").glob("*.safetensors")]
    return {path.name: path.read_bytes() for path in found}


def test_side_by_side_or_one_after_another_the_same_bytes(packed: SimpleNamespace, tmp_path: Path, capfd) -> None:
    data = packed.write(tmp_path)
    # `contrast` stands on `maml`: it waits for it.
    train(
        data,
        tmp_path / "apart",
        METHODS,
        LONG,
        seed=5,
        workers=2,
        validation=data,
        loggers=[tensorboard(tmp_path / "logs")],
    )
    lines = capfd.readouterr().err.splitlines()
    assert {line.split(":")[0] for line in lines if ": step " in line} == {"closing", "controller", *METHODS}
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"closing", "controller", *METHODS}
    train(data, tmp_path / "after", METHODS, LONG, seed=5)
    apart, after = _files(tmp_path / "apart"), _files(tmp_path / "after")
    assert len(after) == 7 and apart == after


def test_a_killed_training_ends_its_processes_and_goes_on(packed: SimpleNamespace, tmp_path: Path) -> None:
    data, run = packed.write(tmp_path), tmp_path / "killed"
    script = tmp_path / "child.py"
    script.write_text(_CHILD, encoding="utf-8")
    words = [sys.executable, str(script), str(data), str(run), "maml", "zero-shot"]
    child = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
    state, deadline = run / "state" / "maml.safetensors", time.monotonic() + 300
    while not state.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "the child ended before it could be killed"
    # Processes whose starter is gone end by themselves, and the lock with them.
    before = state.stat().st_mtime_ns
    for _ in range(100):
        time.sleep(0.2)
        if state.stat().st_mtime_ns == before:
            break
        before = state.stat().st_mtime_ns
    train(data, run, ("maml", "zero-shot"), LONG, seed=5)
    train(data, tmp_path / "whole", ("maml", "zero-shot"), LONG, seed=5)
    assert _files(run) == _files(tmp_path / "whole")


def test_a_part_that_diverges_is_told(packed: SimpleNamespace, tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, schedules={**TINY.schedules, "maml": Schedule(50, 8, rate=1e30)})
    with pytest.raises(TrainingDiverged, match=r"maml: step \d+, task"):
        train(packed.write(tmp_path), tmp_path / "run", ("maml",), config, workers=2)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--workers", "0"], "error: workers 0; expected 1 or more"),
        (
            ["--workers", "2", "--device", "cuda"],
            "error: workers 2 on cuda, where parts train one after another; expected 1",
        ),
        (["--workers", "2", "--stream"], "error: --workers 2 with --stream; learning online is one process's"),
    ],
)
def test_bad_input_is_one_line(
    packed: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture, arguments: list[str], line: str
) -> None:
    words = ["--data", str(packed.write(tmp_path)), "--out", str(tmp_path / "run"), "--preset", "tiny", *arguments]
    assert main(words) == 2
    assert capsys.readouterr().err.splitlines() == [line]
    assert not (tmp_path / "run").exists()


def test_a_logger_that_cannot_travel_is_refused(packed: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="workers 2 with loggers that cannot be sent to another process"):
        train(packed.write(tmp_path), tmp_path / "run", ("maml",), TINY, workers=2, loggers=[lambda *_: None])
    assert not (tmp_path / "run").exists()
