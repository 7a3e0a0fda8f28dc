"""Episodes as the hand sees them, and what may be changed about them without changing what they teach.

Axis letters: … any, N tasks, T steps, P points, Q of them that are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from robo_meta.model.action_head import in_hand
from robo_meta.model.hand_view import SAMPLED


@dataclass(frozen=True)
class SeenEpisodes:
    """Episodes, each as the hand sees it."""

    points: Tensor
    """(…, Q, 6): points of each episode that are looked at, object frame."""
    hand: Tensor
    """(…, T, 7), object frame, yaw unwrapped."""
    wanted: Tensor
    """(…, T, 5): the demonstrator's clean actions, in the hand's frame."""
    mask: Tensor
    """(…, T) bool: steps that are there."""

    @classmethod
    def of(cls, points: Tensor, hand: Tensor, actions: Tensor, mask: Tensor) -> SeenEpisodes:
        """Of actions (…, T, 5) along the object's axes."""
        return cls(points, hand, in_hand(actions, hand[..., 3]), mask)

    def at(self, step: Tensor) -> SeenEpisodes:
        """One step of each, T = 1, given its number (…)."""
        at = step[..., None, None]
        hand, wanted = (a.gather(-2, at.expand(*step.shape, 1, a.shape[-1])) for a in self._parts[1:3])
        return SeenEpisodes(self.points, hand, wanted, self.mask.gather(-1, step[..., None]))

    def steps(self) -> SeenEpisodes:
        """The steps of one episode, without leading axes, each by itself: (T, …) with T = 1."""
        points = self.points.expand(len(self.hand), -1, -1)
        return SeenEpisodes(points, self.hand[:, None], self.wanted[:, None], self.mask[:, None])

    @classmethod
    def joined(cls, several: Sequence[SeenEpisodes]) -> SeenEpisodes:
        """Several of equal lengths, one after another along their first axis."""
        return cls(*(torch.cat(parts) for parts in zip(*(one._parts for one in several), strict=True)))

    def rows(self, which: slice) -> SeenEpisodes:
        """Some of them."""
        return SeenEpisodes(*(part[which] for part in self._parts))

    def to(self, dtype: torch.dtype) -> SeenEpisodes:
        """The same numbers in another precision."""
        return replace(self, **{name: getattr(self, name).to(dtype) for name in ("points", "hand", "wanted")})

    @property
    def _parts(self) -> tuple[Tensor, ...]:
        return self.points, self.hand, self.wanted, self.mask


def sampled(points: Tensor, generator: torch.Generator) -> Tensor:
    """(…, Q, 6) random ones of points (…, P, 6), drawn anew for each scan."""
    keys = torch.rand(points.shape[:-1], generator=generator)
    some = keys.argsort(-1)[..., :SAMPLED].to(points.device)
    return points.gather(-2, some[..., None].expand(*some.shape, points.shape[-1]))


def repainted(colours: Tensor, generator: torch.Generator) -> Tensor:
    """Paints (N, …, 3) with the corners of the RGB cube exchanged by one symmetry of the cube a task: red, green and
    blue change places, and each may be turned into what it lacks of full. Every palette colour lies near a corner of
    its own, so that this is the same task in other paints, all of its objects alike."""
    n = len(colours)
    order = torch.rand(n, 3, generator=generator).argsort(-1).to(colours.device)
    inverted = (torch.rand(n, 3, generator=generator) < 0.5).to(colours.device, colours.dtype)
    between = [1] * (colours.dim() - 2)
    mixed = colours.gather(-1, order.view(n, *between, 3).expand_as(colours))
    inverted = inverted.view(n, *between, 3)
    return inverted + (1 - 2 * inverted) * mixed


def mirrored(seen: SeenEpisodes, generator: torch.Generator) -> SeenEpisodes:
    """Each episode as it is, or in a mirror, and with the hand's two fingers exchanged or not: physics and task stay
    the same."""
    shape = seen.hand.shape[:-2]
    flip = torch.where(torch.rand(shape, generator=generator) < 0.5, 1.0, -1.0).to(seen.hand.device)
    half = (torch.rand(shape, generator=generator) < 0.5).to(seen.hand.device, seen.hand.dtype)
    turn = 1 - 2 * half
    points, hand, wanted = seen.points.clone(), seen.hand.clone(), seen.wanted.clone()
    # In the object's frame y and headings change sign; in the hand's frame the direction across its closing does.
    points[..., 1] *= flip[..., None]
    hand[..., 1] *= flip[..., None]
    hand[..., 3] = hand[..., 3] * flip[..., None] + np.pi * half[..., None]
    wanted[..., 0] *= turn[..., None]
    wanted[..., 1] *= (turn * flip)[..., None]
    wanted[..., 3] *= flip[..., None]
    return SeenEpisodes(points, hand, wanted, seen.mask)
