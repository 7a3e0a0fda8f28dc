"""Roles: which material of an object is its handle and which its head, by what its family says or by its shape.

A paint says nothing in a world of painted goods: there the *part* tells the weight. So that what a role weighs carries
over to other shapes, there are two roles, and every object of two materials has both.

Families name what each of their pieces is for, and a material is a head where any of its pieces is. Where that doesn't
tell the two apart, because nobody named them (imported objects, bars, families of one's own), shape does: the slimmer
of the two, which reaches less far across the object's length, is the handle, and of two that are equally wide the
longer. That holds for a division by parts and for a cut alike, as it asks for nothing but geometry, and it is what
most named families look like; of a screwdriver it calls the blade the handle.
"""

from __future__ import annotations

import numpy as np

from sim.frames import long_axis
from sim.objects.spec import ObjectError, ObjectSpec
from sim.shapes.pieces import HANDLE, HEAD

ROLES = (HANDLE, HEAD)
"""Every role, in the order of files."""
SAME_WIDTH = 1.05
"""Ratio of widths below which two parts count as equally wide."""


def roles_of(spec: ObjectSpec) -> dict[str, str]:
    """Colour → role, in palette order, of an object of two colours.

    Raises:
        ObjectError: another number of colours.
    """
    if len(spec.colours) != 2:
        raise ObjectError(f"roles of an object of {len(spec.colours)} colours; expected 2, a handle and a head")
    named = {colour: _named(spec, colour) for colour in spec.colours}
    if set(named.values()) == set(ROLES):
        return named
    first, second = spec.colours
    (long, wide), (other_long, other_wide) = extents(spec, first), extents(spec, second)
    if max(wide, other_wide) > SAME_WIDTH * min(wide, other_wide):
        handle = first if wide < other_wide else second
    else:
        handle = first if long >= other_long else second
    return {colour: HANDLE if colour == handle else HEAD for colour in spec.colours}


def extents(spec: ObjectSpec, colour: str) -> tuple[float, float]:
    """Length along the object's long axis and width across it, m, of all that is of `colour`."""
    along = long_axis(np.concatenate([part.outline for part in spec.parts]))
    own = np.concatenate([part.outline for part in spec.parts if part.colour == colour])
    return float(np.ptp(own @ along)), float(np.ptp(own @ np.array([-along[1], along[0]])))


def _named(spec: ObjectSpec, colour: str) -> str:
    """What families say of a colour: `HEAD` where one of its pieces is, else `HANDLE`, else nothing."""
    said = {part.role for part in spec.parts if part.colour == colour}
    return HEAD if HEAD in said else HANDLE if HANDLE in said else ""
