"""The simulator's door to numba: loops over rays and over cross-sections, compiled the first time that they run.

As `robo_meta.compiling`, which the simulator doesn't import: kept on disk where a folder can be written to, and sums
taken in the order in which they are written (no `fastmath`), so that results are to the bit those of numpy's loops.
Numba takes a while to be imported: modules of compiled functions are imported where they are first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function, compiled when it is first called, or loaded from where it was kept."""
    options: dict[str, Any] = {"fastmath": False, "error_model": "numpy"}
    made: Any
    try:
        made = njit(cache=True, **options)(function)
    except RuntimeError:
        # No folder can be written to.
        made = njit(cache=False, **options)(function)
    return cast(Function, made)
