"""Objects are cut into convex pieces, lie down as they would, and stay."""

import numpy as np
import pytest

from robo_meta.objects import decomposition
from robo_meta.objects.child import ChildTimeout
from robo_meta.objects.decomposition import decompose, limited
from robo_meta.objects.divisions import CUTS, DivisionError, by_cuts, by_parts
from robo_meta.objects.rest import Load, RestError, find_rest, rests_with
from robo_meta.objects.settling import Motion, SettlingBody
from robo_meta.objects.solids import mesh_of, solid_in, solid_of, union
from sim.objects.meshes import TriangleMesh
from tests.robo_meta.objects.meshes import ball, bar, box

pytest.importorskip("coacd", reason='needs pip install "robo-meta[meshes]"')


def tee():
    """A bar along x and one across its end."""
    return union(
        [solid_of(*box((0, -0.015, 0), (0.2, 0.015, 0.03))), solid_of(*box((0.17, -0.06, 0), (0.2, 0.06, 0.03)))]
    )


def rest_of(solid, up=None):
    mesh = mesh_of(solid)
    return find_rest([mesh_of(solid.hull()).vertices], [Load.of([mesh], [1.0])], up), mesh


def test_pieces_fill_the_body() -> None:
    found = decompose(tee(), 60)
    volumes = [solid_of(*decomposition.hull_of(piece)).volume() for piece in found.pieces]
    assert 2 <= len(found.pieces) <= 4 and found.note == ""
    assert sum(volumes) == pytest.approx(tee().volume(), rel=0.05)


def test_a_convex_body_is_one_piece_of_few_corners() -> None:
    (piece,) = decompose(solid_of(*ball(20)), 60).pieces
    assert len(piece) <= 48
    assert solid_of(*decomposition.hull_of(piece)).volume() == pytest.approx(solid_of(*ball(20)).volume(), rel=0.01)


def test_slices_stand_in_where_the_decomposition_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object, **limits: float) -> None:
        raise ChildTimeout(f"not done within {limits['seconds']:.0f} s")

    monkeypatch.setattr(decomposition, "run_in_child", never)
    found = decompose(tee(), 30)
    assert found.note.startswith("CoACD at 0.03 not done within 21 s; CoACD at 0.08 not done")
    assert "convex hulls of 16 slices instead of CoACD" in found.note
    volumes = [solid_of(*decomposition.hull_of(piece)).volume() for piece in found.pieces]
    assert sum(volumes) == pytest.approx(tee().volume(), rel=0.15)


def test_many_corners_become_few_of_the_same_volume() -> None:
    points = ball(30)[0]
    few = limited(points, 30)
    assert len(few) == 30
    assert solid_of(*decomposition.hull_of(few)).volume() == pytest.approx(solid_of(*ball(30)).volume(), rel=0.01)


def test_it_lies_with_its_length_along_x_from_any_pose() -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    vertices, faces = bar()
    rest, mesh = rest_of(solid_of(vertices @ turn.T + 3, faces))
    moved = mesh.vertices @ rest.rotation.T + rest.translation
    assert np.ptp(moved, axis=0) == pytest.approx([0.2, 0.03, 0.025], abs=2e-4)
    assert moved.min(axis=0) == pytest.approx([-0.1, -0.015, 0.0], abs=2e-4)
    assert np.linalg.det(rest.rotation) == pytest.approx(1)


def test_a_hint_says_which_side_is_up() -> None:
    for up, height in {"y": 0.03, "-y": 0.03, "z": 0.025, "x": 0.2}.items():
        rest, mesh = rest_of(solid_of(*box((0, 0, 0), (0.2, 0.03, 0.025) if up != "x" else (0.2, 0.08, 0.08))), up)
        assert np.ptp(mesh.vertices @ rest.rotation[2]) == pytest.approx(height, abs=2e-4), up


def test_what_finds_no_rest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SettlingBody, "watch", lambda body: Motion(0.0, float(np.radians(4.2))))
    with pytest.raises(RestError, match=r"^does not lie still: turned 4\.2° by itself$"):
        rest_of(solid_of(*bar()))
    monkeypatch.setattr(SettlingBody, "watch", lambda body: Motion(0.0033, 0.0))
    with pytest.raises(RestError, match=r"^does not lie still: moved 3\.3 mm by itself$"):
        rest_of(solid_of(*bar()))


def test_an_egg_on_its_end_turns() -> None:
    vertices = ball(20)[0] @ np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    vertices = vertices - [0, 0, vertices[:, 2].min()]
    assert rests_with([limited(vertices)], 0.4, np.array([0.01, 0, 0.1]), np.diag([1e-3, 1e-3, 1e-4]), 0.8).turn > 0.1


def test_a_box_stays_with_any_centre_inside_and_tips_with_one_outside() -> None:
    vertices = box((-0.1, -0.015, 0), (0.1, 0.015, 0.025))[0]
    inertia = np.diag([5e-5, 1e-3, 1e-3])
    assert rests_with([vertices], 0.4, np.array([0.07, 0.01, 0.012]), inertia, 0.8).still
    tipped = rests_with([vertices], 0.4, np.array([0.12, 0.0, 0.012]), inertia, 0.8)
    assert not tipped.still and tipped.turn > 0.1


def test_cuts_divide_the_volume_by_length() -> None:
    vertices, faces = box((-0.1, -0.015, 0), (0.1, 0.015, 0.025))
    whole = TriangleMesh(vertices, faces)
    halves = by_cuts(whole, [0.25])[0]
    assert halves.where == "cut at 25 %"
    volumes = [solid_in(mesh).volume() for mesh in halves.meshes]
    assert volumes == pytest.approx([0.25 * 0.2 * 0.03 * 0.025, 0.75 * 0.2 * 0.03 * 0.025])
    assert halves.meshes[0].vertices[:, 0].max() == pytest.approx(-0.05)
    assert len(by_cuts(whole, CUTS)) == 5
    with pytest.raises(DivisionError, match=r"^the cut at 100% of its length leaves one material$"):
        by_cuts(whole, [1.0])


def test_parts_need_volume_each() -> None:
    big, small = (TriangleMesh(*box((0, 0, 0), (side, side, side))) for side in (0.1, 0.005))
    assert by_parts([big, big]).where == "parts"
    with pytest.raises(DivisionError, match="its parts leave one material: slot 1 has no volume"):
        by_parts([big, small])
