"""A transformer over recorded steps: demonstrations first, then the episode that is being played.

The idea: Fu et al., 2024, "In-context imitation learning via next-token prediction" (ICRT): a policy reads whole
demonstrations as a prompt and takes no gradient step. The layers are those of Vaswani et al., 2017, "Attention is all
you need", normalised before each block. A step is one token: what `hand_view` makes of it. Every step sees all
demonstrated steps; one of the episode sees besides these only itself. Where it saw those before it, as in ICRT, it read
the place from its own motion, which in training is the demonstrator's, and hardly looked at the demonstrations.

Axis letters as in `robo_meta.model`, and: T steps of an episode, padded; E episodes of a prompt and its query.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from robo_meta.model import action_head, hand_view

LAYERS, HEADS = 4, 4
"""Blocks, and heads of each."""
STEPS = 64
"""Longest episode that positions are known for."""


def shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Name → shape of every parameter, for tokens of `width`."""
    found = {**hand_view.shapes(width), **action_head.shapes(width)}
    found |= {"step.bias": (STEPS, width), "role.bias": (2, width)}
    for layer in range(LAYERS):
        found |= {
            f"block{layer}.qkv.weight": (width, 3 * width),
            f"block{layer}.qkv.bias": (3 * width,),
            f"block{layer}.mixed.weight": (width, width),
            f"block{layer}.wide.weight": (width, 2 * width),
            f"block{layer}.wide.bias": (2 * width,),
            f"block{layer}.narrow.weight": (2 * width, width),
        }
    return found


def may_see(steps: int, mask: Tensor) -> Tensor:
    """(N, 1, E · T, E · T) bool: which token attends to which.

    Args:
        steps: T.
        mask: (N, E, T) bool: steps that are there; the last of E is the episode being played.
    """
    there = mask.flatten(1)
    order = torch.arange(there.shape[1], device=mask.device)
    prompt = order < there.shape[1] - steps
    # A token always sees itself, so that padding doesn't make numbers that aren't any.
    return ((prompt & there)[:, None] | torch.eye(len(order), dtype=torch.bool, device=mask.device))[:, None]


def played(theta: Mapping[str, Tensor], tokens: Tensor, mask: Tensor) -> Tensor:
    """(N, T, 5) outputs, see `action_head`, at the steps of the last episode.

    Args:
        theta: parameters, of `shapes`.
        tokens: (N, E, T, width) of `hand_view.encode_steps`.
        mask: (N, E, T) bool: steps that are there.
    """
    n, episodes, steps, width = tokens.shape
    role = torch.cat([theta["role.bias"][:1].expand(episodes - 1, -1), theta["role.bias"][1:]])
    x = (tokens + theta["step.bias"][:steps] + role[:, None]).reshape(n, episodes * steps, width)
    allowed = may_see(steps, mask)
    for layer in range(LAYERS):
        x = _block(theta, f"block{layer}.", x, allowed)
    return action_head.actions(theta, _normal(x[:, -steps:]))


def _block(theta: Mapping[str, Tensor], name: str, x: Tensor, allowed: Tensor) -> Tensor:
    n, count, width = x.shape
    qkv = _normal(x) @ theta[name + "qkv.weight"] + theta[name + "qkv.bias"]
    q, k, v = qkv.view(n, count, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
    weights = (q @ k.transpose(-1, -2) / math.sqrt(width // HEADS)).masked_fill(~allowed, -torch.inf).softmax(-1)
    x = x + (weights @ v).transpose(1, 2).reshape(n, count, width) @ theta[name + "mixed.weight"]
    hidden = functional.gelu(_normal(x) @ theta[name + "wide.weight"] + theta[name + "wide.bias"])
    return x + hidden @ theta[name + "narrow.weight"]


def _normal(x: Tensor) -> Tensor:
    """Zero mean and unit variance over the last axis, without scales of its own: the next product has those."""
    return functional.layer_norm(x, x.shape[-1:])
