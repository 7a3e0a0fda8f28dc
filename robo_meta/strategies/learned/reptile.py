"""Reptile: plain gradient descent of every parameter, from a starting point trained for it.

Nichol et al., 2018, "On first-order meta-learning algorithms".
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from robo_meta.learning.reptile import adapt_whole
from robo_meta.model.point_features import Encoded
from robo_meta.strategies.network_strategy import NetworkStrategy

STEPS = 20
"""Number of steps: more than in training, as in the paper."""


class Reptile(NetworkStrategy):
    """Takes gradient steps on the support with body and head."""

    name = "reptile"

    def adapted(self, scans: Encoded, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Body and head after the steps."""
        return adapt_whole(self._theta, scans, grasps, mask.expand(STEPS, *mask.shape))
