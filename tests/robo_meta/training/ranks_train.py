"""Trains as one of several ranks, for steps enough to be killed among them. Words: data, run folder."""

from __future__ import annotations

import sys
from dataclasses import replace

import torch

from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.ranks import joined
from robo_meta.training.train import train

TINY = PRESETS["tiny"]
LONG = replace(TINY, schedules={**TINY.schedules, "maml": Schedule(120, 4)}, checkpoint_every=4)

if __name__ == "__main__":
    torch.set_num_threads(1)
    with joined("cpu") as own:
        train(sys.argv[1], sys.argv[2], ["maml"], LONG, seed=5, ranks=own)
