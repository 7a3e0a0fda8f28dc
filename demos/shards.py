"""Shards: every n-th task of a command, so that n machines that know nothing of each other do all of it together."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.errors import InputError


class ShardError(InputError):
    """A shard that can't be, or one without a task."""


@dataclass(frozen=True)
class Shard:
    """Shard `number` of `count`, from 0 on, as job arrays count."""

    number: int
    """From 0 on."""
    count: int
    """Shards in all."""

    def has(self, index: int) -> bool:
        """Whether the task `index` is this shard's.

        Example:
            >>> [index for index in range(7) if Shard(1, 3).has(index)]
            [1, 4]
        """
        return index % self.count == self.number

    def check(self, tasks: int, what: str = "tasks") -> None:
        """Refuse a shard without a task.

        Raises:
            ShardError: it has none of `tasks` tasks.
        """
        if tasks <= self.number:
            raise ShardError(f"shard {self.number}/{self.count} of {tasks} {what} has none; ask for fewer shards")


WHOLE = Shard(0, 1)
"""All tasks."""


def shard_named(text: str | None) -> Shard:
    """The shard that `I/N` asks for; all tasks where None.

    Raises:
        ShardError: other words, or a number that is not below N.

    Example:
        >>> shard_named("2/4")
        Shard(number=2, count=4)
    """
    if text is None:
        return WHOLE
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if found is None or not int(found[1]) < int(found[2]):
        raise ShardError(f"shard {text!r}; expected I/N with I from 0 to N - 1, e.g. 0/4")
    return Shard(int(found[1]), int(found[2]))
