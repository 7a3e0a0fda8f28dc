"""What a strategy's code is, as a hash: results of other code are never taken for its own.

For shipped strategies the hash is over the package's version and the source of all that adapts and acts, of the world
that they act in, and of what judges them, so that an edited world is never resumed as the old one. For a
user's own it is over that, over the source of its module and of the modules beside it that it imports, and over the
state that the object was given with.
"""

from __future__ import annotations

import hashlib
import inspect
from functools import cache
from pathlib import Path

from demos import __version__
from demos.code_identity import CodeDigest
from robo_meta.strategies.sources import OwnSource, Source

ROOT = Path(__file__).parents[2]
SHIPPED = (
    "sim",
    "demos",
    "robo_meta/catalogue.py",
    "robo_meta/scenarios",
    "robo_meta/model",
    "robo_meta/learning",
    "robo_meta/training/checkpoint.py",
    "robo_meta/strategies",
    "robo_meta/evaluation",
    "robo_meta/selector",
)
"""Files and folders whose source decides what a shipped strategy does with a support, in which world, and how that is
judged."""


def code_identity(source: Source) -> str:
    """Hash, in hexadecimal, of the code and version of a strategy, and of the state of a user's object.

    Equal identities mean equal code; the reverse is not promised: state that can't be read may hash anew each time.
    """
    if not isinstance(source, OwnSource):
        return shipped_code()
    found = source.found()
    kind = found if inspect.isclass(found) else type(found)
    digest = CodeDigest(kind.__module__.partition(".")[0])
    digest.add("package", shipped_code())
    digest.add_class(kind)
    if found is not kind:
        digest.add_value(found)
    return digest.hexadecimal()


@cache
def shipped_code() -> str:
    """Hash of the package's version and of the source files that `SHIPPED` names."""
    return sources_hash(ROOT)


def sources_hash(root: Path) -> str:
    """What `shipped_code` is where the package's source lies in `root`."""
    found = hashlib.sha256(__version__.encode())
    for name in SHIPPED:
        place = root / name
        for file in (place,) if place.suffix else sorted(place.rglob("*.py")):
            found.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()
