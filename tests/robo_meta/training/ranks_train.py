"""Trains under torchrun, slowly enough to be killed; writes its process number and the step that it begins from.

Words: data, run folder. `ROBO_META_PIDS` is the folder for what it writes.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import torch

from demos.storage.array_header import read_header
from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.ranks import joined
from robo_meta.training.state import FORM
from robo_meta.training.train import train

TINY = PRESETS["tiny"]
LONG = replace(TINY, schedules={**TINY.schedules, "maml": Schedule(200, 4)}, checkpoint_every=4)

if __name__ == "__main__":
    torch.set_num_threads(1)
    data, out = sys.argv[1:]
    name = f"rank{os.environ['RANK']}.{os.environ['TORCHELASTIC_RESTART_COUNT']}"
    state = Path(out) / "state" / "maml.safetensors"
    notes = Path(os.environ["ROBO_META_PIDS"])
    (notes / f"{name}.step").write_text(str(read_header(state, FORM).record["step"] if state.exists() else 0))
    (notes / name).write_text(str(os.getpid()))
    with joined("cpu") as own:
        train(data, out, ["maml"], LONG, seed=5, ranks=own)
