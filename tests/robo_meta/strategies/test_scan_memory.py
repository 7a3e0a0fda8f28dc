"""What is kept about scans is right, nobody else's to alter, and doesn't pile up."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robo_meta.model.point_features import encode
from robo_meta.strategies.baselines.colour_clusters import colour_centres
from robo_meta.strategies.baselines.scan_alignment import principal_frames
from robo_meta.strategies.baselines.scan_parts import ScannedParts
from robo_meta.strategies.scan_encoding import encoded
from robo_meta.strategies.scan_memory import MOST, forget, remembered


def scan(seed: int) -> np.ndarray:
    """(P, 6) float32 of a bar, red to one side and blue to the other."""
    rng = np.random.default_rng(seed)
    xyz = rng.uniform(-0.5, 0.5, (200, 3)) * (0.2, 0.03, 0.002) + (0, 0, 0.02)
    rgb = np.where(xyz[:, :1] > 0, (0.1, 0.1, 0.9), (0.9, 0.1, 0.1))
    return np.hstack([xyz, rgb]).astype(np.float32)


def test_encoding_is_that_of_the_model_whoever_asks_and_altered_in_between() -> None:
    points = np.stack([scan(0), scan(1)])[None]
    first = encoded(points)
    wanted = encode(torch.from_numpy(points))
    for part in first:
        part.zero_()
    for found, right in zip(encoded(points), wanted, strict=True):
        assert found.shape == right.shape
        assert torch.equal(found, right)


def test_a_scan_that_its_owner_alters_is_another_scan() -> None:
    points = scan(2)
    before = principal_frames(points)[0][2]
    points[:, 0] *= 2
    assert principal_frames(points)[0][2][0] > 1.5 * before[0]


def test_arrays_handed_out_cannot_be_written_to() -> None:
    points = scan(3)
    parts = ScannedParts.of(points)
    handed_out = [colour_centres([points]), *principal_frames(points)[0], parts.points, parts.owner, *parts.bulk]
    for array in (*handed_out, parts.extents):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    # The caller's own scan stays the caller's.
    points[0, 0] = 1.0
    assert ScannedParts.of(scan(3)) is parts


def test_only_the_latest_are_kept() -> None:
    asked = []

    @remembered
    def first(points: np.ndarray) -> float:
        asked.append(points)
        return float(points[0])

    for number in (0, 0, *range(MOST + 1), MOST, 0):
        assert first(np.array([float(number)])) == number
    # Again for 0 alone, which fell out.
    assert len(asked) == MOST + 2
    forget()
    assert first(np.array([0.0])) == 0
    assert len(asked) == MOST + 3
