"""Sizes of the networks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """Sizes that fix the shape of every parameter."""

    hidden: int = 64
    """Width of the scorer's body."""
    head: int = 48
    """Width of its head, the part that adapts."""
    keypoints: int = 3
    """Softmax means, besides the points themselves."""
    inner_steps: int = 5
    """Gradient steps of adaptation."""
    context: int = 64
    """Width of the demonstration encoder of `context`."""
    closing: int = 64
    """Width of the network that chooses heading and height at a place."""
    controller: int = 96
    """Width of the network that drives the hand to a grasp."""
