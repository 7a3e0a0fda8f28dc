"""How a figure grows with a size: the exponent of a power law, fitted on log–log, with its spread over rounds.

Every size is measured once a round, so that one round gives one exponent, and the machine's drift from round to round
widens the spread instead of bending the line.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robo_meta.bench.timing import Measure, Spread, interleaved

_RESET, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


@dataclass(frozen=True)
class Growth:
    """A figure at several sizes."""

    sizes: tuple[int, ...]
    figures: tuple[tuple[float, ...], ...]
    """Size → its figure in each round."""

    @property
    def exponents(self) -> Spread:
        """Of size, round by round.

        Example:
            >>> Growth((1, 10, 100), ((2.0,), (200.0,), (20000.0,))).exponents.median
            2.0
        """
        rounds = zip(*self.figures, strict=True)
        return Spread.of(round(exponent(self.sizes, figures), 6) for figures in rounds)

    @property
    def largest(self) -> Spread:
        """The figure at the largest size."""
        return Spread.of(self.figures[-1])


def exponent(sizes: tuple[int, ...], figures: tuple[float, ...]) -> float:
    """Slope of the least-squares line through log figures against log sizes; at least two sizes."""
    x, y = np.log(np.array(sizes, dtype=np.float64)), np.log(np.array(figures, dtype=np.float64))
    x = x - x.mean()
    return float(x @ (y - y.mean()) / (x @ x))


def grown(contenders: Mapping[int, Measure], rounds: int) -> Growth:
    """Measure every size once a round.

    Args:
        contenders: size → what measures it once; ascending.
        rounds: at least 1.
    """
    times = interleaved({str(size): measure for size, measure in contenders.items()}, rounds)
    return Growth(tuple(contenders), tuple(times.figures[str(size)] for size in contenders))


def peak_bytes(work: Callable[[], Any]) -> float | None:
    """By how much the process's memory peaked over what it held before `work`; None where the system doesn't tell.

    What earlier work freed is handed back first, so that its use again counts; where the system can't, it doesn't."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    try:
        _RESET.write_text("5", encoding="ascii")
        before = _memory("VmRSS")
        work()
        return max(_memory("VmHWM") - before, 0.0)
    except (OSError, StopIteration):
        return None


def _memory(name: str) -> float:
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    return 1024.0 * int(next(line for line in lines if line.startswith(name)).split()[1])
