"""What an evaluation came to: records that print, go to JSON and to data frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robo_meta.evaluation.cells import (
    AskingCell,
    AttemptCell,
    Cell,
    ContrastCell,
    FailureCount,
    FamilyRate,
    Pair,
    Preference,
)
from robo_meta.evaluation.films.records import Films
from robo_meta.evaluation.records import EXPERT, FURTHER, TaskRecord
from robo_meta.runs.json_records import to_json
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas

SCHEMA = "2"
"""Of the JSON that `Evaluation.to_json` gives."""
TABLES = ("cells", "pairs", "rows")
"""What `Evaluation.to_frame` makes a table of."""


class FrameError(InputError):
    """A data frame that can't be made."""


@dataclass(frozen=True, repr=False)
class Evaluation:
    """Matched scenes, played by several strategies and summed up. Latencies apart, it depends on `identity` alone.

    Example:
        >>> found = robo_meta.evaluate(["maml", "replay"], split="validation", shots=1, tasks=2)  # doctest: +SKIP
        >>> [(cell.strategy, cell.rate) for cell in found.cells]  # doctest: +SKIP
    """

    config: Mapping[str, Any]
    """What was asked for, as plain data."""
    identity: Mapping[str, Any]
    """What the result depends on: checkpoint, strategies and their code, splits, seed, versions, benchmark."""
    revision: str | None
    """Git revision of the source tree; None for an installed package."""
    cells: tuple[Cell, ...]
    """Rates with intervals: one for each strategy, split, transfer, intention and number of shots."""
    pairs: tuple[Pair, ...]
    """Paired differences: the reference minus every other strategy."""
    families: tuple[FamilyRate, ...]
    """Rates by the query's family."""
    failures: tuple[FailureCount, ...]
    """Why rollouts failed."""
    interpretability: tuple[Preference, ...]
    """What the scores prefer, and the truth."""
    tasks: tuple[TaskRecord, ...]
    """Every rollout, task by task."""
    attempts: tuple[AttemptCell, ...] | None = None
    """Success by attempt, where several were asked for."""
    contrast: tuple[ContrastCell, ...] | None = None
    """Adapting from a novice's attempts, where that was asked for."""
    asking: tuple[AskingCell, ...] | None = None
    """What the selector's whole policy comes to, where it takes part."""

    films: Films | None = None
    """Where films were asked for: which there are."""

    def to_json(self) -> dict[str, Any]:
        """What `robo-meta evaluate --json` prints; single rollouts are in `tasks.jsonl` of the out folder."""
        skipped = [
            {"split": task.split, "index": task.index, **to_json(note)} for task in self.tasks for note in task.skipped
        ]
        names = ("cells", "pairs", "families", "failures", "interpretability")
        return {
            "schema": SCHEMA,
            "device": "cpu",
            "config": dict(self.config),
            "identity": dict(self.identity),
            "revision": self.revision,
            **{name: to_json(getattr(self, name)) for name in names},
            "skipped": skipped,
            **{name: to_json(getattr(self, name)) for name in (*FURTHER, "films") if getattr(self, name) is not None},
        }

    def to_frame(self, table: str = "cells") -> pandas.DataFrame:
        """One table as a pandas data frame; needs pandas, which robo_meta doesn't install.

        Args:
            table: `cells`, `pairs`, or `rows`: one line a rollout, with its task's split, number, intention, family.

        Raises:
            FrameError: another table, or no pandas.
        """
        if table not in TABLES:
            raise FrameError(f"table {table!r}; expected one of {', '.join(TABLES)}")
        try:
            import pandas
        except ImportError as error:
            raise FrameError("to_frame needs pandas; install it with: pip install pandas") from error
        if table != "rows":
            return pandas.DataFrame(to_json(getattr(self, table)))
        labels = ("split", "index", "intention", "family")
        return pandas.DataFrame(
            [{**{n: getattr(task, n) for n in labels}, **to_json(row)} for task in self.tasks for row in task.rows]
        )

    def __repr__(self) -> str:
        """A table: success with its 95 % interval, by split, transfer and number of demonstrations."""
        lines = []
        shown = [cell for cell in self.cells if cell.intention == "all"]
        for split, transfer in dict.fromkeys((cell.split, cell.transfer) for cell in shown):
            lines.append(f"{split}, {transfer}: success [95 %]")
            chosen = [cell for cell in shown if (cell.split, cell.transfer) == (split, transfer)]
            width = max(len(cell.strategy) for cell in chosen)
            for cell in chosen:
                shots = "        " if cell.strategy == EXPERT else f"{cell.shots} shot{'s' * (cell.shots > 1):1} "
                rate = f"{cell.rate:4.0%} [{100 * cell.low:.0f}, {100 * cell.high:.0f}]"
                lines.append(f"  {cell.strategy:<{width}}  {shots} {rate:<16} n = {cell.n}")
        return "\n".join(lines) or "an evaluation without rollouts"
