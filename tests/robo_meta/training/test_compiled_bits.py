"""Loops that were just compiled and the same loops read from the disk train to the same bytes: a training may be
resumed by a process that compiles nothing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[3]
_CHILD = """
import sys
from robo_meta.training.presets import PRESETS
from robo_meta.training.train import train
train(sys.argv[1], sys.argv[2], ("maml",), PRESETS["tiny"])
"""


def test_fresh_and_kept_machine_code_train_the_same_bytes(packed: SimpleNamespace, tmp_path: Path) -> None:
    data, kept = packed.write(tmp_path), tmp_path / "kept"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(kept)}
    digests, dates = [], []
    for run in ("fresh", "cached"):
        words = [sys.executable, "-c", _CHILD, str(data), str(tmp_path / run)]
        subprocess.run(words, env=environment, check=True, stderr=subprocess.DEVNULL, timeout=600)
        digests.append(hashlib.sha256((tmp_path / run / "policy.safetensors").read_bytes()).hexdigest())
        dates.append({path.name: path.stat().st_mtime_ns for path in kept.rglob("*.nbc")})
    assert dates[0] and dates[0] == dates[1]
    assert digests[0] == digests[1]
