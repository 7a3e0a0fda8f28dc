"""The calibration error by hand, and what chance alone makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from robo_meta.selector.judging.calibration import calibration


def test_by_hand() -> None:
    # Two bins, of three and one: |0.1 + 0.1 + 0.16 − 1| ÷ 4 + |1 − 0.5| ÷ 4.
    found = calibration(np.array([0.1, 0.1, 0.16, 1.0]), np.array([0.0, 0.0, 1.0, 0.5]))
    assert found["n"] == 4 and found["error"] == pytest.approx((0.64 + 0.5) / 4)


def test_chance_alone_shrinks_with_the_sample() -> None:
    rng = np.random.default_rng(0)
    sure = calibration(np.ones(50), np.ones(50))
    assert sure["error"] == sure["by_chance"] == 0
    few, many = (rng.random(n) for n in (40, 4000))
    found = [calibration(p, rng.random(len(p)) < p) for p in (few, many)]
    assert found[0]["by_chance"] > 0.05 and found[1]["by_chance"] < 0.02
    for one in found:
        assert one["error"] < 2 * one["by_chance"]
    # Predictions that are 0.2 too high.
    assert calibration(np.full(4000, 0.9), rng.random(4000) < 0.7)["error"] == pytest.approx(0.2, abs=0.03)
