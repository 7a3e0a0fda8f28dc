"""Films as files: MP4, GIF, or a strip of six moments; each is whole or absent.

The encoders come in only when something is written.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError, MachineError

if TYPE_CHECKING:  # only names
    import numpy as np

    from demos.film.camera import Take

FRAME_RATE = 10
"""Frames a second: the control rate, so that a film runs at its true speed."""
MOMENTS = 6
"""Pictures in a strip."""
STRIP_SIDE = 320
"""Pixels: width of each picture of a strip."""
LAST_FRAMES = 5
"""Times that the last frame is shown, for the eye to rest on."""
GIF_WIDTHS = (720, 640, 560, 480, 400, 320, 240, 160)
"""Pixels: widths that a GIF is tried at, widest first, until it is small enough; the narrowest is taken in any case."""
GIF_WIDTH = 480
"""Pixels: how wide a GIF is at most, unless said otherwise."""
GIF_COLOURS = 64
"""Colours of a GIF's palette, one for all frames."""
PALETTE_FRAMES = 8
"""Frames of a GIF, evenly spaced, whose colours make the palette."""
GIF_BYTES = 2_000_000
"""How large a GIF may be, unless said otherwise."""


class FilmError(InputError):
    """A film that cannot be written as asked."""


@dataclass(frozen=True)
class Encoding:
    """How a film is written."""

    fps: int = FRAME_RATE
    """Frames a second; 10 is the true speed of an episode."""
    most_bytes: int = GIF_BYTES
    """How large a GIF may be; it gets narrower until it fits, down to 160 pixels. An MP4 is small anyway."""
    widest: int = GIF_WIDTH
    """Pixels: how wide a GIF may be."""
    rest: int = LAST_FRAMES
    """Further frames that the last one stays."""
    keep: Sequence[tuple[int, int, int]] = ()
    """RGB: colours that a GIF's palette has in any case."""


def write_film(
    path: Path,
    frames: Sequence[np.ndarray],
    fps: int = FRAME_RATE,
    most_bytes: int = GIF_BYTES,
    encoding: Encoding | None = None,
) -> None:
    """Write frames as MP4 or GIF, by the ending of `path`; the file is whole or absent.

    Args:
        path: ends in `.mp4` or `.gif`.
        frames: (H, W, 3) uint8 each, e.g. of `demos.film.camera.film_policy(…)`; the last one stays a little.
        fps, most_bytes: see `Encoding`.
        encoding: all of it, in place of these two.

    Raises:
        FilmError: another ending, a folder's name, or no frames.
        sim.errors.MachineError: the file cannot be written.
    """
    check_path(path, tuple(ENCODERS))
    how = encoding or Encoding(fps, most_bytes)
    if not len(frames):
        raise FilmError(f"{path}: no frames to write; expected at least 1")
    if how.fps < 1:
        raise FilmError(f"{path}: {how.fps} frames a second; expected 1 or more")
    _write(path, ENCODERS[path.suffix.lower()](frames, how))


def _mp4(frames: Sequence[np.ndarray], how: Encoding) -> bytes:
    """H.264 of the frames."""
    import imageio_ffmpeg
    import numpy as np

    height, width, _ = frames[0].shape
    with tempfile.TemporaryDirectory(prefix="robo_meta_") as folder:
        path = Path(folder) / "film.mp4"
        writer = imageio_ffmpeg.write_frames(str(path), (width, height), fps=how.fps, quality=7)
        writer.send(None)
        for frame in [*frames, *[frames[-1]] * how.rest]:
            writer.send(np.ascontiguousarray(frame))
        writer.close()
        return path.read_bytes()


def _gif(frames: Sequence[np.ndarray], how: Encoding) -> bytes:
    """GIF of the frames with one palette, as wide as fits into the bytes."""
    full = frames[0].shape[1]
    widths = [width for width in GIF_WIDTHS if width <= how.widest and width < full]
    for width in (*([full] if full <= how.widest else []), *widths):
        content = _gif_of_width(frames, how, width)
        if len(content) <= how.most_bytes:
            break
    return content


def _gif_of_width(frames: Sequence[np.ndarray], how: Encoding, width: int) -> bytes:
    from PIL import Image

    height = round(frames[0].shape[0] * width / frames[0].shape[1])
    pictures = [Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS) for frame in frames]
    # One palette for all frames, so that what stands still keeps its colour.
    samples = sorted({round(k * (len(pictures) - 1) / (PALETTE_FRAMES - 1)) for k in range(PALETTE_FRAMES)})
    sheet = Image.new("RGB", (width, len(samples) * height))
    for place, sample in enumerate(samples):
        sheet.paste(pictures[sample], (0, place * height))
    count = GIF_COLOURS - len(how.keep)
    palette = sheet.quantize(count, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    if how.keep:
        # A few letters and signs are too small for the colours that most pixels want.
        found = (palette.getpalette() or [])[: 3 * count]
        palette.putpalette([*found, *(value for colour in how.keep for value in colour)])
    first, *rest = (picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures)
    durations = [round(1000 / how.fps)] * len(frames)
    durations[-1] *= 1 + how.rest
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=durations, loop=0, optimize=True)
    return buffer.getvalue()


ENCODERS = {".mp4": _mp4, ".gif": _gif}
"""Ending of a film's name → (frames, how) → what the file holds."""


def write_strip(path: Path, take: Take) -> None:
    """Write a PNG of six moments side by side.

    Raises:
        FilmError: another ending, or a folder's name.
        sim.errors.MachineError: the file cannot be written.
    """
    check_path(path, (".png",))
    _write(path, _strip(take))


def _strip(take: Take) -> bytes:
    """PNG of the start, the approach, the closing, the lifting, and the hold's beginning and end."""
    from PIL import Image

    last = len(take.frames) - 1
    if take.closed is not None and take.lifted is not None:
        closed, lifted = take.closed, min(take.lifted, last)
        moments = [0, closed // 2, closed, (closed + lifted + 1) // 2, lifted, last]
    else:
        moments = [round(last * moment / (MOMENTS - 1)) for moment in range(MOMENTS)]
    height = round(STRIP_SIDE * take.frames[0].shape[0] / take.frames[0].shape[1])
    sheet = Image.new("RGB", (MOMENTS * STRIP_SIDE, height))
    for place, moment in enumerate(moments):
        picture = Image.fromarray(take.frames[min(moment, last)])
        sheet.paste(picture.resize((STRIP_SIDE, height), Image.Resampling.LANCZOS), (place * STRIP_SIDE, 0))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG")
    return buffer.getvalue()


def check_path(path: Path, endings: tuple[str, ...]) -> None:
    """Refuse what could not be written, before anything is played; makes the file's folder.

    Raises:
        FilmError: another ending than one of `endings`, or a name that is taken.
        sim.errors.MachineError: the folder cannot be made or written to.
    """
    if path.suffix.lower() not in endings:
        expected = " or ".join(repr(ending) for ending in endings)
        raise FilmError(f"{path}: ends in {path.suffix or 'nothing'!r}; expected {expected}")
    if path.is_dir():
        raise FilmError(f"{path}: is a folder; expected a file name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise FilmError(f"{path}: cannot make its folder: {error.strerror}") from error
    except OSError as error:
        raise MachineError(f"{path}: cannot make its folder: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise MachineError(f"{path}: its folder is not writable; choose another or change its permissions")


def _write(path: Path, content: bytes) -> None:
    from demos.storage.files import write_atomic

    try:
        write_atomic(path, [content])
    except OSError as error:
        raise MachineError(f"{path}: cannot write: {error.strerror}") from error
