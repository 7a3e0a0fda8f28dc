"""The check of imported objects plays what it says, whatever the number of workers, and its bounds bite."""

import json
from dataclasses import replace

import pytest

from robo_meta.cli.main import main
from robo_meta.evaluation.world.check import CheckError, check_table
from robo_meta.evaluation.world.library_check import (
    LibraryCheckConfig,
    balance_lines,
    check_library,
    failures,
    part_lines,
)
from robo_meta.evaluation.world.library_probes import BESIDE, BalanceProbe, PartProbe, library_scene, objects_of
from robo_meta.evaluation.world.probes import Attempted
from robo_meta.objects.registration import register_library
from robo_meta.runs.json_records import to_json
from tests.robo_meta.objects.libraries import write_bars

GOOD, BAD = Attempted(True, (), 0.0), Attempted(False, ("level",), 0.03)
PROBE = BalanceProbe("flat", 0, "bars-bar", (GOOD, GOOD, BAD, BAD), BAD, BAD, BAD)
"""As a world should be: held at the balance point alone."""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return write_bars(tmp_path_factory.mktemp("check") / "bars")


@pytest.fixture(scope="module")
def checked(library):
    return check_library(LibraryCheckConfig(str(library), tasks=1, workers=1), progress=False)


def test_a_check_is_plain_data_with_every_figure(checked):
    json.dumps(to_json(checked), allow_nan=False)
    assert [line.name for line in checked.lines] == [
        "expert, balance",
        *(f"expert, balance, {offset} cm off" for offset in ("2", "2.5", "3")),
        "grasps the middle",
        "guesses equal densities",
        "best material-blind rule",
        "expert, part",
    ]
    assert {line.split for line in checked.lines} == {"flat"} and {line.n for line in checked.lines} == {1}
    assert checked.blind_rule in checked.title and check_table(checked).row_count == len(checked.lines)
    held = {line.name: line.value for line in checked.lines}
    assert held["expert, balance"] == held["expert, part"] == 1 and not checked.failures


def test_workers_change_nothing(library, checked):
    again = check_library(LibraryCheckConfig(str(library), tasks=1, workers=2), progress=False)
    assert again.lines == checked.lines


def test_objects_take_turns_at_what_they_serve_for(library):
    split = register_library(library)
    assert objects_of(split, "flat", "balance") == ("bars-bar",) and objects_of(split, "curved", "part") == ()
    drawn = [library_scene(0, split, "flat", n, "part").object.family for n in range(4)]
    assert drawn == ["bars-bar", "bars-stick"] * 2


@pytest.mark.parametrize(
    "change, missed",
    [
        ({}, ()),
        ({"beside": (BAD, BAD, BAD, BAD)}, ("expert, balance",)),
        ({"beside": (GOOD, GOOD, GOOD, GOOD)}, ("expert, balance, 3 cm off",)),
        ({"centre": GOOD}, ("grasps the middle",)),
        ({"equal": GOOD, "blind": GOOD}, ()),
    ],
)
def test_bounds_bite(change, missed):
    lines = balance_lines([replace(PROBE, index=n, **change) for n in range(20)])
    assert tuple(line.name for line in lines if line.missed) == missed
    assert tuple(line.name for line in lines if line.passed is False) == missed


def test_places_with_nothing_to_hold_are_not_counted():
    lines = balance_lines([PROBE, replace(PROBE, index=1, beside=(GOOD, GOOD, None, None))])
    assert [line.n for line in lines[: len(BESIDE)]] == [2, 2, 1, 1]


def test_only_where_the_demonstrator_should_hold_it_is_a_failure_told():
    part = PartProbe("curved", 3, "bars-stick", Attempted(False, ("no grasp",), None))
    (found,) = failures([PROBE], [part])
    assert (found.split, found.index, found.family, found.intention) == ("curved", 3, "bars-stick", "part")
    assert part_lines([part] * 3)[0].missed and not part_lines([replace(part, expert=GOOD)])[0].missed
    assert failures([replace(PROBE, beside=(BAD, BAD, BAD, BAD))], [])[0].intention == "balance"


def test_bad_configurations_are_refused():
    with pytest.raises(CheckError, match="tasks is 0; expected at least 1"):
        LibraryCheckConfig("bars", tasks=0)


def test_a_library_is_listed_drawn_and_checked(library, tmp_path, capsys):
    sheet = tmp_path / "sheet.png"
    assert main(["objects", "--from", str(library), "--image", str(sheet)]) == 0
    said = capsys.readouterr().out
    assert "refused" in said and "too small: 2 cm long" in said and "balance, part" in said
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert main(["objects", "--from", str(library), "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["objects"]}
    assert rows["stick"]["accepted"] == ["part"] and rows["bar"]["surface"] == "flat" and rows["die"]["reason"]
    words = ["objects", "--from", str(library), "--check", "--tasks", "1", "--workers", "1", "--json"]
    status = main(words)
    found = json.loads(capsys.readouterr().out)
    assert found["config"]["library"] == str(library) and status == int(found["missed"])
