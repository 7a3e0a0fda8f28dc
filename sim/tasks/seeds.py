"""Seeds: one root number and a path of names give every random stream, whatever ran before or beside it."""

from __future__ import annotations

import zlib

import numpy as np

from sim.errors import InputError


class SeedError(InputError):
    """A root number that no stream can start from."""


def seed_sequence(root: int, *path: str | int) -> np.random.SeedSequence:
    """The stream at `path` below `root`, e.g. `seed_sequence(0, "training", 17, "demo", 2)`.

    Names enter by their CRC, so that streams stay put when a list of names grows.

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
