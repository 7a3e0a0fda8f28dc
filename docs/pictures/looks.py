"""How the pictures look: objects from above, grasps and true places upon them, words and colours.

Objects wear the paints of the simulator; everything that is drawn upon them has a colour of Okabe and Ito's palette and
a shape of its own, so that nothing depends on colour alone.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke
from PIL import Image

from sim.objects.spec import ObjectSpec
from sim.palette import PALETTE
from sim.tasks.scenes import Scene

SHOWN, CHOSEN, GOOD, BAD = "#D55E00", "#0072B2", "#009E73", "#D55E00"
"""Colours: a demonstrated grasp, a chosen one, success and failure."""
INK, PALE = "#222222", "#666666"
"""Colours of words."""
DOTS_PER_INCH = 130
HALF_WIDTH, HALF_HEIGHT = 0.18, 0.105
"""m: half of what a panel shows, the same in all of a picture, so that sizes compare."""
FINGER = 0.034
"""m: from the middle of a drawn grasp to either finger."""
HALO = (withStroke(linewidth=3.5, foreground="white"),)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure; inches."""
    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    return figure


def save(figure: Figure, path: Path, colours: int = 128) -> Path:
    """Write a PNG of few colours, which is small; equal figures give equal bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    picture = Image.open(buffer).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    return path


def panel(axes: Axes, title: str) -> None:
    """A look at the table from above, without ticks."""
    limits = {"xlim": (-HALF_WIDTH, HALF_WIDTH), "ylim": (-HALF_HEIGHT, HALF_HEIGHT)}
    axes.set(**limits, aspect="equal", xticks=[], yticks=[])
    axes.set_title(title, fontsize=11, color=INK)
    for side in axes.spines.values():
        side.set(color="#bbbbbb")


def below(axes: Axes, words: str, colour: str = INK) -> None:
    """Words under a panel."""
    axes.set_xlabel(words, fontsize=10.5, color=colour, labelpad=6)


def draw_object(axes: Axes, spec: ObjectSpec, paints: dict[str, tuple[float, float, float]] | None = None) -> None:
    """The object's parts in their paints, or in those given, where x is along its length."""
    turn = _along_x(spec)
    for part in spec.parts:
        paint = (paints or PALETTE)[part.colour]
        look = {"facecolor": paint, "edgecolor": "#444444", "lw": 1.0, "zorder": 1}
        axes.add_patch(Polygon(part.outline @ turn.T, closed=True, **look))


def mark_true(axes: Axes, spec: ObjectSpec, places: np.ndarray, label: str) -> None:
    """A black cross at each place (E, 2), m, object frame, where the object should be held."""
    for number, place in enumerate(np.atleast_2d(places) @ _along_x(spec).T):
        look = {"marker": "x", "color": "black", "ms": 10, "mew": 2.4, "ls": "", "path_effects": HALO, "zorder": 3}
        axes.plot(*place, label=None if number else label, **look)


def mark_grasp(axes: Axes, spec: ObjectSpec, grasp: np.ndarray, colour: str, label: str, marker: str = "s") -> None:
    """Both fingers of a grasp (≥ 4,): x, y, z (m), yaw (rad), object frame, and the line between them."""
    turn = _along_x(spec)
    middle, along = turn @ np.asarray(grasp[:2], float), turn @ np.array([np.cos(grasp[3]), np.sin(grasp[3])])
    ends = middle + np.outer([-FINGER, FINGER], along)
    look = {"color": colour, "marker": marker, "ms": 8, "lw": 2.4, "path_effects": HALO, "zorder": 2}
    axes.plot(*ends.T, label=label, **look)


def draw_scan(axes: Axes, spec: ObjectSpec, points: np.ndarray, weights: np.ndarray | None = None) -> object:
    """A scan (P, 6), object frame, in its paint, or the first Q points by their weights (Q,)."""
    seen = points if weights is None else points[: len(weights)]
    places = seen[:, :2] @ _along_x(spec).T
    if weights is None:
        return axes.scatter(*places.T, s=9, c=np.clip(seen[:, 3:], 0, 1), zorder=1)
    order = weights.argsort()
    return axes.scatter(*places[order].T, s=14, c=weights[order] / weights.max(), cmap="cividis", vmin=0, vmax=1)


def ratio(scene: Scene) -> str:
    """What the parts weigh, in two lines."""
    (light, least), (heavy, most) = sorted(scene.task.densities.items(), key=lambda item: item[1])
    return f"{heavy} is {most / least:.1f} times as dense\nas {light}, which nobody sees"


def legend(figure: Figure, *axes: Axes, columns: int = 4) -> None:
    """One legend for several panels, under them."""
    found = {}
    for each in axes:
        for handle, label in zip(*each.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    look = {"loc": "outside lower center", "ncols": columns, "fontsize": 10.5, "frameon": False}
    figure.legend(found.values(), found.keys(), **look)


def _along_x(spec: ObjectSpec) -> np.ndarray:
    """(2, 2): turns the object frame, whose heading is drawn at random, so that the object lies along x."""
    corners = np.concatenate([part.outline for part in spec.parts])
    x, y = np.linalg.svd(corners - corners.mean(axis=0), full_matrices=False)[2][0]
    # Of both ways to lie along x, the one whose first part is on the left.
    if (np.mean(spec.parts[0].outline, axis=0) - corners.mean(axis=0)) @ (x, y) > 0:
        x, y = -x, -y
    return np.array([[x, y], [-y, x]])
