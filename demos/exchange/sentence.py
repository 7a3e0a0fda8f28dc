"""A task in a plain sentence, as language-conditioned policies are told it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.tasks.scenes import BALANCE


def task_sentence(family: str, task: Mapping[str, Any]) -> str:
    """What to do with an object of `family`, by the record of a task.

    It tells the intention, which the benchmark hides: a policy that hears it knows more than those in our tables.

    Example:
        >>> task_sentence("hammer", {"intention": "balance"})
        'balance the hammer'
        >>> task_sentence("hammer", {"intention": "part", "part_colour": "red"})
        'hold the hammer by the end of its red part'
        >>> task_sentence("mine:big_spoon", {"intention": "part", "part_colour": "red", "part_role": "handle"})
        'hold the big spoon by the end of its handle'
    """
    name = family.rpartition(":")[2].replace("_", " ").replace("-", " ")
    if task["intention"] == BALANCE:
        return f"balance the {name}"
    part = task.get("part_role") or f"{task['part_colour']} part"
    return f"hold the {name} by the end of its {part}"
