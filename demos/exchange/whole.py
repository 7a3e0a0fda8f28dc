"""What is exported or imported is whole or absent: made under a temporary name beside its place, and renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demos.exchange.meaning import ExchangeError
from demos.storage.lock import LOCK, sole_writer


@contextmanager
def made_whole(place: Path, doing: str) -> Iterator[Path]:
    """A temporary place for what shall lie at `place`, a file or a folder; renamed at the end, deleted at an error.

    Args:
        place: must not exist, or be an empty folder.
        doing: what is done there, for the message to a second writer.

    Raises:
        ExchangeError: something lies there.
        demos.storage.lock.LockError: another process is at work there.
        OSError: it can't be written to.
    """
    place = Path(place)
    check_free(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    with sole_writer(place, doing):
        # Nobody else is at work, so that these are of writers that were killed.
        for left in place.parent.glob(f".{place.name}.*.tmp"):
            _remove(left)
        temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
        try:
            yield temporary
            check_free(place)
            if place.is_dir():
                shutil.rmtree(place)
            os.replace(temporary, place)
        except BaseException as error:
            _remove(temporary)
            if isinstance(error, OSError) and str(temporary) in str(error.filename or ""):
                # The temporary name means nothing to the reader.
                error.filename = str(error.filename).replace(str(temporary), str(place))
            raise


def check_free(place: Path) -> None:
    """Refuse a place where something lies.

    Raises:
        ExchangeError: something does.
    """
    held = place.is_dir() and any(entry.name != LOCK for entry in place.iterdir())
    if held or (place.exists() and not place.is_dir()):
        raise ExchangeError(f"{place}: is there already; expected a new name for --out")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
