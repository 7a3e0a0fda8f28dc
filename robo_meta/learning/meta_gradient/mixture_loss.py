"""Minus the log-likelihood of grasps under a mixture: its gradient, and the tangent of that gradient.

It is `scorer.log_likelihood` of `scorer.Mixture`, from scores and gate logits on. Axis letters as in
`robo_meta.learning.meta_gradient`; M keypoints, the points' own choice being number M.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from robo_meta.model.scorer import log_kernel


class Seen(NamedTuple):
    """What scans show, whatever the head's parameters."""

    places: Tensor
    """(U, P, 3): x and y, units of `SCALE`, and 1, so that one product gives a sum and what it is centred by."""
    square: Tensor
    """(U, P): squared distance of the points' votes from the grasp."""
    place: Tensor
    """(U, 1, 2): the grasp."""
    closing: Tensor
    """(U, 1, 2): its closing direction."""
    weight: Tensor
    """(U,): of each grasp in its task's loss."""


class Slopes(NamedTuple):
    """A gradient, or its tangent."""

    gates: Tensor
    """(U, M + 1): by the gates' logits."""
    scores: Tensor
    """(U, M + 1, P)."""
    near: Tensor
    """(U, P): by half of the squared distance of votes from the grasp."""
    widths: Tensor
    """(3,): by the log widths."""


class MixtureLoss:
    """The weighted losses of grasps, and what their gradient needs.

    Args:
        scores: (U, M + 1, P), of the points.
        gates: (U, M + 1), logits.
        seen: what the scans show.
        log_scales: (3,), of `scorer.log_likelihood`.
    """

    def __init__(self, scores: Tensor, gates: Tensor, seen: Seen, log_scales: Tensor) -> None:
        self._seen = seen
        log_weights = scores.log_softmax(-1)
        self._weights = log_weights.exp()
        log_gates = gates.log_softmax(-1)
        self._gates = log_gates.exp()
        self._wide = (-2 * log_scales).exp()
        self._own = self._weights[:, :-1]
        self._means = torch.bmm(self._own, seen.places[..., :2])
        self._offset = self._means - seen.place
        self._along = (self._offset * seen.closing).sum(-1, keepdim=True)
        across = self._offset.square().sum(-1, keepdim=True) - self._along.square()
        self._across = across.clamp_min(0)
        self._inside = (across > 0).to(across.dtype) * self._wide[0]
        scaled = self._across * self._wide[0] + self._along.square() * self._wide[1]
        self._shrunk = (1 + scaled).rsqrt()
        keypoints = log_kernel(scaled)[..., 0] - (log_scales[0] + log_scales[1])
        near = log_weights[:, -1] + log_kernel(seen.square * self._wide[2])
        points = near.logsumexp(-1, keepdim=True)
        self._near = (near - points).exp()
        terms = log_gates + torch.cat([keypoints, points - 2 * log_scales[2]], -1)
        likelihood = terms.logsumexp(-1, keepdim=True)
        self._shares = (terms - likelihood).exp()
        self.losses = -likelihood[:, 0] * seen.weight
        """(U,): weighted."""

    def slopes(self, *, widths: bool = True) -> Slopes:
        """The gradient of the sum of the losses.

        Args:
            widths: whether that by votes and widths is wanted; else it is empty.
        """
        seen, weight = self._seen, self._seen.weight[:, None]
        share = -self._shares * weight
        self._share, self._slope = share, share[:, :-1, None] * -0.5 * self._shrunk
        pull = self._inside * self._offset + (self._wide[1] - self._inside) * self._along * seen.closing
        self._pull, by_mean = pull, 2 * self._slope * pull
        self._by_mean = by_mean
        self._centred = torch.bmm(self._with_centre(by_mean), seen.places.transpose(1, 2))
        scores = torch.cat([self._own * self._centred, self._points(share)], 1)
        gates = share + self._gates * weight
        if not widths:
            return Slopes(gates, scores, share.new_empty(0), share.new_empty(0))
        # Of the bump by its squared distance.
        self._falls = (1 + seen.square * self._wide[2]).rsqrt() * (-0.5 * self._wide[2])
        near = share[:, -1:] * self._near * self._falls
        inner = self._slope * self._across, self._slope * self._along.square()
        return Slopes(gates, scores, near, self._by_widths(share, *inner, near))

    def tangent(self, scores: Tensor, gates: Tensor) -> Slopes:
        """The derivative of `slopes` in a direction.

        Args:
            scores: (U, M + 1, P), of the scores.
            gates: (U, M + 1), of the gates' logits.
        """
        seen, weight = self._seen, self._seen.weight[:, None]
        log_weights = scores - (self._weights * scores).sum(-1, keepdim=True)
        weights = self._weights * log_weights
        log_gates = gates - (self._gates * gates).sum(-1, keepdim=True)
        offset = torch.bmm(weights[:, :-1], seen.places[..., :2])
        along = (offset * seen.closing).sum(-1, keepdim=True)
        twice = 2 * self._along * along
        across = (2 * (self._offset * offset).sum(-1, keepdim=True) - twice) * (self._inside / self._wide[0])
        scaled = across * self._wide[0] + twice * self._wide[1]
        points = (self._near * log_weights[:, -1]).sum(-1, keepdim=True)
        near = self._near * (log_weights[:, -1] - points)
        terms = log_gates + torch.cat([-0.5 * (self._shrunk * scaled)[..., 0], points], -1)
        share = -weight * self._shares * (terms - (self._shares * terms).sum(-1, keepdim=True))
        slope = -0.5 * self._shrunk * share[:, :-1, None] - 0.5 * self._slope * self._shrunk.square() * scaled
        pull = self._inside * offset + (self._wide[1] - self._inside) * along * seen.closing
        by_mean = 2 * (slope * self._pull + self._slope * pull)
        moved = (by_mean * self._means + self._by_mean * offset).sum(-1, keepdim=True)
        centred = torch.bmm(torch.cat([by_mean, -moved], -1), seen.places.transpose(1, 2))
        by_keypoints = weights[:, :-1] * self._centred + self._own * centred
        by_points = self._points(share) + self._share[:, -1:, None] * (near - weights[:, -1])[:, None]
        by_near = (share[:, -1:] * self._near + self._share[:, -1:] * near) * self._falls
        inner = slope * self._across + self._slope * across, slope * self._along.square() + self._slope * twice
        return Slopes(
            share + self._gates * log_gates * weight,
            torch.cat([by_keypoints, by_points], 1),
            by_near,
            self._by_widths(share, *inner, by_near),
        )

    def _with_centre(self, by_mean: Tensor) -> Tensor:
        """(U, M, 3): gradients by the softmax means, and what makes their sum under the weights zero."""
        return torch.cat([by_mean, -(by_mean * self._means).sum(-1, keepdim=True)], -1)

    def _points(self, share: Tensor) -> Tensor:
        """(U, 1, P): gradient by the scores of the points' own choice, given its share (U, M + 1)."""
        return share[:, -1:, None] * (self._near - self._weights[:, -1])[:, None]

    def _by_widths(self, share: Tensor, across: Tensor, along: Tensor, near: Tensor) -> Tensor:
        """(3,): gradient by the log widths, from those by squared distances times these distances."""
        keypoints = share[:, :-1].sum()
        return torch.stack(
            [
                -2 * self._wide[0] * across.sum() - keypoints,
                -2 * self._wide[1] * along.sum() - keypoints,
                -2 * (near * self._seen.square).sum() - 2 * share[:, -1].sum(),
            ]
        )
