"""The body's forward pass with its gradient: `scorer.body`, on scans in one row.

Axis letters as in `robo_meta.learning.meta_gradient`; R = U · P rows.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.learning.meta_gradient import body_compiled, body_layers
from robo_meta.learning.meta_gradient.products import linear, product, transposed, wide_transposed
from robo_meta.model.scorer import Parameters


class BodyPass:
    """The body's output on scans.

    Args:
        theta: the scorer's parameters.
        features: (U, P, F), of `point_features.Encoded`.
        colours: (U, P, 9): its corner weights, and 1.
        places: (U, P, 2).
        vectors: (U, P, V, 2).
        which: of `head_compiled.listed`, where the layers are compiled.
    """

    def __init__(
        self,
        theta: Parameters,
        features: Tensor,
        colours: Tensor,
        places: Tensor,
        vectors: Tensor,
        which: Tensor | None,
    ) -> None:
        self._theta, self._colours, self._which, self._vectors = theta, colours, which, vectors
        self._layers = layers = body_layers if which is None else body_compiled
        u, p, _ = features.shape
        self._features = features
        first = product(features, theta["body.in.weight"], theta["body.in.bias"])
        self._first = layers.heard(first, colours, which)
        sums = self._first.sums
        self._pooled = torch.cat([sums[:, -1] / p, self._first.highest], -1)
        self._context = torch.addmm(theta["body.pool.bias"], self._pooled, theta["body.pool.weight"])
        self._counts = colours[..., :-1].sum(1).clamp_min(1e-3)[..., None]
        self._means = sums[:, :-1] / self._counts
        whole = (functional.silu(self._context) + theta["body.mix.bias"])[:, None]
        table = torch.cat([self._means @ theta["body.mix.own"], whole], 1)
        self._second = layers.heard(
            product(self._first.x.view(u, p, -1), theta["body.mix.weight"]), colours, which, table
        )
        self.points = self._second.x
        """(R, H)."""
        points = self.points.view(u, p, -1)
        self.pooled = torch.cat([self._second.sums[:, -1] / p, self._second.highest], -1)
        """(U, 2H)."""
        parts = product(points, theta["body.vote.weight"], theta["body.vote.bias"])
        self.votes = layers.votes(parts, vectors, places)
        """(U, P, 2)."""
        hold = product(points, theta["body.hold.in.weight"], theta["body.hold.in.bias"])
        self._hold, self._held, hold = layers.held(hold, theta["body.hold.out.weight"], theta["body.hold.out.bias"])
        self.hold = hold.view(u, p)
        """(U, P)."""
        self._log_hold = functional.logsigmoid(self.hold)
        self.log_hold = functional.softplus(theta["body.hold.gain"]) * self._log_hold
        """(U, P)."""

    def gradient(
        self, points: Tensor, pooled: Tensor, votes: Tensor, hold: Tensor, log_hold: Tensor
    ) -> dict[str, Tensor]:
        """Name → gradient of the body's parameters, from those of its outputs.

        Args:
            points: (R, H); changed in place.
            pooled: (U, 2H).
            votes: (U, P, 2).
            hold, log_hold: (U, P).
        """
        theta, layers = self._theta, self._layers
        p, width = self._colours.shape[1], points.shape[1]
        gain = theta["body.hold.gain"]
        by_hold = (hold + log_hold * functional.softplus(gain) * torch.sigmoid(-self.hold)).view(-1)
        found = {
            "body.hold.gain": (log_hold * self._log_hold).sum().view(1) * torch.sigmoid(gain),
            "body.hold.out.bias": by_hold.sum().view(1),
            "body.hold.out.weight": (by_hold[None] @ self._held).t(),
        }
        held = layers.held_back(by_hold, theta["body.hold.out.weight"], self._hold, self._held)
        parts = layers.votes_back(votes, self._vectors)
        found |= linear("body.hold.in", self.points, held) | linear("body.vote", self.points, parts)
        points.addmm_(held, theta["body.hold.in.weight"].t()).addmm_(parts, theta["body.vote.weight"].t())
        by_sums = torch.zeros_like(self._second.sums)
        by_sums[:, -1] = pooled[:, :width] / p
        by_a, by_table = layers.heard_back(points, self._second, self._colours, self._which, by_sums, pooled[:, width:])
        return found | self._below(by_a, by_table)

    def _below(self, second: Tensor, by_table: Tensor) -> dict[str, Tensor]:
        """Name → gradient of what comes before the second layer's activation, from that by its input (R, H) and by its
        table (U, C + 1, H)."""
        theta, (p, width) = self._theta, (self._colours.shape[1], second.shape[1])
        means, whole = by_table[:, :-1], by_table[:, -1]
        context = body_layers.silu_backward(whole.contiguous(), self._context)
        pooled = context @ theta["body.pool.weight"].t()
        x = product(second.view(-1, p, width), theta["body.mix.weight"].t())
        back = torch.cat([means @ theta["body.mix.own"].t() / self._counts, pooled[:, None, :width] / p], 1)
        first, by_ones = self._layers.heard_back(x, self._first, self._colours, self._which, back, pooled[:, width:])
        return {
            "body.mix.weight": transposed(self._first.x, second),
            "body.mix.bias": whole.sum(0),
            "body.mix.own": transposed(self._means.reshape(-1, width), means.reshape(-1, width)),
            **linear("body.pool", self._pooled, context),
            "body.in.weight": wide_transposed(self._features, first),
            "body.in.bias": by_ones[:, -1].sum(0),
        }
