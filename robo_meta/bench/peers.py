"""The other libraries that the bench measures beside: optional, each found by whether it can be imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from importlib import metadata

from sim.errors import InputError, did_you_mean

PEERS = {"panda-gym": "panda_gym", "learn2learn": "learn2learn", "torchopt": "torchopt", "higher": "higher"}
"""Name, on the command line and for pip → module."""


class PeerError(InputError):
    """A peer that there isn't, or isn't here."""


def check_peers(names: Sequence[str]) -> None:
    """Refuse a name that isn't in `PEERS`.

    Raises:
        PeerError: one is unknown.
    """
    for name in names:
        if name not in PEERS:
            raise PeerError(f"unknown peer {name!r}{did_you_mean(name, tuple(PEERS))}")


def split_by_presence(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of `names` that can be imported, and the others."""
    present = tuple(name for name in names if importlib.util.find_spec(PEERS[name]) is not None)
    return present, tuple(name for name in names if name not in present)


def version_of(name: str) -> str:
    """The version of a peer as its installation tells it; `unknown` of one that was put on the path by hand."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def require(names: Sequence[str]) -> None:
    """Refuse a peer that was asked for by name and can't be imported.

    Raises:
        PeerError: it is missing.
    """
    missing = split_by_presence(names)[1]
    if missing:
        raise PeerError(f"against {missing[0]}: not installed here; `pip install {' '.join(missing)}` or leave it out")
