"""`robo-meta select`: what it prints, and that bad input is one line, exit status 2, and nothing half written."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robo_meta.checkpoints import shipped
from robo_meta.cli.main import main
from robo_meta.report.page import write_page
from robo_meta.selector.learner.config import LearnerConfig
from robo_meta.selector.learner.file import FORM as SELECTOR
from robo_meta.selector.learner.file import load_selector, save_selector
from robo_meta.selector.learner.fitted_q import train_selector
from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.matrix.feature_names import feature_names
from robo_meta.selector.matrix.file import FORM as MATRIX
from robo_meta.selector.matrix.file import load_matrix, save_matrix
from tests.altered import altered, other_schema
from tests.robo_meta.selector.selector_matrices import made_up, two_kinds


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, tiny_run: Path) -> Path:
    """A folder with a checkpoint, a training and a judging matrix, and a selector."""
    folder = tmp_path_factory.mktemp("select")
    (folder / "run").symlink_to(tiny_run)
    save_matrix(folder / "training.safetensors", two_kinds(60)[0])
    save_matrix(folder / "judged.safetensors", two_kinds(40, seed=1, families=("axe", "hook"))[0])
    matrix = two_kinds(20)[0]
    odd = made_up(np.full((4, 3), 0.5))
    lacking = replace(
        odd, strategies=("maml", "replay", "magic"), feature_names=feature_names(("maml", "replay", "magic"))
    )
    save_matrix(folder / "lacking.safetensors", lacking)
    save_matrix(folder / "fewer.safetensors", made_up(np.full((4, 2), 0.5), families=("axe", "hook")))
    save_matrix(folder / "short.safetensors", made_up(np.full((4, 3), 0.5), rollouts=3, families=("axe", "hook")))
    selector = train_selector(matrix, Prices(attempts=2), LearnerConfig(trees=15))
    save_selector(folder / "selector.safetensors", selector)
    path = save_selector(folder / "other.safetensors", selector)
    altered(path, SELECTOR, record={"feature_schema": "0"})
    other_schema(save_selector(folder / "old.safetensors", selector), SELECTOR)
    altered(save_matrix(folder / "roleless.safetensors", odd), MATRIX, drop="scene.carries")
    (folder / "empty.safetensors").write_bytes((folder / "judged.safetensors").read_bytes())
    altered(folder / "empty.safetensors", MATRIX, success=np.full((40, 3, 12), -1, np.int8))
    return folder


def words(line: str, place: Path, tmp: Path) -> list[str]:
    return [word.format(p=place, tmp=tmp) for word in line.split()]


JUDGE = "select evaluate --selector {p}/selector.safetensors --checkpoint {p}/run "
TRAIN = "select train --matrix {p}/training.safetensors --checkpoint {p}/run --out {tmp}/s.safetensors "
FRESH = "select train --fresh --checkpoint {p}/run --out {tmp}/s.safetensors "
BAD = [
    (TRAIN + "--gamma 0", r"gamma 0\.0; expected more than 0 and at most 1"),
    (TRAIN + "--gamma 1.01", r"gamma 1\.01; expected more than 0 and at most 1"),
    (TRAIN + "--gamma much", r"gamma 'much'; expected more than 0 and at most 1"),
    (TRAIN + "--price-attempt cheap", r"price of attempt 'cheap'; expected a number of 0 or more"),
    (TRAIN + "--price-demo nan", r"price of demo nan; expected a number of 0 or more"),
    (TRAIN + "--price-failure -0.5", r"price of failure -0\.5; expected a number of 0 or more"),
    (TRAIN + "--price-own-demo inf", r"price of own_demo inf; expected a number of 0 or more"),
    (TRAIN + "--price-dance 0.1", r"Unrecognized options: --price-dance"),
    (TRAIN + "--price-second -1", r"price of second -1\.0; expected a number of 0 or more"),
    (TRAIN + "--attempts 0", r"attempts 0; expected 1 to 5"),
    (TRAIN + "--trees 0", r"trees 0; expected 1 or more"),
    (TRAIN + "--learner network", r"Unrecognized options: --learner"),
    (TRAIN + "--seed -1", r"seed -1; expected 0 or more"),
    (TRAIN + "--validation {p}/none.safetensors", r"none\.safetensors: no matrix"),
    (TRAIN + "--validation {p}/training.safetensors", r"training\.safetensors: family 'arrow' is among those"),
    (
        TRAIN + "--validation {p}/fewer.safetensors",
        r"matrix of strategies maml, replay, without 'centre'; play one that has it",
    ),
    (
        TRAIN + "--out {p}/training.safetensors/s",
        r"training\.safetensors: File exists; expected a folder to write to",
    ),
    (
        "select train --matrix {p}/lacking.safetensors --checkpoint {p}/run --out {tmp}/s",
        r"strategy 'magic' is none of the",
    ),
    ("select train --matrix {p}/none.safetensors --out {tmp}/s", r"none\.safetensors: no matrix"),
    (
        "select train --matrix {p}/empty.safetensors --checkpoint {p}/run --out {tmp}/s",
        r"empty\.safetensors: empty cell: scene 0",
    ),
    ("select train --matrix {p}/training.safetensors --checkpoint {tmp}/none --out {tmp}/s", r"none: no checkpoint"),
    (TRAIN + "--fresh", r"expected either --matrix FILE or --fresh"),
    (FRESH + "--split moon", r"unknown split 'moon'"),
    (FRESH + "--scenes 0", r"scenes 0; expected 1 or more"),
    (FRESH + "--rollouts 3", r"--fresh: 3 rollouts a cell; the virtual best needs 4 or more, and 12 to judge by"),
    (FRESH + "--seed -1", r"seed -1; expected 0 or more"),
    (FRESH + "--trees -3", r"trees -3; expected 1 or more"),
    (FRESH + "--strategies mamll", r"unknown strategy 'mamll'; did you mean 'maml'\?"),
    (FRESH + "--checkpoint {tmp}/none", r"none: no checkpoint"),
    (
        FRESH + "--strategies maml --matrix-out {p}/judged.safetensors",
        r"judged\.safetensors: holds a matrix with other",
    ),
    (
        "select train --matrix {p}/short.safetensors --checkpoint {p}/run --out {tmp}/s",
        r"short\.safetensors: 3 rollouts a cell; the vi",
    ),
    (
        JUDGE + "--matrix {p}/short.safetensors",
        r"short\.safetensors: 3 rollouts a cell; the virtual best needs 4 or more",
    ),
    (JUDGE + "--fresh --rollouts 2", r"--fresh: 2 rollouts a cell; the virtual best needs 4 or more"),
    (JUDGE, r"expected either --matrix FILE or --fresh"),
    (JUDGE + "--matrix {p}/judged.safetensors --fresh", r"expected either --matrix FILE or --fresh"),
    (JUDGE + "--matrix {p}/training.safetensors", r"family 'arrow' is among those that the selector was trained on"),
    (JUDGE + "--fresh --split validation", r"split validation: family 'arrow' is among those"),
    (
        JUDGE + "--matrix {p}/judged.safetensors --report {p}/training.safetensors/x",
        r"training\.safetensors/x: Not a directory; expected a folder to write to",
    ),
    (
        JUDGE + "--matrix {p}/judged.safetensors --report {p}/training.safetensors",
        r"training\.safetensors: File exists; expected a folder to write to",
    ),
    (JUDGE + "--fresh --split moon", r"unknown split 'moon'"),
    (
        JUDGE + "--matrix {p}/judged.safetensors --scenes 4",
        r"--scenes without --fresh; it says nothing to a matrix file",
    ),
    (JUDGE + "--matrix {p}/judged.safetensors --out {tmp}/m.safetensors", r"--out without --fresh"),
    (TRAIN + "--out {tmp}/s --matrix-out {tmp}/m.safetensors", r"--matrix-out without --fresh"),
    (JUDGE + "--matrix {p}/judged.safetensors --seeds 0", r"seeds 0; expected 1 or more"),
    (
        JUDGE + "--matrix {p}/judged.safetensors --training {p}/judged.safetensors",
        r"judged\.safetensors: not the matrix that the selector learned from; other seeds need that one",
    ),
    (JUDGE + "--matrix {p}/judged.safetensors --training {p}/none.safetensors", r"none\.safetensors: no matrix"),
    (
        JUDGE + "--matrix {p}/fewer.safetensors",
        r"matrix of strategies maml, replay, without 'centre'; play one that has it",
    ),
    (JUDGE + "--matrix {p}/roleless.safetensors", r"roleless\.safetensors: .*no array 'scene\.carries'"),
    (JUDGE.replace("selector.saf", "old.saf") + "--matrix {p}/judged.safetensors", r"old\.safetensors: .*schema"),
    (JUDGE + "--matrix {p}/lacking.safetensors", r"strategy 'magic' is none of the checkpoint's"),
    (
        "select evaluate --selector {p}/other.safetensors --matrix {p}/judged.safetensors",
        r"trained on feature schema '0'",
    ),
    ("select evaluate --selector {tmp}/none --matrix {p}/judged.safetensors", r"none: no selector; train one"),
    (
        JUDGE.replace("select evaluate", "select explain") + "--matrix {p}/judged.safetensors --scene 40",
        r"scene 40; the matrix has 0 to 39",
    ),
    ("select matrix --strategies mamll --out {tmp}/m.safetensors", r"unknown strategy 'mamll'; did you mean 'maml'\?"),
    ("select matrix --split moon --out {tmp}/m.safetensors", r"unknown split 'moon'"),
    ("select matrix --scored luck --out {tmp}/m.safetensors", r"invalid choice 'luck' for argument '--scored'"),
    ("select matrix --asked-rollouts 1 --out {tmp}/m.safetensors", r"asked-rollouts 1; expected 2 to 12, or 0"),
    ("select matrix --objects {tmp}/none --out {tmp}/m.safetensors", r"/none: no such library; make one with"),
    ("select matrix --beside experts --out {tmp}/m.safetensors", r"unknown strategy 'experts'"),
    ("select matrix --scenes 0 --out {tmp}/m.safetensors", r"scenes 0; expected 1 or more"),
    ("select matrix --checkpoint {tmp}/none --out {tmp}/m.safetensors", r"none: no checkpoint"),
    (
        "select matrix --checkpoint {p}/run --out {p}/judged.safetensors",
        r"judged\.safetensors: holds a matrix with other",
    ),
    ("evaluate --strategies selector --selector {tmp}/none --checkpoint {p}/run", r"none: no selector; train one"),
]


@pytest.mark.parametrize("line, message", BAD, ids=[f"{n} {line[:24]}" for n, (line, _) in enumerate(BAD)])
def test_bad_input_is_one_line(line: str, message: str, place: Path, tmp_path: Path, capsys) -> None:
    before = {path: path.read_bytes() for path in place.iterdir() if path.is_file() and path.suffix != ".lock"}
    status = main(words(line, place, tmp_path))
    said = capsys.readouterr().err
    assert status == 2, said
    assert said.count("\n") == 1 and said.startswith("robo-meta: ") and re.search(message, said), said
    after = {path: path.read_bytes() for path in place.iterdir() if path.is_file() and path.suffix != ".lock"}
    assert after == before
    assert list(tmp_path.iterdir()) == []


def test_train_evaluate_and_explain(place: Path, tmp_path: Path, capsys) -> None:
    assert main(words(TRAIN + "--attempts 2 --trees 15 --json", place, tmp_path)) == 0
    trained = json.loads(capsys.readouterr().out)
    assert trained["left_out_families"]["selector"] > trained["left_out_families"]["sbs"]
    judge = (
        f"select evaluate --selector {tmp_path}/s.safetensors --checkpoint {{p}}/run --matrix {{p}}/judged.safetensors "
    )
    assert (
        main(words(judge + "--online --site --json --training {p}/training.safetensors --seeds 2", place, tmp_path))
        == 0
    )
    result = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert result["selector"]["rate"] > result["sbs"]["rate"] + 0.1 and result["selector"]["n"] == 40
    assert set(result["closed_gap"]) == {"value", "low", "high"} and result["closed_gap"]["value"] > 0.7
    assert result["seeds"]["n"] == 2 and result["seeds"]["each"][0]["selector"] == result["selector"]["rate"]
    assert result["three-line-rule"]["n"] == 40 and result["calibration"]["chosen"]["n"] == 40
    ms = result["decision_ms"]
    # Adapting every strategy takes most of a decision, and from three demonstrations each is left out in turn.
    assert ms["slowest"] >= ms["median"] > ms["look"] > ms["choice"] > 0 and ms["several"]["look"] > ms["look"]
    assert result["sites"] is None  # it learned from scenes of one kind
    returns = result["returns"]["tellable"]["policies"]
    assert returns["asking"]["value"] == returns["never-asking"]["value"]  # there was nothing to ask for
    assert result["online"]["abandoned"] and result["provenance"]["selector"]["learner"] == "extra-trees"
    write_page(tmp_path / "report" / "report.html", "strategies", "")
    assert main(words(judge + "--online --report {tmp}/report", place, tmp_path)) == 0
    page = (tmp_path / "report" / "selector.html").read_text()
    assert (
        "<h1>Choosing a strategy</h1>" in page
        and "Slice by slice" in page
        and "closed gap" in page
        and "http" not in page
    )
    assert 'href="report.html"' in page and 'href="selector.html"' in (tmp_path / "report/report.html").read_text()
    said = capsys.readouterr().out
    for part in (
        "virtual best − single best",
        "closed gap:",
        "best-then-second-best",
        "abandoned after",
        "naive maximum",
        "three-line rule",
        "single best in the judged set",
        "calibration error",
        "same-object (n = 20, 20 tasks): selector",
        "ms of processor time from one demonstration",
        "one selector seed: with --training",
    ):
        assert part in said, part
    explain = judge.replace("select evaluate", "select explain")
    assert main(words(explain + "--scene 3 --json", place, tmp_path)) == 0
    assert len(json.loads(capsys.readouterr().out)["strategies"]) == 3
    assert main(words(explain + "--scene 3", place, tmp_path)) == 0
    said = capsys.readouterr().out
    assert "predicted" in said and ": taking " in said and "success in training scenes" in said


def test_explaining_takes_any_scene(place: Path, capsys) -> None:
    """Shipped ones, and those that the selector learned from, as the quickstart leaves them."""
    assert main(["select", "explain", "--scene", "3"]) == 0
    assert ": taking " in capsys.readouterr().out
    own = "select explain --selector {p}/selector.safetensors --checkpoint {p}/run --matrix {p}/training.safetensors"
    assert main(words(own, place, place)) == 0
    assert "predicted" in capsys.readouterr().out


def test_no_selection_problem_is_said_first(place: Path, tmp_path: Path, capsys) -> None:
    save_matrix(tmp_path / "same.safetensors", made_up(np.tile([[0.2, 0.9, 0.1]], (30, 1)), families=("axe", "hook")))
    line = JUDGE + f"--matrix {tmp_path}/same.safetensors"
    assert main(words(line, place, tmp_path)) == 0
    said = capsys.readouterr()
    first = said.out.splitlines()[0]
    assert said.err == ""
    assert first.startswith("all: virtual best − single best") and "no selection problem there" in first


def test_training_says_which_matrix_it_learned_from(place: Path, tmp_path: Path, capsys) -> None:
    assert main(words("select train --trees 3 --out {tmp}/s.safetensors --json", place, tmp_path)) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["source"], found["matrix"]) == ("shipped", str(shipped("matrix")))
    assert main(words(TRAIN + "--trees 15", place, tmp_path)) == 0
    assert "source: file" in capsys.readouterr().out


def test_chances_are_sharpened_on_a_validation_matrix(place: Path, tmp_path: Path, capsys) -> None:
    """Where everything is harder than in the training, chances are lowered; what is chosen stays the same."""
    harder = made_up(np.tile([[0.4, 0.3, 0.2]], (40, 1)), families=("axe", "hook"))
    save_matrix(tmp_path / "v.safetensors", harder)
    found = []
    for line in (TRAIN + "--trees 15", TRAIN.replace("/s.", "/sharp.") + "--trees 15 --validation {tmp}/v.safetensors"):
        assert main(words(line, place, tmp_path)) == 0
        found.append(load_selector(tmp_path / ("sharp.safetensors" if "sharp" in line else "s.safetensors")))
    capsys.readouterr()
    plain, sharp = found
    nothing = np.zeros((40, 3))
    before, after = (one.predicted_success(harder.features, nothing).mean() for one in found)
    assert abs(after - 0.3) < 0.06 < abs(before - 0.3) and sharp.sharpness != plain.sharpness
    judged = two_kinds(40, seed=1, families=("axe", "hook"))[0]
    assert np.array_equal(*(one.strategy_for(judged.features, nothing, judged.available) for one in found))
    line = "select evaluate --selector {tmp}/sharp.safetensors --checkpoint {p}/run --matrix {p}/judged.safetensors"
    assert main(words(line, place, tmp_path)) == 2
    assert "family 'axe' is among those that the selector was trained on" in capsys.readouterr().err


def test_fresh_rollouts_train_judge_and_explain(place: Path, tmp_path: Path, capsys) -> None:
    # With this seed, the first scene of both splits has one demonstration, which takes least time.
    few = "--scenes 1 --rollouts 4 --workers 1 --seed 179 --json "
    kept, judged = tmp_path / "m.safetensors", tmp_path / "j.safetensors"
    fresh = FRESH + few + f"--trees 5 --strategies centre zero-shot --matrix-out {kept}"
    assert main(words(fresh, place, tmp_path)) == 0
    said = capsys.readouterr()
    trained = json.loads(said.out)
    assert (trained["source"], trained["matrix"], trained["rows"]) == ("fresh", str(kept), 3)
    warning = "robo-meta: warning: 4 rollouts a cell; under 10, virtual best and closed gap say little"
    assert said.err.splitlines()[-1] == warning and set(load_matrix(kept).scenes["split"]) == {"validation"}
    judge = f"select evaluate --fresh --selector {{tmp}}/s.safetensors --checkpoint {{p}}/run --out {judged} " + few
    assert main(words(judge, place, tmp_path)) == 0
    said = capsys.readouterr()
    result = json.loads(said.out, parse_constant=pytest.fail)
    assert result["provenance"]["fresh"] and result["vbs"]["n"] == 1 and result["rollouts"] == 4
    assert said.err.splitlines()[-1] == warning and set(load_matrix(judged).scenes["split"]) == {"unseen-families"}
    # The file that was kept is the one ordered: nothing is played again.
    written = judged.stat().st_mtime_ns
    assert main(words(judge.replace("evaluate", "explain"), place, tmp_path)) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["chosen"] in ("centre", "zero-shot") and "warning" not in said.err
    assert judged.stat().st_mtime_ns == written
