"""What others' libraries raise on damaged data, told in one line that names the place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from demos.exchange.meaning import ExchangeError
from sim.errors import InputError, MachineError

Item = TypeVar("Item")


@contextmanager
def damage_told(source: str) -> Iterator[None]:
    """Around code that reads a foreign format: nobody knows what pyarrow, h5py and a table of strange fields raise.

    Raises:
        ExchangeError: instead of any error but bad input, trouble of the machine, and want of memory.
    """
    try:
        yield
    except (InputError, MachineError, OSError, MemoryError):
        raise
    except Exception as error:
        said = " ".join([f"{type(error).__name__}:", *str(error).split()])[:200].rstrip(": ")
        raise ExchangeError(f"{source}: damaged, or of another layout ({said})") from error


def items_told(source: str, items: Iterable[Item]) -> Iterator[Item]:
    """The items, which are read as they are asked for; see `damage_told`. What is done with them is left alone."""
    waiting = iter(items)
    while True:
        with damage_told(source):
            try:
                item = next(waiting)
            except StopIteration:
                return
        yield item
