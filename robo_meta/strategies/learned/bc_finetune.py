"""Behaviour cloning, fine-tuned on the demonstrations: the field's usual way, which knows nothing of keypoints.

One network maps what the hand sees at a step, and its state, to the demonstrator's action. It is trained on the steps
of all recorded episodes together, and every parameter of it is tuned on the support's steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from demos.support import SupportSet
from robo_meta.learning.adam import adam_step, zero_moments
from robo_meta.learning.cloning import cloner_losses, cloner_outputs
from robo_meta.learning.seen_episodes import SeenEpisodes, mirrored, sampled
from robo_meta.model.hand_view import motions, unwrapped
from robo_meta.strategies.learned.step_policy import StepPolicy
from robo_meta.strategies.policy import Controller
from robo_meta.training.checkpoint import Checkpoint

PART = "bc-finetune"
STEPS, RATE = 60, 1e-3
"""Number of Adam steps on the support, and their learning rate."""
SEED = 0
"""Of the points that are looked at and of the mirrors, the same for every task."""


class BcFinetune:
    """Tunes the cloning network on the support.

    Args:
        checkpoint: with the part `bc-finetune`.
        controller: unused; the network drives the hand.
    """

    name = "bc-finetune"

    def __init__(self, checkpoint: Checkpoint, controller: Controller | None) -> None:
        self._theta = checkpoint.part(PART)

    def adapt(self, support: SupportSet) -> StepPolicy:
        """A policy for the support's task."""
        return cloning_policy(fine_tuned(self._theta, support))

    def prior_policy(self) -> StepPolicy:
        """The policy before any demonstration."""
        return cloning_policy(self._theta)


def cloning_policy(theta: Mapping[str, Tensor]) -> StepPolicy:
    """The network as a policy; of the steps before it sees what the hand did last."""

    def following(points: Tensor, hands: Tensor) -> Tensor:
        return cloner_outputs(theta, points[None], hands[-1:], motions(hands[-2:])[-1:])[0]

    return StepPolicy(following)


def fine_tuned(
    theta: Mapping[str, Tensor], support: SupportSet, *, steps: int = STEPS, rate: float = RATE
) -> dict[str, Tensor]:
    """Parameters tuned on the steps of the support; `theta` is left alone."""
    generator = torch.Generator().manual_seed(SEED)
    shown = [_episode(item.points, item.hand[:-1], item.actions) for item in support.items]
    tuned = {name: value.detach() for name, value in theta.items()}
    moments = zero_moments(tuned)
    for step in range(steps):
        tuned = {name: value.detach().requires_grad_() for name, value in tuned.items()}
        loss = torch.cat([_losses(tuned, *one, generator) for one in shown]).mean()
        gradients = dict(zip(tuned, torch.autograd.grad(loss, list(tuned.values())), strict=True))
        with torch.no_grad():
            tuned, moments = adam_step(tuned, gradients, moments, step, rate)
    return {name: value.detach() for name, value in tuned.items()}


def _episode(points: np.ndarray, hand: np.ndarray, actions: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    """Points (P, 6), hands (T, 7) with yaw unwrapped, actions (T, 5), object frame."""
    hand = np.array(hand)
    hand[:, 3] = unwrapped(hand[:, 3])
    return tuple(torch.from_numpy(np.array(one, dtype=np.float32)) for one in (points, hand, actions))  # type: ignore[return-value]


def _losses(
    theta: Mapping[str, Tensor], points: Tensor, hand: Tensor, actions: Tensor, generator: torch.Generator
) -> Tensor:
    """(T,) of a demonstration's steps, as it is or in a mirror."""
    there = torch.ones(len(hand), dtype=torch.bool)
    seen = mirrored(SeenEpisodes.of(sampled(points, generator), hand, actions, there), generator)
    return cloner_losses(theta, seen.steps())
