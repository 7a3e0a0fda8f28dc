"""The script for GPUs, tried on a CPU as a training machine runs it: without simulator, numba and whatever else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from robo_meta.bench import gpu
from robo_meta.bench.gpu import main
from robo_meta.bench.meta_loops import AGREE
from robo_meta.learning.meta_gradient.meta_pass import MetaGradient, meta_gradient
from robo_meta.model.scorer import Parameters

_BARE = """
import sys
for name in ("pybullet", "numba", "gymnasium", "rich", "tyro", "trimesh"):
    sys.modules[name] = None
from robo_meta.bench.gpu import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_script_runs_through_where_only_torch_is() -> None:
    words = [sys.executable, "-c", _BARE, "--device", "cpu", "--preset", "tiny", "--sizes", "4", "8"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    # Not 0, as it would be beside itself: the reference is another computation.
    assert 0 < found["gradient_difference"] <= AGREE
    assert [size["batch"] for size in found["sizes"]] == [4, 8]
    positive = [found[name] for name in ("flop_per_s", "bytes_per_s", "loop_tasks_per_s")]
    positive += [size[name] for size in found["sizes"] for name in ("tasks_per_s", "step_ms", "roofline_share")]
    assert min(positive) > 0


@pytest.mark.parametrize("what", ["first order", "a rate off by a thousandth", "a loss of its own"])
def test_a_wrong_gradient_gives_no_speed(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def wrong(theta: Parameters, rates: Parameters, *given: Any) -> MetaGradient:
        found = meta_gradient(theta, rates, *given, first_order=what == "first order")
        if what.startswith("a rate"):
            found.rates["log_scales"].mul_(1.001)
        return found._replace(losses=found.losses + 1e-6) if what.startswith("a loss") else found

    monkeypatch.setattr(gpu, "meta_gradient", wrong)
    assert main(["--device", "cpu", "--preset", "tiny", "--sizes", "4"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["gradient_difference"] > AGREE and "sizes" not in found
    assert found["refused"] == f"gradients differ by more than {AGREE}"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_nothing_is_measured(capsys: pytest.CaptureFixture) -> None:
    assert main([]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("bench.gpu: no CUDA device") and err.count("\n") == 1
