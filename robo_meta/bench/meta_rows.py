"""Rows `meta`: meta-training, in tasks a second on one core."""

from __future__ import annotations

from collections.abc import Iterator

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.row import Row


def brief(config: BenchConfig) -> Iterator[Row]:
    """Nothing yet."""
    yield from ()


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """Nothing yet."""
    yield from ()
