"""`body_layers` by `compiled_body`: the same functions, on the CPU, in float32, where numba is."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from robo_meta.learning.meta_gradient.body_layers import Layer
from robo_meta.model.compiled_or_none import compiled_or_none

COMPILED = "robo_meta.learning.meta_gradient.compiled_body"
_NONE = np.empty((0, 0, 0), np.float32)


def heard(a: Tensor, colours: Tensor, table: Tensor | None = None) -> Layer:
    """As `body_layers.heard`; what is kept is the sigmoid."""
    (u, p, corners), width = colours.shape, a.shape[-1]
    x, sums = torch.empty_like(a), a.new_empty(u, corners, width)
    highest, where = a.new_empty(u, width), torch.empty(u, width, dtype=torch.int32)
    shape = (u, p, width)
    added = _NONE if table is None else table.contiguous().numpy()
    _call("heard", a.view(shape), colours, added, x.view(shape), sums, highest, where)
    return Layer(a, x, sums, highest, where)


def heard_back(
    by_x: Tensor, layer: Layer, colours: Tensor, by_sums: Tensor, by_highest: Tensor, own: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, Tensor]:
    """As `body_layers.heard_back`."""
    shape = (*colours.shape[:2], by_x.shape[-1])
    by_table, pair = torch.empty_like(layer.sums), (_NONE, _NONE) if own is None else own
    parts = by_x.view(shape), layer.kept.view(shape), layer.x.view(shape), layer.where
    _call("heard_back", *parts, colours, by_sums, by_highest, *pair, by_table)
    return by_x, by_table


def held(a: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """As `body_layers.held`; what is kept is the sigmoid."""
    x, hold = torch.empty_like(a), a.new_empty(len(a))
    _call("held", a, weight[:, 0], np.float32(bias.item()), x, hold)
    return a, x, hold


def held_back(by_hold: Tensor, weight: Tensor, kept: Tensor, x: Tensor) -> Tensor:
    """As `body_layers.held_back`."""
    by = torch.empty_like(x)
    _call("held_back", by_hold, weight[:, 0], kept, x, by)
    return by


def votes(parts: Tensor, vectors: Tensor, places: Tensor) -> Tensor:
    """As `body_layers.votes`."""
    found = torch.empty_like(places)
    _call("votes", parts, vectors.flatten(0, 1), places.flatten(0, 1), found.view(-1, 2))
    return found


def votes_back(by_votes: Tensor, vectors: Tensor) -> Tensor:
    """As `body_layers.votes_back`."""
    parts = by_votes.new_empty(vectors.shape[0] * vectors.shape[1], vectors.shape[2])
    _call("votes_back", by_votes.flatten(0, 1), vectors.flatten(0, 1), parts)
    return parts


def _call(name: str, *parts: Any) -> None:
    function = compiled_or_none(COMPILED, name)
    assert function is not None
    function(*(part.contiguous().numpy() if isinstance(part, Tensor) else part for part in parts))
