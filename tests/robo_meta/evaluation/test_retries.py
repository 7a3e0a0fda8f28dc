"""Second attempts and a novice's supports: played in physics, and summed up to rates and paired differences."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demos.expert.scripted_controller import scripted_controller
from demos.support import SupportItem, SupportSet
from robo_meta.evaluation.config import EvaluateConfig, EvaluateError
from robo_meta.evaluation.evaluate import evaluate
from robo_meta.evaluation.failure_supports import novice_cells
from robo_meta.evaluation.records import AttemptRow, ContrastRow, TaskRecord
from robo_meta.evaluation.retries import attempt_cells, play_attempts
from robo_meta.report.terminal import attempt_lines, novice_lines
from robo_meta.runs.json_records import to_json
from robo_meta.scenarios.attempts import attempt
from robo_meta.scenarios.novice import NoAttempt, failure, imprecise_success, place_off
from robo_meta.scenarios.rollout import true_keypoints
from robo_meta.strategies.policy import GraspPolicy
from sim.tasks.scenes import Noise
from tests.sim.objects.bars import HEIGHT, LENGTH, bar_scene

SCENE = replace(bar_scene(), noise=Noise())


def policy_at(x: float) -> GraspPolicy:
    return GraspPolicy(lambda points: np.array([x, 0.0, HEIGHT / 2, np.pi / 2]), scripted_controller)


class FollowsTheTip:
    """Begins 6 cm left of the centre of mass and goes 6 cm to the side that sank; blindly it stays."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def adapt(self, support: SupportSet) -> GraspPolicy:
        return policy_at(SCENE.mass_properties.centre[0] - 0.06)

    def adapt_after(self, support: SupportSet, attempts: tuple[SupportItem, ...]) -> GraspPolicy:
        self.heard.append(len(attempts))
        if not attempts:
            return self.adapt(support)
        assert not attempts[-1].success
        return policy_at(SCENE.mass_properties.centre[0] - 0.06 + 0.06 * np.sign(attempts[-1].tip[0]))


def test_the_second_attempt_knows_how_the_first_tipped() -> None:
    support = SupportSet((attempt(SCENE, 0, np.array([0.0, 0.0, HEIGHT / 2, np.pi / 2])),))
    retry = FollowsTheTip()
    played = play_attempts(SCENE, [1, 2, 3], support, retry, FollowsTheTip())
    assert played == ((False, True, True), (False, False, False))
    assert retry.heard == [0, 1]  # once done, it is done


def test_a_novice_fails_and_then_is_imprecise() -> None:
    seed = np.random.SeedSequence(3)
    keypoint = true_keypoints(SCENE)[0]
    good = imprecise_success(SCENE, seed, "b0")
    assert good.success and good.object_id == "b0"
    # Read back through a perception that errs by 2 mm.
    assert 0.004 < np.linalg.norm(good.grasp[:2] - keypoint) < 0.027
    bad = failure(SCENE, seed, "b0")
    toward = keypoint - bad.grasp[:2]
    assert not bad.success and np.linalg.norm(toward) > 0.018
    assert bad.tip @ toward > 0.7 * np.linalg.norm(bad.tip) * np.linalg.norm(toward)
    part = bar_scene(mass=0.03, intention="part", part_colour="blue")
    wrong = failure(part, seed, "b0")
    assert not wrong.success and np.hypot(*wrong.tip) < 0.1 and wrong.grasp[0] < LENGTH / 2 - 0.03


def test_places_off_are_as_far_off_as_wanted() -> None:
    rng = np.random.default_rng(0)
    for low, high in ((0.01, 0.02), (0.025, 0.08)):
        for _ in range(5):
            grasp = place_off(SCENE, (low, high), rng)
            assert low <= np.linalg.norm(grasp[:2] - true_keypoints(SCENE)[0]) <= high
    with pytest.raises(NoAttempt, match="bar: no graspable place"):
        place_off(SCENE, (0.5, 0.6), rng)


def tasks(count: int, first: int = 0, **rows: Any) -> list[TaskRecord]:
    names = ("balance", "part")
    return [TaskRecord("validation", k, names[k % 2], "bar", (), **rows) for k in range(first, first + count)]


def test_attempts_are_summed_up() -> None:
    learnt = AttemptRow("new-shape", 1, retry=(False, True), blind=(False, False))
    at_once = AttemptRow("new-shape", 1, retry=(True, True), blind=(True, True))
    cells = attempt_cells(tasks(4, attempts=(learnt,)) + tasks(4, first=4, attempts=(at_once,)))
    whole = cells[0]
    assert [cell.intention for cell in cells] == ["all", "balance", "part"]
    assert whole.n == 8 and cells[1].n == 4
    assert [rate.value for rate in whole.retry] == [0.5, 1.0] and [rate.value for rate in whole.blind] == [0.5, 0.5]
    assert [difference.value for difference in whole.difference] == [0.0, 0.5]
    # Four of four discordant pairs: an exact sign test has p = 0.125.
    assert -0.2 < whole.difference[1].low < 0 and whole.difference[1].high < 1
    assert "2: 1.00 against 0.50, +0.50 [" in attempt_lines(to_json(cells))[0]


def test_supports_of_a_novice_are_summed_up() -> None:
    rows = (
        ContrastRow("new-shape", 1, 2, contrast=True, maml=False, contrast_mm=4.0, maml_mm=20.0),
        ContrastRow("new-shape", 0, 1, contrast=False, maml=False, contrast_mm=4.0, maml_mm=20.0),
    )
    cells = novice_cells(tasks(6, contrast=rows))
    assert [(c.successes, c.failures, c.intention) for c in cells[:4]] == [
        (1, 2, "all"), (1, 2, "balance"), (1, 2, "part"), (0, 1, "all"),
    ]  # fmt: skip
    difference = cells[0].difference
    assert difference.value == difference.high == 1.0 and 0 < difference.low < 0.5 and cells[0].n == 6
    assert cells[3].contrast.value == 0.0 and cells[3].maml_mm == 20.0
    line = novice_lines(to_json(cells))[0]
    assert "from 1 imprecise success, 2 failures (validation, new-shape, all, n = 6): 1.00 against" in line


def test_evaluate_plays_both(tiny_run: Path) -> None:
    common: dict[str, Any] = {
        "checkpoint": tiny_run, "split": ("validation",), "transfer": ("same-object",), "shots": (1,), "tasks": 1,
        "workers": 1, "strategies": ("centre",), "controller": "scripted",
    }  # fmt: skip
    with pytest.raises(EvaluateError, match="attempts 0; expected 1 or more"):
        EvaluateConfig(**common, attempts=0)
    config = EvaluateConfig(**common, attempts=2, sloppy=True)
    assert config.names == ("centre",) and {player.name for player in config.players} == {
        "centre",
        "retry",
        "contrast",
        "maml",
    }
    result = evaluate(config, progress=False).to_json()
    (whole, _) = result["attempts"]
    assert whole["n"] == 1 and len(whole["retry"]) == len(whole["difference"]) == 2
    # The first attempt of both is the same policy on the same rollout.
    assert whole["retry"][0] == whole["blind"][0]
    assert {(c["successes"], c["failures"]) for c in result["contrast"]} >= {(1, 1), (1, 4), (0, 1), (0, 4)}
    json.dumps(result, allow_nan=False)
    plain = EvaluateConfig(**common)
    assert plain.checkpoint_file is None and plain.identity != config.identity
