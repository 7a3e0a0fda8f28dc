"""The report is one file that needs nothing else."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from robo_meta.report import page, write_report
from robo_meta.report_pictures import AdaptationScene


def cell(strategy: str, transfer: str, shots: int, intention: str, rate: float) -> dict[str, Any]:
    numbers = {
        "n": 50,
        "successes": round(50 * rate),
        "rate": rate,
        "low": max(0, rate - 0.1),
        "high": min(1, rate + 0.1),
    }
    more = {"of_expert": rate, "of_expert_low": rate - 0.1, "keypoint_mm": 7.0, "across_mm": 5.0, "hand": "learned"}
    labels = {"strategy": strategy, "split": "unseen-families", "transfer": transfer, "intention": intention}
    return {**labels, "shots": shots, **numbers, **more, "adapt_ms": 12.0, "act_ms": 0.05, "first_act_ms": 2.0}


def result() -> dict[str, Any]:
    labels = {"split": "unseen-families", "transfer": "new-shape", "shots": 1}
    strategies = {"maml": 0.92, "replay": 0.4, "<script>": 0.1}
    wanted = [(t, i) for t in ("same-object", "new-shape") for i in ("all", "balance", "part")]
    cells = [cell("expert", t, 0, i, 0.98) for t, i in wanted]
    cells += [cell(s, t, k, i, r) for s, r in strategies.items() for k in (1, 3) for t, i in wanted]
    pair = {"a": "maml", "b": "best-opponent", "best": "replay", **labels, "intention": "all", "n": 50}
    families = [
        {"strategy": s, **labels, "family": f, "n": 10, "successes": 6, "rate": 0.6, "low": 0.3, "high": 0.8}
        for s in strategies
        for f in ("dumbbell", "cross")
    ]
    failure = {"strategy": "maml", **labels, "intention": "balance", "n": 25, "failed": 2, "parts": {"level": 2}}
    return {
        "schema": "1",
        "device": "cpu",
        "revision": None,
        "config": {"tasks": 50, "seed": 0, "hand": "learned"},
        "identity": {"checkpoint": "0" * 64, "versions": {"numpy": "2"}},
        "cells": cells,
        "pairs": [{**pair, "difference": 0.52, "low": 0.4, "high": 0.64}],
        "families": families,
        "failures": [failure],
        "interpretability": [{"strategy": "maml", **labels, "n": 25, "before": None, "after": 0.81}],
        "skipped": [],
    }


def scene() -> AdaptationScene:
    rng = np.random.default_rng(0)
    points = np.hstack([rng.uniform(-0.1, 0.1, (96, 2)), np.full((96, 1), 0.03), rng.uniform(0, 1, (96, 3))])
    weights = np.full(96, 1 / 96)
    grasp = np.array([0.02, 0.0, 0.015, 0.4])
    truth = np.array([[0.03, 0.01]])
    return AdaptationScene("a & b", points, grasp, points, weights, weights**2, grasp, grasp, truth)


@pytest.fixture(scope="module")
def html() -> str:
    return page(result(), [scene()])


def test_nothing_comes_from_outside(html: str) -> None:
    assert not re.search(r"<(script|link|iframe|object)\b", html)
    references = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\'\s>)]+)', html)
    assert references and all(reference.startswith(("data:", "#")) for reference in references)


def test_it_holds_the_numbers(html: str) -> None:
    for text in (
        "0.92 [0.82, 1.00]",
        "best-opponent (replay)",
        "+0.52 [+0.40, +0.64]",
        "+0.81",
        "level 2",
        "new-shape",
    ):
        assert text in html
    assert "&lt;script&gt;" in html and "a &amp; b" in html


def test_pictures_can_be_read(html: str) -> None:
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", html)
    pictures = [Image.open(io.BytesIO(base64.b64decode(text))) for text in found]
    assert any(picture.size[0] > 700 and picture.size[1] > 200 for picture in pictures)
    # By shots, by cost and by family, for the one split.
    assert html.count("<svg") == 3


def test_equal_results_give_equal_files_of_modest_size(tmp_path: Path, html: str) -> None:
    path = write_report(tmp_path / "report.html", result(), [scene()])
    assert path.read_text() == html and len(html) < 600_000
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_no_window_toolkit_is_chosen() -> None:
    code = "import robo_meta.report, sys; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
