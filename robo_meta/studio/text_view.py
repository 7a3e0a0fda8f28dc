"""A session's view as text: the table from above, letter by letter, and where the hand is in numbers."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from itertools import groupby

import numpy as np
from rich.console import Group
from rich.text import Text

from robo_meta.studio.drawing import object_meshes
from robo_meta.studio.view import JUDGED, Frame, Stage, View
from robo_meta.studio.wording import verdict_text
from sim.frames import long_axis
from sim.objects.spec import ObjectSpec
from sim.palette import PALETTE

HAND, FINGERS = "panda_grasptarget", ("panda_leftfinger", "panda_rightfinger")
SPAN = 0.34
"""m that the picture shows, from near to far and from left to right; the object is in its middle."""
LINES, MOST_ROWS = 9, 29
"""Lines of text beside the picture, and rows of the picture at most."""
GRAIN = 0.006
"""m between neighbouring points of a drawn surface."""
LETTERS = {tuple(round(255 * v) for v in rgb): "k" if name == "black" else name[0] for name, rgb in PALETTE.items()}
"""RGB → letter of the paint; black is k, as b is blue."""
KEYS = (
    "arrows, W A S D: plane  R F: up, down  Q E: turn  (capital letters: farther)",
    "space: close, open  enter: lift, go on  X: give up  tab: next  ctrl-C: end",
)


def screen(view: View, rows: int) -> Group:
    """All that a terminal shows.

    Args:
        view: of a session.
        rows: of the terminal.
    """
    lines = [Text(view.message, style="bold"), *_task(view)]
    if not view.stages:
        return Group(*lines)
    stage, height = view.stages[0], min(MOST_ROWS, rows - LINES)
    lines += [Text(line) for line in numbers(stage, view)]
    if height >= 5:
        lines.append(picture(stage, view, height))
    return Group(*lines, *(Text(line, style="dim") for line in KEYS))


def _task(view: View) -> list[Text]:
    if view.choice is None:
        return []
    fingers = "closed" if view.closed else "open"
    kept = f"Kept: {view.successes} of {view.demos} succeeded."
    first = f"{view.choice.family}, task {view.choice.task}: {view.wanted}. {kept}"
    second = f"Fingers {fingers}, {view.left} actions left."
    return [Text(first), Text(second if view.verdict is None else f"Verdict: {verdict_text(view.verdict)}")]


def numbers(stage: Stage, view: View) -> list[str]:
    """Where the hand is, where it is brought to, and the object; cm and degrees."""
    frame, points = stage.frame, surface(stage.scene.object)
    hand, lies = frame.links[HAND].position, frame.object_to_world
    seen = lies.apply(points[:, :3])
    middle, top = (seen.max(axis=0) + seen.min(axis=0))[:2] / 2, float(seen[:, 2].max())
    across = _half_turn(_across(stage.scene.object) + math.degrees(lies.yaw))
    apart = np.linalg.norm(np.subtract(*(frame.links[name].position for name in FINGERS)))
    lines = [f"hand    {_place(hand)}  heading {_heading(frame):4.0f}°  fingers {100 * apart:.1f} cm apart"]
    if view.target is not None and view.phase != JUDGED:
        lines.append(f"goes to {_place(view.target[:3])}  heading {math.degrees(view.target[3]):4.0f}°")
    away = middle - hand[:2]
    above = f"{100 * np.hypot(*away):.1f} cm beside its middle, {100 * (hand[2] - top):.1f} cm above its top"
    return [*lines, f"object  {_place([*middle, top])}  across it {across:4.0f}°", f"        the hand is {above}"]


def picture(stage: Stage, view: View, rows: int) -> Text:
    """The object from above in the letters of its paints, with the hand (+), its fingers (#), and where it goes (x).

    Upwards is away from the arm, left is to the arm's left. A character is twice as high as wide.
    """
    frame, points = stage.frame, surface(stage.scene.object)
    seen, cell = frame.object_to_world.apply(points[:, :3]), SPAN / rows
    middle = (seen[:, :2].max(axis=0) + seen[:, :2].min(axis=0)) / 2
    grid: list[list[tuple[str, str]]] = [[("·", "dim")] * (2 * rows) for _ in range(rows)]

    def at(places: np.ndarray) -> np.ndarray:
        """(P, 2) rows and columns, at the border for what lies outside."""
        found = (middle - places[:, :2]) / (cell, cell / 2) + (rows / 2, rows)
        clipped: np.ndarray = np.clip(np.floor(found), 0, (rows - 1, 2 * rows - 1)).astype(int)
        return clipped

    # Of the points in a cell the highest one is seen: of repeated places the last one assigned stays.
    order, shown = np.argsort(seen[:, 2]), np.full((rows, 2 * rows), -1)
    shown[tuple(at(seen[order]).T)] = order
    for row, column in np.argwhere(shown >= 0):
        grid[row][column] = _paint(tuple(points[shown[row, column], 3:].astype(int)))
    marks = [(frame.links[name].position, "#") for name in FINGERS]
    if view.target is not None and view.phase != JUDGED:
        marks.insert(0, (view.target[:3], "x"))
    marks.append((frame.links[HAND].position, "+"))
    for (row, column), (_, letter) in zip(at(np.array([place for place, _ in marks])), marks, strict=True):
        grid[row][column] = letter, "bold reverse"
    return Text("\n").join(Text.assemble(*_runs(row)) for row in grid)


@cache
def _paint(rgb: tuple[int, int, int]) -> tuple[str, str]:
    """A paint's letter, and its style: on its own colour, in black or white."""
    red, green, blue = rgb
    return LETTERS.get(
        (red, green, blue), "o"
    ), f"{'black' if sum(rgb) > 330 else 'white'} on rgb({red},{green},{blue})"


def _runs(row: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Characters of one style put together: a slow line carries a third of the bytes then."""
    runs = groupby(row, key=lambda cell: cell[1])
    return [("".join(letter for letter, _ in run), style) for style, run in runs]


@lru_cache(maxsize=8)
def surface(spec: ObjectSpec) -> np.ndarray:
    """(P, 6) points of an object's surface, some millimetres apart: x, y, z in m, object frame, and RGB in 0–255."""
    found = []
    for (vertices, faces), colour in object_meshes(spec):
        for corners in np.asarray(vertices, dtype=float)[np.asarray(faces, dtype=int)]:
            longest = max(np.linalg.norm(corners[n] - corners[n - 1]) for n in range(3))
            steps = min(60, max(1, math.ceil(longest / GRAIN)))
            shares = [(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]
            places = np.array(shares) / steps @ corners
            found.append(np.concatenate([places, np.broadcast_to(np.array(colour, dtype=float), places.shape)], axis=1))
    return np.concatenate(found)


@lru_cache(maxsize=8)
def _across(spec: ObjectSpec) -> float:
    """Degrees, object frame, of the heading at which the fingers close across an object's long axis."""
    along = long_axis(surface(spec)[:, :2])
    return math.degrees(math.atan2(along[1], along[0])) + 90


def _heading(frame: Frame) -> float:
    """Degrees of the direction in which the fingers close; −90 to 90."""
    x, y, _ = np.subtract(*(frame.links[name].position for name in FINGERS))
    return _half_turn(math.degrees(math.atan2(y, x)))


def _half_turn(degrees: float) -> float:
    return (degrees + 90) % 180 - 90


def _place(place: np.ndarray | list[float]) -> str:
    return "  ".join(f"{axis} {100 * float(value):5.1f}" for axis, value in zip("xyz", place, strict=True))
