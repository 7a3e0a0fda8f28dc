"""What one camera saw of one episode, in one array file: lossless pictures, each a PNG.

A dataset's pictures lie in `pictures/CAMERA/KEY.safetensors`, beside its episodes. Its index says nothing of them, and
they say which episode they are of.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form
from demos.storage.array_header import read_header
from demos.storage.episode_file import StoreError
from demos.storage.schema import NAME, SHA256, Flag, Record, Text, Whole

PICTURES = "pictures"
"""Folder beside the episodes."""
SCHEMA = "1"
PICTURE_FILE = Form(
    name="pictures",
    schema=SCHEMA,
    record=Record(
        {
            "camera": Text(pattern=NAME),
            "height": Whole(1, 2**14),
            "width": Whole(1, 2**14),
            "depth": Flag(),
            "episode": Text(pattern=SHA256),
        }
    ),
    error=StoreError,
    advice="delete it and render again",
    largest=2**31,
)
"""`colour` and, if there is, `depth` are the bytes of T+1 PNGs one after another, `colour_ends` and `depth_ends` (T+1,)
where each ends. Depth is in mm, 16 bits. `episode` is the checksum of the episode's file."""
DEEPEST = 65_535
"""mm: what is farther is said to be this far."""


class Size(NamedTuple):
    """How a camera's pictures are taken."""

    height: int
    width: int
    depth: bool


class Seen(NamedTuple):
    """What one camera saw of one episode."""

    colour: np.ndarray
    """(T+1, H, W, 3) uint8: after the reset, and after each action."""
    depth: np.ndarray | None
    """(T+1, H, W) uint16, mm, along the camera's axis."""


def picture_path(folder: Path, camera: str, key: str) -> Path:
    """Where the pictures of an episode lie."""
    return folder / PICTURES / camera / f"{key}.safetensors"


def write_pictures(
    path: Path, camera: str, episode: str, colour: Sequence[np.ndarray], depth: Sequence[np.ndarray] | None
) -> None:
    """Write what a camera saw of the episode whose file has the checksum `episode`; equal pictures give equal bytes.

    Args:
        path: where; its folder exists.
        camera: its name.
        episode: see above.
        colour: T+1 times (H, W, 3) uint8.
        depth: T+1 times (H, W), m, or None.
    """
    height, width, _ = colour[0].shape
    record = {"camera": camera, "height": height, "width": width, "depth": depth is not None, "episode": episode}
    arrays = _packed("colour", colour)
    if depth is not None:
        millimetres = [np.clip(np.round(one * 1000), 0, DEEPEST).astype(np.uint16) for one in depth]
        arrays |= _packed("depth", millimetres)
    write_array_file(path, PICTURE_FILE, record, arrays)


def picture_size(path: Path, episode: str) -> Size | None:
    """How the pictures in a file were taken; None where there are none, or they are of another episode.

    Args:
        path: where they would lie.
        episode: checksum of the episode's file.

    Raises:
        StoreError: a file of another kind.
    """
    if not path.exists():
        return None
    record = read_header(path, PICTURE_FILE).record
    return Size(record["height"], record["width"], record["depth"]) if record["episode"] == episode else None


def read_pictures(path: Path) -> Seen:
    """What a camera saw of an episode.

    Raises:
        StoreError: missing, truncated, altered.
    """
    record, arrays, _ = read_array_file(path, PICTURE_FILE)
    try:
        colour = _unpacked("colour", arrays, "RGB")
        depth = _unpacked("depth", arrays, "I;16").astype(np.uint16) if record["depth"] else None
    except (KeyError, OSError, ValueError) as error:
        raise StoreError(f"{path}: damaged ({error}); {PICTURE_FILE.advice}") from error
    return Seen(colour, depth)


def _packed(name: str, pictures: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    contents = [_png(picture) for picture in pictures]
    ends = np.cumsum([len(content) for content in contents]).astype(np.int64)
    return {name: np.frombuffer(b"".join(contents), dtype=np.uint8), f"{name}_ends": ends}


def _png(picture: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def _unpacked(name: str, arrays: dict[str, Any], mode: str) -> np.ndarray:
    from PIL import Image

    content, start, pictures = arrays[name].tobytes(), 0, []
    for end in arrays[f"{name}_ends"].tolist():
        with Image.open(io.BytesIO(content[start:end])) as picture:
            if picture.mode != mode:
                raise ValueError(f"a picture of mode {picture.mode}; expected {mode}")
            pictures.append(np.asarray(picture))
        start = end
    return np.stack(pictures)
