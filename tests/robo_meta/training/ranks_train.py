"""Trains as one of several ranks that torchrun starts; rank 1 of the first start is killed. Words: data, run folder."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import torch

from demos.storage.array_header import read_header
from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.ranks import joined
from robo_meta.training.state import FORM
from robo_meta.training.train import train

TINY = PRESETS["tiny"]
LONG = replace(TINY, schedules={**TINY.schedules, "maml": Schedule(40, 4)}, checkpoint_every=4)


def killed_in_the_middle(state: Path) -> None:
    """End this process as a machine's failure would, once something is saved."""
    while not state.exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    torch.set_num_threads(1)
    start, state = os.environ["TORCHELASTIC_RESTART_COUNT"], Path(sys.argv[2]) / "state" / "maml.safetensors"
    with joined("cpu") as own:
        if own.first:
            print(
                f"start {start} from step {read_header(state, FORM).record['step'] if state.exists() else 0}",
                flush=True,
            )
        elif start == "0":
            threading.Thread(target=killed_in_the_middle, args=(state,), daemon=True).start()
        train(sys.argv[1], sys.argv[2], ["maml"], LONG, seed=5, ranks=own)
