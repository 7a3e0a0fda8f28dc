"""The demonstration-conditioned network: reads the support in one pass."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.model.context_encoder import condition
from robo_meta.model.scorer import Hidden
from robo_meta.strategies.network_strategy import ScoringStrategy


class Context(ScoringStrategy):
    """Trained on the same tasks as `maml`, without inner gradients."""

    name = "context"
    part = "context"

    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Head parameters as the encoder writes them."""
        with torch.no_grad():
            return condition(self._theta, support, grasps, mask)
