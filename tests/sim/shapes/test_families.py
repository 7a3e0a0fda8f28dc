"""The table of families, and one battery that every family passes."""

import numpy as np
import pytest
import shapely

from sim.objects.acceptance import draw_object
from sim.objects.spec import mass_properties
from sim.shapes.families import ALL_SPLITS, FAMILIES, SPLITS, UnknownFamily, UnknownSplit, families_of, family_named
from sim.shapes.real_objects import frozen


def test_splits_are_disjoint_and_large_enough():
    groups = {split: set(families_of(split)) for split in SPLITS}
    assert groups["unseen-objects"] == groups["training"]
    assert len(groups["training"]) >= 10
    assert len(groups["validation"]) >= 4
    assert len(groups["unseen-families"]) >= 6
    assert not groups["training"] & groups["validation"]
    assert not groups["training"] & groups["unseen-families"]
    assert not groups["validation"] & groups["unseen-families"]
    assert set.union(*groups.values()) == set(FAMILIES)


def test_rows_are_filed_under_their_own_names():
    assert all(name == family.name and family.description for name, family in FAMILIES.items())
    assert len({family.draw for family in FAMILIES.values()}) == len(FAMILIES)


MESSAGES = {
    "near family": (
        family_named,
        "hamer",
        UnknownFamily,
        "unknown family 'hamer'; did you mean 'hammer'? (see `robo-meta objects`)",
    ),
    "far family": (
        family_named,
        "qqq",
        UnknownFamily,
        f"unknown family 'qqq'; expected one of {', '.join((*FAMILIES, *frozen.FAMILIES))} (see `robo-meta objects`)",
    ),
    "near split": (families_of, "trainig", UnknownSplit, "unknown split 'trainig'; did you mean 'training'?"),
    "far split": (families_of, "q", UnknownSplit, f"unknown split 'q'; expected one of {', '.join(ALL_SPLITS)}"),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case: str):
    call, name, kind, message = MESSAGES[case]
    with pytest.raises(kind) as caught:
        call(name)
    assert str(caught.value) == message


@pytest.mark.parametrize("name", FAMILIES)
class TestEveryFamily:
    def draw(self, name: str, seed: int):
        return draw_object(np.random.default_rng(seed), name, ("red", "blue"), 0.8)

    def test_seed_reproduces(self, name: str):
        first, again, other = self.draw(name, 1), self.draw(name, 1), self.draw(name, 2)
        assert [p.outline.tobytes() for p in first.parts] == [p.outline.tobytes() for p in again.parts]
        assert [p.outline.tobytes() for p in first.parts] != [p.outline.tobytes() for p in other.parts]

    def test_parts_touch_and_do_not_overlap(self, name: str):
        for seed in range(3):
            parts = [shapely.Polygon(part.outline) for part in self.draw(name, seed).parts]
            overlap = sum(part.area for part in parts) - shapely.union_all(parts).area
            assert overlap < 1e-8
            assert shapely.union_all([part.buffer(0.0005) for part in parts]).geom_type == "Polygon"

    def test_object_is_what_was_asked_for(self, name: str):
        spec = self.draw(name, 3)
        assert spec.family == name
        assert set(spec.colours) == {"red", "blue"}
        assert 2 <= len(spec.parts) <= 4
        inertia = mass_properties(spec, {"red": 1.0, "blue": 5.0}, 0.5).inertia
        moments = np.linalg.eigvalsh(inertia)
        assert moments[0] > 0
        assert moments[0] + moments[1] >= moments[2] - 1e-12  # the triangle inequality of any rigid body

    def test_dimensions_vary(self, name: str):
        rng = np.random.default_rng(0)
        volumes = [
            sum(p.height * shapely.Polygon(p.outline).area for p in FAMILIES[name].draw(rng, 2)) for _ in range(8)
        ]
        assert np.std(volumes) > 0.05 * np.mean(volumes)

    def test_three_slots_where_there_are_three_pieces(self, name: str):
        rng = np.random.default_rng(0)
        pieces = FAMILIES[name].draw(rng, 3)
        assert {piece.slot for piece in pieces} == set(range(min(3, len(pieces))))
