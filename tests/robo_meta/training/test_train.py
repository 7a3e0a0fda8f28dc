"""Training: resuming after a kill, divergence caught, bad input refused, nothing imported that need not be."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from demos.storage.array_header import read_header
from robo_meta.cli.train import main
from robo_meta.learning.adam import zero_moments
from robo_meta.runs.loggers import tensorboard
from robo_meta.runs.progress import TrainingProgress
from robo_meta.training.checkpoint import CheckpointError, load_checkpoint
from robo_meta.training.data import TrainingDataError, load_training_data
from robo_meta.training.objectives import fresh_state, part_losses
from robo_meta.training.outer_loop import TrainingDiverged, run
from robo_meta.training.presets import METHODS, PRESETS, PresetError, Schedule, preset_named
from robo_meta.training.state import FORM, MetaState, StateError, load_state
from robo_meta.training.task_sampler import TaskStream
from robo_meta.training.train import TrainError, train

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")
RNG = torch.Generator().get_state()
TINY = PRESETS["tiny"]
LONG = dataclasses.replace(
    TINY, schedules={**TINY.schedules, "maml": Schedule(60, 4), "pretrain": Schedule(60, 4)}, checkpoint_every=4
)
_CHILD = """
import sys
from dataclasses import replace
import torch
torch.set_num_threads(1)
from robo_meta.training.train import train
from robo_meta.training.presets import PRESETS, Schedule
tiny = PRESETS["tiny"]
long = replace(tiny, schedules={**tiny.schedules, sys.argv[3]: Schedule(60, 4)}, checkpoint_every=4)
train(sys.argv[1], sys.argv[2], [sys.argv[3]], long, seed=5)
"""


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("method", ["maml", "pretrain"])
def test_resume_after_kill_is_bit_identical(packed: SimpleNamespace, tmp_path: Path, method: str) -> None:
    data = packed.write(tmp_path)
    whole = train(data, tmp_path / "whole", [method], LONG, seed=5)
    state = tmp_path / "killed" / "state" / f"{method}.safetensors"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", _CHILD, str(data), str(tmp_path / "killed"), method]
    child = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300  # a busy machine may need minutes to import torch
    while not state.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.returncode == -signal.SIGKILL, "the child ended before it could be killed"
    step = int(_header(state)["step"])
    assert 0 < step < 60
    killed = train(data, tmp_path / "killed", [method], LONG, seed=5, resume=True)
    a, b = load_file(whole), load_file(killed)
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)
    ends = [load_file(tmp_path / run / "state" / f"{method}.safetensors") for run in ("whole", "killed")]
    assert ends[0].keys() == ends[1].keys() and any(k.startswith("tables/") for k in ends[0]) == (method == "pretrain")
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def _header(path: Path) -> dict[str, Any]:
    return read_header(path, FORM).record


def test_divergence_is_caught_with_step_and_task(packed: SimpleNamespace, tmp_path: Path) -> None:
    # A packed file with a value that isn't finite is refused; a rate far too large makes the parameters so.
    config = dataclasses.replace(TINY, schedules={**TINY.schedules, "maml": Schedule(50, 8, rate=1e30)})
    with pytest.raises(TrainingDiverged, match=r"maml: step \d+, task(s \[[\d, ]+\]| \d+): .* is (nan|inf)"):
        train(packed.write(tmp_path), tmp_path / "run", ["maml"], config)
    arrays = packed.arrays()
    arrays["grasps"][7] = np.nan
    with pytest.raises(TrainingDataError, match="grasps holds nan; expected values from"):
        train(packed.write(tmp_path, arrays), tmp_path / "other", ["maml"], config)


def test_training_lowers_the_loss(packed: SimpleNamespace, tmp_path: Path) -> None:
    from robo_meta.learning import methods

    data = packed.write(tmp_path, packed.arrays(tasks=24))
    config = dataclasses.replace(TINY, schedules={**TINY.schedules, "maml": Schedule(80, 8, 1e-2)})
    train(data, tmp_path / "run", ["maml"], config)
    state = load_file(tmp_path / "run" / "state" / "maml.safetensors")
    groups = {g: {k.partition("/")[2]: v for k, v in state.items() if k.startswith(g)} for g in ("theta", "rates")}
    fresh = fresh_state("maml", config, 0, torch.device("cpu"))
    stream = TaskStream(load_training_data(data), (1,), (0, 0, 1), torch.device("cpu"))
    batch = stream.draw(24, torch.Generator().manual_seed(1))
    before = methods.query_losses(
        "maml", {k: v.requires_grad_() for k, v in fresh.theta.items()}, fresh.rates, batch
    ).mean()
    after = methods.query_losses(
        "maml", {k: v.requires_grad_() for k, v in groups["theta"].items()}, groups["rates"], batch
    ).mean()
    assert after < before - 0.2


def test_parts_are_added_to_a_run(packed: SimpleNamespace, tmp_path: Path) -> None:
    data = packed.write(tmp_path)
    both = load_file(train(data, tmp_path / "both", config=TINY))
    train(data, tmp_path / "one", ["zero-shot"], TINY)
    later = load_file(train(data, tmp_path / "one", ["maml", "context"], TINY))
    assert both.keys() == later.keys()
    assert all(torch.equal(both[name], later[name]) for name in both)


def test_the_same_command_goes_on_and_another_is_refused(packed: SimpleNamespace, tmp_path: Path) -> None:
    data, out = packed.write(tmp_path), tmp_path / "run"
    before = train(data, out, ["maml"], TINY).read_bytes()
    assert train(data, out, ["maml"], TINY).read_bytes() == before
    with pytest.raises(StateError, match=r"maml\.safetensors: its seed is 0, this training's is 1; use another --out"):
        train(data, out, ["maml"], TINY, seed=1)
    with pytest.raises(StateError, match=r"maml\.safetensors: its config is"):
        train(data, out, ["maml"], dataclasses.replace(TINY, first_order=True))
    with pytest.raises(StateError, match=r"maml\.safetensors: its data is"):
        train(packed.write(tmp_path, packed.arrays(seed=3)), out, ["maml"], TINY)
    assert (out / "policy.safetensors").read_bytes() == before


def test_losses_are_logged_for_tensorboard(packed: SimpleNamespace, tmp_path: Path) -> None:
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def logged(part: str, folder: Path) -> list[tuple[int, float]]:
        reader = event_accumulator.EventAccumulator(str(folder / part))
        reader.Reload()
        assert reader.Tags()["scalars"] == [f"{part}/loss"]
        return [(event.step, event.value) for event in reader.Scalars(f"{part}/loss")]

    schedules = {**TINY.schedules, "zero-shot": Schedule(21, 4), "controller": Schedule(11, 4)}
    config = dataclasses.replace(TINY, schedules=schedules, tensorboard=True)
    data = packed.write(tmp_path)
    train(data, tmp_path / "run", ["zero-shot"], config)
    found = load_training_data(data)
    stream = TaskStream(found, config.shots, config.transfers, CPU)
    for part, steps in (("closing", [0]), ("controller", [0, 10]), ("zero-shot", [0, 10, 20])):
        # The same training, which tells its losses here.
        told: dict[int, float] = {}
        run(
            part,
            fresh_state(part, config, 0, CPU),
            part_losses(part, found, stream, config, CPU),
            schedules[part],
            clip=config.outer_clip,
            path=tmp_path / "state",
            identity={},
            save_every=100,
            report=told.__setitem__,
        )
        written = logged(part, tmp_path / "run" / "logs")
        assert [step for step, _ in written] == steps
        assert [loss for _, loss in written] == pytest.approx([told[step] for step in steps], rel=1e-6)
    # A training that had gone beyond its last saved state logs those steps again: they must not stand there twice.
    for start, end in ((0, 31), (20, 41)):
        with TrainingProgress("maml", start, 41, (tensorboard(tmp_path / "logs"),)) as progress:
            for step in range(start, end):
                progress(step, float(step))
    assert logged("maml", tmp_path / "logs") == [(step, float(step)) for step in (0, 10, 20, 30, 40)]
    train(tmp_path, tmp_path / "quiet", ["zero-shot"], TINY)
    assert not (tmp_path / "quiet" / "logs").exists()


def test_first_order_trains(packed: SimpleNamespace, tmp_path: Path) -> None:
    data = packed.write(tmp_path)
    exact = load_file(train(data, tmp_path / "a", ["maml"], TINY))
    first = load_file(train(data, tmp_path / "b", ["maml"], dataclasses.replace(TINY, first_order=True)))
    assert not torch.equal(exact["maml/head.in.weight"], first["maml/head.in.weight"])


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_without_a_device(packed: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="device cuda: no CUDA device is available to torch; use --device cpu"):
        train(packed.write(tmp_path), tmp_path / "run", ["maml"], TINY, device="cuda")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--preset", "ful"], "error: unknown preset 'ful'; did you mean 'full'?"),
        (["--method", "mamml"], f"error: unknown method 'mamml'; expected {', '.join(METHODS)}"),
        (["--device", "tpu"], "error: unknown device 'tpu'; expected cpu or cuda"),
    ],
)
def test_bad_input_is_one_line(
    packed: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture, arguments: list[str], line: str
) -> None:
    data = packed.write(tmp_path)
    assert main(["--data", str(data), "--out", str(tmp_path / "run"), *arguments]) == 2
    assert capsys.readouterr().err.splitlines() == [line]
    assert not (tmp_path / "run").exists()


def test_bad_data_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "run"), "--preset", "tiny"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "no packed training data" in line


def test_state_of_another_training_is_refused(packed: SimpleNamespace, tmp_path: Path) -> None:
    data = packed.write(tmp_path)
    train(data, tmp_path / "run", ["maml"], TINY)
    with pytest.raises(StateError, match="its seed is 0, this training's is 1; use another --out"):
        train(data, tmp_path / "run", ["maml"], TINY, seed=1, resume=True)
    path = tmp_path / "run" / "state" / "maml.safetensors"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(StateError, match="truncated or damaged"):
        load_state(path, {}, torch.device("cpu"))


def test_init_starts_body_and_head_from_the_pretrained_part(packed: SimpleNamespace, tmp_path: Path) -> None:
    data = packed.write(tmp_path)
    source = train(data, tmp_path / "source", ["pretrain", "context"], TINY)
    still = dataclasses.replace(TINY, schedules={name: Schedule(1, 4, 0.0) for name in TINY.schedules})
    out = train(data, tmp_path / "run", ["maml", "context"], still, init=source)
    found, begun = load_file(out), load_file(source)
    assert all(torch.equal(found[f"maml/{k}"], begun[f"pretrain/{k}"]) for k in _names(begun, "pretrain/"))
    fresh = fresh_state("context", still, 0, torch.device("cpu")).theta
    assert all(torch.equal(found[f"context/{k}"], fresh[k]) for k in fresh if k.startswith("context."))
    labels = {part: record["init"] for part, record in load_checkpoint(out).card["parts"].items()}
    assert labels["closing"] is None and labels["maml"] == labels["context"] and labels["maml"].startswith("pretrain ")
    # The same parameters from elsewhere are the same start; others, or none, are another training.
    copy = tmp_path / "elsewhere.safetensors"
    copy.write_bytes(source.read_bytes())
    train(data, tmp_path / "run", ["maml"], still, init=copy, resume=True)
    with pytest.raises(StateError, match=r"its init is 'pretrain \w+', this training's is None"):
        train(data, tmp_path / "run", ["maml"], still, resume=True)


def _names(tensors: dict[str, torch.Tensor], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in tensors if name.startswith(prefix)]


def test_init_goes_on_with_every_part_of_its_own_name(packed: SimpleNamespace, tmp_path: Path) -> None:
    """Body, head, the demonstration encoder and inner rates; the closing network and the controller too."""
    data = packed.write(tmp_path)
    source = train(data, tmp_path / "source", ["maml", "context"], TINY)
    still = dataclasses.replace(TINY, schedules={name: Schedule(1, 4, 0.0) for name in TINY.schedules})
    out = train(data, tmp_path / "run", ["maml", "context"], still, init=source)
    found, begun = load_file(out), load_file(source)
    assert found.keys() == begun.keys() and {name.partition("/")[0] for name in found} > {"closing", "controller"}
    assert all(torch.equal(found[name], begun[name]) for name in found)
    labels = {part: record["init"] for part, record in load_checkpoint(out).card["parts"].items()}
    assert all(label.startswith(f"{part} ") for part, label in labels.items())


def test_methods_of_both_worlds_start_from_the_part_that_their_row_names(
    packed: SimpleNamespace, tmp_path: Path
) -> None:
    """And go on with their own once they have one; the parts that they start from stay as they are."""
    data, methods = packed.write(tmp_path), ["maml-both", "context-both"]
    source = train(data, tmp_path / "source", ["maml", "context"], TINY)
    begun, out = load_file(source), tmp_path / "run"
    out.mkdir()
    (out / "policy.safetensors").write_bytes(source.read_bytes())
    still = dataclasses.replace(TINY, schedules={name: Schedule(1, 4, 0.0) for name in TINY.schedules})
    found = load_file(train(data, out, methods, still, init=source))
    assert found.keys() - begun.keys() == {name.replace("/", "-both/", 1) for name in begun if name[0] == "m"} | {
        name.replace("/", "-both/", 1) for name in begun if name.startswith("context/")
    }
    assert all(torch.equal(found[name], begun[name.replace("-both", "")]) for name in found)
    labels = {part: record["init"] for part, record in load_checkpoint(out).card["parts"].items()}
    assert labels["maml-both"].startswith("maml ") and labels["context-both"].startswith("context ")
    moved = load_file(train(data, tmp_path / "moved", methods, TINY, init=out))
    assert not torch.equal(moved["maml-both/head.in.bias"], found["maml-both/head.in.bias"])
    (label,) = {load_checkpoint(tmp_path / "moved").card["parts"]["maml-both"]["init"].split()[0]}
    assert label == "maml-both"


def test_what_goes_on_keeps_the_narrow_losses_of_the_end(packed: SimpleNamespace, tmp_path: Path) -> None:
    """Step 0 of a training that starts afresh has wide losses; of one that goes on, those of the last step."""
    seen: dict[bool, float] = {}

    def losses(theta: dict, rates: dict, generator: torch.Generator, progress: float) -> tuple[Any, Any]:
        seen[trained] = progress
        return (theta["w"] ** 2)[None], torch.zeros(1)

    for trained in (False, True):
        state = MetaState({"w": torch.tensor(1.0)}, {}, zero_moments({"theta/w": torch.tensor(1.0)}), 0, RNG, {})
        path = tmp_path / f"{trained}.safetensors"
        keep = {"clip": 1.0, "path": path, "identity": {}, "save_every": 9, "report": lambda step, loss: None}
        run("maml", state, losses, Schedule(1, 1), trained=trained, **keep)
    assert seen == {False: 0.0, True: 1.0}


def test_a_part_without_steps_stays_as_it_was(packed: SimpleNamespace, tmp_path: Path) -> None:
    data = packed.write(tmp_path)
    source = load_checkpoint(train(data, tmp_path / "source", ["maml"], TINY))
    config = dataclasses.replace(TINY, schedules={**TINY.schedules, "controller": Schedule(0, 512)})
    found = load_checkpoint(train(data, tmp_path / "run", ["maml"], config, init=tmp_path / "source"))
    for name, value in source.parts["controller"].items():
        assert torch.equal(value, found.parts["controller"][name])
    assert not all(torch.equal(value, found.parts["closing"][name]) for name, value in source.parts["closing"].items())


def test_a_part_without_steps_needs_one_to_go_on_with(packed: SimpleNamespace, tmp_path: Path) -> None:
    # From `pretrain` the shared parts start afresh: without steps a controller would be shipped as it was drawn.
    data = packed.write(tmp_path)
    train(data, tmp_path / "source", ["pretrain"], TINY)
    config = dataclasses.replace(TINY, schedules={**TINY.schedules, "controller": Schedule(0, 512)})
    with pytest.raises(TrainError, match="source: no 'controller' to go on with, which preset 'tiny' leaves as it is"):
        train(data, tmp_path / "run", ["maml"], config, init=tmp_path / "source")
    assert not (tmp_path / "run" / "policy.safetensors").exists()


def test_init_without_the_parts_asked_for(packed: SimpleNamespace, tmp_path: Path) -> None:
    data = packed.write(tmp_path)
    source = train(data, tmp_path / "source", ["zero-shot"], TINY)
    with pytest.raises(CheckpointError, match=r"holds no 'pretrain' and no 'maml' to start from; it holds closing, co"):
        train(data, tmp_path / "run", ["zero-shot", "maml"], TINY, init=source)


def test_presets_have_a_schedule_for_every_part() -> None:
    for name, preset in PRESETS.items():
        assert preset.preset == name
        assert set(preset.schedules) == {*METHODS, "closing", "controller"}
    with pytest.raises(PresetError, match="did you mean 'quick'"):
        preset_named("quik")


@pytest.mark.parametrize(
    "modules", ["robo_meta.training.train, robo_meta.strategies.learned.maml", "robo_meta.training.online.train"]
)
def test_training_imports_neither_simulator_nor_extras(modules: str) -> None:
    # numba brings scipy with it where that is installed.
    code = (
        "import sys; sys.modules['gymnasium'] = None  # as on a machine without it\n"
        f"import {modules}\n"
        "found = sorted({n.partition('.')[0] for n in sys.modules} & {'pybullet','tyro','rich','tensorboard',"
        "'shapely','matplotlib','sklearn'}); print(found); sys.exit(bool(found))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
