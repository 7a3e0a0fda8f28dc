"""The seed of each part's random numbers, by the part's name: a new method changes none of the others."""

from __future__ import annotations

import zlib

import numpy as np


def part_seed(seed: int, part: str) -> int:
    """A number below 2⁶³ that seeds the parameters and batches of `part` in a training with `seed`, 0 or more."""
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(part.encode()),))
    return int(sequence.generate_state(1, np.uint64)[0]) >> 1
