"""The bench's frame: contenders take turns, ratios are of the same round, peers are optional."""

import numpy as np
import pytest

from robo_meta.bench.config import AREAS, BenchConfig
from robo_meta.bench.peers import PEERS, PeerError, split_by_presence, version_of
from robo_meta.bench.row import Row, Target
from robo_meta.bench.run import bench
from robo_meta.bench.timing import Spread, clocked, interleaved


def test_contenders_take_turns_and_warm_up_first() -> None:
    played: list[str] = []

    def contender(name: str):
        def measure() -> float:
            played.append(name)
            return float(len(played))

        return measure

    times = interleaved({"a": contender("a"), "b": contender("b")}, rounds=3, warm_up=1)
    assert "".join(sorted(played[:2])) == "ab" and len(played) == 8
    assert all(sorted(played[i : i + 2]) == ["a", "b"] for i in range(0, 8, 2)) and played[2:4] != played[4:6]
    assert times.figures["a"] == (3.0, 6.0, 7.0) and times.figures["b"] == (4.0, 5.0, 8.0)


def test_a_ratio_is_of_the_same_round() -> None:
    # The machine gets slower by half from round to round; the ratio doesn't.
    speeds = iter([1.0, 1.0, 1.5, 1.5, 2.25, 2.25])
    times = interleaved({"a": lambda: 3 * next(speeds), "b": lambda: 2 * next(speeds)}, rounds=3, warm_up=0)
    assert times.ratio("a", "b") == Spread(1.5, 1.5, 1.5, 3)
    assert times.spread("b", 1e3) == Spread(3000.0, 2500.0, 3750.0, 3) and times.rate("a", 9).median == 2.0


def test_the_clock_leaves_preparations_out() -> None:
    now = [0.0]

    def take(seconds: float) -> None:
        now[0] += seconds

    assert clocked(lambda: take(2), lambda: take(5), lambda: now[0])() == 2


@pytest.mark.parametrize("at_most, met", [(True, False), (False, True)])
def test_a_row_knows_whether_it_meets_its_target(at_most: bool, met: bool) -> None:
    two = Spread(2.0, 1.0, 3.0, 5)
    row = Row("sim", "x", "ms", two, "y", two, Spread(1.5, 1.0, 2.0, 5), Target(1.2, "ratio", at_most))
    assert row.met is met and row.as_json()["rounds"] == 5
    assert Row("sim", "x", "ms", two, target=Target(1.2)).met is None  # nothing to hold it against
    assert Row("sim", "x", "ms", two, target=Target(2.0, "here")).met is True


def test_a_missing_peer_is_left_out_aloud_and_refused_by_name() -> None:
    missing = split_by_presence(AREAS["meta"].peers)[1]
    if not missing:
        pytest.skip("every peer is installed")
    with pytest.raises(PeerError, match=f"against {missing[0]}: not installed here"):
        bench(BenchConfig("meta", against=missing[:1], rounds=1))
    assert set(PEERS) == {name for area in AREAS.values() for name in area.peers}


def test_a_peer_on_the_path_that_was_never_installed_has_no_version() -> None:
    assert version_of("numpy") == np.__version__
    assert version_of("learn2learn-by-hand") == "unknown"
