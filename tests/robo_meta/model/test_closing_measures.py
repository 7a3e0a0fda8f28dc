"""The closing network's inputs: what they tell apart, and what changes nothing in them."""

from __future__ import annotations

import numpy as np
import torch

from robo_meta.model import closing_measures


def test_rims_tell_a_round_body_from_an_upright_one_and_not_its_sides_apart() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.uniform(-0.06, 0.06, 2000), draw.uniform(-0.015, 0.015, 2000)
    round_, upright = 0.015 + np.sqrt(0.015**2 - y**2), np.full_like(y, 0.03)
    places = torch.zeros(1, 2).double()

    def rims(z: np.ndarray, reversed_: bool = False) -> np.ndarray:
        points = np.zeros((1, 2000, 6))
        points[0, :, 0], points[0, :, 1], points[0, :, 2] = x, y, z
        points[0, :, :2] *= -1 if reversed_ else 1
        return closing_measures.measure(torch.from_numpy(points), places)[0][
            0, :, closing_measures.OUTLINE_INPUTS :
        ].numpy()

    across = closing_measures.DIRECTIONS // 2  # closing along y
    assert np.abs(rims(upright)[across]).max() < 0.01
    assert (rims(round_)[across] < -0.2).all()
    leaning = upright + 0.3 * y
    assert np.allclose(rims(leaning), rims(leaning, True), atol=1e-9)
