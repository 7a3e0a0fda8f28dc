"""The acceptance rules, checked by other routes than the code that applies them."""

import numpy as np
import pytest
import shapely

from sim.errors import InputError
from sim.frames import heading_gap
from sim.objects.acceptance import RULES, LayoutError, draw_object, explained, place, refusal
from sim.objects.balance_points import balance_points, colour_moments, density_grid
from sim.objects.graspable import footprint_of, grasp_at, outer_ends
from sim.objects.spec import mass_properties
from sim.shapes.families import FAMILIES, register_family, unregister_family
from sim.shapes.pieces import box, in_slots


def made(*pieces, slots):
    return place(in_slots(list(pieces), slots), ("red", "blue"), "test", 0.8, mirror=False, turn=0.3)


REFUSALS = {
    "length": made(box(0, 0.05, 0.03, 0.02), box(0.05, 0.1, 0.03, 0.02), slots=(0, 1)),
    "height": made(box(0, 0.15, 0.03, 0.02), box(0.15, 0.3, 0.03, 0.045), slots=(0, 1)),
    "separation": made(box(0, 0.06, 0.03, 0.02), box(0.06, 0.12, 0.03, 0.02), slots=(0, 1)),
    "equal densities too good": made(box(0, 0.2, 0.03, 0.04), box(0.2, 0.28, 0.03, 0.016), slots=(0, 1)),
    "not flat": made(box(0, 0.15, 0.014, 0.02), box(0.15, 0.3, 0.014, 0.02), slots=(0, 1)),
    "balance points not graspable": made(box(0, 0.15, 0.07, 0.02), box(0.15, 0.3, 0.07, 0.02), slots=(0, 1)),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_refused_for(reason: str):
    assert refusal(REFUSALS[reason]) == reason


def test_a_plain_bar_is_accepted():
    assert refusal(made(box(0, 0.14, 0.03, 0.02), box(0.14, 0.28, 0.03, 0.02), slots=(0, 1))) is None


def test_a_colour_held_only_at_a_balance_point_is_refused():
    # A wide thin plate: its colour's only hold would be on the shaft, where the object may balance.
    spec = made(box(-0.08, 0, 0.08, 0.004), box(0, 0.12, 0.03, 0.035), box(0.12, 0.24, 0.03, 0.035), slots=(0, 0, 1))
    assert refusal(spec) == "outer end near a balance point"


@pytest.mark.parametrize("name", FAMILIES)
def test_every_rule_holds_at_ratios_that_were_never_tried(name: str):
    rng = np.random.default_rng(11)
    spec = draw_object(rng, name, ("red", "blue"), 0.8)
    corners = np.concatenate([part.outline for part in spec.parts])
    length = max(np.hypot(*(a - b)) for a in corners for b in corners)
    assert 0.12 <= length <= 0.36
    assert spec.height <= 0.05

    def centre(ratio: float) -> np.ndarray:
        return mass_properties(spec, {"red": ratio, "blue": 1.0}, 1.0).centre[:2]

    assert np.hypot(*(centre(4) - centre(0.25))) >= 0.04
    hull = shapely.convex_hull(shapely.MultiPoint(corners))
    footprint, yaws = footprint_of(spec), []
    for ratio in np.exp(rng.uniform(-np.log(10), np.log(10), 12)):
        point = centre(ratio)
        assert hull.contains(shapely.Point(point).buffer(RULES.support_margin * 0.99))
        for colour in spec.colours:
            ends = outer_ends(spec, colour)
            assert len(ends)
            assert np.hypot(*(ends[:, :2] - point).T).min() >= RULES.end_clearance - 0.002
        nearby = [point, *(point + 0.002 * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]))]
        grasp = next((grasp for p in nearby if (grasp := grasp_at(footprint, p)) is not None), None)
        assert grasp is not None
        across = np.array([-np.sin(grasp[3]), np.cos(grasp[3])])
        assert abs((grasp[:2] - point) @ across) <= 0.0021
        yaws.append(grasp[3])
    assert heading_gap(np.array(yaws)[:, None], np.array(yaws)).max() <= 2 * RULES.max_turn
    red, blue = outer_ends(spec, "red"), outer_ends(spec, "blue")
    assert np.linalg.norm(red[:, None] - blue, axis=-1).min() >= 0.04


def test_acceptance_is_not_rare():
    for name, family in FAMILIES.items():
        rng = np.random.default_rng(3)
        layouts = (place(family.draw(rng, 2), ("red", "blue"), name, 0.8, mirror=False, turn=0.0) for _ in range(96))
        assert any(refusal(layout) is None for layout in layouts), name


def test_acceptance_does_not_depend_on_frame_or_on_which_colour_is_where():
    rng = np.random.default_rng(4)
    for name in ("hammer", "key", "anchor"):
        for _ in range(8):
            pieces = FAMILIES[name].draw(rng, 2)
            plain = refusal(place(pieces, ("red", "blue"), name, 0.8, mirror=False, turn=0.0))
            assert refusal(place(pieces, ("blue", "red"), name, 0.5, mirror=True, turn=2.0)) == plain


def test_frame_origin_is_the_canonical_bounding_box_centre_and_turns_at_random():
    pieces = in_slots([box(0.3, 0.4, 0.03, 0.02, y=1.0), box(0.4, 0.5, 0.09, 0.02, y=1.0)], (0, 1))
    spec = place(pieces, ("red", "blue"), "test", 0.8, mirror=True, turn=np.pi / 2)
    corners = np.concatenate([part.outline for part in spec.parts])
    np.testing.assert_allclose(corners.max(axis=0), [0.045, 0.1], atol=1e-12)
    np.testing.assert_allclose(corners.min(axis=0), [-0.045, -0.1], atol=1e-12)
    headings = []
    for seed in range(40):
        part = draw_object(np.random.default_rng(seed), "bar", ("red", "blue"), 0.8).parts[0]
        edge = part.outline[1] - part.outline[0]
        headings.append(np.arctan2(edge[1], edge[0]))
    assert np.abs(np.mean(np.exp(1j * np.array(headings)))) < 0.4  # uniform on the circle: n = 40 gives about 0.16


def test_colour_moments_and_balance_points_agree_with_mass_properties():
    spec = draw_object(np.random.default_rng(2), "racket", ("red", "blue"), 0.8)
    volumes, centroids = colour_moments(spec)
    expected = mass_properties(spec, dict(zip(spec.colours, (3.0, 1.0), strict=True)), 0.5).centre[:2]
    np.testing.assert_allclose(balance_points(volumes, centroids, np.array([[3.0, 1.0]]))[0], expected, atol=1e-12)


def test_density_grid_covers_both_directions_evenly():
    grid = density_grid(2, 3.0, 10.0, 8)
    ratios = grid[:, 0] / grid[:, 1]
    assert len(ratios) == 16
    np.testing.assert_allclose(np.sort(ratios), np.sort(1 / ratios))
    assert ratios.max() == pytest.approx(10)
    assert density_grid(3, 1.0, 10.0, 7).shape[1] == 3


def drawn_by(draw):
    """An object of a family that is registered for this call only."""
    register_family("mine", draw, "a family of a test", group="tests")
    try:
        return draw_object(np.random.default_rng(0), "mine", ("red", "blue"), 0.8)
    finally:
        unregister_family("mine")


def test_a_family_that_no_layout_passes_says_which_rule_refused_how_often():
    def draw(rng, slots):
        draw.calls += 1
        # Of four layouts, three are too short and one is too tall.
        length, height = (0.3, 0.06) if draw.calls % 4 == 0 else (0.1, 0.02)
        pieces = [box(0, length / 2, 0.03, height), box(length / 2, length, 0.03, height)]
        return in_slots(pieces, (0, 1))

    draw.calls = 0
    with pytest.raises(LayoutError) as caught:
        drawn_by(draw)
    assert isinstance(caught.value, InputError)
    assert str(caught.value) == (
        "family 'mine': no acceptable object with 2 colours among 2000 layouts; refused were "
        "1500 × longest extent outside 0.12–0.36 m; 500 × a part higher than 0.042 m"
    )


def test_a_family_that_never_uses_a_slot_says_so():
    with pytest.raises(LayoutError, match=r"refused were 2000 × a slot without a piece$"):
        drawn_by(lambda rng, slots: in_slots([box(0, 0.1, 0.03, 0.02), box(0.1, 0.2, 0.03, 0.02)], (0, 0)))


def test_parts_that_overlap_are_refused():
    apart = made(box(0, 0.14, 0.03, 0.02), box(0.14, 0.28, 0.03, 0.02), slots=(0, 1))
    over = made(box(0, 0.16, 0.03, 0.02), box(0.14, 0.28, 0.03, 0.02), slots=(0, 1))
    assert (refusal(apart), refusal(over)) == (None, "overlap")


@pytest.mark.parametrize("reason", [*REFUSALS, "overlap", "no graspable outer end", "middle too good"])
def test_every_reason_has_plain_words(reason: str):
    assert explained(reason) != reason
