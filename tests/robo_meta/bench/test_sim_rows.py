"""Rows `sim`: every row stands beside what it is held against, and shares are of what they say."""

from itertools import count

import pytest

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.sim_rows import rows
from robo_meta.bench.stepping import share_of_stepping, stepping_clock
from sim.physics.world import World, pybullet


def test_the_share_of_stepping_is_that_of_stepping() -> None:
    world, step = World(), pybullet.stepSimulation
    readings = count()  # a clock that moves by one whenever it is read: before, after, and twice a step
    assert share_of_stepping(lambda: world.step(7), lambda: float(next(readings))) == 7 / 15
    assert share_of_stepping(lambda: sum(range(300_000))) == 0.0
    with pytest.raises(ValueError), stepping_clock() as inside:
        world.step(10)
        raise ValueError
    assert inside[0] > 0 and pybullet.stepSimulation is step  # the product is as it was
    world.close()


def test_every_row_of_the_simulator_stands_beside_what_it_is_held_against() -> None:
    found = {row.name: row for row in rows(BenchConfig("sim", rounds=1), ())}
    steps = [row for name, row in found.items() if name.startswith("control step")]
    assert len(steps) == 3 and all(row.peer == "raw stepping" for row in steps)
    for row in steps:
        assert row.ratio is not None and row.there is not None and row.there.median > 0
        assert row.ratio.median == pytest.approx(row.here.median / row.there.median)
    resets = [row for name, row in found.items() if name.startswith("reset")]
    shares = [row for name, row in found.items() if name.startswith("share")]
    assert len(resets) == 2 and all(row.met is not None for row in resets)
    assert len(shares) == 2 and all(0.2 < row.here.median < 1 for row in shares)


@pytest.mark.peers
def test_panda_gym_steps_beside() -> None:
    pytest.importorskip("panda_gym", reason="panda-gym is not installed")
    found = [row for row in rows(BenchConfig("sim", rounds=1), ("panda-gym",)) if row.peer == "panda-gym"]
    assert len(found) == 5 and all(row.there is not None and row.there.median > 0 for row in found)
