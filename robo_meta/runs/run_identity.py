"""What a training is told by afterwards: its data, and the versions it ran with."""

from __future__ import annotations

import platform

import numpy as np
import torch

import robo_meta
from robo_meta.training.data import TrainingData


def data_fingerprint(data: TrainingData) -> str:
    """Shapes and sums that differ where the data do."""
    parts = (data.points, data.grasps, data.other_grasps, data.holdable, data.hand_actions)
    sums = [float(t.double().nansum()) for t in parts]
    return f"{tuple(data.points.shape)} {len(data.hand)} {sums}"


def versions() -> dict[str, str]:
    """Of the package, of what it computes with, and of Python."""
    names = {"robo_meta": robo_meta.__version__, "torch": torch.__version__, "numpy": np.__version__}
    return {**names, "python": platform.python_version()}
