"""Generated curved objects: the same every time, closed, as large as they say, and filled by their convex pieces."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from robo_meta.objects.config import ImportConfig
from robo_meta.objects.curved.body import Body
from robo_meta.objects.curved.cups import cup
from robo_meta.objects.curved.kinds import KINDS, capsule_of, cylinder_of, ring_of
from robo_meta.objects.curved.objects import curved_object, kind_of, name_of
from robo_meta.objects.importer import import_objects
from robo_meta.objects.sources import SourceError, find_sources
from sim.objects.meshes import TriangleMesh, mesh_moments
from sim.shapes.mesh_splits import (
    CURVED_IDS,
    NEVER_TRAINED,
    TRAINING_CURVED,
    TRAINING_URDFS,
    VALIDATION_CURVED,
    VALIDATION_URDFS,
)
from tests.robo_meta.objects.judges import by_height

ONE_OF_EACH = range(len(KINDS))


def volume(body: Body) -> float:
    return mesh_moments(TriangleMesh(body.vertices, body.faces))[0]


@pytest.mark.parametrize(
    "body, wanted",
    [
        (capsule_of(0.2, 0.02), np.pi * 0.02**2 * 0.16 + 4 / 3 * np.pi * 0.02**3),
        (capsule_of(0.2, 0.02, 0.5), 0.5 * (np.pi * 0.02**2 * 0.16 + 4 / 3 * np.pi * 0.02**3)),
        (cylinder_of(0.25, 0.015), np.pi * 0.015**2 * 0.25),
        (ring_of(0.05, 0.01), 2 * np.pi**2 * 0.05 * 0.01**2),
        # A cup less its hollow.
        (cup(0.03, 0.03, 0.05, 0.004, 0.006), np.pi * (0.03**2 * 0.05 - 0.026**2 * 0.044)),
    ],
)
def test_volumes_are_those_of_the_round_body(body: Body, wanted: float) -> None:
    assert volume(body) == pytest.approx(wanted, rel=0.015)


@pytest.mark.parametrize("number", ONE_OF_EACH)
def test_every_kind_is_closed_and_filled_by_its_pieces(number: int) -> None:
    bodies = curved_object(number)
    for body in bodies.values():
        # Every edge is met once in either direction: by nothing else is a surface closed and turned outward.
        edges = Counter(map(tuple, body.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).tolist()))
        assert all(count == 1 and edges[b, a] == 1 for (a, b), count in edges.items())
        assert volume(body) > 0
    manifold3d = pytest.importorskip("manifold3d", reason='needs pip install "robo-meta[meshes]"')
    pieces = [manifold3d.Manifold.hull_points(piece) for body in bodies.values() for piece in body.pieces]
    filled = manifold3d.Manifold.batch_boolean(pieces, manifold3d.OpType.Add).volume()
    whole = sum(map(volume, bodies.values()))
    # Bodies that overlap count twice in the sum of their volumes.
    assert 0.85 * whole < filled < 1.05 * whole


def test_a_number_is_the_same_object_every_time() -> None:
    for number in (*ONE_OF_EACH, 999):
        one, other = curved_object(number), curved_object(number)
        assert list(one) == list(other)
        assert all(np.array_equal(one[name].vertices, other[name].vertices) for name in one)
    first, later = (curved_object(number)["rod"].vertices for number in (0, len(KINDS)))
    assert np.ptp(first, axis=0) != pytest.approx(np.ptp(later, axis=0))


def test_what_is_trained_on_is_never_judged_on() -> None:
    assert not set(TRAINING_CURVED) & set(VALIDATION_CURVED)
    assert {*TRAINING_CURVED, *VALIDATION_CURVED} == set(CURVED_IDS)
    assert not set(TRAINING_URDFS) & {*VALIDATION_URDFS, *NEVER_TRAINED}
    for numbers in (TRAINING_CURVED, VALIDATION_CURVED):
        assert {kind_of(number) for number in numbers} == set(KINDS)


def test_numbers_name_generated_objects() -> None:
    found = find_sources(Path("curved"), "0-2,800")
    assert sorted(source.name for source in found) == sorted(map(name_of, (0, 1, 2, 800)))
    assert len({source.checksum() for source in found}) == 4
    with pytest.raises(SourceError, match="no curved 1000; there are 0 to 999"):
        find_sources(Path("curved"), "1000")


def test_a_folder_of_that_name_is_that_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "curved").mkdir()
    with pytest.raises(SourceError, match="curved: no objects"):
        find_sources(Path("curved"))
    assert len(find_sources(Path("curved"), "3")) == 1


def test_generated_objects_are_imported_without_decomposing(tmp_path: Path) -> None:
    pytest.importorskip("trimesh", reason='needs pip install "robo-meta[meshes]"')
    # No time at all for decomposing: pieces are known beforehand.
    config = ImportConfig(Path("curved"), tmp_path / "out", ids="0,5", time_limit=0.001, workers=1)
    found = import_objects(config, judge=by_height, progress=False)
    assert [outcome.name for outcome in found.accepted] == ["capsule-000", "mug-005"]
    capsule, mug = found.outcomes
    assert len(capsule.divisions) == 1 and capsule.divisions[0].startswith("cut at") and mug.divisions == ("parts",)
    assert (capsule.notes, mug.notes) == ((), ()) and capsule.pieces == len(curved_object(0)["rod"].pieces)
    assert import_objects(config, judge=by_height, progress=False).done_before == 2
    config = ImportConfig(Path("curved"), tmp_path / "mm", ids="0", unit="mm", workers=1)
    (refused,) = import_objects(config, judge=by_height, progress=False).outcomes
    assert refused.reason == "generated in m, not in mm; leave the unit out"
