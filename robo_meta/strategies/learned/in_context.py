"""In-context imitation: a transformer reads the demonstrations' steps as a prompt and goes on with the episode.

It takes no gradient step and knows nothing of keypoints (Fu et al., 2024, "In-context imitation learning via
next-token prediction").
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from demos.support import SupportSet
from robo_meta.learning.cloning import episode_tokens
from robo_meta.model.episode_transformer import STEPS, played
from robo_meta.model.hand_view import unwrapped
from robo_meta.strategies.learned.step_policy import StepPolicy, looked_at
from robo_meta.strategies.policy import Controller
from robo_meta.training.checkpoint import Checkpoint


class InContext:
    """Reads the support's steps, then acts.

    Args:
        checkpoint: with the part `in-context`.
        controller: unused; the network drives the hand.
    """

    name = "in-context"

    def __init__(self, checkpoint: Checkpoint, controller: Controller | None) -> None:
        self._theta = checkpoint.part(self.name)

    def adapt(self, support: SupportSet) -> StepPolicy:
        """A policy for the support's task."""
        # Longer demonstrations than positions are known for lose their ends, in which nothing but lifting happens.
        hands = [np.array(item.hand[:-1][:STEPS]) for item in support.items]
        for hand in hands:
            hand[:, 3] = unwrapped(hand[:, 3])
        with torch.no_grad():
            prompt = [
                self._tokens(looked_at(item.points), torch.from_numpy(hand))
                for item, hand in zip(support.items, hands, strict=True)
            ]

        def following(points: Tensor, hand: Tensor) -> Tensor:
            episodes = (*prompt, self._tokens(points, hand[None]))
            longest = max(len(tokens) for tokens in episodes)
            tokens = episodes[0].new_zeros(1, len(episodes), longest, episodes[0].shape[-1])
            mask = torch.zeros(1, len(episodes), longest, dtype=torch.bool)
            for number, one in enumerate(episodes):
                tokens[0, number, : len(one)], mask[0, number, : len(one)] = one, True
            return played(self._theta, tokens, mask)[0, 0]

        return StepPolicy(following)

    def _tokens(self, points: Tensor, hands: Tensor) -> Tensor:
        """(T, width) of hands (T, 7) on a scan (Q, 6)."""
        there = torch.ones(1, 1, len(hands), dtype=torch.bool)
        return episode_tokens(self._theta, points[None, None], hands[None, None], there)[0, 0]
