"""The robot in numbers, without physics: where things start on the table and how far the hand may go, what the fingers
need to come down, close and hold, and how strongly they grip."""

from __future__ import annotations

from dataclasses import dataclass, replace


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


@dataclass(frozen=True)
class Fingers:
    """What the hand needs to come down, close and hold; lengths in m."""

    pad_half_width: float = 0.0095
    """Along v: half of the pad that must meet the part."""
    clear_half_width: float = 0.014
    """Along v: half of the strip in which the open fingers come down (half a finger and the pose noise)."""
    min_width: float = 0.008
    max_width: float = 0.065
    """Graspable widths along u; the opening is 0.08."""
    inner_reach: float = 0.035
    """Along u from the grasp point: where an open finger may begin, noise taken off."""
    outer_reach: float = 0.058
    """Along u from the grasp point: where an open finger may end (opening ÷ 2, thickness and noise)."""
    max_spread: float = 0.004
    """How far either face may recede across the pad: nearly parallel surface."""
    max_slant: float = 0.0008
    """How much farther out a face may be at one edge of the pad than at the other (2.4°): a steeper taper touches the
    pad with an edge alone and slips out along itself."""
    min_height: float = 0.015
    """Lowest part that the pads can hold."""
    max_overhead: float = 0.033
    """How far the object may stand above the grasp point before it meets the palm."""
    max_outer_width: float = 0.048
    """Along u: widest outer end, since both pads must be within 3 cm of it."""
    max_outer_spread: float = 0.006
    """How far either face may recede at an outer end, evenly or to one side (17.5°): what is taken there weighs 40 g at
    most, and such faces don't slip."""
    end_inset: float = 0.012
    """From a part's very end to its outer grasp point."""


FINGERS = Fingers()


AT_ENDS = replace(
    FINGERS,
    max_width=FINGERS.max_outer_width,
    max_spread=FINGERS.max_outer_spread,
    max_slant=FINGERS.max_outer_spread,
)
"""What they can hold of an object as light as those of *part*, at an outer end."""


@dataclass(frozen=True)
class GripperConfig:
    """Grip strength and finger surface."""

    force: float = 13.5
    """N, each finger."""
    spinning_friction: float = 0.004
    """m: radius-like torsional patch of a pad. The URDF's 0.1 would hold any object level at any point of it."""
    lateral_friction: float = 1.0
    """Coefficient; the product with the object's is what counts."""
    open_width: float = 0.08
    """m between the pads, open."""
    iterations: int = 70
    """Solver iterations of a step while gripping: with fewer, strong fingers sink into light objects."""
