"""`body_layers` by `compiled_body` and `compiled_hidden`: on the CPU, in float32, where numba is.

What is kept of an activation is the sigmoid.
"""

from __future__ import annotations

import torch
from torch import Tensor

from robo_meta.learning.meta_gradient.body_layers import Layer
from robo_meta.learning.meta_gradient.compiled_call import call
from robo_meta.learning.meta_gradient.head_compiled import activated, through
from robo_meta.learning.meta_gradient.head_layers import Layer as Hidden

BODY = "robo_meta.learning.meta_gradient.compiled_body"


def heard(a: Tensor, colours: Tensor, which: Tensor | None, table: Tensor | None = None) -> Layer:
    """As `body_layers.heard`."""
    assert which is not None
    u, p, corners = colours.shape
    shape = u, p, a.shape[1]
    if table is not None:
        call(BODY, "add", a.view(shape), colours, which, table)
    gate, x = activated(a)
    sums, highest = a.new_zeros(u, corners, a.shape[1]), a.new_empty(u, a.shape[1])
    where = torch.zeros(highest.shape, dtype=torch.int64)
    call(BODY, "total", x.view(shape), colours, which, sums)
    call(BODY, "highest", x.view(shape), highest, where)
    return Layer(gate, x, sums, highest, where)


def heard_back(
    by_x: Tensor, layer: Layer, colours: Tensor, which: Tensor | None, by_sums: Tensor, by_highest: Tensor
) -> tuple[Tensor, Tensor]:
    """As `body_layers.heard_back`."""
    assert which is not None
    spread, by_table = by_x.view(*colours.shape[:2], -1), torch.zeros_like(by_sums)
    call(BODY, "add", spread, colours, which, by_sums)
    spread.scatter_add_(1, layer.where[:, None], by_highest[:, None])
    by_a = through(by_x, Hidden(layer.kept, layer.x))
    call(BODY, "total", spread, colours, which, by_table)
    return by_a, by_table


def held(a: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As `body_layers.held`."""
    gate, x = activated(a)
    return gate, x, torch.addmv(bias, x, weight[:, 0])


def held_back(by_hold: Tensor, weight: Tensor, kept: Tensor, x: Tensor) -> Tensor:
    """As `body_layers.held_back`."""
    return through(torch.outer(by_hold, weight[:, 0]), Hidden(kept, x))


def votes(parts: Tensor, vectors: Tensor, places: Tensor) -> Tensor:
    """As `body_layers.votes`."""
    found = torch.empty_like(places)
    call(BODY, "votes", parts, vectors.flatten(0, 1), places.flatten(0, 1), found.view(-1, 2))
    return found


def votes_back(by_votes: Tensor, vectors: Tensor) -> Tensor:
    """As `body_layers.votes_back`."""
    parts = by_votes.new_empty(vectors.shape[0] * vectors.shape[1], vectors.shape[2])
    call(BODY, "votes_back", by_votes.flatten(0, 1), vectors.flatten(0, 1), parts)
    return parts
