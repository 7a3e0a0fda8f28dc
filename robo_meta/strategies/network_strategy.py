"""Base of the learned strategies: score a scan's points with adapted parameters, choose a place, close on it.

Axis letters: K shots, P points.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from demos.support import SupportSet
from robo_meta.catalogue import CATALOGUE, CLOSING
from robo_meta.model.grasp_choice import densest, point_weights
from robo_meta.model.grasp_head import close_on
from robo_meta.model.point_features import SCALE, Encoded
from robo_meta.model.scorer import Hidden, Mixture, body, grasp_rows, head, stack
from robo_meta.strategies.baselines.colour_clusters import colour_centres
from robo_meta.strategies.changed_light import demonstrated_light
from robo_meta.strategies.policy import Controller, GraspPolicy
from robo_meta.strategies.scan_encoding import encoded
from robo_meta.training.checkpoint import Checkpoint, split_rates


class NetworkStrategy(ABC):
    """Base of strategies with a scorer; each says in `adapted` how demonstrations change its parameters.

    Args:
        checkpoint: with the parts that the strategy's row in `robo_meta.catalogue` names.
        controller: drives the hand to a grasp.
    """

    name: str
    """Of its row."""

    def __init__(self, checkpoint: Checkpoint, controller: Controller) -> None:
        self._theta, self._rates = split_rates(self.parameters(checkpoint))
        self._closing = checkpoint.part(CLOSING)
        self._controller = controller

    def parameters(self, checkpoint: Checkpoint) -> Mapping[str, Tensor]:
        """Body and head before any demonstration, and learned rates under `rates.…`."""
        return checkpoint.part(CATALOGUE[self.name].own_part(checkpoint.parts))

    def adapt(self, support: SupportSet) -> GraspPolicy:
        """A policy for the support's task."""
        points = np.stack([item.points for item in support.items])[None]
        grasps = torch.from_numpy(np.stack([item.grasp for item in support.items]))[None]
        phi = self.adapted(encoded(points), grasp_rows(grasps), torch.ones(1, support.shots))
        return self._policy(phi, support)

    def prior_policy(self) -> GraspPolicy:
        """The policy before any demonstration."""
        return self._policy(stack(self._theta, 1))

    @abstractmethod
    def adapted(self, scans: Encoded, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Parameters with a leading task axis: the head's, and the body's where it moves too.

        Args:
            scans: (1, K, P, …).
            grasps: (1, K, 4), of `scorer.grasp_rows`.
            mask: (1, K).
        """

    def _policy(
        self,
        phi: Mapping[str, Tensor],
        support: SupportSet | None = None,
        reweigh: Callable[[Mixture], Mixture] = lambda found: found,
    ) -> GraspPolicy:
        """A policy that scores scans with `phi`, seen in the light of the `support` that it was adapted to."""
        shown = None if support is None else colour_centres([item.points for item in support.items])
        phi = {k: v.detach() for k, v in phi.items()}
        theta = {**self._theta, **{k: v[0] for k, v in phi.items() if k.startswith("body.")}}

        last: dict[bytes, tuple[np.ndarray, Mixture]] = {}

        def seen(points: np.ndarray) -> tuple[np.ndarray, Mixture]:
            """The scan as it is looked at, (P, 6) float32, and the mixture over it."""
            key = np.asarray(points).tobytes()
            if key not in last:
                lit = np.asarray(points if shown is None else demonstrated_light(points, shown), dtype=np.float32)
                last.clear()
                last[key] = lit, reweigh(head(phi, body(theta, encoded(lit[None, None]))))
            return last[key]

        def target(points: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                scan, mixture = seen(points)
                place = densest(mixture)[0] * SCALE
                return close_on(self._closing, torch.tensor(scan)[None], place)[0].double().numpy()

        def scores(points: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                return point_weights(seen(points)[1])[0, 0].double().numpy()

        return GraspPolicy(target, self._controller, scores)


class ScoringStrategy(NetworkStrategy):
    """Base of the strategies that keep the body; each says in `specialise` how demonstrations change the head."""

    def adapted(self, scans: Encoded, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """The head's parameters, of `specialise`."""
        with torch.no_grad():
            hidden = body(self._theta, scans)
        return self.specialise(hidden, grasps, mask)

    @abstractmethod
    def specialise(self, support: Hidden, grasps: Tensor, mask: Tensor) -> Mapping[str, Tensor]:
        """Head parameters for supports (1, K, …), grasps (1, K, 4) of `scorer.grasp_rows`, and mask (1, K)."""
