"""The film of an adapted strategy shows the scene of the scripted one; imported objects are found by their names."""

from dataclasses import replace

import pytest
from PIL import Image

from demos.film.files import FilmError
from demos.film.scripted import FilmConfig, film, film_scene, film_seeds
from robo_meta.evaluation.films.config import SimConfig
from robo_meta.evaluation.films.scene import film_demonstrations
from robo_meta.evaluation.films.side_by_side import film_grasp
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import SplitError, matched_scene
from robo_meta.scenarios.supports import record_demonstrations
from robo_meta.strategies import StrategyError
from tests.demos.film.blank import BlankPictures
from tests.robo_meta.objects.libraries import write_bars


@pytest.fixture(scope="module")
def env():
    world = BlankPictures()
    yield world
    world.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return write_bars(tmp_path_factory.mktemp("film") / "bars")


def test_a_strategy_is_filmed_on_an_imported_object(library, env, tmp_path):
    config = SimConfig(
        objects=library, object="bar", strategy="replay+scripted-controller", support="procedural",
        video=tmp_path / "out.gif", image=tmp_path / "out.png",
    )  # fmt: skip
    told = film_grasp(config, env)
    assert told["family"] == "bars-bar" and told["split"] == "bars" and told["strategy"] == "replay+scripted-controller"
    assert told["success"] is all(told["verdict"].values()) and len(told["target"]) == 4 and told["keypoint_mm"] >= 0
    assert (told["transfer"], told["shots"], told["support"]) == ("new-shape", 1, "procedural")
    assert len(told["shown"]) == 1 and not told["shown"][0].startswith("bars-")
    assert {path.name for path in tmp_path.iterdir()} == {"out.gif", "out.png"} and told["frames"] > told["steps"]
    # Unfilmed it is the same, and so is the scripted demonstrator's scene.
    unseen = film_grasp(replace(config, family="hammer", video=None, image=None))
    same = ("success", "steps", "target", "keypoint_mm", "densities", "shown")
    assert [unseen[key] for key in same] == [told[key] for key in same] and unseen["frames"] == 0
    scripted = film_grasp(SimConfig(objects=library, object="bar"))
    assert scripted["densities"] == told["densities"] and "strategy" not in scripted and scripted["success"]


def test_a_shipped_family_is_demonstrated_on_others_of_its_split():
    told = film_grasp(SimConfig(family="mallet", strategy="centre+scripted-controller", shots=2, intention="part"))
    assert told["split"] == "validation" and told["intention"] == "part"
    assert len(set(told["shown"])) == 2 and "mallet" not in told["shown"]
    same = ("densities", "part_colour", "intention", "seed", "family")
    scripted = film(FilmConfig(family="mallet", intention="part"))
    assert [told[key] for key in same] == [scripted[key] for key in same]


def test_the_demonstrated_object_itself():
    told = film_grasp(SimConfig(strategy="replay+scripted-controller", transfer="same-object"))
    assert told["shown"] == ["hammer"] and told["success"]


def test_several_strategies_side_by_side(env, tmp_path):
    config = SimConfig(
        family="mallet",
        strategy="density-fit+scripted-controller",
        against=("centre+scripted-controller", "expert"),
        video=tmp_path / "out.gif",
    )
    told = film_grasp(config, env)
    names = ["centre+scripted-controller", "expert", "density-fit+scripted-controller"]
    assert [one["strategy"] for one in told["strategies"]] == names
    ours = told["strategies"][-1]
    assert told["strategy"] == ours["strategy"] and told["verdict"] == ours["verdict"] and ours["success"]
    for one in told["strategies"]:
        assert one["success"] is all(one["verdict"].values()) and one["keypoint_mm"] >= 0
    # Demonstration and four panels: all wait for it, so that the film is longer than any episode in it.
    assert told["frames"] > 2 * max(one["steps"] for one in told["strategies"])
    with Image.open(tmp_path / "out.gif") as film:
        assert film.n_frames > told["steps"] and film.height > 500
    # What is played unfilmed, alone, is the same.
    alone = film_grasp(SimConfig(family="mallet", strategy="centre+scripted-controller"))
    same = ("success", "verdict", "steps", "target", "keypoint_mm")
    assert [alone[key] for key in same] == [told["strategies"][0][key] for key in same]


def test_the_filmed_demonstration_is_the_one_adapted_to(env):
    config = SimConfig(family="mallet", strategy="centre+scripted-controller", shots=2)
    matched = matched_scene(0, film_scene(config), film_seeds(config)[0])
    shown = record_demonstrations(matched, Condition("new-shape", 2))
    shots = film_demonstrations(shown, env)
    assert [shot.title for shot in shots] == [
        f"demonstration {n} on {one.item.family}" for n, one in enumerate(shown, 1)
    ]
    for shot, one in zip(shots, shown, strict=True):
        assert shot.take.episode.points.tobytes() == one.item.points.tobytes() and shot.take.episode.success
        assert shot.take.episode.state.tobytes() == one.demo.state.tobytes()


@pytest.mark.parametrize(
    "wrong, error, line",
    [
        ({"object": "bar"}, FilmError, "object 'bar' without objects; name the library"),
        ({"shots": 2}, FilmError, "shots 2 without strategy"),
        ({"support": "procedural"}, FilmError, "support procedural without strategy"),
        ({"against": ("maml",)}, FilmError, "against maml without strategy; the demonstrator needs none"),
        ({"strategy": "expert"}, FilmError, "strategy expert; it adapts to nothing"),
        ({"strategy": "maml", "against": ("mamll",)}, StrategyError, "unknown strategy 'mamll'; did you mean 'maml'"),
        ({"strategy": "maml", "against": ("centre", "maml")}, (FilmError, StrategyError), "maml"),
        (
            {"strategy": "maml", "against": ("expert", "expert")},
            FilmError,
            "expected each strategy once, maml included",
        ),
        ({"strategy": "mamll"}, StrategyError, "unknown strategy 'mamll'; did you mean 'maml'"),
        (
            {"strategy": "maml", "support": "procedurel"},
            SplitError,
            "unknown support 'procedurel'; did you mean 'procedural'",
        ),
        (
            {"strategy": "maml", "support": "procedural", "transfer": "same-object"},
            FilmError,
            "support procedural with transfer same-object; expected new-shape",
        ),
    ],
)
def test_options_that_make_no_sense(wrong, error, line):
    with pytest.raises(error, match=line) as caught:
        SimConfig(**wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong, line",
    [
        ({}, "bars without object; expected one of bar, stick"),
        ({"object": "baar"}, "unknown object 'baar'; did you mean 'bar'"),
        ({"object": "die"}, "object 'die' was refused: too small"),
        ({"object": "bar", "family": "mallet"}, "family mallet beside objects"),
        ({"object": "bar", "strategy": "maml"}, "split 'bars' has one family for balance; .* or support procedural"),
    ],
)
def test_objects_that_are_not_there(library, wrong, line):
    with pytest.raises((FilmError, SplitError), match=line):
        SimConfig(objects=library, **wrong)


def test_the_library_s_own_name_is_its_own_support(library):
    config = SimConfig(objects=library, object="bar", strategy="maml", support=str(library), intention="part")
    assert config.support == "own" and config.family == "bars-bar"
