"""The paints that objects wear: names and colours, and nothing of physics."""

from __future__ import annotations

PALETTE: dict[str, tuple[float, float, float]] = {
    "red": (0.90, 0.10, 0.10),
    "green": (0.10, 0.80, 0.15),
    "blue": (0.10, 0.20, 0.90),
    "yellow": (0.90, 0.85, 0.10),
    "magenta": (0.85, 0.10, 0.80),
    "cyan": (0.10, 0.80, 0.85),
    "white": (0.92, 0.92, 0.92),
    "black": (0.10, 0.10, 0.10),
}
"""Colours that parts are painted in: name → RGB in [0, 1]."""
