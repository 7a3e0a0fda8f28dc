"""Exponents of growth, from figures whose law is known."""

import numpy as np
import pytest

from robo_meta.bench.growth import Growth, exponent, grown, peak_bytes


@pytest.mark.parametrize("power", [0.0, 1.0, 2.5])
def test_exponent_of_a_power_law(power: float) -> None:
    sizes = (3, 7, 20, 90)
    assert exponent(sizes, tuple(5.0 * size**power for size in sizes)) == pytest.approx(power)


def test_a_machine_that_slows_down_between_rounds_changes_no_exponent() -> None:
    speed = iter(np.geomspace(1.0, 4.0, 4).repeat(2))
    growth = grown({2: lambda: 2 * next(speed), 8: lambda: 8 * next(speed)}, rounds=3)
    assert growth.sizes == (2, 8) and growth.exponents.median == pytest.approx(1.0)
    assert growth.exponents.high - growth.exponents.low < 1e-9 and growth.exponents.n == 3


def test_rounds_that_differ_are_told() -> None:
    spread = Growth((1, 10), ((1.0, 1.0, 1.0), (10.0, 100.0, 1000.0))).exponents
    assert (spread.low, spread.median, spread.high) == (1.5, 2.0, 2.5)


def test_memory_is_what_work_held_at_its_peak() -> None:
    found = peak_bytes(lambda: np.ones(10_000_000).sum())
    if found is None:
        pytest.skip("this system doesn't tell")
    assert 70e6 < found < 120e6
