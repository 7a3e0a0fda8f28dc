"""The body's forward pass with its gradient: `scorer.body`, on scans in one row.

Axis letters as in `robo_meta.learning.meta_gradient`; R = U · P rows.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model.scorer import Parameters

silu_backward = torch.ops.aten.silu_backward
"""(gradient by the output, input) → gradient by the input."""


class BodyPass:
    """The body's output on scans.

    Args:
        theta: the scorer's parameters.
        features: (U, P, F), of `point_features.Encoded`.
        colours: (U, P, 9): its corner weights, and 1.
        places: (U, P, 2).
        vectors: (U, P, V, 2).
    """

    def __init__(self, theta: Parameters, features: Tensor, colours: Tensor, places: Tensor, vectors: Tensor) -> None:
        self._theta, self._colours, self._vectors = theta, colours, vectors
        u, p, _ = features.shape
        self._shape = u, p, theta["body.mix.weight"].shape[0]
        self._features = features.view(u * p, -1)
        self._first = torch.addmm(theta["body.in.bias"], self._features, theta["body.in.weight"])
        self._x = functional.silu(self._first)
        # The ones among the colours make the last of these sums that over all points.
        sums = torch.bmm(colours.transpose(1, 2), self._x.view(self._shape))
        highest, self._highest = self._x.view(self._shape).max(1)
        self._pooled = torch.cat([sums[:, -1] / p, highest], -1)
        self._context = torch.addmm(theta["body.pool.bias"], self._pooled, theta["body.pool.weight"])
        self._counts = colours[..., :-1].sum(1).clamp_min(1e-3)[..., None]
        self._means = sums[:, :-1] / self._counts
        whole = (functional.silu(self._context) + theta["body.mix.bias"])[:, None]
        heard = torch.cat([self._means @ theta["body.mix.own"], whole], 1)
        self._second = torch.mm(self._x, theta["body.mix.weight"])
        self._second.view(self._shape).baddbmm_(colours, heard)
        self.points = functional.silu(self._second)
        """(R, H)."""
        points = self.points.view(self._shape)
        highest, self._highest_point = points.max(1)
        self.pooled = torch.cat([points.mean(1), highest], -1)
        """(U, 2H)."""
        parts = torch.addmm(theta["body.vote.bias"], self.points, theta["body.vote.weight"])
        self.votes = places + (parts.view(u, p, -1, 1) * vectors).sum(-2)
        """(U, P, 2)."""
        self._hold = torch.addmm(theta["body.hold.in.bias"], self.points, theta["body.hold.in.weight"])
        self._held = functional.silu(self._hold)
        hold = self._held @ theta["body.hold.out.weight"] + theta["body.hold.out.bias"]
        self.hold = hold.view(u, p)
        """(U, P)."""
        self._gain, self._log_hold = theta["body.hold.gain"], functional.logsigmoid(self.hold)
        self.log_hold = functional.softplus(self._gain) * self._log_hold
        """(U, P)."""

    def gradient(
        self, points: Tensor, pooled: Tensor, votes: Tensor, hold: Tensor, log_hold: Tensor, own: tuple[Tensor, Tensor]
    ) -> dict[str, Tensor]:
        """Name → gradient of the body's parameters, from those of its outputs.

        Args:
            points: (R, H); changed in place.
            pooled: (U, 2H).
            votes: (U, P, 2).
            hold, log_hold: (U, P).
            own: (U, P, J) and (U, J, H), whose product is one more gradient by `points`.
        """
        theta, (u, p, width) = self._theta, self._shape
        factor = functional.softplus(self._gain)
        by_hold = (hold + log_hold * factor * torch.sigmoid(-self.hold)).view(-1, 1)
        found = {
            "body.hold.gain": (log_hold * self._log_hold).sum().view(1) * torch.sigmoid(self._gain),
            "body.hold.out.bias": by_hold.sum(0),
            "body.hold.out.weight": self._held.t() @ by_hold,
        }
        held = silu_backward(by_hold @ theta["body.hold.out.weight"].t(), self._hold)
        parts = (self._vectors * votes[:, :, None]).sum(-1).view(u * p, -1)
        found |= self._linear("body.hold.in", self.points, held) | self._linear("body.vote", self.points, parts)
        points.addmm_(held, theta["body.hold.in.weight"].t()).addmm_(parts, theta["body.vote.weight"].t())
        spread = points.view(self._shape)
        ones = own[0].new_ones(()).expand(u, p, 1)
        factors = torch.cat([own[0], ones], -1)
        spread.baddbmm_(factors, torch.cat([own[1], pooled[:, None, :width] / p], 1))
        spread.scatter_add_(1, self._highest_point[:, None], pooled[:, None, width:])
        return found | self._below(silu_backward(points, self._second))

    def _below(self, second: Tensor) -> dict[str, Tensor]:
        """Name → gradient of what comes before the second layer's activation, from that by its input (R, H)."""
        theta, (u, p, width) = self._theta, self._shape
        heard = torch.bmm(self._colours.transpose(1, 2), second.view(self._shape))
        means, whole = heard[:, :-1], heard[:, -1]
        context = silu_backward(whole.contiguous(), self._context)
        pooled = context @ theta["body.pool.weight"].t()
        found = {
            "body.mix.weight": self._x.t() @ second,
            "body.mix.bias": whole.sum(0),
            "body.mix.own": self._means.reshape(-1, width).t() @ means.reshape(-1, width),
        }
        found |= self._linear("body.pool", self._pooled, context)
        x = second @ theta["body.mix.weight"].t()
        back = torch.cat([means @ theta["body.mix.own"].t() / self._counts, pooled[:, None, :width] / p], 1)
        spread = x.view(self._shape).baddbmm_(self._colours, back)
        spread.scatter_add_(1, self._highest[:, None], pooled[:, None, width:])
        return found | self._linear("body.in", self._features, silu_backward(x, self._first))

    @staticmethod
    def _linear(name: str, inputs: Tensor, outputs: Tensor) -> dict[str, Tensor]:
        """Name → gradient of a layer's weight and bias, from its inputs and the gradient by its outputs."""
        # This way round the wide one is read along its rows, which takes two thirds of the time.
        return {f"{name}.weight": (outputs.t() @ inputs).t(), f"{name}.bias": outputs.sum(0)}
