"""What an import leaves behind: pictures. A replay draws them again, bit for bit, where it is a replay of ours."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from demos.exchange.shipment import Shipment


def pictures_left(shipment: Shipment, out: Path) -> str | None:
    """What became of the pictures in a shipment, in one line; None where it has none.

    Args:
        shipment: what was imported.
        out: the dataset that was made of it.
    """
    if shipment.header is None:
        return f"left behind: {', '.join(shipment.pictures)}" if shipment.pictures else None
    cameras = shipment.header["cameras"]
    if not cameras:
        return None
    # Cameras that look alike are drawn by one command.
    alike: dict[tuple[tuple[str, Any], ...], list[str]] = {}
    for camera in sorted(cameras):
        alike.setdefault(tuple(sorted(cameras[camera].items())), []).append(camera)
    imported = any(config.get("libraries") for config in shipment.header["configs"])
    commands = (_command(out, names, dict(size), imported) for size, names in alike.items())
    return f"left behind; draw them again: {' && '.join(commands)}"


def _command(out: Path, cameras: Sequence[str], size: Mapping[str, Any], imported: bool) -> str:
    words = ["robo-meta", "data", "render", str(out), "--cameras", *cameras, *["--depth"] * size["depth"]]
    words += ["--width", str(size["width"]), "--height", str(size["height"])]
    return shlex.join(words) + " --objects LIBRARY" * imported
