"""One panel of a film: an episode's picture with its caption, the marks of places, and at the end the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from demos.film.camera import Take
from demos.film.lettering import BAD, GOOD, INK, PAPER, cross_mark, fitted, font, ring_mark, tick_or_cross
from sim.episode.rendering import places_in_close_up
from sim.frames import Pose

PARTS_ABREAST = 3
"""Parts of the verdict in a line."""
WORDS = {"unsupported": "carried by fingers", "on_part": "on part"}
"""Part of the verdict → what films call it, where its name alone says little."""


@dataclass(frozen=True, eq=False)
class Shot:
    """An episode as a panel shows it."""

    title: str
    """Who acts on what, e.g. `maml on axe`."""
    take: Take
    """What the camera saw."""
    right: np.ndarray
    """(E, 3), m, object frame: the balance point, or the wanted outer ends."""
    chosen: np.ndarray
    """(3,), m, object frame: the place that was chosen."""
    note: str = ""
    """Beside the verdict, e.g. how far the chosen place is from the right one."""

    @property
    def last(self) -> int:
        """Number of the last frame."""
        return len(self.take.frames) - 1


@dataclass(frozen=True)
class PanelSize:
    """Pixels of the parts of a panel, of which all but the width follow from it."""

    width: int
    """Of the picture and the panel."""

    @property
    def picture(self) -> int:
        """Height of the picture: a close-up's."""
        return round(self.width * 3 / 4)

    @property
    def letters(self) -> int:
        """Of the caption; the verdict's parts are smaller."""
        return round(13 * self.scale)

    @property
    def small(self) -> int:
        """Letters of the verdict's parts."""
        return round(10 * self.scale)

    @property
    def scale(self) -> float:
        """1 in a panel of 240 pixels; letters of wider ones grow more slowly than the panel."""
        return (self.width / 240) ** 0.6

    @property
    def caption(self) -> int:
        """Height of the caption."""
        return round(1.7 * self.letters)

    @property
    def verdict(self) -> int:
        """Height of the verdict with its parts."""
        return round(1.9 * self.letters) + 2 * round(1.6 * self.small) + 4

    @property
    def height(self) -> int:
        """Of all together."""
        return self.caption + self.picture + self.verdict

    @property
    def mark(self) -> int:
        """Side of a place's mark."""
        return round(17 * self.scale)


def place_in_panel(point_in_object: np.ndarray, pose: Pose, size: PanelSize) -> tuple[float, float]:
    """Pixels, to the right and down in a panel, at which a point (3,) of an object with `pose` is seen."""
    right, down = places_in_close_up(pose.apply(np.asarray(point_in_object, dtype=np.float64)), size.width)
    return float(right), float(down) + size.caption


def draw_panel(shot: Shot, number: int, size: PanelSize, judged: bool) -> Image.Image:
    """The panel at frame `number` of its shot, with the verdict under it where it is `judged`."""
    frame, pose = shot.take.frames[number], shot.take.poses[number]
    panel = Image.new("RGB", (size.width, size.height), PAPER)
    title, letters = fitted(shot.title, size.width - 8, size.letters, bold=True)
    ImageDraw.Draw(panel).text((4, size.caption / 2), title, fill=INK, font=letters, anchor="lm")
    picture = Image.fromarray(frame).resize((size.width, size.picture), Image.Resampling.LANCZOS)
    panel.paste(picture, (0, size.caption))
    for point, mark in [(shot.chosen, ring_mark)] + [(place, cross_mark) for place in shot.right]:
        side = size.mark if mark is ring_mark else round(0.8 * size.mark)
        x, y = place_in_panel(point, pose, size)
        _stamp(panel, mark(side), round(x - side / 2), round(y - side / 2), size)
    if judged:
        _draw_verdict(panel, shot, size)
    return panel


def _stamp(panel: Image.Image, mark: Image.Image, left: int, top: int, size: PanelSize) -> None:
    """Lay a mark over the picture, where all of it is within."""
    within = 0 <= left <= size.width - mark.width
    if within and size.caption <= top <= size.caption + size.picture - mark.height:
        panel.paste(mark, (left, top), mark)


def _draw_verdict(panel: Image.Image, shot: Shot, size: PanelSize) -> None:
    episode = shot.take.episode
    pen, colour = ImageDraw.Draw(panel), GOOD if episode.success else BAD
    top, bottom = size.caption, size.caption + size.picture
    pen.rectangle((0, top, size.width - 1, bottom - 1), outline=colour, width=max(3, round(3 * size.scale)))
    line = bottom + round(0.95 * size.letters)
    sign = tick_or_cross(episode.success, size.letters + 2)
    panel.paste(sign, (4, line - sign.height // 2), sign)
    word = "SUCCESS" if episode.success else "FAILURE"
    begin = 8 + sign.width
    letters = font(size.letters, bold=True)
    pen.text((begin, line), word, fill=INK, font=letters, anchor="lm")
    begin += round(letters.getlength(word)) + size.small
    note, letters = fitted(shot.note, size.width - begin - 4, size.small)
    pen.text((begin, line), note, fill=INK, font=letters, anchor="lm")
    _draw_parts(panel, episode.verdict, size, bottom + round(1.9 * size.letters))


def _draw_parts(panel: Image.Image, verdict: Mapping[str, bool], size: PanelSize, top: int) -> None:
    """The parts of the verdict, three in a line, each with a tick or a cross."""
    pen, row_height = ImageDraw.Draw(panel), round(1.6 * size.small)
    # The middle column has the longest words.
    starts = (4, round(0.30 * size.width), round(0.76 * size.width))
    for number, (name, holds) in enumerate(verdict.items()):
        row, column = divmod(number, PARTS_ABREAST)
        left, middle = starts[column], top + row * row_height + row_height // 2
        end = (*starts, size.width)[column + 1]
        sign = tick_or_cross(holds, size.small)
        panel.paste(sign, (left, middle - sign.height // 2), sign)
        begin = left + sign.width + 3
        said, letters = fitted(WORDS.get(name, name), end - begin - 3, size.small)
        pen.text((begin, middle), said, fill=INK, font=letters, anchor="lm")
