"""Worlds of scenes: what tells the weight of the query's parts. Judges tell scenes apart by it; no actor knows it."""

from __future__ import annotations

from sim.tasks.scenes import PAINT, ROLE

REPAINTED, UNTELLABLE = "repainted", "untellable"
WORLDS = (PAINT, REPAINTED, ROLE, UNTELLABLE)
"""The paint that demonstrations show, the same object under other paint (or a grey camera's), the part, or nothing."""
