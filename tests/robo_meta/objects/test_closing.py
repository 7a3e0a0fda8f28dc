"""Triangles become closed bodies of few triangles, outward, of the volume that they enclose."""

from collections.abc import Callable

import numpy as np
import pytest

from robo_meta.objects.closing import ClosingError, close
from robo_meta.objects.loading import Part
from robo_meta.objects.moments import volume_moments
from robo_meta.objects.solids import mesh_of, solid_in
from robo_meta.objects.voxels import closed_surface
from sim.objects.meshes import TriangleMesh
from tests.robo_meta.objects.meshes import ball, bar, box

pytest.importorskip("manifold3d", reason='needs pip install "robo-meta[meshes]"')
BAR = 0.2 * 0.03 * 0.025


def part(vertices: np.ndarray, faces: np.ndarray) -> Part:
    return Part("a", vertices, faces)


def joined(*bodies: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in bodies)])
    faces = [faces + start for (_, faces), start in zip(bodies, starts, strict=False)]
    return np.concatenate([vertices for vertices, _ in bodies]), np.concatenate(faces)


def soup(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every triangle with vertices of its own, as in an STL file."""
    return vertices[faces].reshape(-1, 3), np.arange(3 * len(faces)).reshape(-1, 3)


def some_turned(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    faces = faces.copy()
    faces[::3] = faces[::3, ::-1]
    return vertices, faces


def twice(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return vertices, np.concatenate([faces, faces[:4], [[0, 0, 1]]])


@pytest.mark.parametrize("change", [soup, some_turned, twice, lambda v, f: (v, f[:, ::-1])])
def test_what_is_only_untidy_is_closed_as_it_is(change: Callable) -> None:
    closed = close(part(*change(*bar())))
    assert closed.solid.volume() == pytest.approx(BAR) and closed.note == ""


def test_flat_holes_are_filled_and_said() -> None:
    vertices, faces = bar()
    closed = close(part(vertices, faces[2:]))
    assert closed.solid.volume() == pytest.approx(BAR)
    assert closed.note.startswith("a closed by filling holes, volume ")


def test_overlapping_bodies_count_once_and_hollows_stay_hollow() -> None:
    two = joined(box((0, 0, 0), (0.1, 0.03, 0.03)), box((0.08, 0, 0), (0.2, 0.03, 0.03)))
    assert close(part(*two)).solid.volume() == pytest.approx(0.2 * 0.03 * 0.03)
    vertices, faces = box((0.01, 0.01, 0.01), (0.19, 0.02, 0.02))
    hollow = joined(box((0, 0, 0), (0.2, 0.03, 0.03)), (vertices, faces[:, ::-1]))
    assert close(part(*hollow)).solid.volume() == pytest.approx(0.2 * 0.03 * 0.03 - 0.18 * 0.01 * 0.01)


def test_what_nothing_else_closes_is_rebuilt_from_cells() -> None:
    vertices, faces = ball(24)
    whole = close(part(vertices, faces)).solid.volume()
    # A fiftieth of the triangles are missing here and there, and every second one at an end.
    torn = faces[np.random.default_rng(0).random(len(faces)) > 0.02]
    holes = torn[~((vertices[torn].mean(axis=1)[:, 0] > 0.05) & (np.arange(len(torn)) % 2 == 0))]
    closed = close(part(vertices, holes))
    assert closed.note.startswith("a rebuilt from cells around what it encloses, volume ")
    assert closed.solid.volume() == pytest.approx(whole, rel=0.03)


def test_cells_of_a_closed_body_have_its_volume() -> None:
    found = closed_surface(*bar())
    assert found is not None
    assert solid_in(TriangleMesh(*found)).volume() == pytest.approx(BAR, rel=0.05)


def test_large_meshes_get_few_triangles_and_stay_closed() -> None:
    closed = close(part(*ball(60)))
    mesh = mesh_of(closed.solid)
    assert len(mesh.faces) <= 2000
    edges = np.sort(mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    assert closed.solid.volume() == pytest.approx(4 / 3 * np.pi * 0.1 * 0.03 * 0.03, rel=0.03)


@pytest.mark.parametrize(
    "body", [(bar()[0] * [1, 1, 0], bar()[1]), (bar()[0] * [1, 0, 0], bar()[1]), (bar()[0], bar()[1][:1])]
)
def test_what_encloses_nothing_is_refused(body: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ClosingError, match=r"^a encloses no volume$"):
        close(part(*body))


def test_moments_of_a_box_are_those_of_the_book() -> None:
    mesh = mesh_of(close(part(*box((1, 2, 3), (1.2, 2.03, 3.025)))).solid)
    volume, centre, inertia = volume_moments(mesh)
    assert volume == pytest.approx(BAR) and centre == pytest.approx([1.1, 2.015, 3.0125])
    sides = np.array([0.2, 0.03, 0.025]) ** 2
    assert inertia == pytest.approx(np.diag(volume / 12 * (sides.sum() - sides)), rel=1e-6, abs=1e-15)
