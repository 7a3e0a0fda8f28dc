"""The one door to numba: loops over points and links, compiled for this machine the first time that they run.

What is compiled is kept on disk, beside the source where that can be written to, else in the user's cache folder, else
nowhere. Numba looks at the date of a function's own file alone, so compiled functions call none of another module's.
Sums are taken in the order in which they are written (no `fastmath`), so that results don't depend on the processor or
on where machine code comes from: with `fastmath`, code just compiled gave other last bits than the same code read from
the disk, and a training that was resumed differed from one that was not.
Numba takes a while to be imported: modules of compiled functions are imported where they are first needed. Training
machines may lack it: `robo_meta.model` and `robo_meta.learning` do without there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
OPTIONS: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True}
"""Of numba's: divisions by zero give what numpy's do; no second door is compiled, for callers in C, of whom there are
none, which saves a sixteenth of the time."""


def compiled(function: Function) -> Function:
    """The function, compiled when it is first called, or loaded from where it was kept."""
    made: Any
    try:
        made = njit(cache=True, **OPTIONS)(function)
    except RuntimeError:
        # No folder can be written to.
        made = njit(cache=False, **OPTIONS)(function)
    return cast(Function, made)
