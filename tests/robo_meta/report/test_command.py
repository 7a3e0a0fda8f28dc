"""The command that a page shows is the one that makes its result again."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from robo_meta.cli.evaluate import Evaluate
from robo_meta.cli.shown_command import shown_command
from robo_meta.cli.train import Train
from robo_meta.cli.words import config_in, parse
from robo_meta.evaluation.config import EvaluateConfig
from robo_meta.report.command import evaluate_command
from robo_meta.training.online.config import StreamOptions

CONFIGS = {
    "usual": EvaluateConfig(strategies=("maml", "centre")),
    "much": EvaluateConfig(
        checkpoint=Path("my run/it's"),
        split=("validation",),
        transfer=("new-shape",),
        shots=(1, 2, 5),
        tasks=7,
        seed=3,
        strategies=("replay", "maml+scripted-controller"),
        reference="replay",
        controller="scripted",
        attempts=2,
        sloppy=True,
    ),
    "real objects": EvaluateConfig(split=("real-objects",), strategies=("centre",), tasks=2),
}
FREE = ("out", "report", "json", "workers")
"""What the result doesn't depend on."""


@pytest.mark.parametrize("name", CONFIGS)
def test_it_asks_for_the_same_evaluation(name: str) -> None:
    config = CONFIGS[name]
    words = shlex.split(evaluate_command(config.to_json()))
    assert words[:2] == ["robo-meta", "evaluate"]
    again = config_in(parse(Evaluate, words[2:], "robo-meta evaluate"), EvaluateConfig)
    expected, found = config.to_json(), again.to_json()
    assert {k: v for k, v in found.items() if k not in FREE} == {k: v for k, v in expected.items() if k not in FREE}


def test_options_that_are_usual_or_change_nothing_are_left_out() -> None:
    options = Train(data=(Path("a b"), Path("c")), out=Path("run"), stream=True, online=StreamOptions(stream_budget=3))
    assert shown_command(("robo-meta", "train"), options) == "robo-meta train --data 'a b' c --stream --stream-budget 3"
