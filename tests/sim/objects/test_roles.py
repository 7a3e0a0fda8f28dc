"""Roles: what families name, what shape says where nobody does, and that no role hangs on paint, heading or order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.frames import long_axis
from sim.objects.acceptance import draw_object, place
from sim.objects.meshes import Division, MeshShape, TriangleMesh, mesh_object
from sim.objects.roles import ROLES, extents, roles_of
from sim.objects.spec import ObjectError
from sim.records import FrozenMapping
from sim.shapes.families import FAMILIES
from sim.shapes.family import FamilyError, checked_layout
from sim.shapes.pieces import HANDLE, HEAD, box, in_slots

BLOCK_FACES = [[0, 2, 1], [1, 2, 3], [4, 5, 6], [5, 7, 6], [0, 1, 4], [1, 5, 4], [2, 6, 3], [3, 6, 7], [0, 4, 2]]
BLOCK_FACES += [[2, 4, 6], [1, 3, 5], [3, 7, 5]]


def block(x0: float, x1: float, width: float) -> TriangleMesh:
    corners = [[x, y, z] for z in (0.0, 0.03) for y in (-width / 2, width / 2) for x in (x0, x1)]
    return TriangleMesh(np.array(corners), np.array(BLOCK_FACES))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_object_has_a_handle_and_a_head(family: str) -> None:
    spec = draw_object(np.random.default_rng(1), family, ("red", "blue"), 0.7)
    assert sorted(roles_of(spec).values()) == sorted(ROLES)


def test_a_hammers_head_is_a_head_whatever_is_painted_with_it() -> None:
    """The layout 001 paints half of the shaft like the head, 011 none of it."""
    pieces = [box(-0.03, 0.0, 0.09, 0.03), box(0.0, 0.1, 0.03, 0.02), box(0.1, 0.25, 0.03, 0.03)]
    for slots in ((0, 0, 1), (0, 1, 1)):
        layout = in_slots(pieces, slots, (HEAD, HANDLE, HANDLE))
        for colours in (("red", "blue"), ("blue", "red")):
            spec = place(layout, colours, "hammer", 0.7, mirror=False, turn=0.3)
            assert roles_of(spec) == {colours[0]: HEAD, colours[1]: HANDLE}


def test_a_name_outweighs_shape_and_shape_tells_where_there_is_no_name() -> None:
    pieces = [box(0.0, 0.2, 0.02, 0.02), box(0.2, 0.25, 0.05, 0.03)]
    plain, named = in_slots(pieces, (0, 1)), in_slots(pieces, (0, 1), (HEAD, HANDLE))
    for mirror, turn in ((False, 0.0), (True, 2.1), (False, -1.4)):
        found = place(plain, ("red", "blue"), "stick", 0.7, mirror=mirror, turn=turn)
        assert roles_of(found) == {"red": HANDLE, "blue": HEAD}
        said = place(named, ("red", "blue"), "stick", 0.7, mirror=mirror, turn=turn)
        assert roles_of(said) == {"red": HEAD, "blue": HANDLE}


def test_two_heads_or_two_handles_are_told_apart_by_shape() -> None:
    pieces = [box(0.0, 0.2, 0.02, 0.02), box(0.2, 0.25, 0.05, 0.03)]
    for name in (HANDLE, HEAD):
        spec = place(in_slots(pieces, (0, 1), (name, name)), ("red", "blue"), "stick", 0.7, mirror=False, turn=0.0)
        assert roles_of(spec) == {"red": HANDLE, "blue": HEAD}


def test_the_slim_side_of_an_imported_object_is_its_handle_whichever_slot_it_is() -> None:
    slim, wide = block(-0.1, 0.05, 0.02), block(0.05, 0.1, 0.06)
    for meshes in ((slim, wide), (wide, slim)):
        division = Division(meshes, "parts", FrozenMapping({}))
        shape = MeshShape("toy", (division,), (slim.vertices, wide.vertices), "flat", 1.0, "")
        spec = mesh_object(shape, division, ("green", "white"), "toys-toy", 0.7, 0.9)
        expected = {"green": HANDLE, "white": HEAD} if meshes[0] is slim else {"green": HEAD, "white": HANDLE}
        assert roles_of(spec) == expected


def test_extents_and_long_axis_by_hand() -> None:
    pieces = in_slots([box(0.0, 0.2, 0.02, 0.02), box(0.2, 0.25, 0.05, 0.03)], (0, 1))
    spec = place(pieces, ("red", "blue"), "stick", 0.7, mirror=False, turn=0.0)
    assert extents(spec, "red") == pytest.approx((0.2, 0.02)) and extents(spec, "blue") == pytest.approx((0.05, 0.05))
    turned = np.array([np.cos(0.7), np.sin(0.7)])
    corners = np.array([[0, 0], [0.3, 0], [0.3, 0.05], [0, 0.05]]) @ np.array([turned, [-turned[1], turned[0]]])
    assert abs(long_axis(corners) @ turned) == pytest.approx(1.0, abs=1e-3)


def test_of_two_equally_wide_parts_the_longer_is_the_handle() -> None:
    pieces = in_slots([box(0.0, 0.2, 0.03, 0.02), box(0.2, 0.3, 0.03, 0.035)], (0, 1))
    spec = place(pieces, ("red", "blue"), "stick", 0.7, mirror=False, turn=0.5)
    assert roles_of(spec) == {"red": HANDLE, "blue": HEAD}


def test_one_colour_has_no_roles_and_an_unknown_role_is_refused() -> None:
    pieces = in_slots([box(0.0, 0.2, 0.02, 0.02), box(0.2, 0.25, 0.05, 0.03)], (0, 0))
    with pytest.raises(ObjectError, match="roles of an object of 1 colours; expected 2"):
        roles_of(place(pieces, ("red", "blue"), "stick", 0.7, mirror=False, turn=0.0))
    with pytest.raises(FamilyError, match="family 'stick', piece 0: role 'nose'; expected 'handle', 'head', or none"):
        checked_layout("stick", (replace(pieces[0], role="nose"),), 2)
