"""Losses of networks that clone recorded actions: one step by itself, or an episode after demonstrations as a prompt.

They know nothing of where a grasp is made: no keypoint, no label of a place. Axis letters: N tasks, E episodes, T
steps, M steps of any episode, Q points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from robo_meta.learning.seen_episodes import SeenEpisodes
from robo_meta.model import action_head, episode_transformer, hand_view
from robo_meta.model.architecture import Architecture
from robo_meta.model.dense import initial_dense


def width(sizes: Architecture) -> int:
    """Of the vectors that these networks work with."""
    return 2 * sizes.hidden


def cloner_shapes(sizes: Architecture) -> dict[str, tuple[int, ...]]:
    """Name → shape of every parameter of the network that clones single steps."""
    return {**hand_view.shapes(width(sizes)), **action_head.shapes(width(sizes))}


def prompted_shapes(sizes: Architecture) -> dict[str, tuple[int, ...]]:
    """Name → shape of every parameter of the transformer."""
    return episode_transformer.shapes(width(sizes))


def initial(shapes: Mapping[str, tuple[int, ...]], generator: torch.Generator) -> dict[str, Tensor]:
    """Fresh parameters; what is added to tokens starts small, and what a block adds to them starts at a half."""
    theta = initial_dense(shapes, generator)
    small = {"step.bias": 0.1, "role.bias": 1.0}
    for name in theta:
        if name in small:
            theta[name] = torch.randn(shapes[name], generator=generator) * small[name]
        elif name.endswith(("mixed.weight", "narrow.weight")):
            theta[name] = theta[name] * 0.5
    return theta


def cloner_outputs(theta: Mapping[str, Tensor], points: Tensor, hand: Tensor) -> Tensor:
    """(M, 5) outputs, see `action_head`, for single steps; arguments as `hand_view.encode_steps` takes them."""
    return action_head.actions(theta, hand_view.encode_steps(theta, points, hand))


def cloner_losses(theta: Mapping[str, Tensor], seen: SeenEpisodes) -> Tensor:
    """(M,) of single steps: of `seen`, (M, …) with T = 1."""
    outputs = cloner_outputs(theta, seen.points, seen.hand[:, 0])
    return action_head.losses(outputs, seen.wanted[:, 0])


def episode_tokens(theta: Mapping[str, Tensor], points: Tensor, hand: Tensor, mask: Tensor) -> Tensor:
    """(N, E, T, width): a token of each step that is there, zeros elsewhere.

    Args:
        theta: parameters.
        points: (N, E, Q, 6), object frame.
        hand: (N, E, T, 7).
        mask: (N, E, T) bool.
    """
    n, e, t = mask.nonzero(as_tuple=True)
    found = hand_view.encode_steps(theta, points[n, e], hand[n, e, t])
    return found.new_zeros(*mask.shape, found.shape[-1]).index_put((n, e, t), found)


def prompted_losses(theta: Mapping[str, Tensor], seen: SeenEpisodes) -> Tensor:
    """(N,) mean loss of steps, each of `seen`'s episodes (N, E, …) in its turn being the one that is played, after the
    others as a prompt: so that what is encoded once is learned from as often as there are episodes."""
    tokens = episode_tokens(theta, seen.points, seen.hand, seen.mask)
    total = tokens.new_zeros(len(tokens))
    episodes = seen.mask.shape[1]
    for turn in range(episodes):
        order = [*(one for one in range(episodes) if one != turn), turn]
        outputs = episode_transformer.played(theta, tokens[:, order], seen.mask[:, order])
        there = seen.mask[:, turn].to(outputs.dtype)
        total = total + (action_head.losses(outputs, seen.wanted[:, turn]) * there).sum(-1)
    return total / seen.mask.flatten(1).sum(-1)


SHAPES: dict[str, Callable[[Architecture], dict[str, tuple[int, ...]]]] = {
    "bc-finetune": cloner_shapes,
    "in-context": prompted_shapes,
}
"""Part → name → shape of its parameters."""
