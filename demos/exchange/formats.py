"""The formats, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from demos.exchange.lerobot.read import read_lerobot
from demos.exchange.lerobot.write import write_lerobot
from demos.exchange.minari import dataset_id, read_minari, write_minari
from demos.exchange.robomimic import read_robomimic, write_robomimic
from demos.exchange.shipment import Shipment


class Format(NamedTuple):
    """One format of another library."""

    write: Callable[[Shipment, Path, str], None]
    """Shipment, new file or folder, name of the dataset."""
    read: Callable[[Path], Shipment]
    place: Callable[[Path, str], Path]
    """Where `--out` and the dataset's name put it."""
    library: str
    """What has to be there to write and read it."""


FORMATS = {
    "lerobot": Format(
        lambda shipment, place, name: write_lerobot(shipment, place), read_lerobot, lambda out, name: out, "pyarrow"
    ),
    "robomimic": Format(
        lambda shipment, place, name: write_robomimic(shipment, place), read_robomimic, lambda out, name: out, "h5py"
    ),
    "minari": Format(write_minari, read_minari, lambda out, name: out / dataset_id(name), "h5py"),
}
"""Name → what writes and reads it."""
