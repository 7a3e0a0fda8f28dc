"""Which object each demonstration of a task is made on, so that every transfer can be sampled from one task."""

from __future__ import annotations

LAYOUT = ("a0", "a0", "a1", "b0", "b1", "c0", "c1", "d0", "d1")
"""Object labels by demo number: a letter for the family within the task, a number for the object within the family."""


def object_label(demo: int) -> str:
    """The object that demo number `demo` is made on; past the table, families go on pairwise as its end does."""
    if demo < len(LAYOUT):
        return LAYOUT[demo]
    family, number = divmod(demo - 1, 2)
    return f"{chr(ord('a') + family)}{number}"


def families_needed(demos: int) -> int:
    """How many different families a task of `demos` demonstrations shows."""
    return len({object_label(demo)[0] for demo in range(demos)})


def family_number(label: str) -> int:
    """0 for `a…`, 1 for `b…`."""
    return ord(label[0]) - ord("a")
