"""Compiled functions, run on tensors: where they serve, and how they are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from robo_meta.model.compiled_or_none import compiled_or_none


def compiled_here(values: Tensor) -> bool:
    """Whether passes over such values are compiled: on the CPU, in float32, where numba is."""
    plain = values.device.type == "cpu" and values.dtype == torch.float32
    return plain and compiled_or_none("robo_meta.learning.meta_gradient.compiled_body", "add") is not None


def call(module: str, name: str, *parts: Tensor | np.ndarray) -> None:
    """Run a compiled function on arrays, or tensors as such; those that it fills in must be contiguous."""
    function: Any = compiled_or_none(module, name)
    function(*(part if isinstance(part, np.ndarray) else part.contiguous().numpy() for part in parts))
