"""Another light: nothing is touched where colours are known, and colours are matched one to one where they aren't."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from robo_meta.strategies.baselines.colour_clusters import colour_centres
from robo_meta.strategies.changed_light import demonstrated_light, far_from, nearest_paints, one_to_one
from sim.light import Light
from sim.palette import PALETTE

NAMES = list(PALETTE)


def scan(names: tuple[str, ...], light: str = "plain", seed: int = 0) -> np.ndarray:
    """(P, 6) of equally large parts in paints of the palette, as a camera sees them."""
    rng = np.random.default_rng(seed)
    seen = Light.named(light).on(np.array([PALETTE[name] for name in names]))
    colours = np.repeat(seen, 120, axis=0) + 0.02 * rng.standard_normal((120 * len(names), 3))
    return np.column_stack([rng.uniform(-0.1, 0.1, (len(colours), 3)), colours.clip(0, 1)]).astype(np.float32)


@pytest.mark.parametrize("query", [("red", "blue"), ("red", "white"), ("green", "black"), ("red", "blue", "yellow")])
def test_known_paints_are_left_alone_to_the_last_bit(query: tuple[str, ...]) -> None:
    """Those demonstrated and any other of the palette: the query may wear other paint in the same light."""
    points = scan(query)
    assert demonstrated_light(points, colour_centres([scan(("red", "blue"), seed=1)])) is points


def test_a_camera_of_its_own_colours_changes_nothing_where_the_light_stays() -> None:
    shown = colour_centres([scan(("red", "blue"), "0.5-0.9-0.6", seed=1)])
    points = scan(("red", "blue"), "0.5-0.9-0.6")
    assert demonstrated_light(points, shown) is points


def test_dimmed_colours_become_those_that_were_shown() -> None:
    """Over all pairs of paints and a dozen lights, what is changed becomes the right colour, nearly always."""
    rng, right, changed = np.random.default_rng(0), 0, 0
    for pair in combinations(NAMES, 2):
        light = "-".join(f"{gain:.2f}" for gain in rng.uniform(0.45, 1.0, 3))
        points, shown = scan(pair, light), colour_centres([scan(pair, seed=1)])
        found = demonstrated_light(points, shown)
        if found is points:
            continue
        changed += 1
        wanted = np.repeat([PALETTE[name] for name in pair], 120, axis=0)
        right += bool(np.abs(found[:, 3:6] - wanted).mean() < 0.05)
        assert np.array_equal(found[:, :3], points[:, :3])
    assert changed >= 20 and right >= 0.9 * changed


def test_other_paint_in_another_light_is_left_alone() -> None:
    points = scan(("yellow", "white"), "0.6-0.5-0.9")
    shown = colour_centres([scan(("red", "black"))])
    assert far_from(colour_centres([points]), np.array(list(PALETTE.values())))
    assert demonstrated_light(points, shown) is points


def test_one_to_one_by_hand() -> None:
    shown = np.array([[0.9, 0.1, 0.1], [0.1, 0.8, 0.15], [0.1, 0.2, 0.9]])
    gains = np.array([0.5, 0.8, 0.6])
    assert one_to_one(shown[[2, 0]] * gains, shown).tolist() == [2, 0]
    # More colours than were shown can't be matched one to one.
    assert one_to_one(shown * gains, shown[:2]) is None


def test_nearest_paints_are_all_different() -> None:
    dim = np.array([[0.5, 0.05, 0.05], [0.6, 0.1, 0.1]])
    found = nearest_paints(dim)
    assert not np.array_equal(found[0], found[1])
    assert all(any(np.allclose(row, paint) for paint in PALETTE.values()) for row in found)
