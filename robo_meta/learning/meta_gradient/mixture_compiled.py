"""`mixture_loss.MixtureLoss` by `compiled_mixture`: on the CPU, in float32, where numba is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from robo_meta.learning.meta_gradient.compiled_call import call
from robo_meta.learning.meta_gradient.mixture_loss import MixtureLoss, Seen, Slopes

MIXTURE = "robo_meta.learning.meta_gradient.compiled_mixture"


class Shown(NamedTuple):
    """What scans show, as arrays as well."""

    seen: Seen
    arrays: tuple[np.ndarray, ...]
    """Places, grasps (U, 4) of `scorer.grasp_rows`, and squared distances of the votes."""

    @classmethod
    def of(cls, seen: Seen, grasps: Tensor) -> Shown:
        """Of scans with their grasps."""
        return cls(seen, tuple(part.numpy() for part in (seen.places, grasps, seen.square)))


class CompiledMixture(MixtureLoss):
    """As `MixtureLoss`."""

    def __init__(self, scores: Tensor, gates: Tensor, shown: Shown, log_scales: Tensor) -> None:
        self._seen, (places, grasps, square) = shown.seen, shown.arrays
        (count, outputs), (across, along, points) = gates.shape, log_scales.tolist()
        near, keypoints = scores[:, -1].log_softmax(-1), np.empty((5, count, outputs - 1), np.float32)
        weights, wide = scores.softmax(-1).numpy(), (-2 * log_scales).exp().numpy()
        call(MIXTURE, "compare", weights, places, grasps, square, wide, keypoints, near)
        log_near = near.log_softmax(-1)
        near_shares = log_near.exp().numpy()
        self._before = weights, places, grasps, square, wide, keypoints, near_shares
        self._of_keypoints = weights, places, grasps, wide, keypoints, near_shares
        self._gates, log_gates = gates.softmax(-1), gates.log_softmax(-1)
        bumps = torch.from_numpy(1 - across - along - keypoints[4])
        terms = torch.cat([bumps, near[:, :1] - log_near[:, :1] - 2 * points], -1) + log_gates
        log_shares = terms.log_softmax(-1)
        self._shares = log_shares.exp()
        self.losses = (log_shares[:, 0] - terms[:, 0]) * self._seen.weight

    def slopes(self, *, widths: bool = True) -> Slopes:
        """As there; all of it, whatever is wanted."""
        weight = self._seen.weight[:, None]
        self._share = self._shares * -weight
        found = self._empty()
        call(MIXTURE, "slopes", *self._before, self._share, *found)
        self._by_scores = found[0]
        return Slopes(torch.addcmul(self._share, self._gates, weight), *found)

    def tangent(self, scores: Tensor, gates: Tensor) -> Slopes:
        """As there; `scores` becomes the derivative of those."""
        keypoints, terms = self._of_keypoints[4], torch.empty_like(gates)
        moves, (_, by_near, widths) = np.empty((4, *keypoints.shape[1:]), np.float32), self._empty()
        call(MIXTURE, "moved", *self._of_keypoints, scores, moves, terms)
        log_gates = gates - (self._gates * gates).sum(-1, keepdim=True)
        moved = terms + log_gates
        changes = self._share * (moved - (self._shares * moved).sum(-1, keepdim=True))
        kept = self._share, self._by_scores
        call(MIXTURE, "tangent", *self._before, *kept, scores, moves, terms, changes, by_near, widths)
        by_gates = torch.addcmul(changes, self._gates * self._seen.weight[:, None], log_gates)
        return Slopes(by_gates, scores, by_near, widths)

    def _empty(self) -> tuple[Tensor, Tensor, Tensor]:
        """`Slopes` but for the gates, to be filled in, and added to."""
        weights, near = self._before[0], self._before[-1]
        return torch.empty(weights.shape), torch.empty(near.shape), torch.zeros(3)
