"""What the learned controller sees of one step is what it was trained on, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from robo_meta.model.controller import hand_inputs, step_inputs


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-7, 1e-3, 0.1]))
def test_inputs_of_one_step_are_those_of_many(seed: int, away: float) -> None:
    rng = np.random.default_rng(seed)
    hand = rng.normal(size=7) * (0.1, 0.1, 0.1, 2.0, 0.02, 0.05, 1.0)
    target = np.append(hand[:3] + away * rng.normal(size=3), rng.uniform(-2, 2))
    many, directions = hand_inputs(hand[None], target[None])
    inputs, c, s = step_inputs(hand, target)
    assert np.array_equal(inputs, many[0])
    assert np.array_equal([c, s], directions[0])
