"""Adaptation towards successful attempts and away from failed ones, with the side that sank in a failed attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from demos.support import SupportSet
from robo_meta.learning.attempt_loss import attempts_of
from robo_meta.learning.contrast import adapt_to_attempts
from robo_meta.learning.inner_loop import adapt
from robo_meta.model.scorer import Hidden, Mixture, body
from robo_meta.strategies.network_strategy import ScoringStrategy
from robo_meta.strategies.policy import Controller, GraspPolicy
from robo_meta.strategies.scan_encoding import encoded
from robo_meta.training.checkpoint import Checkpoint


class Contrast(ScoringStrategy):
    """Takes the contrast update on a support that holds failures; without failures it is `maml`.

    Args:
        checkpoint: with the parts `contrast`, `maml` and `closing`.
        controller: drives the hand to a grasp.
    """

    name = "contrast"

    def __init__(self, checkpoint: Checkpoint, controller: Controller) -> None:
        super().__init__(checkpoint, controller)
        self._own, self._own_rates = self._theta, self._rates
        self._theta, self._rates = checkpoint.split_part("maml")

    def adapt(self, support: SupportSet) -> GraspPolicy:
        """A policy for the support's task. The support may hold failures, even failures alone."""
        return self._adapted(support)

    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Head parameters after `maml`'s inner steps, for supports of successes alone."""
        return adapt(self._theta, self._rates, support, grasps, mask, differentiable=False)

    def _adapted(self, support: SupportSet, reweigh: Callable[[Mixture], Mixture] = lambda found: found) -> GraspPolicy:
        points = np.stack([item.points for item in support.items])[None]
        with torch.no_grad():
            hidden = body(self._theta, encoded(points))
        attempts = attempts_of(support.items)
        if bool(attempts.success.all()):
            return self._policy(self.specialise(hidden, attempts.grasps, attempts.mask), support, reweigh)
        phi = adapt_to_attempts(self._theta, self._own, self._own_rates, hidden, attempts, differentiable=False)
        return self._policy(phi, support, reweigh)
