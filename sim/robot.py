"""Where things start on the table, and how far the hand may go: numbers that need no physics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Workspace:
    """Where things start and how far one action reaches."""

    object_x: tuple[float, float] = (0.46, 0.54)
    """m, world: range of the object frame at reset."""
    object_y: tuple[float, float] = (-0.08, 0.08)
    """m, world."""
    hand_centre: tuple[float, float, float] = (0.5, 0.0, 0.27)
    """m, world: middle of the hand's start positions."""
    hand_spread: tuple[float, float, float] = (0.06, 0.08, 0.04)
    """m: half widths of the hand's start positions."""
    yaw_spread: float = 0.4
    """rad: half width of the hand's start headings."""
    low: tuple[float, float, float] = (0.22, -0.35, 0.010)
    """m, world: the hand's commands are kept inside."""
    high: tuple[float, float, float] = (0.78, 0.35, 0.60)
    """m, world."""
    reach: float = 0.05
    """m: displacement that action ±1 commands, each axis."""
    turn: float = 0.3
    """rad: rotation that action ±1 commands."""
    yaw_limit: float = 2.1
    """rad: the hand's commanded heading is kept within ±."""
    budget: int = 45
    """Actions until the episode is cut off."""
