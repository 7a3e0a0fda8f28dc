"""The one door to numba: loops over pairs of points, compiled for this machine the first time that they run.

What is compiled is kept on disk, beside the source where that can be written to, else in the user's cache folder, else
nowhere. Numba looks at the date of a function's own file alone, so compiled functions call none of another module's.
Sums are taken in the order in which they are written (no `fastmath`), so that results don't depend on the processor;
`compiled_sums` is for training, whose matrix products depend on it anyway.
Training machines may lack numba: `robo_meta.model` and `robo_meta.learning` do without there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])
REORDERED = {"reassoc", "contract", "arcp", "nsz"}
"""What a compiler may do to sums and products. Infinities and what is no number stay what they are."""


def compiled(function: Function) -> Function:
    """The function, compiled when it is first called, or loaded from where it was kept."""
    return _made(function, {"fastmath": False})


def compiled_sums(function: Function) -> Function:
    """As `compiled`, but sums are taken in whichever order suits the processor."""
    return _made(function, {"fastmath": REORDERED})


def _made(function: Function, options: dict[str, Any]) -> Function:
    options = options | {"error_model": "numpy"}
    made: Any
    try:
        made = njit(cache=True, **options)(function)
    except RuntimeError:
        # No folder can be written to.
        made = njit(cache=False, **options)(function)
    return cast(Function, made)
