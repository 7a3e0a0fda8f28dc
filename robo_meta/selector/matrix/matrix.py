"""The matrix: what every strategy came to on every scene, rollout by rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from robo_meta.selector.matrix.available import RETRY, available_with, first_of
from robo_meta.selector.matrix.columns import COLUMNS, DEMOS, NOTHING, RANGES
from robo_meta.selector.matrix.feature_names import feature_names
from sim.errors import InputError
from sim.records import FrozenMapping

EMPTY = -1
"""A cell that was never played."""


class MatrixError(InputError):
    """A matrix that is missing, damaged, incomplete, or not of the kind that is needed."""


@dataclass(frozen=True)
class Matrix:
    """Outcomes of S scenes × A strategies × R rollouts; arrays are read-only.

    Raises:
        MatrixError: shapes that don't fit, an empty cell, a value that is not finite.
    """

    strategies: tuple[str, ...]
    """(A,) names."""
    feature_names: tuple[str, ...]
    """(F,)."""
    scenes: Mapping[str, np.ndarray]
    """`COLUMNS`, each (S,)."""
    features: np.ndarray
    """(S, F) float32: what is known before acting."""
    success: np.ndarray
    """(S, A, R) int8: 1 or 0. A scene is fixed; its rollouts differ by rollout seed, the same for all strategies.
    Scenes that are only reached by asking may have fewer, the first ones of each cell, and −1 in the others."""
    seconds: np.ndarray
    """(A,): nominal s of adapting and choosing, measured once."""
    following: np.ndarray
    """(S, D) int: the row of the same scene with a demonstration more of each kind in `DEMOS`, −1 where it wasn't
    played."""
    retried: np.ndarray
    """(S, A, R) int8: whether `retry` succeeded after that rollout failed, having learnt from it; −1 where it didn't
    fail or wasn't followed up. All −1 where `retry` is none of the strategies."""
    beside: np.ndarray
    """(S, B, R) int8: outcomes of what was played beside to be compared with and is nobody's choice, such as `expert`;
    −1 in rows that it wasn't played in. Their names are `provenance["beside"]`."""
    provenance: Mapping[str, Any]
    """`checkpoint` (SHA-256), `versions`, `seed`, `split`, `families`, `feature_schema` and the rest of the order."""

    def __post_init__(self) -> None:
        types = {
            "features": np.float32,
            "success": np.int8,
            "seconds": np.float64,
            "following": np.int64,
            "retried": np.int8,
            "beside": np.int8,
        }
        for name, kind in types.items():
            value = np.array(getattr(self, name), dtype=kind)
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "strategies", tuple(str(name) for name in self.strategies))
        object.__setattr__(self, "feature_names", tuple(str(name) for name in self.feature_names))
        object.__setattr__(self, "scenes", FrozenMapping(self.scenes))
        self._check()

    def _check(self) -> None:
        missing = [name for name in COLUMNS if name not in self.scenes]
        if missing:
            raise MatrixError(f"matrix without the column {missing[0]!r}; expected {', '.join(COLUMNS)}")
        scenes, strategies = len(self.scenes["task"]), len(self.strategies)
        shapes = {
            "features": (scenes, len(self.feature_names)),
            "success": (scenes, strategies, self.success.shape[-1]),
            "seconds": (strategies,),
            "following": (scenes, len(DEMOS)),
            "retried": self.success.shape,
            "beside": (scenes, len(self.names_beside), self.success.shape[-1]),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise MatrixError(f"matrix: {name} of shape {getattr(self, name).shape}; it needs {shape}")
        if not scenes or not strategies or self.success.shape[2] < 2:
            raise MatrixError(
                f"matrix of {self.success.shape} scenes, strategies, rollouts; it needs 1, 1 and 2 at least"
            )
        empty = np.argwhere(self._missing())
        if len(empty):
            row, strategy, rollout = empty[0]
            raise MatrixError(
                f"empty cell: scene {row} (task {self.scenes['task'][row]}), strategy "
                f"{self.strategies[strategy]!r}, rollout {rollout}; play it with robo-meta select matrix"
            )
        if ((self.retried != EMPTY) & (self.success == 1)).any() or not np.isin(self.retried, (EMPTY, 0, 1)).all():
            raise MatrixError("matrix: retried holds more than 0, 1 and -1, or follows up what succeeded")
        if not np.isin(self.beside, (EMPTY, 0, 1)).all():
            raise MatrixError("matrix: beside holds more than 0, 1 and -1")
        if not (np.isfinite(self.seconds) & (self.seconds >= 0)).all():
            raise MatrixError(f"matrix: seconds of {self.seconds}; expected finite numbers of 0 or more")
        for name, (least, most) in RANGES.items():
            column = self.scenes[name]
            if not ((column >= least) & (column <= most)).all():
                raise MatrixError(f"matrix: the column {name!r} holds values that are not from {least} to {most}")
        if not np.isfinite(self.features).all():
            row, column = np.argwhere(~np.isfinite(self.features))[0]
            raise MatrixError(f"matrix: feature {self.feature_names[column]!r} of scene {row} is not finite")
        if (
            (self.following < EMPTY).any()
            or (self.following >= scenes).any()
            or (self.following == np.arange(scenes)[:, None]).any()
        ):
            raise MatrixError("matrix: following points to no other scene; expected a row number or -1")

    def _missing(self) -> np.ndarray:
        """(S, A, R) bool: cells that should have been played and weren't, or that hold no outcome."""
        played = np.isin(self.success, (0, 1))
        # Of scenes that are reached by asking, the first two are enough, and a gap is none.
        asked = (self.scenes["asked"] != NOTHING)[:, None, None] & (np.arange(self.success.shape[2]) >= 2)
        later = np.flip(np.maximum.accumulate(np.flip(played, axis=2), axis=2), axis=2)
        return ~played & ~(asked & (self.success == EMPTY) & ~later)

    def __len__(self) -> int:
        return len(self.following)

    @property
    def rollouts(self) -> int:
        """R."""
        return int(self.success.shape[2])

    @property
    def names_beside(self) -> tuple[str, ...]:
        """(B,) names of what was played beside."""
        return tuple(self.provenance.get("beside", ()))

    @cached_property
    def available(self) -> np.ndarray:
        """(S, A) bool: which strategies can be taken, see `available_with`."""
        return available_with(self.strategies, self.scenes["failed"])

    @cached_property
    def first(self) -> np.ndarray:
        """(S, A) bool: which strategies can be taken as long as nothing failed."""
        return first_of(self.strategies, self.available)

    @cached_property
    def played(self) -> np.ndarray:
        """(S, A) rollouts that were played."""
        return (self.success != EMPTY).sum(axis=2)

    @cached_property
    def means(self) -> np.ndarray:
        """(S, A) share of successes among the rollouts that were played."""
        return (self.success == 1).sum(axis=2) / self.played

    @cached_property
    def rates(self) -> np.ndarray:
        """(S, A) share of successes, 0 where a strategy can't be taken first."""
        return self.means * self.first

    @cached_property
    def drawn(self) -> np.ndarray:
        """Numbers of the scenes as they are met: nothing has been asked for."""
        return np.flatnonzero(self.scenes["asked"] == NOTHING)

    @property
    def retry(self) -> int | None:
        """Number of the strategy `retry`, or None where it is none of them."""
        return self.strategies.index(RETRY) if RETRY in self.strategies else None

    @cached_property
    def retry_rates(self) -> np.ndarray:
        """(S, A) share of `retry`'s successes after each strategy failed; what it has without a failure where none was
        followed up."""
        if self.retry is None:
            raise MatrixError(f"matrix of strategies {', '.join(self.strategies)}; expected {RETRY!r} among them")
        played = self.retried != EMPTY
        usual = np.repeat(self.means[:, [self.retry]], len(self.strategies), axis=1)
        return np.where(played.any(axis=2), (self.retried == 1).sum(axis=2) / np.maximum(played.sum(axis=2), 1), usual)

    def chances(self, rows: np.ndarray, tried: np.ndarray, here: np.ndarray) -> np.ndarray:
        """(N, A) chance that each strategy's next attempt succeeds.

        Rollouts that failed already aren't drawn again, but for `retry`: what it came to after a failure is drawn with
        repetition, as there are few of those.

        Args:
            rows: (N,) scenes.
            tried: (N, A) failures so far; `retry` learns from them, each counting alike.
            here: (N, A) how many of them are rollouts of these very rows, and not of the scene with a demonstration
                less.
        """
        won, played = (self.success == 1).sum(axis=2), self.played
        found = np.clip(won[rows] / np.maximum(played[rows] - here, 1), 0.0, 1.0)
        if self.retry is not None:
            failures = tried.sum(axis=1)
            learnt = (tried * self.retry_rates[rows]).sum(axis=1) / np.maximum(failures, 1)
            found[:, self.retry] = np.where(failures > 0, learnt, found[:, self.retry])
        return found

    @cached_property
    def clusters(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers (S,) of each scene's family, and of its task, which rows of one task share."""
        families = np.unique(self.scenes["family"], return_inverse=True)[1]
        tasks = np.unique(
            [f"{s}/{t}" for s, t in zip(self.scenes["split"], self.scenes["task"], strict=True)], return_inverse=True
        )[1]
        return families, tasks

    @property
    def families(self) -> tuple[str, ...]:
        """Every family in it, of queries and of supports."""
        return tuple(self.provenance["families"])

    @property
    def query_families(self) -> tuple[str, ...]:
        """Every family that something had to be grasped of."""
        return tuple(np.unique(self.scenes["family"]).tolist())

    def only(self, rows: np.ndarray) -> Matrix:
        """The scenes numbered `rows`; a following scene that is left out counts as not played."""
        place = np.full(len(self) + 1, -1)
        place[rows] = np.arange(len(rows))
        return replace(
            self,
            scenes={name: column[rows] for name, column in self.scenes.items()},
            features=self.features[rows],
            success=self.success[rows],
            following=place[self.following[rows]],
            retried=self.retried[rows],
            beside=self.beside[rows],
        )

    def choosing(self, strategies: Sequence[str]) -> Matrix:
        """The same scenes with the named strategies alone, in that order.

        Raises:
            MatrixError: it has not all of them.
        """
        names = tuple(strategies)
        if names == self.strategies:
            return self
        missing = [name for name in names if name not in self.strategies]
        if missing:
            raise MatrixError(
                f"matrix of strategies {', '.join(self.strategies)}, without {missing[0]!r}; play one that has it"
            )
        columns = [self.strategies.index(name) for name in names]
        place = {name: number for number, name in enumerate(self.feature_names)}
        # A distance is the same either way.
        place |= {f"apart: {b} | {a}": place[f"apart: {a} | {b}"] for a, b in combinations(self.strategies, 2)}
        kept = feature_names(names)
        if any(name not in place for name in kept):
            raise MatrixError("matrix with features of another schema; play it again with robo-meta select matrix")
        return replace(
            self,
            strategies=names,
            feature_names=kept,
            features=self.features[:, [place[name] for name in kept]],
            success=self.success[:, columns],
            seconds=self.seconds[columns],
            retried=self.retried[:, columns],
        )
