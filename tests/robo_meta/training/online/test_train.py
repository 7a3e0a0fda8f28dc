"""The online learner: nothing leaks, the budget is obeyed, a kill costs nothing, and learning helps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from robo_meta.cli.main import main as robo_meta_main
from robo_meta.cli.train import learn_online, main
from robo_meta.learning.batch import Batch
from robo_meta.model.architecture import Architecture
from robo_meta.training.checkpoint import CheckpointError, load_checkpoint
from robo_meta.training.objectives import fresh_state
from robo_meta.training.online import learner
from robo_meta.training.online.config import StreamConfig, StreamError
from robo_meta.training.online.learner import Stream, begin, follow, load_online
from robo_meta.training.online.phases import load_folders, take
from robo_meta.training.online.scores import keypoint_distances
from robo_meta.training.online.train import train_stream
from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.state import StateError
from robo_meta.training.task_sampler import TaskStream

ROOT = Path(__file__).parents[4]
TINY = PRESETS["tiny"]
CPU = torch.device("cpu")
SMALL = {"phases": 2, "held_out": 3, "stream_budget": 2, "stream_batch": 3, "reservoir": 6, "phase_colours": (8, 0)}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def phases(packed: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two datasets of 12 tasks: bars only, then bars and rods."""
    folder = tmp_path_factory.mktemp("phases")
    bars = packed.arrays(tasks=12, seed=1)
    bars["family"] = np.zeros_like(bars["family"])
    return [packed.write(_made(folder / "1"), bars), packed.write(_made(folder / "2"), packed.arrays(12, seed=2))]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _stream(phases: list[Path], known: int = 0) -> Stream:
    data, _ = load_folders(phases)
    return Stream(take(data, np.arange(18)), take(data, np.arange(18, 24)), known, (9, 18))


class Recorded(TaskStream):
    """A stream that remembers which tasks it drew."""

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.drawn: list[list[int]] = []

    def draw(self, count: int, generator: torch.Generator, among: torch.Tensor | None = None) -> Batch:
        batch = super().draw(count, generator, among=among)
        self.drawn.append(batch.tasks.tolist())
        return batch


def _tasks(stream: Stream) -> Recorded:
    return Recorded(stream.data, TINY.shots, TINY.transfers, CPU)


def _begun(stream: Stream, config: StreamConfig) -> learner.OnlineState:
    return begin(fresh_state("maml", TINY, 0, CPU), stream, config, seed=0)


def _follow(stream: Stream, config: StreamConfig, save=lambda state: None, tasks=None) -> learner.OnlineState:
    state, tasks = _begun(stream, config), tasks or _tasks(stream)
    return follow(state, stream, tasks, TINY, config, save=save, report=lambda task, loss: None)


def test_a_task_is_scored_before_anything_learns_from_it(phases: list[Path]) -> None:
    stream, config = _stream(phases, known=4), StreamConfig(**SMALL)
    states, tasks = [_begun(stream, config)], _tasks(stream)
    _follow(stream, config, save=states.append, tasks=tasks)
    assert [len(state.distances) for state in states] == list(range(15))
    for number, (before, after) in enumerate(pairwise(states)):
        # It was scored by the learner of before it came, whose batches held only tasks of before it came.
        met = slice(4 + number, 5 + number)
        again = keypoint_distances(
            before.meta.theta, before.meta.rates, stream.data.points[met], stream.data.grasps[met]
        )
        assert torch.equal(after.distances[number], again[0])
        drawn = tasks.drawn[: number * config.stream_budget]
        assert before.meta.step == len(drawn) and all(task < 4 + number for batch in drawn for task in batch)


def test_scores_do_not_depend_on_what_comes_later(phases: list[Path]) -> None:
    """The same from outside: other demonstrations from task 8 on change no earlier score, nor how task 8 is met."""
    stream, config = _stream(phases), StreamConfig(**SMALL)
    altered = stream.data.grasps.clone()
    altered[8:, 1:, :2] += 0.5
    other = stream._replace(data=replace(stream.data, grasps=altered))
    states: list[learner.OnlineState] = []
    whole = _follow(stream, config, save=states.append)
    changed = _follow(other, config)
    assert torch.equal(whole.distances[:8], changed.distances[:8])
    assert (changed.distances[8] > whole.distances[8] + 0.3).all()
    # The learner that met task 8 had learned from the eight before it.
    met = next(state for state in states if len(state.distances) == 8)
    again = keypoint_distances(met.meta.theta, met.meta.rates, stream.data.points[8:9], stream.data.grasps[8:9])
    assert torch.equal(again[0], whole.distances[8])
    assert not torch.equal(whole.meta.theta["head.in.weight"], met.meta.theta["head.in.weight"])


def test_budget_and_bound_are_obeyed(phases: list[Path]) -> None:
    stream, held = _stream(phases, known=3), list[int]()
    tasks = _tasks(stream)
    state = _follow(stream, StreamConfig(**SMALL), save=lambda s: held.append(len(s.reservoir.held)), tasks=tasks)
    assert [len(batch) for batch in tasks.drawn] == [3] * (15 * 2)
    assert state.meta.step == 30 and state.reservoir.seen == 18
    assert max(held) == len(state.reservoir.held) == 6
    assert state.distances.shape == (15, 3) and state.ends.shape == (2, 6, 3)


def test_it_keeps_to_one_thread_and_leaves_the_caller_s_number_alone(
    phases: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def scored(*given: Any) -> torch.Tensor:
        seen.append(torch.get_num_threads())
        return keypoint_distances(*given)

    for module in ("learner", "train"):  # where tasks are scored as they arrive, and at the end
        monkeypatch.setattr(f"robo_meta.training.online.{module}.keypoint_distances", scored)
    torch.set_num_threads(2)
    train_stream(phases, tmp_path / "run", TINY, StreamConfig(**SMALL), seed=5)
    assert set(seen) == {1} and len(seen) > 15 and torch.get_num_threads() == 2


CONFIG = StreamConfig(**SMALL)
_CHILD = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from robo_meta.training.presets import PRESETS
from robo_meta.training.online.config import StreamConfig
from robo_meta.cli.train import learn_online
small = dict(phases=2, held_out=3, stream_budget=2, stream_batch=3, reservoir=6, phase_colours=(8, 0))
learn_online([Path(p) for p in sys.argv[2:]], Path(sys.argv[1]), PRESETS["tiny"], StreamConfig(**small), seed=5)
"""


@pytest.fixture(scope="module")
def whole(phases: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("whole") / "run"
    learn_online(phases, out, TINY, CONFIG, seed=5)
    return out


def _bytes(out: Path) -> dict[str, bytes]:
    names = ("stream.json", "policy.safetensors", "policy.json", "stream.html", "state/stream.safetensors")
    return {name: (out / name).read_bytes() for name in names}


def test_a_killed_stream_ends_with_the_same_bytes(phases: list[Path], whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    state, environment = out / "state" / "stream.safetensors", {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", _CHILD, str(out), *map(str, phases)]
    child = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not state.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.returncode == -signal.SIGKILL, "the child ended before it could be killed"
    assert not (out / "stream.json").exists()
    with pytest.raises(StateError, match="its seed is 5, this training's is 6; use another --out"):
        learn_online(phases, out, TINY, CONFIG, seed=6)
    learn_online(phases, out, TINY, CONFIG, seed=5)
    assert _bytes(out) == _bytes(whole)


@pytest.mark.parametrize("saves", [1, 4, 11, 20])
def test_a_stop_at_any_stage_costs_nothing(
    saves: int, phases: list[Path], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while the start is trained, while tasks arrive, and while either ceiling is trained."""
    left, replace_file = iter(range(saves)), os.replace

    def stop_or_replace(source: Path, target: Path) -> None:
        if Path(target).parent.name == "state" and next(left, None) is None:
            raise KeyboardInterrupt
        replace_file(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", stop_or_replace)
        with pytest.raises(KeyboardInterrupt):
            learn_online(phases, tmp_path / "run", TINY, CONFIG, seed=5)
    assert not (tmp_path / "run" / "stream.json").exists()
    learn_online(phases, tmp_path / "run", TINY, CONFIG, seed=5, resume=True)
    assert _bytes(tmp_path / "run") == _bytes(whole)


def test_the_same_seed_gives_the_same_stream_and_another_does_not(
    phases: list[Path], whole: Path, tmp_path: Path
) -> None:
    learn_online(phases, tmp_path / "again", TINY, CONFIG, seed=5)
    assert _bytes(tmp_path / "again") == _bytes(whole)
    learn_online(phases, tmp_path / "other", TINY, CONFIG, seed=6)
    assert _bytes(tmp_path / "other")["policy.safetensors"] != _bytes(whole)["policy.safetensors"]


def test_the_result_says_what_was_done(phases: list[Path], whole: Path) -> None:
    result = json.loads((whole / "stream.json").read_text())
    assert result["start"]["kind"] == "first phase" and result["start"]["families"] == ["bar"]
    assert [phase["families"] for phase in result["phases"]] == [["bar"], ["rod"]]
    # 9 + 9 tasks arrive but for the 4 that were known beforehand; ceilings train at least as long as the learner.
    assert result["start"]["known_tasks"] == 4
    assert result["spent"] == {"arrived": 14, "gradient_steps": 28, "scratch_steps": [18, 36]}
    assert {row["transfer"] for row in result["ends"] if row["judged"] == 2} == {
        "all", "same-object", "new-instance", "new-shape"
    }  # fmt: skip
    assert not any(row["transfer"] == "new-shape" for row in result["ends"] if row["judged"] == 1)
    for row in [*result["arrivals"], *result["ends"]]:
        assert 0 <= row["low"] <= row["rate"] <= row["high"] <= 1 and row["n"] >= row["tasks"] > 0
    (lost,) = [row for row in result["forgetting"] if row["transfer"] == "all"]
    on_first = {
        row["phase"]: row["rate"] for row in result["ends"]
        if row["judged"] == 1 and row["learner"] == "online" and row["transfer"] == "all"
    }  # fmt: skip
    assert lost["difference"] == pytest.approx(on_first[2] - on_first[1])
    page = (whole / "stream.html").read_text()
    assert "<svg" in page and "Online meta-learning" in page
    assert all(f"<td>{', '.join(row['families'])}</td>" in page for row in result["phases"])


def test_learning_online_beats_standing_still(packed: SimpleNamespace, tmp_path: Path) -> None:
    """Bars of two colours: from fresh parameters, adapting finds nothing; after sixty tasks it does."""
    first, second = packed.arrays(48, seed=1), packed.arrays(48, seed=2)
    first["family"] = np.zeros_like(first["family"])
    folders = [packed.write(_made(tmp_path / "1"), first), packed.write(_made(tmp_path / "2"), second)]
    sizes = Architecture(hidden=16, head=12, keypoints=2, inner_steps=2, context=8, closing=8, controller=8)
    train = replace(TINY, architecture=sizes, schedules={**TINY.schedules, "maml": Schedule(60, 2, 1e-2)})
    config = StreamConfig(phases=2, held_out=12, phase_colours=(8, 0), warm_up=0.0, stream_budget=4, stream_batch=6,
                          stream_rate=6e-3, reservoir=40)  # fmt: skip
    result = learn_online(folders, tmp_path / "run", train, config, seed=0)
    (gain,) = [row for row in result["end_pairs"]
               if (row["phase"], row["judged"], row["b"], row["transfer"]) == (2, 0, "frozen", "all")]  # fmt: skip
    assert gain["tasks"] == 24 and gain["difference"] > 0.25 and gain["low"] > 0.1
    on_arrival = {(row["phase"], row["transfer"]): row for row in result["arrival_pairs"]}
    assert on_arrival[2, "all"]["difference"] > 0.15


def test_it_starts_from_a_checkpoint(phases: list[Path], tiny_run: Path, tmp_path: Path) -> None:
    result = learn_online(phases, tmp_path / "run", TINY, CONFIG, seed=0, init=tiny_run)
    assert result["start"]["kind"] == "checkpoint" and result["start"]["known_tasks"] == 0
    assert result["spent"]["arrived"] == 18
    before, after = load_checkpoint(tiny_run), load_checkpoint(tmp_path / "run")
    assert before.parts.keys() == after.parts.keys()
    assert torch.equal(before.parts["controller"]["in.weight"], after.parts["controller"]["in.weight"])
    assert not torch.equal(before.parts["maml"]["head.in.weight"], after.parts["maml"]["head.in.weight"])
    assert after.card["parts"]["maml"]["start"]["kind"] == "checkpoint"
    # The first task was met by the checkpoint itself.
    frozen = [row["rate"] for row in result["arrivals"] if row["learner"] == "frozen"]
    assert len(frozen) and len(result["ends"])
    with pytest.raises(StreamError, match="use the preset of the checkpoint"):
        learn_online(phases, tmp_path / "quick", PRESETS["quick"], CONFIG, init=tiny_run)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        learn_online(phases, tmp_path / "none", TINY, CONFIG, init=tmp_path / "nothing")
    assert not (tmp_path / "quick").exists() and not (tmp_path / "none").exists()


def test_states_and_folders_of_other_trainings_are_refused(
    phases: list[Path], whole: Path, tiny_run: Path, tmp_path: Path
) -> None:
    before = _bytes(whole)
    with pytest.raises(StateError, match="its seed is 5, this training's is 6; use another --out"):
        learn_online(phases, whole, TINY, CONFIG, seed=6, resume=True)
    with pytest.raises(StateError, match="its stream is"):
        learn_online(phases, whole, TINY, replace(CONFIG, reservoir=5), seed=5, resume=True)
    with pytest.raises(StreamError, match="already holds a checkpoint of another training"):
        learn_online(phases, tiny_run, TINY, CONFIG, resume=True)
    assert _bytes(whole) == before
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes((whole / "state" / "stream.safetensors").read_bytes()[:-40])
    with pytest.raises(StateError, match="truncated or damaged"):
        load_online(cut, {}, CPU)


@pytest.mark.parametrize(
    "words, line",
    [
        (["--reservoir", "9"], "--reservoir without --stream; it says nothing to an offline training"),
        (["--stream", "--method", "context"], "--method context with --stream; expected maml"),
        (["--stream", "--phase-tasks", "4"], "phase 1 has 4 tasks, it needs 8"),
        (["--stream", "--device", "tpu"], "unknown device 'tpu'; expected cpu or cuda"),
        (["--stream", "--seed", "-1"], "seed -1; expected 0 or more"),
        (["--stream", "--init", "{tmp}/none"], "no checkpoint"),
        (["--stream", "--out", "{tmp}/file/run"], "expected a folder to write to"),
    ],
)
def test_bad_words_are_one_line(
    words: list[str], line: str, phases: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").write_text("not a folder")
    both = [str(phases[0]), str(phases[1])] if "--stream" in words else [str(phases[0])]
    colours = ["--phase-colours", "8", "0"] if "--stream" in words else []
    given = ["--data", *both, "--out", str(tmp_path / "run"), "--preset", "tiny", *colours]
    given += [word.format(tmp=tmp_path) for word in words]
    for run, start in ((main, "error: "), (lambda words: robo_meta_main(["train", *words]), "robo-meta: ")):
        assert run(given) == 2
        (said,) = capsys.readouterr().err.splitlines()
        assert said.startswith(start) and line in said
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_both_command_lines_give_the_same_stream(
    phases: list[Path], whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = ["--stream", "--data", *map(str, phases), "--preset", "tiny", "--seed", "5", "--held-out", "3",
             "--stream-budget", "2", "--stream-batch", "3", "--reservoir", "6",
             "--phase-colours", "8", "0"]  # fmt: skip
    assert main([*words, "--out", str(tmp_path / "a")]) == 0
    assert "share of keypoints within 2 cm" in capsys.readouterr().out
    assert robo_meta_main(["train", *words, "--out", str(tmp_path / "b"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((whole / "stream.json").read_text())
    both = [_bytes(tmp_path / name) for name in ("a", "b")]
    assert both[0] == both[1]
    # Their page shows the command, which `whole`, made in Python, has none of.
    page = both[0].pop("stream.html").decode()
    assert "robo-meta train --data" in page and "--stream-budget 2" in page
    assert both[0] == {name: content for name, content in _bytes(whole).items() if name != "stream.html"}
