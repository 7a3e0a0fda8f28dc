"""Families of one's own: by registration, by reference and by entry point; each refusal is one line."""

import doctest
import textwrap
from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.objects.acceptance import draw_object
from sim.shapes import families, plugins
from sim.shapes.families import (
    ALL_SPLITS,
    FAMILIES,
    SPLITS,
    UnknownFamily,
    UnknownSplit,
    all_families,
    families_of,
    family_named,
    numbered_families,
    register_family,
    splits,
    unregister_family,
)
from sim.shapes.family import Family, FamilyError
from sim.shapes.pieces import Piece, box, in_slots
from sim.shapes.plugins import PluginError
from sim.shapes.real_objects import frozen
from sim.tasks.queries import draw_query

SHIPPED = [*FAMILIES, *frozen.FAMILIES]


def plank(rng: np.random.Generator, slots: int) -> tuple[Piece, ...]:
    length, joint = rng.uniform(0.2, 0.34), rng.uniform(0.4, 0.6)
    return in_slots([box(0, joint * length, 0.03, 0.02), box(joint * length, length, 0.03, 0.035)], (0, 1))


MODULE = """
from sim.shapes.families import register_family
from sim.shapes.family import Family
from sim.shapes.pieces import box, in_slots


def draw(rng, slots):
    length, joint = rng.uniform(0.2, 0.34), rng.uniform(0.4, 0.6)
    return in_slots([box(0, joint * length, 0.03, 0.02), box(joint * length, length, 0.03, 0.035)], (0, 1))
"""


@pytest.fixture(autouse=True)
def only_shipped_families():
    """Forgets what a test registered or installed."""
    plugins.installed_entry_points.cache_clear()
    yield
    plugins.installed_entry_points.cache_clear()
    for name in list(all_families()):
        if name not in SHIPPED:
            unregister_family(name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable folder."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def write_module(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(MODULE + textwrap.dedent(text), encoding="utf-8")


def install(folder: Path, entries: str) -> None:
    """What pip leaves of a package whose `pyproject.toml` has these entry points."""
    info = folder / "kitchen-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kitchen\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[robo_meta.families]\n{entries}\n", encoding="utf-8")


class TestRegistered:
    def test_is_found_listed_and_drawn_from(self):
        family = register_family("plank", plank, "two blocks end to end", group="planks")
        register_family("slat", plank, "two blocks end to end", group="planks")
        assert family_named("plank") is family
        assert list(all_families()) == [*SHIPPED, "plank", "slat"]
        assert families_of("planks") == ("plank", "slat")
        assert splits() == (*ALL_SPLITS, "planks")
        query = draw_query(0, "planks", 0)
        assert query.task.split == "planks"
        assert set(query.families) == {"plank", "slat"}
        assert query.scene.object.family == query.families[0]

    def test_leaves_the_shipped_splits_alone(self):
        before = {split: families_of(split) for split in SPLITS}
        register_family("plank", plank, "two blocks end to end", group="planks")
        assert {split: families_of(split) for split in SPLITS} == before
        assert "plank" not in FAMILIES

    @pytest.mark.parametrize(
        ("changes", "message"),
        {
            "taken by a shipped one": ({"name": "hammer"}, "family 'hammer' exists already; choose another name"),
            "taken": ({"name": "plank"}, "family 'plank' exists already; choose another name"),
            "capitals": (
                {"name": "Plank"},
                "family name 'Plank'; expected lower-case words with hyphens, as 'stepped-bar'",
            ),
            "reference": ({"name": "a:b"}, "family 'a:b' of group 'planks'; expected names without ':' to register"),
            "group": ({"group": "my planks"}, "family group 'my planks'; expected lower-case words with hyphens"),
            "split": ({"group": "unseen-families"}, "family 'slat': group 'unseen-families' is shipped and frozen"),
            "objects": ({"group": "real-objects"}, "family 'slat': group 'real-objects' is shipped and frozen"),
            "function": ({"draw": 3}, "family 'slat': draw is 3; expected a function (generator, slots)"),
            "description": ({"description": ""}, "family 'slat': description ''; expected one line of text"),
        }.values(),
    )
    def test_is_refused(self, changes: dict, message: str):
        register_family("plank", plank, "two blocks end to end", group="planks")
        given = {"name": "slat", "draw": plank, "description": "a slat", "group": "planks"} | changes
        with pytest.raises(FamilyError) as caught:
            register_family(**given)
        assert str(caught.value).startswith(message)
        assert list(all_families()) == [*SHIPPED, "plank"]

    def test_is_forgotten_when_asked(self):
        register_family("plank", plank, "two blocks end to end", group="planks")
        unregister_family("plank")
        with pytest.raises(UnknownSplit, match="unknown split 'planks'"):
            families_of("planks")
        with pytest.raises(UnknownFamily, match="family 'hammer' is not registered"):
            unregister_family("hammer")

    def test_has_close_names_suggested(self):
        register_family("plank", plank, "two blocks end to end", group="planks")
        with pytest.raises(UnknownFamily, match="did you mean 'plank'"):
            family_named("plankk")
        with pytest.raises(UnknownSplit, match="did you mean 'planks'"):
            families_of("plankss")


def test_the_docstrings_example_runs():
    test = doctest.DocTestFinder().find(register_family, globs=vars(families) | {"register_family": register_family})
    results = [doctest.DocTestRunner().run(case) for case in test]
    assert sum(result.attempted for result in results) >= 4
    assert sum(result.failed for result in results) == 0


class TestReferred:
    def test_is_found_by_module_and_attribute(self, folder: Path):
        write_module(folder, "own_shapes", 'PLANK = Family("plank", "planks", draw, "two blocks")\n')
        family = family_named("own_shapes:PLANK")
        assert (family.name, family.group) == ("own_shapes:PLANK", "own_shapes:planks")
        assert families_of(family.group) == ("own_shapes:PLANK",)
        spec = draw_object(np.random.default_rng(0), "own_shapes:PLANK", ("red", "blue"), 0.8)
        assert spec.family == "own_shapes:PLANK"
        query = draw_query(0, "own_shapes:planks", 1)
        assert query.scene.object.family == "own_shapes:PLANK"

    def test_may_be_what_register_family_returned(self, folder: Path):
        write_module(folder, "registering", 'PLANK = register_family("plank", draw, "two blocks", group="planks")\n')
        assert family_named("registering:PLANK").description == "two blocks"
        assert families_of("planks") == ("plank",)

    @pytest.mark.parametrize(
        ("call", "name", "message"),
        {
            "no module": (family_named, "own_nothing:PLANK", "can't be imported: ModuleNotFoundError: No module named"),
            "no attribute": (family_named, "own_things:PLANKS", "has no Family 'PLANKS'; did you mean 'PLANK'?"),
            "another thing": (family_named, "own_things:draw", "has no Family 'draw'; expected one of PLANK"),
            "no name": (family_named, "own_things:", "expected module:attribute"),
            "relative": (family_named, ":PLANK", "expected module:attribute"),
            "group": (families_of, "own_things:plonks", "module 'own_things' has no family of group 'plonks'"),
            "broken": (family_named, "own_broken:PLANK", "module 'own_broken' can't be imported: ZeroDivisionError"),
            "broken group": (families_of, "own_broken:planks", "can't be imported: ZeroDivisionError"),
            "path": (family_named, "../x:PLANK", "can't be imported"),
        }.values(),
    )
    def test_is_refused(self, folder: Path, call, name: str, message: str):
        write_module(folder, "own_things", 'PLANK = Family("plank", "planks", draw, "two blocks")\n')
        write_module(folder, "own_broken", "1 / 0\n")
        with pytest.raises(InputError) as caught:
            call(name)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)


class TestEntryPoints:
    def test_name_a_module_that_registers_or_a_family(self, folder: Path):
        write_module(folder, "kitchen_plank", 'register_family("plank", draw, "two blocks", group="kitchen")\n')
        write_module(folder, "kitchen_slat", 'SLAT = Family("slat", "kitchen", draw, "two blocks")\n')
        install(folder, "a = kitchen_plank\nb = kitchen_slat:SLAT")
        assert families_of("kitchen") == ("plank", "slat")
        assert list(all_families()) == [*SHIPPED, "plank", "slat"]
        assert families_of("kitchen") == ("plank", "slat")  # loaded once, not registered twice

    def test_are_not_loaded_for_what_is_shipped(self, folder: Path):
        install(folder, "a = kitchen_missing")
        assert family_named("hammer").name == "hammer"
        assert len(families_of("validation")) == 5

    @pytest.mark.parametrize(
        ("text", "value", "message"),
        {
            "missing": ("", "kitchen_absent", "ModuleNotFoundError: No module named 'kitchen_absent'"),
            "raises": ("1 / 0", "kitchen_a", "ZeroDivisionError: division by zero"),
            "raises late": (
                'register_family("plank", draw, "two blocks", group="kitchen")\n1 / 0',
                "kitchen_b",
                "ZeroDivisionError: division by zero",
            ),
            "taken": ('register_family("hammer", draw, "x", group="kitchen")', "kitchen_c", "'hammer' exists already"),
            "taken object": ('A = Family("hammer", "kitchen", draw, "x")', "kitchen_d:A", "'hammer' exists already"),
            "another thing": ("A = 3", "kitchen_e:A", "is a int; expected a Family or a module that registers some"),
        }.values(),
    )
    def test_that_fail_are_named_each_time(self, folder: Path, text: str, value: str, message: str):
        write_module(folder, value.partition(":")[0] if "absent" not in value else "unused", text)
        install(folder, f"broken = {value}")
        for _ in range(2):
            with pytest.raises(PluginError) as caught:
                all_families()
            assert str(caught.value).startswith(f"entry point 'broken' = '{value}' of group 'robo_meta.families'")
            assert message in str(caught.value)
            assert "\n" not in str(caught.value)


LAYOUTS = {
    "nothing": (None, "draw returned a NoneType; expected a tuple of Piece"),
    "other things": ((3, "x"), "draw returned a tuple of int, str; expected a tuple of Piece"),
    "no piece": ((), "draw returned 0 pieces; expected 1 to 8"),
    "too many": (tuple(box(i, i + 1, 1, 1) for i in range(9)), "draw returned 9 pieces; expected 1 to 8"),
    "kind": ((Piece("ball", box(0, 1, 1, 1).outline, 1.0),), "piece 0: kind 'ball'; expected box, cylinder or prism"),
    "slot": (in_slots([box(0, 0.1, 0.03, 0.02)], (2,)), "piece 0: slot 2; expected 0 to 1"),
    "negative slot": (in_slots([box(0, 0.1, 0.03, 0.02)], (-1,)), "piece 0: slot -1; expected 0 to 1"),
    "slot's kind": (in_slots([box(0, 0.1, 0.03, 0.02)], (0.5,)), "slot 0.5; expected a whole number from 0 to 1"),
    "height": ((box(0, 0.1, 0.03, -0.02),), "piece 0: height -0.02; expected m above 0"),
    "endless height": ((box(0, 0.1, 0.03, float("nan")),), "piece 0: height nan; expected m above 0"),
    "clockwise": ((box(0.1, 0, 0.03, 0.02),), "piece 0: the outline is clockwise; expected a convex counter-clockwise"),
    "endless": ((box(0, float("inf"), 0.03, 0.02),), "piece 0: the outline holds values that are not finite"),
    "flat": ((Piece("prism", np.zeros(4), 0.02),), "outline of shape (4,), float64; expected (V, 2) in m"),
    "three numbers": ((Piece("prism", np.zeros((4, 3)), 0.02),), "outline of shape (4, 3), float64; expected (V, 2)"),
    "words": ((Piece("prism", np.array([["a", "b"]] * 4), 0.02),), "outline of shape (4, 2), <U1; expected (V, 2)"),
    "concave": (
        (Piece("prism", np.array([[0, 0], [0.1, 0], [0.02, 0.02], [0, 0.1]]), 0.02),),
        "piece 0: the outline is not convex; expected a convex counter-clockwise polygon",
    ),
    "without area": (
        in_slots([Piece("prism", np.array([[0, 0], [0.1, 0], [0.2, 0]]), 0.02), box(0, 0.1, 0.03, 0.02)], (0, 1)),
        "expected a convex counter-clockwise polygon",
    ),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_a_layout_that_is_none_is_refused(case: str):
    pieces, message = LAYOUTS[case]
    register_family("plank", lambda rng, slots: pieces, "a test", group="planks")
    with pytest.raises(FamilyError) as caught:
        draw_object(np.random.default_rng(0), "plank", ("red", "blue"), 0.8)
    assert str(caught.value).startswith("family 'plank'")
    assert message in str(caught.value)


def test_files_number_shipped_families_first():
    assert numbered_families(("axe", "plank", "hammer")) == (*FAMILIES, "plank")


def test_a_family_is_checked_however_it_is_made():
    with pytest.raises(FamilyError, match="family group 'Planks'"):
        Family("plank", "Planks", plank, "two blocks")
