"""Pictures of the report, as HTML fragments: inline SVG charts and embedded PNG heat maps."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from robo_meta.catalogue import ASKING, ASKING_COLOUR, CATALOGUE, OTHER_COLOURS, bare

Record = dict[str, Any]
EXPERT, EXPERT_COLOUR = "expert", "#1b1f24"


@dataclass(frozen=True)
class AdaptationScene:
    """One query as the policy saw it before and after adapting, and what it adapted from."""

    caption: str
    demo_points: np.ndarray
    """(P, 6): the demonstrated object's scan, its own object frame."""
    demo_grasp: np.ndarray
    """(4,): where the demonstrator's fingers closed; m, m, m, rad."""
    points: np.ndarray
    """(P, 6): the query's scan, object frame."""
    before: np.ndarray
    """(Q,) weights that the prior gives the first Q points; the others are only looked at."""
    after: np.ndarray
    """(Q,) weights that the adapted policy gives them."""
    target_before: np.ndarray
    """(4,) grasp that the prior chooses."""
    target_after: np.ndarray
    """(4,) grasp that the adapted policy chooses."""
    truth: np.ndarray
    """(E, 2), m, object frame: true centre of mass, or the wanted outer ends."""


def success_by_shots(cells: Sequence[Record]) -> str:
    """Rates over shots with intervals, one panel for each transfer."""
    chosen = [cell for cell in cells if cell["intention"] == "all"]
    transfers = list(dict.fromkeys(cell["transfer"] for cell in chosen))
    names = _ordered(cell["strategy"] for cell in chosen if cell["shots"] > 0)
    figure = Figure(figsize=(4.2 * len(transfers), 3.6), layout="constrained")
    axes = figure.subplots(1, len(transfers), sharey=True, squeeze=False)[0]
    shots = sorted({cell["shots"] for cell in chosen if cell["shots"] > 0})
    for ax, transfer in zip(axes, transfers, strict=True):
        for number, name in enumerate(names):
            rows = [c for c in chosen if c["transfer"] == transfer and c["strategy"] == name]
            if rows:
                # Side by side, so that intervals of equal rates don't hide one another.
                x = np.array([shots.index(row["shots"]) for row in rows]) + (number - len(names) / 2) * 0.06
                _error_bars(ax, x, rows, _colour(name), name)
        for row in chosen:
            if row["shots"] == 0 and row["transfer"] == transfer:
                ax.axhline(row["rate"], color=EXPERT_COLOUR, linestyle=":", linewidth=1, label="expert")
        ax.set(title=transfer, xlabel="demonstrations", ylim=(-0.02, 1.02))
        ax.set_xticks(range(len(shots)), [str(count) for count in shots])
        ax.grid(axis="y", alpha=0.25)
    axes[0].set_ylabel("success")
    axes[-1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return svg(figure)


def cost_beside_success(cells: Sequence[Record]) -> str:
    """Rates over the time that adapting and the first action take, one panel for each transfer, fewest shots."""
    chosen = [cell for cell in cells if cell["intention"] == "all" and cell["shots"] > 0]
    fewest = min(cell["shots"] for cell in chosen)
    transfers = list(dict.fromkeys(cell["transfer"] for cell in chosen))
    figure = Figure(figsize=(4.2 * len(transfers), 3.2), layout="constrained")
    axes = figure.subplots(1, len(transfers), sharey=True, squeeze=False)[0]
    for ax, transfer in zip(axes, transfers, strict=True):
        rows = [cell for cell in chosen if cell["transfer"] == transfer and cell["shots"] == fewest]
        for name in _ordered(row["strategy"] for row in rows):
            row = next(row for row in rows if row["strategy"] == name)
            _error_bars(ax, np.array([max(row["adapt_ms"] + row["first_act_ms"], 0.1)]), [row], _colour(name), name)
        ax.set(title=transfer, xlabel="adapting and first action, ms", xscale="log", ylim=(-0.02, 1.02))
        ax.grid(alpha=0.25)
    axes[0].set_ylabel("success")
    axes[-1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return svg(figure)


def family_bars(families: Sequence[Record]) -> str:
    """Rates by the query's family, one transfer, at the fewest shots: the expert, ours and the others."""
    fewest = min(row["shots"] for row in families if row["shots"] > 0)
    chosen = [row for row in families if row["shots"] in (0, fewest)]
    names = _ordered(row["strategy"] for row in chosen)
    labels = sorted({row["family"] for row in chosen})
    figure = Figure(figsize=(max(6.0, 0.25 * len(names) * len(labels)), 3.2), layout="constrained")
    ax = figure.subplots()
    for number, name in enumerate(names):
        rows = [row for row in chosen if row["strategy"] == name]
        x = np.array([labels.index(row["family"]) for row in rows]) + (number - (len(names) - 1) / 2) * 0.8 / len(names)
        heights = np.array([row["rate"] for row in rows])
        spans = np.abs(np.array([[row["low"], row["high"]] for row in rows]).T - heights)
        bars = {"yerr": spans, "error_kw": {"elinewidth": 0.7}}
        ax.bar(x, heights, 0.8 / len(names), color=_colour(name), label=name, **bars)
    ax.set_xticks(range(len(labels)), labels, rotation=20, ha="right")
    ax.set(ylabel="success", ylim=(0, 1.02))
    ax.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return svg(figure)


def adaptation_picture(scene: AdaptationScene) -> str:
    """Demonstration, scores before and scores after, from above at one scale."""
    figure = Figure(figsize=(10.5, 3.5), layout="constrained")
    demo, before, after = figure.subplots(1, 3)
    demo.scatter(
        *scene.demo_points[:, :2].T * 100, s=26, c=scene.demo_points[:, 3:6], edgecolors="#0003", linewidths=0.4
    )
    _draw_grasp(demo, scene.demo_grasp, "demonstrated grasp")
    for ax, weights, target in ((before, scene.before, scene.target_before), (after, scene.after, scene.target_after)):
        # The rim shows the paint, the filling the weight.
        shown, scored = weights / max(float(weights.max()), 1e-12), scene.points[: len(weights)]
        ax.scatter(*scored[:, :2].T * 100, s=34, c=shown, cmap="viridis", edgecolors=scored[:, 3:6], linewidths=1.3)
        _draw_grasp(ax, target, "chosen grasp")
        ax.plot(*scene.truth.T * 100, "x", color="#000", markersize=9, markeredgewidth=2, label="true keypoint")
    for ax, title in ((demo, "demonstration"), (before, "before adapting"), (after, "after adapting")):
        ax.set(title=title, xlabel="x, cm", aspect="equal")
        ax.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return _png(figure)


def _draw_grasp(ax: Axes, grasp: np.ndarray, label: str) -> None:
    """The keypoint and a line along the closing direction."""
    x, y, _, yaw = (float(value) for value in grasp)
    reach = 0.03 * np.array([np.cos(yaw), np.sin(yaw)])
    ends = (np.array([x, y]) + np.array([[-1.0], [1.0]]) * reach) * 100
    ax.plot(*ends.T, "-", color="#d1495b", linewidth=2)
    ax.plot(x * 100, y * 100, "o", color="#d1495b", markersize=6, markeredgecolor="#fff", label=label)


def _error_bars(ax: Axes, x: np.ndarray, rows: list[Record], colour: str, name: str) -> None:
    rates = np.array([row["rate"] for row in rows])
    spans = np.abs(np.array([[row["low"], row["high"]] for row in rows]).T - rates)
    width = 2.2 if name == "maml" else 1.0
    ax.errorbar(x, rates, spans, color=colour, label=name, linewidth=width, marker="o", markersize=4, elinewidth=0.8)


def _colour(name: str) -> str:
    """A strategy's colour, the same in every chart; half as strong where the scripted controller drives it."""
    if name == EXPERT:
        return EXPERT_COLOUR
    plain = bare(name)
    row = CATALOGUE.get(plain)
    # A user's own strategy has no row: its name picks the colour, so that it keeps it from chart to chart.
    others = ASKING_COLOUR if plain == ASKING else OTHER_COLOURS[crc32(plain.encode()) % len(OTHER_COLOURS)]
    colour = others if row is None else row.colour
    return colour if name == plain else _lighter(colour)


def _lighter(colour: str) -> str:
    red, green, blue = to_rgb(colour)
    return to_hex(((red + 1) / 2, (green + 1) / 2, (blue + 1) / 2))


def _ordered(names: Any) -> list[str]:
    """Distinct names, the expert and `maml` first."""
    first = {"expert": 0, "maml": 1}
    return sorted(dict.fromkeys(names), key=lambda name: first.get(name, 2))


def svg(figure: Figure) -> str:
    """A figure as inline SVG."""
    buffer = io.StringIO()
    # Neither date nor random ids, so that equal results give equal reports.
    with rc_context({"svg.hashsalt": "robo_meta", "svg.fonttype": "none"}):
        FigureCanvasAgg(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _png(figure: Figure) -> str:
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=80, metadata={"Software": None})
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'
