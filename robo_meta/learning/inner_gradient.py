"""The inner loss's gradient, written out by hand: adaptation outside of training needs no graph.

A small network's steps are bound by the number of calls, and a recorded graph makes many more. What
doesn't change from step to step is worked out once. Axis letters as in `robo_meta.learning`; M keypoints.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from robo_meta.model.point_features import CORNERS
from robo_meta.model.scorer import Hidden, Parameters, log_kernel


class InnerGradient:
    """Gradients of `inner_loop.inner_losses` with respect to head parameters.

    Args:
        phi: the head's parameters, with a leading task axis; those that aren't moved stay what they are here.
        hidden: the body's output on the supports, (N, K, …).
        grasps: (N, K, 4), of `scorer.grasp_rows`.
        mask: (N, K), 1 for a demonstration, 0 for padding.
        moved: names of the parameters whose gradients are wanted.
    """

    def __init__(self, phi: Parameters, hidden: Hidden, grasps: Tensor, mask: Tensor, moved: Collection[str]) -> None:
        self._hidden, self._mask, self._moved = hidden, mask, frozenset(moved)
        n, k, p, width = hidden.points.shape
        self._shape = n, k, p
        self._points = hidden.points.reshape(n, k * p, width)
        self._colours = hidden.colours.reshape(n, k * p, CORNERS)
        self._place, self._closing = grasps[..., None, :2], grasps[..., None, 2:]
        self._to_votes = (hidden.votes - self._place).square().sum(-1)
        # Products of what neither moves nor depends on the step.
        self._fixed = None if self._moved & {"head.in.weight", "head.in.pooled"} else self._before_activation(phi)

    def _before_activation(self, phi: Parameters) -> Tensor:
        """(N, K, P, …): the hidden layer's input, without bias and colours."""
        n, k, p = self._shape
        pooled = torch.bmm(self._hidden.pooled, phi["head.in.pooled"])
        return torch.bmm(self._points, phi["head.in.weight"]).view(n, k, p, -1) + pooled[:, :, None]

    def __call__(self, phi: Parameters, log_scales: Tensor) -> dict[str, Tensor]:
        """Name → gradient, shaped like the parameter, of every task's own loss.

        Args:
            phi: the head's parameters, (N, …).
            log_scales: (3,), see `scorer.log_likelihood`.
        """
        n, k, p = self._shape
        hidden, points, colours = self._hidden, self._points, self._colours
        fixed = self._before_activation(phi) if self._fixed is None else self._fixed
        a = fixed + torch.bmm(colours, phi["head.in.colour"]).view(n, k, p, -1) + phi["head.in.bias"][:, None, None]
        gate = torch.sigmoid(a)
        z = (a * gate).view(n, k * p, -1)
        scores = torch.bmm(z, phi["head.score.weight"]) + torch.bmm(colours, phi["head.score.colour"])
        scores = scores.view(n, k, p, -1) + hidden.log_volume
        scores[..., -1:] += torch.bmm(points, phi["head.score.like"]).view(n, k, p, 1) + hidden.log_hold
        log_weights = scores.log_softmax(-2)
        gates = torch.baddbmm(phi["head.gate.bias"][:, None], hidden.pooled, phi["head.gate.weight"]).log_softmax(-1)
        d_gates, d_scores = self._through_mixture(log_weights, gates, log_scales)
        flat = d_scores.view(n, k * p, -1)
        d_a = torch.bmm(flat, phi["head.score.weight"].transpose(1, 2)).view_as(a) * (gate + a * gate * (1 - gate))
        return self._of_parameters(d_gates, flat, d_a, z)

    def _through_mixture(self, log_weights: Tensor, gates: Tensor, log_scales: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of the losses with respect to the gates' logits (N, K, M + 1) and to the scores (N, K, P, M + 1).

        Args:
            log_weights: (N, K, P, M + 1), as `scorer.Mixture` has them.
            gates: (N, K, M + 1) log-probabilities.
            log_scales: (3,).
        """
        wide, weights = (-2 * log_scales).exp(), log_weights.exp()
        offset = weights[..., :-1].transpose(-1, -2) @ self._hidden.places - self._place
        along = (offset * self._closing).sum(-1, keepdim=True)
        across = offset.square().sum(-1, keepdim=True) - along.square()
        scaled = across.clamp_min(0) * wide[0] + along.square() * wide[1]
        keypoints = log_kernel(scaled)[..., 0] - log_scales[0] - log_scales[1]
        # The logarithm of a sum by hand: the library's takes many times as long on rows this short.
        near = log_weights[..., -1] + log_kernel(self._to_votes * wide[2])
        highest = near.amax(-1, keepdim=True)
        near = (near - highest).exp()
        total = near.sum(-1, keepdim=True)
        from_points = highest + total.log() - 2 * log_scales[2]
        terms = gates + torch.cat([keypoints, from_points], -1)
        # Of −Σ mask · log-likelihood ÷ Σ mask with respect to each demonstration's terms.
        share = terms.softmax(-1) * (-self._mask / self._mask.sum(-1, keepdim=True))[..., None]
        d_gates = share - gates.exp() * share.sum(-1, keepdim=True)
        slope = share[..., :-1, None] * -0.5 * (1 + scaled).rsqrt()
        inside = (across > 0).to(offset.dtype) * wide[0]
        d_offset = slope * 2 * (inside * offset + (wide[1] - inside) * along * self._closing)
        d_weights = self._hidden.places @ d_offset.transpose(-1, -2)
        own = weights[..., :-1]
        d_keypoints = own * (d_weights - (own * d_weights).sum(-2, keepdim=True))
        d_points = share[..., -1:, None] * ((near / total)[..., None] - weights[..., -1:])
        return d_gates, torch.cat([d_keypoints, d_points], -1)

    def _of_parameters(self, d_gates: Tensor, d_scores: Tensor, d_a: Tensor, z: Tensor) -> dict[str, Tensor]:
        """Name → gradient of what is moved, from those of the gates' logits (N, K, M + 1), the scores (N, K · P, M + 1)
        and the hidden layer's input (N, K, P, …), whose output is `z` (N, K · P, …)."""
        n, k, p = self._shape
        points, colours, pooled = (x.transpose(1, 2) for x in (self._points, self._colours, self._hidden.pooled))
        summed, flat = d_a.sum(2), d_a.view(n, k * p, -1)
        ways = {
            "head.in.weight": lambda: torch.bmm(points, flat),
            "head.in.pooled": lambda: torch.bmm(pooled, summed),
            "head.in.bias": lambda: summed.sum(1),
            "head.in.colour": lambda: torch.bmm(colours, flat),
            "head.score.weight": lambda: torch.bmm(z.transpose(1, 2), d_scores),
            "head.score.colour": lambda: torch.bmm(colours, d_scores),
            "head.score.like": lambda: torch.bmm(points, d_scores[..., -1:]),
            "head.gate.weight": lambda: torch.bmm(pooled, d_gates),
            "head.gate.bias": lambda: d_gates.sum(1),
        }
        return {name: ways[name]() for name in sorted(self._moved)}
