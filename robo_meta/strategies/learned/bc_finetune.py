"""Behaviour cloning, fine-tuned on the demonstrations: the field's usual way, which knows nothing of keypoints.

One network maps what the hand sees at a step, and its state, to the demonstrator's action. It is trained on the steps
of all recorded episodes together, and all of it but what describes
single points is tuned on the support's steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from demos.support import SupportSet
from robo_meta.learning.adam import adam_step, zero_moments
from robo_meta.learning.cloning import cloner_outputs
from robo_meta.learning.seen_episodes import SeenEpisodes, mirrored, sampled
from robo_meta.model.action_head import actions, losses
from robo_meta.model.hand_view import point_vectors, pooled, unwrapped
from robo_meta.strategies.learned.step_policy import StepPolicy
from robo_meta.strategies.policy import Controller
from robo_meta.training.checkpoint import Checkpoint

STEPS, RATE = 200, 1e-2
"""Number of Adam steps on the support, and their learning rate."""
FROZEN = ("view.in.weight", "view.in.bias", "view.middle.weight", "view.middle.bias")
"""Parameters that stay: those that describe a point by itself. All others are tuned."""
VIEWS = 8
"""Ways in which the support is looked at: other points of its scans, and mirrors."""
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
        self._theta = checkpoint.part(self.name)

    def adapt(self, support: SupportSet) -> StepPolicy:
        """A policy for the support's task."""
        return cloning_policy(fine_tuned(self._theta, support))

    def prior_policy(self) -> StepPolicy:
        """The policy before any demonstration."""
        return cloning_policy(self._theta)


def cloning_policy(theta: Mapping[str, Tensor]) -> StepPolicy:
    """The network as a policy."""
    return StepPolicy(lambda points, hand: cloner_outputs(theta, points[None], hand[None])[0])


def fine_tuned(
    theta: Mapping[str, Tensor], support: SupportSet, *, steps: int = STEPS, rate: float = RATE
) -> dict[str, Tensor]:
    """Parameters tuned on the steps of the support; `theta` is left alone."""
    generator = torch.Generator().manual_seed(SEED)
    theta = {name: value.detach() for name, value in theta.items()}
    with torch.no_grad():
        views = [_steps(support, generator) for _ in range(VIEWS)]
        vectors = [point_vectors(theta, view.points, view.hand[:, 0]) for view in views]
    tuned = {name: value for name, value in theta.items() if name not in FROZEN}
    moments = zero_moments(tuned)
    for step in range(steps):
        tuned = {name: value.detach().requires_grad_() for name, value in tuned.items()}
        view = views[step % VIEWS]
        seen = pooled(tuned, vectors[step % VIEWS], view.hand[:, 0])
        loss = losses(actions(tuned, seen), view.wanted[:, 0]).mean()
        gradients = dict(zip(tuned, torch.autograd.grad(loss, list(tuned.values())), strict=True))
        with torch.no_grad():
            tuned, moments = adam_step(tuned, gradients, moments, step, rate)
    return {**theta, **{name: value.detach() for name, value in tuned.items()}}


def _steps(support: SupportSet, generator: torch.Generator) -> SeenEpisodes:
    """(M, …) with T = 1: all steps of the support, each demonstration as it is or in a mirror."""
    found = []
    for item in support.items:
        hand = np.array(item.hand[:-1])
        hand[:, 3] = unwrapped(hand[:, 3])
        points, hands, moved = (torch.tensor(one) for one in (item.points, hand, item.actions))
        there = torch.ones(len(hands), dtype=torch.bool)
        found.append(mirrored(SeenEpisodes.of(sampled(points, generator), hands, moved, there), generator).steps())
    return SeenEpisodes.joined(found)
