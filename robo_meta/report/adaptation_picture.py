"""The picture of an adaptation: a demonstration, and the score over the new object before and after adapting to it.

The three panels show objects from above at one scale; scores before and after share one scale of colour and size.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from robo_meta.report.adaptation import AdaptationScene
from robo_meta.report.numbers import SPACE, percent
from robo_meta.report.page import render

RAMP = np.array([[255, 255, 255], [230, 159, 0], [213, 94, 0], [107, 29, 0]], float)
"""Colours of a score from 0 to the highest, of falling lightness; the stylesheet's `.ramp` shows the same."""
RAMP_AT = np.array([0.0, 0.45, 0.7, 1.0])
MARGIN = 35.0
"""mm around the larger object."""
FINGERS = 0.03
"""m, half of the line along the closing direction."""


class Disc(NamedTuple):
    """One point of a scan, mm in the panel, y upwards in the object frame and downwards here."""

    x: float
    y: float
    r: float
    fill: str
    rim: str


def adaptation_picture(scene: AdaptationScene, badges: Markup | None = None, title: str = "") -> Markup:
    """The scene as HTML: panels, legend and scale, with what became of it.

    Args:
        scene: what is drawn.
        badges: what the strategies came to on it, as HTML.
        title: over the picture, why the scene is shown.
    """
    half = max(_half(scene.demo_points), _half(scene.points)) * 1e3 + MARGIN
    highest = float(max(scene.before.max(), scene.after.max(), 1e-12))
    demo = _demonstration(scene)
    drawn = [demo, *(_scored(scene, adapted, highest) for adapted in (False, True))]
    # A score is shown by its square root, so that a broad preference is seen beside a narrow one.
    labels = [percent(0.0), *(percent(highest * share**2, 1) for share in (0.5, 1.0))]
    return render(
        "adaptation.html", title=title, scene=scene, panels=drawn, half=round(half, 1), badges=badges, labels=labels
    )


def _demonstration(scene: AdaptationScene) -> dict[str, Any]:
    points = scene.demo_points
    middle = _middle(points)
    discs = [Disc(*_mm(point[:2], middle), 2.6, _hex(point[3:6] * 255), "#0006") for point in points]
    said = "Demonstration, seen from above: the points of the object in their colours and the demonstrated grasp."
    return {
        "title": "demonstration",
        "said": said,
        "discs": discs,
        "grasp": _grasp(scene.demo_grasp, middle),
        "truth": [],
    }


def _scored(scene: AdaptationScene, adapted: bool, highest: float) -> dict[str, Any]:
    """The query's points with their score, the chosen grasp and the true places."""
    weights, target = (scene.after, scene.target_after) if adapted else (scene.before, scene.target_before)
    when, middle = "after adapting" if adapted else "before adapting", _middle(scene.points)
    order = np.argsort(weights)
    discs = []
    for number in order:
        share = float(np.sqrt(max(weights[number], 0.0) / highest))
        point = scene.points[number]
        discs.append(Disc(*_mm(point[:2], middle), round(2.2 + 3.8 * share, 1), ramp(share), _hex(point[3:6] * 255)))
    off = scene.off_mm[adapted]
    said = (
        f"{when.capitalize()}: the score over the new object’s points is up to {percent(float(weights.max()), 1)} a "
        f"point; the chosen grasp lies {off:.0f}{SPACE}mm from the true place."
    )
    truth = [_mm(place, middle) for place in scene.truth]
    title = f"{when}: {off:.0f}{SPACE}mm off"
    return {"title": title, "said": said, "discs": discs, "grasp": _grasp(target, middle), "truth": truth}


def ramp(share: float) -> str:
    """Colour of a score as a share of the highest, `#rrggbb`.

    Example:
        >>> ramp(0.0), ramp(1.0)
        ('#ffffff', '#6b1d00')
    """
    return _hex(np.array([np.interp(share, RAMP_AT, RAMP[:, channel]) for channel in range(3)]))


def _grasp(grasp: np.ndarray, middle: np.ndarray) -> dict[str, float]:
    """The keypoint and the ends of a line along the closing direction."""
    reach = FINGERS * np.array([np.cos(grasp[3]), np.sin(grasp[3])])
    x, y = _mm(grasp[:2], middle)
    (x1, y1), (x2, y2) = _mm(grasp[:2] - reach, middle), _mm(grasp[:2] + reach, middle)
    return {"x": x, "y": y, "x1": x1, "y1": y1, "x2": x2, "y2": y2}


def _mm(place: np.ndarray, middle: np.ndarray) -> tuple[float, float]:
    x, y = (np.asarray(place[:2], float) - middle) * 1e3
    return round(float(x), 1), round(-float(y), 1)


def _middle(points: np.ndarray) -> np.ndarray:
    return (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)).astype(float) / 2


def _half(points: np.ndarray) -> float:
    """m, half of the longer side."""
    return float((points[:, :2].max(axis=0) - points[:, :2].min(axis=0)).max()) / 2


def _hex(colour: np.ndarray) -> str:
    return "#" + "".join(f"{round(min(max(float(value), 0.0), 255.0)):02x}" for value in colour)
