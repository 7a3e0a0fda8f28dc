"""The world check measures what it says, whatever the number of workers, and its bounds bite."""

import json
from dataclasses import replace

import numpy as np
import pytest

from robo_meta.cli.objects import tell_check
from robo_meta.evaluation.world import blind_grasps
from robo_meta.evaluation.world.bounds import curve_lines, geometry_lines, half_crossing, share, skill_lines
from robo_meta.evaluation.world.check import CheckConfig, CheckError, ExpertFailure, best_rule, check_table, check_world
from robo_meta.evaluation.world.demonstrator import ExpertCheckConfig, ExpertCheckError, expert_success
from robo_meta.evaluation.world.probes import OFFSETS, Attempted, CurveProbe, Facts, RulesProbe, TaskProbe, probe_scene
from robo_meta.runs.json_records import to_json
from sim.shapes.families import UnknownFamily, UnknownSplit
from tests.sim.objects.bars import HEIGHT, bar_scene

TINY = {"tasks": 1, "layouts": 2, "rule_tasks": 2, "splits": ("validation",)}
FACTS = Facts(
    separation=0.05, ratio=4.0, first_heavier=True, colours=True, balance_mass=0.5, part_mass=0.015, same_object=True,
    end_clearance=0.05, length=0.2, height=0.03, graspable=True, flat=True, friction=0.7, equal_off=0.03,
    middle_off=0.03, reset_alike=True, settled_apart=0.0,
)  # fmt: skip
"""Of a task that keeps every rule."""


@pytest.fixture(scope="module")
def checked():
    return check_world(CheckConfig(**TINY, workers=1), progress=False)


def test_a_check_is_plain_data_with_every_figure(checked):
    json.dumps(to_json(checked), allow_nan=False)
    names = {line.name for line in checked.lines}
    assert {"grasps the middle", "guesses equal densities", "best material-blind rule", "expert, part"} <= names
    assert {
        "reset unchanged by exchanged materials",
        "raw layouts accepted",
        "families",
        "friction 0.65 to 0.8",
    } <= names
    for line in checked.lines:
        assert (line.passed is None) == (line.bound == "")
        if line.n:
            assert line.low <= line.value <= line.high
    assert checked.blind_rule in blind_grasps.RULES
    assert check_table(checked).row_count == len(checked.lines)


def test_what_went_wrong_is_told(checked, capsys):
    failure = ExpertFailure("validation", 3, "flag", "part", ("held",), 0.01)
    found = replace(checked, failures=(failure,), missed=True)
    assert tell_check(found, json=False) == 1
    said = capsys.readouterr().out
    assert "expert failed: validation task 3, flag, part: held; aimed 1.0 cm off" in said and "World check" in said
    assert tell_check(found, json=True) == 1
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(to_json(found)))
    assert tell_check(replace(found, missed=False), json=True) == 0


def test_friction_is_within_its_range_and_told(checked):
    lines = [line for line in checked.lines if line.name == "friction 0.65 to 0.8"]
    assert lines and all(line.passed and float(line.note.split()[0]) >= 0.65 for line in lines)


def test_workers_change_nothing(checked):
    again = check_world(CheckConfig(**TINY, workers=2), progress=False)
    assert again.lines == checked.lines and again.failures == checked.failures


def test_a_world_that_gives_the_secret_away_fails():
    """Records as a world would give where the middle always holds, the expert drops and the reset leaks."""
    good, bad = Attempted(True, (), 0.0), Attempted(False, ("held",), 0.1)
    records = [TaskProbe("validation", 0, "flag", FACTS, good, bad, bad, bad, good)] * 10
    verdicts = {line.name: line.passed for line in skill_lines("validation", records)}
    assert not verdicts["grasps the middle"] and not verdicts["expert, balance"]
    assert verdicts["guesses equal densities"] and verdicts["expert, part"]


def test_geometry_bounds_bite():
    good = Attempted(True, (), 0.0)
    probe = TaskProbe("training", 0, "bar", FACTS, good, good, good, good, good)
    assert all(line.passed is not False for line in geometry_lines("training", [probe]))
    for key, value in {
        "separation": 0.039, "ratio": 10.5, "colours": False, "balance_mass": 0.8, "part_mass": 0.05,
        "same_object": False, "end_clearance": 0.03, "length": 0.37, "height": 0.051, "graspable": False, "flat": False,
        "reset_alike": False, "settled_apart": 2e-4, "friction": 0.81,
    }.items():  # fmt: skip
        wrong = replace(probe, facts=replace(FACTS, **{key: value}))
        lines = geometry_lines("training", [probe, wrong])
        assert sum(line.passed is False for line in lines) == 1, key


def test_the_curve_must_cross_between_two_and_three_centimetres():
    assert half_crossing([(0.0, 1.0), (0.02, 0.75), (0.03, 0.25)]) == pytest.approx(0.025)
    assert half_crossing([(0.0, 1.0), (0.04, 0.9)]) is None
    sharp, blunt = [offset < 0.022 for offset in OFFSETS], [True] * len(OFFSETS)
    assert all(line.passed is not False for line in curve_lines([CurveProbe("training", 0, tuple(sharp))]))
    assert curve_lines([CurveProbe("training", 0, tuple(blunt))])[-1].passed is False


def test_shares_carry_interval_and_bound():
    line = share("x", "all", [True, True, False, False], most=0.45)
    assert (line.value, line.n, line.bound, line.passed) == (0.5, 4, "≤ 0.45", False)
    assert not line.missed
    assert line.low < 0.5 < line.high
    assert share("x", "all", [], least=0.97).passed is False
    assert share("x", "all", [True] * 16 + [False] * 4, most=0.45).missed
    assert share("x", "all", [True] * 19 + [False], least=1.0).missed
    assert share("x", "all", [], least=0.97).missed


def test_the_best_rule_is_near_most_often():
    far = dict.fromkeys(blind_grasps.RULES, 0.1)
    assert best_rule([RulesProbe(0, far | {"between colours 0.4": 0.01})] * 2) == "between colours 0.4"


def test_blind_rules_on_a_bar():
    """Red is 2/3 of the bar's length: at ratio r it pulls the balance point to x = (r·V·a + W·b) ÷ (r·V + W)."""
    spec = bar_scene(joint=0.26 / 6).object
    red, blue = -0.13 + 0.26 / 3, 0.13 - 0.26 / 6
    for ratio in (0.1, 1.0, 10.0):
        expected = (2 * ratio * red + blue) / (2 * ratio + 1)
        assert blind_grasps.assumed_ratio(ratio)(spec) == pytest.approx([expected, 0.0], abs=1e-9)
    assert blind_grasps.between(0.0)(spec) == pytest.approx([red, 0.0], abs=1e-9)
    low, high = blind_grasps.assumed_ratio(10.0)(spec)[0], blind_grasps.assumed_ratio(0.1)(spec)[0]
    assert low <= blind_grasps.likeliest(spec)[0] <= high


def test_a_blind_grasp_is_one_that_the_fingers_can_make():
    spec = bar_scene().object
    grasp = blind_grasps.grasp_near(spec, np.array([0.3, 0.2]))
    assert grasp is not None and 0.1 < grasp[0] < 0.13 and abs(grasp[1]) < 1e-6
    moved = blind_grasps.grasp_beside(spec, np.array([0.0, 0.0, HEIGHT / 2, np.pi / 2]), 0.02)
    assert blind_grasps.across_offset(moved, np.zeros(3)) == pytest.approx(0.02)
    assert blind_grasps.grasp_beside(spec, np.array([0.0, 0.0, HEIGHT / 2, np.pi / 2]), 0.2) is None


def test_the_intention_leaves_the_object_alone():
    balance, part = (probe_scene(3, "training", 5, intention) for intention in ("balance", "part"))
    assert np.array_equal(balance.object.parts[0].outline, part.object.parts[0].outline)
    assert balance.mass > 10 * part.mass


@pytest.mark.parametrize(
    "wrong, error",
    [({"tasks": 0}, CheckError), ({"splits": ()}, CheckError), ({"splits": ("trainig",)}, UnknownSplit)],
)
def test_bad_configurations_are_refused(wrong, error):
    with pytest.raises(error):
        CheckConfig(**wrong)


def test_expert_success_counts_every_family_and_intention():
    result = expert_success(("mallet", "bar"), 2, 1, 0)
    rows = {(row.family, row.intention): row for row in result.rows}
    assert rows["all", "all"].n == 4 and rows["mallet", "balance"].n == 1
    assert rows["mallet", "all"].split == "validation"
    assert rows["all", "all"].successes == 4 - len(result.failures)
    # What a family's objects are doesn't depend on which others are asked for.
    alone = {(row.family, row.intention): row for row in expert_success(("bar",), 2, 1, 0).rows}
    assert alone["bar", "all"] == rows["bar", "all"] and alone["bar", "part"] == rows["bar", "part"]


def test_expert_check_refuses_what_it_does_not_know():
    with pytest.raises(UnknownFamily, match="did you mean 'bar'"):
        ExpertCheckConfig(families=("barr",))
    with pytest.raises(ExpertCheckError, match="0 tasks"):
        ExpertCheckConfig(tasks=0)
