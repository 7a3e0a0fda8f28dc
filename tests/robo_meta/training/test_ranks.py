"""Several processes train as one does: the same parameters, one voice, and a rank that is killed costs little."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from robo_meta.training.outer_loop import TrainingDiverged
from robo_meta.training.presets import PRESETS, SHARED, Schedule
from robo_meta.training.ranks import Ranks, RanksError
from robo_meta.training.state import StateError
from robo_meta.training.train import TrainError, train
from tests.robo_meta.training.ranks_child import trained
from tests.robo_meta.training.ranks_train import LONG

ROOT = Path(__file__).parents[3]
TINY = PRESETS["tiny"]
STEPS = 50


@dataclass(frozen=True)
class Meeting(Ranks):
    """Ranks as threads of this process, to play out what takes no processes."""

    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(2))
    shared: dict[int, torch.Tensor] = field(default_factory=dict)

    def summed(self, values: torch.Tensor) -> torch.Tensor:
        self.barrier.wait(60)
        self.shared[self.rank] = values.detach().clone()
        self.barrier.wait(60)
        found = self.shared[0] + self.shared[1]
        self.barrier.wait(60)
        return found


def together(work) -> list[BaseException | None]:
    """What `work(ranks)` raises on each of two ranks."""
    first = Meeting(0, 2)
    errors: list[BaseException | None] = [None, None]

    def play(ranks: Ranks) -> None:
        torch.set_num_threads(1)
        try:
            work(ranks)
        except BaseException as error:
            errors[ranks.rank] = error

    threads = [threading.Thread(target=play, args=(ranks,)) for ranks in (first, replace(first, rank=1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def started(words: list[list[str]], **extra: str) -> list[subprocess.Popen]:
    """One process a rank, as torchrun would start them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(len(words)),
        **extra,
    }
    return [
        subprocess.Popen(
            [sys.executable, *given],
            env=environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for rank, given in enumerate(words)
    ]


def test_two_processes_train_every_part_as_one_does(packed: SimpleNamespace, tmp_path: Path, tiny_run: Path) -> None:
    data, child = packed.write(tmp_path), "tests.robo_meta.training.ranks_child"
    parts = ["maml", "maml-both", "contrast", "reptile", "pretrain", *SHARED]  # all ways to draw and to lose
    words = [
        ["-m", child, str(data), str(tiny_run), str(STEPS), str(tmp_path / f"{rank}.npz"), *parts] for rank in range(2)
    ]
    children = started(words)
    alone = {part: trained(part, data, tiny_run, STEPS) for part in parts}
    said = [process.communicate(timeout=600)[1] for process in children]
    assert [process.returncode for process in children] == [0, 0], said
    found = [np.load(tmp_path / f"{rank}.npz") for rank in range(2)]
    for part, wanted in alone.items():
        for name, array in wanted.items():
            first, second = (file[f"{part} {name}"] for file in found)
            assert np.array_equal(first, second), (part, name)
            assert array.dtype == np.float64 and np.abs(first - array).max(initial=0) < 1e-6, (part, name)


def test_what_one_rank_alone_finds_wrong_is_one_line_of_the_first(packed: SimpleNamespace, tmp_path: Path) -> None:
    for name, seed in (("mine", 0), ("other", 1)):
        (tmp_path / name).mkdir()
        packed.write(tmp_path / name, packed.arrays(seed=seed))
    words = [
        [
            "-m",
            "robo_meta.cli.train",
            "--data",
            str(tmp_path / name),
            "--out",
            str(tmp_path / "run"),
            "--preset",
            "tiny",
        ]
        for name in ("mine", "other")
    ]
    ranks = started(words)
    said = [process.communicate(timeout=300)[1] for process in ranks]
    assert [process.returncode for process in ranks] == [2, 2], said
    assert said[0].startswith("error: rank 1 has another data than rank 0 (") and said[0].count("\n") == 1
    assert said[1] == "" and not (tmp_path / "run").exists()


def test_disagreements_are_refused(packed: SimpleNamespace, tmp_path: Path) -> None:
    data, out = packed.write(tmp_path), tmp_path / "run"
    (tmp_path / "empty").mkdir()

    def work(ranks: Ranks, **other) -> None:
        given = {"data": data, "config": TINY, "methods": ["maml"], "seed": 0} | (other if ranks.rank else {})
        train(out=out, ranks=ranks, **given)

    for other, message in (
        ({"seed": 1}, "rank 1 has another seed than rank 0 ('1', '0'); start all ranks with the same"),
        ({"config": replace(TINY, first_order=True)}, "rank 1 has another config"),
        ({"data": tmp_path / "empty"}, "rank 1: .*no packed training data"),
    ):
        errors = together(lambda ranks, other=other: work(ranks, **other))
        assert isinstance(errors[0], RanksError), errors
        assert message.replace(".*", "") in str(errors[0]) or message.split(".*")[-1] in str(errors[0])
        assert isinstance(errors[1], Exception) and not out.exists()
    few = replace(TINY, schedules=dict.fromkeys(TINY.schedules, Schedule(8, 1)))
    errors = together(lambda ranks: train(data, out, ["maml"], few, ranks=ranks))
    assert all(isinstance(error, TrainError) and "batches of 1 over 2 processes" in str(error) for error in errors)
    assert together(work) == [None, None]
    with pytest.raises(StateError, match="its processes is 2, this training's is 1; use another --out"):
        train(data, out, ["maml"], TINY)


def test_divergence_on_one_rank_ends_all_with_the_same_words(packed: SimpleNamespace, tmp_path: Path) -> None:
    config = replace(TINY, schedules={**TINY.schedules, "maml": Schedule(50, 8, rate=1e30)})
    errors = together(lambda ranks: train(packed.write(tmp_path), tmp_path / "run", ["maml"], config, ranks=ranks))
    assert all(isinstance(error, TrainingDiverged) for error in errors), errors


def test_a_rank_that_is_gone_is_told_by_the_others() -> None:
    ranks = started([["-c", _LEFT_ALONE]] * 2)
    said = [process.communicate(timeout=200)[1] for process in ranks]
    assert ranks[1].returncode == -signal.SIGKILL and ranks[0].returncode == 1, said
    assert "rank 0 of 2: another rank ended or doesn't answer; what was saved is kept, and the same" in said[0], said[0]


_LEFT_ALONE = """
import os, signal
import torch
from robo_meta.training.ranks import joined
with joined("cpu") as own:
    own.summed(torch.ones(3))
    if own.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    own.summed(torch.ones(3))
"""


def test_torchrun_goes_on_after_a_killed_rank(packed: SimpleNamespace, tmp_path: Path) -> None:
    """Rank 1 is killed once; torchrun starts all ranks again, which end with the bits of ranks that nobody killed."""
    data, out, script = packed.write(tmp_path), tmp_path / "killed", str(Path(__file__).with_name("ranks_train.py"))
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [*words, "--max-restarts", "1", script, str(data), str(out)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    begun = [int(step) for step in re.findall(r"start \d from step (\d+)", run.stdout)]
    assert len(begun) == 2 and begun[0] == 0 < begun[1] < LONG.schedules["maml"].steps, run.stdout[-3000:]
    assert together(lambda ranks: train(data, tmp_path / "whole", ["maml"], LONG, seed=5, ranks=ranks)) == [None, None]
    killed, whole = (load_file(tmp_path / name / "policy.safetensors") for name in ("killed", "whole"))
    assert killed.keys() == whole.keys()
    assert all(torch.equal(killed[name], whole[name]) for name in killed)
