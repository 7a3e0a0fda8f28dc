"""The pooled network without adaptation: what can be told from looking alone."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from robo_meta.model.scorer import Hidden, stack
from robo_meta.strategies.network_strategy import ScoringStrategy


class ZeroShot(ScoringStrategy):
    """Ignores the support."""

    name = "zero-shot"
    part = "zero-shot"

    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """The head as it was trained."""
        return stack(self._theta, 1)
