"""Letters and small signs that are drawn over films: fonts, ticks and crosses, and the marks of places."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

RGB = tuple[int, int, int]
INK: RGB = (27, 31, 36)
PAPER: RGB = (255, 255, 255)
RIM: RGB = (140, 146, 154)
# Of Okabe and Ito's colours, which people who are blind to some colours tell apart.
GOOD: RGB = (0, 158, 115)
BAD: RGB = (213, 94, 0)
CHOSEN: RGB = (230, 159, 0)
ACCENTS = (INK, PAPER, RIM, GOOD, BAD, CHOSEN)
"""Colours that a film must keep, however few colours its file has."""
SMALLEST = 8
"""Pixels: the smallest letters."""
FINE = 4
"""Signs are drawn this many times larger and then scaled down, which smooths their edges."""


@lru_cache(maxsize=64)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib and has most alphabets' letters."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)


def fitted(text: str, width: float, size: int, bold: bool = False) -> tuple[str, ImageFont.FreeTypeFont]:
    """The text and its font, smaller where it would be wider than `width` pixels, and cut where that isn't enough."""
    while size > SMALLEST and font(size, bold).getlength(text) > width:
        size -= 1
    letters = font(size, bold)
    while len(text) > 1 and letters.getlength(text) > width:
        text = text.rstrip("…")[:-1] + "…"
    return text, letters


@lru_cache(maxsize=64)
def tick_or_cross(holds: bool, side: int) -> Image.Image:
    """RGBA: a green tick or a red-orange cross, `side` pixels square; told apart by shape as well as by colour."""
    large = side * FINE
    sign = Image.new("RGBA", (large, large))
    pen, width = ImageDraw.Draw(sign), round(0.16 * large)
    strokes = (
        [[(0.14, 0.52), (0.40, 0.80), (0.88, 0.20)]] if holds else [[(0.2, 0.2), (0.8, 0.8)], [(0.2, 0.8), (0.8, 0.2)]]
    )
    for stroke in strokes:
        pen.line(
            [(x * large, y * large) for x, y in stroke],
            fill=(*(GOOD if holds else BAD), 255),
            width=width,
            joint="curve",
        )
    return sign.resize((side, side), Image.Resampling.LANCZOS)


@lru_cache(maxsize=64)
def cross_mark(side: int) -> Image.Image:
    """RGBA: a white cross with a dark rim, for the place that is right."""
    large = side * FINE
    mark = Image.new("RGBA", (large, large))
    pen, low, high = ImageDraw.Draw(mark), 0.2 * large, 0.8 * large
    for colour, width in ((INK, 0.30), (PAPER, 0.15)):
        reach = 0.06 * large if colour == INK else 0.0
        for start, end in (((low, low), (high, high)), ((low, high), (high, low))):
            sign = 1 if end[1] > start[1] else -1
            first = (start[0] - reach, start[1] - sign * reach)
            pen.line([first, (end[0] + reach, end[1] + sign * reach)], fill=(*colour, 255), width=round(width * large))
    return mark.resize((side, side), Image.Resampling.LANCZOS)


@lru_cache(maxsize=64)
def ring_mark(side: int) -> Image.Image:
    """RGBA: an orange ring with dark rims, for the place that was chosen; what it surrounds stays seen."""
    large = side * FINE
    mark = Image.new("RGBA", (large, large))
    pen = ImageDraw.Draw(mark)
    for colour, inset, width in ((INK, 0.04, 0.22), (CHOSEN, 0.09, 0.12)):
        box = (inset * large, inset * large, (1 - inset) * large, (1 - inset) * large)
        pen.ellipse(box, outline=(*colour, 255), width=round(width * large))
    return mark.resize((side, side), Image.Resampling.LANCZOS)


@lru_cache(maxsize=64)
def swatch(colour: RGB, side: int) -> Image.Image:
    """RGBA: a square of a colour, with a rim so that a white one shows."""
    square = Image.new("RGBA", (side, side), (*RIM, 255))
    square.paste((*colour, 255), (1, 1, side - 1, side - 1))
    return square
