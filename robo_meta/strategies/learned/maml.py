"""Meta-learned adaptation: a few gradient steps from parameters that were trained to be adapted."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from robo_meta.learning.inner_loop import adapt
from robo_meta.model.scorer import Hidden
from robo_meta.strategies.network_strategy import ScoringStrategy


class Maml(ScoringStrategy):
    """Takes the learned inner steps on the support."""

    name = "maml"
    part = "maml"

    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Head parameters after the inner steps."""
        return adapt(self._theta, self._rates, support, grasps, mask, differentiable=False)


class Anil(Maml):
    """Takes the learned inner steps on what `inner_loop.OUTPUT_LAYER` names; the features stay as they are."""

    name = "anil"
    part = "anil"


class Fomaml(Maml):
    """What second derivatives are worth is the difference between this and `maml` (Finn et al., 2017, section 5.2)."""

    name = "fomaml"
    part = "fomaml"
