"""Features of scans for the learned strategies, each scan's worked out once."""

from __future__ import annotations

import numpy as np
import torch

from robo_meta.model.point_features import Encoded, encode
from robo_meta.strategies.scan_memory import remembered


def encoded(scans: np.ndarray) -> Encoded:
    """`point_features.encode` of scans (…, P, 6), in float32; the caller's own to alter."""
    *leading, count, columns = scans.shape
    found = [_encoded(scan) for scan in scans.reshape(-1, count, columns)]
    return Encoded(*(torch.from_numpy(np.stack(parts)).unflatten(0, leading) for parts in zip(*found, strict=True)))


@remembered
def _encoded(points: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(part.numpy() for part in encode(torch.tensor(points, dtype=torch.float32)))
