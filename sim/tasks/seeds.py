"""Seeds: a root seed and a path of names determine every random stream, independent of what else ran."""

from __future__ import annotations

import zlib

import numpy as np

from sim.errors import InputError


class SeedError(InputError):
    """A root seed that is negative."""


def seed_sequence(root: int, *path: str | int) -> np.random.SeedSequence:
    """The stream at `path` below `root`, e.g. `seed_sequence(0, "training", 17, "demo", 2)`.

    Names enter by their CRC, so that a stream stays the same when a list of names grows.

    Raises:
        SeedError: a negative root.
    """
    if root < 0:
        raise SeedError(f"seed {root}; expected 0 or more")
    key = tuple(zlib.crc32(step.encode()) if isinstance(step, str) else int(step) for step in path)
    return np.random.SeedSequence(root, spawn_key=key)


def generator(root: int, *path: str | int) -> np.random.Generator:
    """A fresh generator for `seed_sequence(root, *path)`."""
    return np.random.default_rng(seed_sequence(root, *path))
