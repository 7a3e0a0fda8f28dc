"""Per-task results in `docs/results/`, and the figures and sentences of README and RESULTS as they follow from them.

Readings ("ahead", "within chance", "behind") are taken from bounds before they are rounded for print.
"""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from robo_meta.evaluation.intervals import Interval, paired_difference, ratio, wilson
from robo_meta.evaluation.summary import BASELINES, REFERENCE

RIVAL = "context"
"""The fair rival of `maml`."""
BEST = "best of `centre`, `replay`, `warped-replay`"
TRANSFERS = ("same-object", "new-instance", "new-shape")
MOST_DIGITS = 4
"""Of a difference."""


class PerTask:
    """Outcomes of one file: a row for each task and transfer, a column for each strategy."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8", newline="") as file:
            self._rows = list(csv.DictReader(file))
        (self.split,) = {row["split"] for row in self._rows}
        self.transfers = tuple(name for name in TRANSFERS if any(row["transfer"] == name for row in self._rows))
        """Those that were played."""

    def outcomes(self, strategy: str, transfer: str, intention: str = "both") -> tuple[np.ndarray, np.ndarray]:
        """(N,) outcomes, 0 or 1, and (N,) task numbers; of one intention, or of both."""
        rows = [r for r in self._rows if r["transfer"] == transfer and intention in ("both", r["intention"])]
        return np.array([int(r[strategy]) for r in rows]), np.array([int(r["task"]) for r in rows])

    def count(self, transfer: str, intention: str = "both") -> int:
        """Number of tasks."""
        return len(self.outcomes(REFERENCE, transfer, intention)[0])

    def rate(self, strategy: str, transfer: str, intention: str = "both") -> Interval:
        """Success with its Wilson interval."""
        outcomes, _ = self.outcomes(strategy, transfer, intention)
        return wilson(int(outcomes.sum()), len(outcomes))

    def ahead(self, other: str, transfer: str, intention: str = "both") -> Interval:
        """`maml` minus another strategy, or minus the best of the baselines, named as tables name them."""
        if other == BEST:
            other = max(BASELINES, key=lambda name: self.rate(name, transfer, intention).value)
        other = other.strip("`")
        ours, tasks = self.outcomes(REFERENCE, transfer, intention)
        return paired_difference(ours, self.outcomes(other, transfer, intention)[0], tasks)

    def of_expert(self, transfer: str) -> Interval:
        """Success of `maml` divided by the expert's."""
        ours, tasks = self.outcomes(REFERENCE, transfer)
        return ratio(ours, self.outcomes("expert", transfer)[0], tasks)

    def failures(self) -> list[dict[str, str]]:
        """Rows in which `maml` failed."""
        return [row for row in self._rows if row[REFERENCE] == "0"]

    def wanting_part(self, family: str, transfer: str) -> tuple[int, int, int, int]:
        """Tasks of *part*: of a family, how many fail and how many there are; of all other families, the same."""
        rows = [r for r in self._rows if r["transfer"] == transfer and r["intention"] == "part"]
        own, rest = ([r for r in rows if (r["family"] == family) is same] for same in (True, False))
        return (sum(r[REFERENCE] == "0" for r in own), len(own), sum(r[REFERENCE] == "0" for r in rest), len(rest))


@cache
def per_task(path: Path) -> PerTask:
    """The file, read once."""
    return PerTask(path)


def reading(difference: Interval) -> str:
    """What a paired difference says."""
    if difference.low > 0:
        return "ahead"
    return "behind" if difference.high < 0 else "within chance"


def percent(interval: Interval) -> str:
    """A rate as tables show it, %."""
    return f"{100 * interval.value:.0f} [{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


def signed(interval: Interval) -> str:
    """A difference as tables show it: two digits, and more where a bound would read 0.00 and isn't 0."""
    digits = 2
    while digits < MOST_DIGITS and any(x != 0 and round(x, digits) == 0 for x in (interval.low, interval.high)):
        digits += 1
    value, low, high = (_number(x, digits) for x in (interval.value, interval.low, interval.high))
    return f"{value} [{low}, {high}]"


def at_least(interval: Interval) -> str:
    """A ratio with its lower bound."""
    return f"{interval.value:.2f} (≥ {interval.low:.2f})"


def sentences(families: PerTask, objects: PerTask) -> list[str]:
    """What the text of RESULTS says about single counts, white space aside."""
    failed = families.failures()
    hooks = [row for row in failed if row["family"] == "hook" and row["intention"] == "part"]
    balance = [row for row in failed if row["intention"] == "balance"]
    counts = [families.wanting_part("hook", transfer) for transfer in TRANSFERS]
    hook_failures = _listed([str(count[0]) for count in counts])
    (hook_tasks,), (others,) = ({count[i] for count in counts} for i in (1, 3))
    worst, often = Counter(row["family"] for row in objects.failures()).most_common(1)[0]
    return [
        f"Of the {len(failed)} failures of `maml` on unseen families (three transfers, 900 rollouts) {len(hooks)} are "
        "hooks",
        f"{hook_failures} of the {hook_tasks} tasks that want a hook by a part, transfer by transfer; of the other "
        f"{others} such tasks at most {max(count[2] for count in counts)} in a transfer",
        f"{len(balance)} are *balance*, {len(failed) - len(hooks) - len(balance)} ",
        f"On unseen objects there are {len(objects.failures())} failures, {often} of them {worst}s",
    ]


def rival(results: PerTask) -> str:
    """On which transfers `maml` is ahead of `context`, in words."""
    by: dict[str, list[str]] = {}
    for transfer in TRANSFERS:
        by.setdefault(reading(results.ahead(RIVAL, transfer)), []).append(f"*{transfer}*")
    return "; ".join(f"{said} on {_listed(names)}" for said, names in sorted(by.items()))


def ahead_of_rival(results: PerTask) -> str:
    """On which transfers `maml` is ahead of `context`, as the README says it."""
    by = {transfer: results.ahead(RIVAL, transfer) for transfer in TRANSFERS}
    ahead = [transfer for transfer, difference in by.items() if reading(difference) == "ahead"]
    if not ahead:
        return f"`maml` is no more than {100 * max(d.value for d in by.values()):.0f} points ahead of `context`, within"
    points = "/".join(sorted({f"{100 * by[transfer].value:.0f}" for transfer in ahead}))
    return f"`maml` is ahead of `context` by {points} points on {_listed([f'*{name}*' for name in ahead])}; elsewhere"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _number(x: float, digits: int) -> str:
    text = f"{x:+.{digits}f}".replace("-", "−")
    return text[1:] if float(text[1:]) == 0 else text
