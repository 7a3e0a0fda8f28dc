"""LeRobot's statistics of features: least, greatest, mean, spread, quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
SAMPLED = 4
"""Of pictures, every fourth of an episode is counted, and of its pixels every fourth each way."""


def of_rows(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Statistics over the first axis of (N, …) numbers."""
    rows = np.asarray(rows, dtype=np.float64)
    rows = rows[:, None] if rows.ndim == 1 else rows
    levels = np.quantile(rows, list(QUANTILES.values()), axis=0)
    return {
        "min": rows.min(axis=0),
        "max": rows.max(axis=0),
        "mean": rows.mean(axis=0),
        "std": rows.std(axis=0),
        "count": np.array([len(rows)]),
        **dict(zip(QUANTILES, levels, strict=True)),
    }


def of_pictures(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Statistics of (T, H, W, 3) uint8 pictures, channel by channel in [0, 1], each (3, 1, 1)."""
    sample = pictures[::SAMPLED, ::SAMPLED, ::SAMPLED].reshape(-1, 3) / 255.0
    told = {name: value.reshape(-1, 1, 1) for name, value in of_rows(sample).items() if name != "count"}
    return {**told, "count": np.array([len(pictures[::SAMPLED])])}


def together(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Statistics of all from those of each; quantiles, which don't add up, are the means, as LeRobot has it."""
    counts = np.concatenate([part["count"] for part in parts]).astype(np.float64)
    weights = counts / counts.sum()
    stacked = {name: np.stack([part[name] for part in parts]) for name in parts[0] if name != "count"}
    average = {name: np.tensordot(weights, values, axes=1) for name, values in stacked.items()}
    second = np.tensordot(weights, stacked["std"] ** 2 + (stacked["mean"] - average["mean"]) ** 2, axes=1)
    return {
        **average,
        "min": stacked["min"].min(axis=0),
        "max": stacked["max"].max(axis=0),
        "std": np.sqrt(second),
        "count": np.array([int(counts.sum())]),
    }


def plain(statistics: dict[str, np.ndarray]) -> dict[str, Any]:
    """The same as lists."""
    return {name: value.tolist() for name, value in statistics.items()}
