"""The scene table of a matrix: its columns, and what each may hold."""

from __future__ import annotations

import numpy as np

from robo_meta.scenarios.demonstration_kinds import KINDS

NOTHING = "nothing"
DEMOS = KINDS
"""Demonstrations that can be asked for: one more of the kind that there is, or one on the very object of the query."""
COLUMNS = {
    "split": str,
    "family": str,
    "task": int,
    "transfer": str,
    "shots": int,
    "operator": float,
    "failed": int,
    "sensing": float,
    "push": float,
    "carries": str,
    "repainted": int,
    "light": str,
    "world": str,
    "asked": str,
    "intention": str,
}
"""Column of the scene table → type. The query's family, the number of its task, and the fields of
`robo_meta.scenarios.conditions.Condition`; `asked` is the demonstration that was asked for beyond those, `NOTHING` or
one of `DEMOS`; `intention`, `carries`, `repainted` and `world` (`robo_meta.scenarios.worlds.WORLDS`) are for
reports and judges, and never a feature."""
WORDS = tuple(name for name, kind in COLUMNS.items() if kind is str)
"""Columns of words; in the file they are numbers into a list of words."""
RANGES = {
    "task": (0, np.inf),
    "shots": (1, 1000),
    "operator": (0.0, 10.0),
    "failed": (0, 1000),
    "sensing": (0.0, 1000.0),
    "push": (0.0, 10.0),
    "repainted": (0, 1),
}
"""Column of numbers → its smallest and largest value."""
