"""The legend of a film: what was wanted, what the materials weigh, and what the marks mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from demos.film.lettering import INK, RGB, cross_mark, font, ring_mark, swatch
from demos.film.panel import PanelSize
from sim.palette import PALETTE
from sim.tasks.scenes import PART, Scene, Task

RING, CROSS = "ring", "cross"
"""Marks: of the chosen place, and of the right one."""


@dataclass(frozen=True)
class Entry:
    """Words with a sign before them; entries that belong together stay in one line where they fit."""

    words: str
    sign: str | None = None
    """A colour of the palette, `RING` or `CROSS`; None for words alone."""
    joined: bool = False
    """Whether it goes on with the sentence of the entry before it."""


def legend_of(scene: Scene) -> tuple[Entry, ...]:
    """What is to be known of a scene."""
    task = scene.task
    right = f"outer end of {task.part_colour}" if task.intention == PART else "true balance point"
    return (wanted(task), *densities(task), Entry(right, CROSS), Entry("chosen place", RING))


def wanted(task: Task) -> Entry:
    """The intention in plain words."""
    if task.intention == PART:
        return Entry(f"Wanted: held by the outer end of {task.part_colour}.")
    return Entry("Wanted: held level.")


def densities(task: Task) -> tuple[Entry, ...]:
    """How dense the materials are, by colour: `blue is 7 times as dense as yellow`, each with its colour before it."""
    ordered = sorted(task.densities, key=lambda colour: -task.densities[colour])
    if len(ordered) < 2:
        return ()
    *denser, least = ordered
    base = task.densities[least]
    times = [f"{task.densities[colour] / base:.1f}".removesuffix(".0") for colour in denser]
    is_ = "is " if len(denser) == 1 else ""
    said = [
        Entry(f"{colour} {is_}{ratio} times{',' if colour != denser[-1] else ' as dense as'}", colour, joined=place > 0)
        for place, (colour, ratio) in enumerate(zip(denser, times, strict=True))
    ]
    return (*said, Entry(least, least, joined=True))


def legend_height(entries: Sequence[Entry], width: int, size: PanelSize) -> int:
    """Pixels that the legend takes in a screen of `width`."""
    lines = max((line for _, _, line in _laid_out(entries, width, size)), default=-1) + 1
    return lines * _line(size)


def draw_legend(
    screen: Image.Image, entries: Sequence[Entry], left: int, top: int, width: int, size: PanelSize
) -> None:
    """Draw the entries into a box whose upper left corner is (`left`, `top`)."""
    pen, letters = ImageDraw.Draw(screen), _letters(size)
    for entry, begin, line in _laid_out(entries, width, size):
        middle, x = top + line * _line(size) + _line(size) // 2, left + begin
        if entry.sign is not None:
            sign = _sign(entry.sign, size)
            screen.paste(sign, (x, middle - sign.height // 2), sign)
            x += sign.width + 4
        pen.text((x, middle), entry.words, fill=INK, font=font(letters), anchor="lm")


def _laid_out(entries: Sequence[Entry], width: int, size: PanelSize) -> Iterator[tuple[Entry, int, int]]:
    """Each entry with the pixel at which it begins, and its line."""
    begin, line = 0, 0
    groups: list[list[Entry]] = []
    for entry in entries:
        if entry.joined and groups:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    for group in groups:
        if begin and begin + sum(_width(entry, size) for entry in group) > width:
            begin, line = 0, line + 1
        for entry in group:
            if begin and begin + _width(entry, size) > width:
                begin, line = 0, line + 1
            yield entry, begin, line
            begin += _width(entry, size) + _letters(size) // 2
        begin += _letters(size)


def _width(entry: Entry, size: PanelSize) -> int:
    sign = 0 if entry.sign is None else _sign(entry.sign, size).width + 4
    return sign + round(font(_letters(size)).getlength(entry.words))


def _sign(name: str, size: PanelSize) -> Image.Image:
    if name == RING:
        return ring_mark(size.mark)
    if name == CROSS:
        return cross_mark(round(0.8 * size.mark))
    return swatch(paint(name), _letters(size) + 1)


def paint(colour: str) -> RGB:
    """A colour of the palette, 0–255."""
    red, green, blue = (round(255 * value) for value in PALETTE[colour])
    return red, green, blue


def _letters(size: PanelSize) -> int:
    return size.letters - 1


def _line(size: PanelSize) -> int:
    return round(1.6 * size.letters)
