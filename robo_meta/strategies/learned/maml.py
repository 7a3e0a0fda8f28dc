"""Meta-learned adaptation: a few gradient steps from parameters that were trained for that.

Finn et al., 2017, "Model-agnostic meta-learning for fast adaptation of deep networks". One rate per step and tensor is
learned, as in Antoniou et al., 2019, "How to train your MAML".
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from robo_meta.learning.inner_loop import adapt
from robo_meta.model.scorer import Hidden
from robo_meta.strategies.network_strategy import ScoringStrategy


class Maml(ScoringStrategy):
    """Takes the meta-learned gradient steps on the support."""

    name = "maml"

    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Head parameters after the inner steps."""
        return adapt(self._theta, self._rates, support, grasps, mask, differentiable=False)


class MamlBoth(Maml):
    """As `maml`, trained on colour-coded stock and on painted goods alike: the demonstrations, and how their paint fits
    the query's, are all that tells which of the two it is."""

    name = "maml-both"


class Anil(Maml):
    """As `maml`, but the steps move only `catalogue.OUTPUT_LAYER`; the features stay as they are
    (Raghu et al., 2020, "Rapid learning or feature reuse?")."""

    name = "anil"


class Fomaml(Maml):
    """As `maml`, trained without second derivatives (Finn et al., 2017, section 5.2): the difference is their worth."""

    name = "fomaml"
