"""Contenders measured side by side: in turns within one run, because the machine's speed drifts between runs.

Of two figures of one run the ratio is trusted, round by round; of two runs nothing is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Measure = Callable[[], float]
"""One measurement of a contender: seconds, or whatever its row is in."""


@dataclass(frozen=True)
class Spread:
    """What several measurements of one thing came to."""

    median: float
    low: float
    """Lower quartile."""
    high: float
    """Upper quartile."""
    n: int
    """Measurements."""

    @staticmethod
    def of(values: Iterable[float]) -> Spread:
        """Median and quartiles of at least one value.

        Example:
            >>> Spread.of([4.0, 1.0, 2.0])
            Spread(median=2.0, low=1.5, high=3.0, n=3)
        """
        found = np.array(list(values), dtype=np.float64)
        low, median, high = (float(value) for value in np.quantile(found, [0.25, 0.5, 0.75]))
        return Spread(median, low, high, len(found))


@dataclass(frozen=True)
class Timings:
    """What contenders took in the same rounds."""

    figures: Mapping[str, tuple[float, ...]]
    """Contender → its figure in each round."""

    def spread(self, name: str, scale: float = 1.0) -> Spread:
        """Of a contender, in units of 1 / `scale`."""
        return Spread.of(scale * figure for figure in self.figures[name])

    def rate(self, name: str, count: float) -> Spread:
        """Of a contender that did `count` things in each round: how many in a second."""
        return Spread.of(count / figure for figure in self.figures[name])

    def ratio(self, one: str, other: str) -> Spread:
        """Of one contender's figure to another's of the same round."""
        return Spread.of(a / b for a, b in zip(self.figures[one], self.figures[other], strict=True))


def interleaved(contenders: Mapping[str, Measure], rounds: int, warm_up: int = 1) -> Timings:
    """Measure every contender once a round, in turns: A B A B …; what the rounds of `warm_up` gave is thrown away.

    Each second round goes the other way round (A B B A), so that nobody always follows the same other.

    Args:
        contenders: name → what measures it once.
        rounds: measurements of each, at least 1.
        warm_up: rounds before the first that counts.
    """
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(-warm_up, rounds):
        turn = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in turn:
            figure = contenders[name]()
            if number >= 0:
                figures[name].append(figure)
    return Timings({name: tuple(found) for name, found in figures.items()})


def clocked(
    work: Callable[[], Any], prepare: Callable[[], Any] | None = None, clock: Callable[[], float] = time.process_time
) -> Measure:
    """`work` as a contender: the seconds that it takes, of this process's CPU unless another `clock` is given.

    Args:
        work: what is measured.
        prepare: done before it each time, outside the clock.
        clock: seconds since some moment. CPU seconds leave out what other processes take of a shared machine; of work
            in processes of its own only `time.perf_counter`, the wall's, knows.
    """

    def measure() -> float:
        if prepare is not None:
            prepare()
        started = clock()
        work()
        return clock() - started

    return measure
