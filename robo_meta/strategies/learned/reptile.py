"""Reptile's network, adapted as it was trained to be: plain gradient descent of every parameter."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from robo_meta.learning.reptile import adapt_whole
from robo_meta.model.point_features import Encoded
from robo_meta.strategies.network_strategy import NetworkStrategy

STEPS = 20
"""More steps than in training, as in the paper: there is only the support to learn from."""


class Reptile(NetworkStrategy):
    """Descends on the support with body and head."""

    name = "reptile"
    part = "reptile"

    def adapted(self, scans: Encoded, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Body and head after the steps."""
        return adapt_whole(self._theta, scans, grasps, mask.expand(STEPS, *mask.shape))
