"""What to measure, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robo_meta.bench.peers import check_peers
from sim.errors import InputError, did_you_mean

ALL = "all"


@dataclass(frozen=True)
class Area:
    """One part of the bench."""

    module: str
    """Has `brief(config)` and `rows(config, peers)`, each giving rows one by one."""
    peers: tuple[str, ...] = ()
    """Those of `robo_meta.bench.peers.PEERS` that it measures beside."""


AREAS = {
    "sim": Area("robo_meta.bench.sim_rows", ("panda-gym",)),
    "record": Area("robo_meta.bench.record_rows"),
    "meta": Area("robo_meta.bench.meta_rows", ("learn2learn", "torchopt", "higher")),
    "adapt": Area("robo_meta.bench.adapt_rows"),
    "evaluate": Area("robo_meta.bench.evaluate_rows"),
}
"""Name → where its rows come from; imported when it is measured, so that `meta` needs no simulator."""


class BenchError(InputError):
    """A measurement that can't be made as asked."""


@dataclass(frozen=True)
class BenchConfig:
    """What to time."""

    area: str | None = None
    """sim, record, meta, adapt, evaluate or all; without it, what is used most, in brief."""
    against: tuple[str, ...] = ()
    """Peers to measure beside: panda-gym, learn2learn, torchopt, higher; without it, those that are installed."""
    checkpoint: Path | None = None
    """A trained checkpoint; without it, the one that comes with the package."""
    rounds: int = 5
    """Measurements of each, in turns; median and quartiles are given."""
    seed: int = 0
    """Root seed of the scenes timed."""

    def __post_init__(self) -> None:
        if self.area is not None and self.area not in (*AREAS, ALL):
            raise BenchError(f"unknown area {self.area!r}{did_you_mean(self.area, (*AREAS, ALL))}")
        if self.rounds < 1:
            raise BenchError(f"rounds {self.rounds}; expected 1 or more")
        if self.seed < 0:
            raise BenchError(f"seed {self.seed}; expected 0 or more")
        check_peers(self.against)
        needless = [name for name in self.against if all(name not in AREAS[area].peers for area in self.areas)]
        if needless:
            raise BenchError(f"against {needless[0]}: {self.area or 'the brief bench'} measures nothing beside it")

    @property
    def brief(self) -> bool:
        """Whether only what is used most is measured."""
        return self.area is None

    @property
    def areas(self) -> tuple[str, ...]:
        """Names of the areas to measure."""
        return tuple(AREAS) if self.area in (None, ALL) else (str(self.area),)
