"""A network trained on all tasks together, without adaptation: what can be told from the query alone."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from robo_meta.model.scorer import Hidden, stack
from robo_meta.strategies.network_strategy import ScoringStrategy


class ZeroShot(ScoringStrategy):
    """Ignores the support and uses the network as it was trained."""

    name = "zero-shot"

    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """The head as it was trained."""
        return stack(self._theta, 1)
