"""The demonstration-conditioned network: it reads the support in one pass and takes no gradient step.

The idea: Garnelo et al., 2018, "Conditional neural processes".
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robo_meta.model.context_encoder import condition
from robo_meta.model.scorer import Hidden
from robo_meta.strategies.network_strategy import ScoringStrategy


class Context(ScoringStrategy):
    """Computes the head's parameters from the support. It is trained on the same tasks as `maml`."""

    name = "context"

    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """The head parameters that the encoder gives."""
        with torch.no_grad():
            return condition(self._theta, support, grasps, mask)


class ContextBoth(Context):
    """As `context`, trained on colour-coded stock and on painted goods alike."""

    name = "context-both"
