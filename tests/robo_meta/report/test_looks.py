"""Any two strategies are told apart in every chart, by more than colour."""

from __future__ import annotations

from itertools import combinations

from robo_meta.catalogue import ASKING, CATALOGUE, MARKERS, OKABE_ITO, SCRIPTED_SUFFIX
from robo_meta.report.looks import EXPERT, MARKER_PATHS, look_of


def test_every_strategy_has_a_look_of_its_own() -> None:
    names = [EXPERT, ASKING, *CATALOGUE, f"maml{SCRIPTED_SUFFIX}"]
    looks = {name: look_of(name) for name in names}
    seen = {name: (look.colour, look.marker, look.hollow) for name, look in looks.items()}
    for a, b in combinations(names, 2):
        assert seen[a] != seen[b], f"{a} looks like {b}"
    assert {looks[name].colour for name in CATALOGUE} <= set(OKABE_ITO)
    # No colour stands for one strategy alone: markers differ within each.
    assert {*MARKERS, looks[EXPERT].marker} == set(MARKER_PATHS)


def test_a_strategy_of_ones_own_keeps_its_look() -> None:
    assert look_of("mine") == look_of("mine") and look_of("mine").colour in OKABE_ITO
    assert look_of("mine").marker in MARKERS and look_of(f"mine{SCRIPTED_SUFFIX}").hollow
