"""A batch of tasks: scans, grasps, and which demonstrations are support and query.

Axis letters as in `robo_meta.model`; L labelled points.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from robo_meta.model.point_features import Encoded


class Batch(NamedTuple):
    """Tasks to adapt to, with the demonstrations to judge by."""

    tasks: Tensor
    """(N,) numbers of the tasks within the data."""
    scans: Encoded
    """(N, D, P, …)."""
    grasps: Tensor
    """(N, D, 4), of `robo_meta.model.scorer.grasp_rows`."""
    graspable: Tensor
    """(N, D, L): 1 where the fingers could take an outer end at a point, 0 where not, −1 where that isn't known."""
    support: Tensor
    """(N, K) numbers of the support's demonstrations."""
    support_mask: Tensor
    """(N, K): 1 for a demonstration, 0 for padding where the task has fewer of that transfer."""
    query_mask: Tensor
    """(N, D): 1 for demonstrations outside the support."""
    examples: Tensor
    """(N,) numbers of the pairs of task and intention, below `INTENTIONS_PER_SCAN` × the data's tasks."""
    balance: Tensor
    """(N,) bool: whether the grasps are those of *balance*. Privileged: only to make up what would have failed."""

    def rows(self, which: slice) -> Batch:
        """Some of its tasks."""
        scans = Encoded(*(part[which] for part in self.scans))
        return Batch(scans=scans, **{name: getattr(self, name)[which] for name in self._fields if name != "scans"})

    def to(self, dtype: torch.dtype) -> Batch:
        """The same numbers in another precision."""
        scans = Encoded(*(part.to(dtype) for part in self.scans))
        real = {name: getattr(self, name).to(dtype) for name in ("grasps", "graspable", "support_mask", "query_mask")}
        return self._replace(scans=scans, **real)
