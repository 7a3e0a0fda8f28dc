"""`head_pass.SomeScans` by `compiled_head`: on the CPU, in float32, where numba is."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from robo_meta.learning.meta_gradient.head_pass import NAMES, ByScans, Scans, Tables
from robo_meta.model.compiled_or_none import compiled_or_none

COMPILED = "robo_meta.learning.meta_gradient.compiled_head"
FIELDS = 4
"""What is kept of each keypoint and of the points' own choice: `compiled_head.MEAN_X` and those after it."""


def compiled_here(values: Tensor) -> bool:
    """Whether passes over such values are compiled."""
    plain = values.device.type == "cpu" and values.dtype == torch.float32
    return plain and compiled_or_none(COMPILED, "forward") is not None


def _arrays(tables: Tables) -> tuple[np.ndarray, ...]:
    """The tables in the order of `NAMES`."""
    flat = [tables[name].contiguous().numpy() for name in NAMES]
    return (*flat[:-1], flat[-1][..., 0])


class CompiledScans:
    """As `SomeScans`."""

    def __init__(self, scans: Scans, rows: Tensor, factors: Tensor, tasks: int) -> None:
        self.tasks = tasks
        self.factors = factors.contiguous().numpy()
        s = scans
        parts = (s.points, s.colours, s.hidden, s.pooled, s.log_volume, s.log_hold, s.gates, s.weight, s.places)
        self.arrays = tuple(part.contiguous().numpy() for part in (rows, *parts, s.votes, s.grasps))
        self.sizes = len(rows), s.hidden.shape[1], s.hidden.shape[2], s.gates.shape[1]
        self.corners, self.width = s.colours.shape[-1] - 1, s.points.shape[-1]

    def run(self, phi: Tables, log_scales: Tensor) -> CompiledPass:
        """As `SomeScans.run`."""
        return CompiledPass(phi, self, log_scales)

    def tables(self) -> dict[str, Tensor]:
        """Name → (N, …), zeros."""
        n, (_, _, w, m1) = self.tasks, self.sizes
        shapes = ((n, w), (n, self.corners, w), (n, self.corners, m1), (n, m1), (n, self.width, 1))
        return {name: torch.zeros(shape) for name, shape in zip(NAMES, shapes, strict=True)}


class CompiledPass:
    """As `HeadPass`; the losses come with the gradient."""

    def __init__(self, phi: Tables, where: CompiledScans, log_scales: Tensor) -> None:
        self._where, self._phi, self._log_scales = where, _arrays(phi), log_scales.numpy()
        v, p, w, m1 = where.sizes
        shapes = ((v, p, w), (v, p, w), (v, m1, p), (v, m1, p), (v, p), (v, FIELDS, m1))
        self._kept = tuple(np.empty(shape, np.float32) for shape in shapes)
        self._losses = np.zeros(v, np.float32)
        self.losses = torch.from_numpy(self._losses)
        """(V,): weighted; zeros before `gradient`."""

    def gradient(self, into: ByScans | None = None) -> tuple[dict[str, Tensor], Tensor]:
        """As `HeadPass.gradient`."""
        tables, widths = self._where.tables(), np.zeros(3, np.float32)
        by_fixed = _NOTHING if into is None else _by(into)
        self._call("forward", self._phi, tables, self._losses, widths, by_fixed)
        return tables, torch.from_numpy(widths)

    def tangent(self, direction: Tables, into: ByScans) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """As `HeadPass.tangent`."""
        tables, widths = self._where.tables(), np.zeros(3, np.float32)
        moved = np.empty(self._where.sizes[:2], np.float32)
        self._call("tangent", _arrays(direction), tables, widths, _by(into), moved)
        return tables, torch.from_numpy(widths), torch.from_numpy(moved)

    def own_scores(self) -> Tensor:
        """As `HeadPass.own_scores`."""
        return torch.from_numpy(self._kept[2][:, -1])

    def _call(self, name: str, phi: tuple[np.ndarray, ...], tables: Tables, *rest: Any) -> None:
        where, function = self._where, compiled_or_none(COMPILED, name)
        assert function is not None
        function(where.arrays, phi, self._log_scales, where.factors, self._kept, _arrays(tables), *rest)


def _by(into: ByScans) -> tuple[np.ndarray, ...]:
    return tuple(part.numpy() for part in into)


_NOTHING = tuple(np.empty((0,) * axes, np.float32) for axes in (3, 2, 2, 2, 3, 2))
