"""Pictures of what is learned: strategies side by side, adaptation, the verdict and the selector's choice."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from looks import (
    BAD,
    CHOSEN,
    GOOD,
    INK,
    PALE,
    SHOWN,
    below,
    draw_object,
    draw_scan,
    legend,
    mark_grasp,
    mark_true,
    new_figure,
    panel,
    ratio,
    save,
)
from story import right_places, story

import robo_meta
from robo_meta.selector.judging.explain import explain
from robo_meta.selector.learner.file import load_selector
from robo_meta.selector.matrix.file import load_matrix

STRATEGIES = ("centre", "zero-shot", "warped-replay", "context", "maml")
SELECTED = (("paint", 33), ("repainted", 78), ("role", 12))
"""World and number of the scene in the shipped matrix, chosen for instruction."""
COMPARED, GREY, HAPPENED = ("maml", "warped-replay", "role"), "#999999", "share of rollouts that succeeded"
WITHIN = {"lifted", "held", "level", "clamped", "unsupported"}
"""Parts of a verdict that say something where the intention is *balance*."""


def strategies(path: Path) -> Path:
    """One demonstration, and where five strategies hold another object after it, judged by physics."""
    figure = new_figure(8.8, 5.0)
    places, told = figure.subplots(2, 3), story()
    first = places.flat[0]
    panel(first, f"the demonstration: {told.shown.object.family}")
    draw_object(first, told.shown.object)
    mark_grasp(first, told.shown.object, told.support.items[0].grasp, SHOWN, "demonstrated grasp")
    below(first, ratio(told.query), PALE)
    for axes, name in zip(places.flat[1:], STRATEGIES, strict=True):
        played = told.play(name)
        panel(axes, name)
        draw_object(axes, told.query.object)
        mark_true(axes, told.query.object, right_places(told.query), "where it balances")
        mark_grasp(axes, told.query.object, np.array(played.target), CHOSEN, "chosen grasp", "o")
        off = f"{played.keypoint_mm:.0f} mm off"
        below(axes, f"✓ held level, {off}" if played.success else f"✗ tips, {off}", GOOD if played.success else BAD)
    legend(figure, *places.flat)
    return save(figure, path)


def adaptation(path: Path) -> Path:
    """The score over the query's points before and after adapting `maml`."""
    figure = new_figure(8.8, 3.0)
    shown, before, after = places = figure.subplots(1, 3)
    told = story()
    strategy = robo_meta.make_strategy("maml")
    panel(shown, f"the demonstration: {told.shown.object.family}")
    draw_scan(shown, told.shown.object, told.support.items[0].points)
    mark_grasp(shown, told.shown.object, told.support.items[0].grasp, SHOWN, "demonstrated grasp")
    below(shown, "what the camera saw", PALE)
    for axes, name, policy in (
        (before, "before adapting", strategy.prior_policy()),
        (after, "after adapting", strategy.adapt(told.support)),
    ):
        panel(axes, name)
        scatter = draw_scan(axes, told.query.object, told.points, policy.point_scores(told.points))
        mark_true(axes, told.query.object, right_places(told.query), "where it balances")
        mark_grasp(axes, told.query.object, policy.target(told.points), CHOSEN, "chosen grasp", "o")
        below(axes, "score of each point", PALE)
    bar = figure.colorbar(scatter, ax=list(places), shrink=0.7, ticks=[0, 1])
    bar.ax.set_yticklabels(["none", "best"], fontsize=10.5)
    legend(figure, *places)
    return save(figure, path)


def verdict(path: Path) -> Path:
    """The end of an episode that failed and of one that succeeded, and the parts of their verdicts."""
    figure = new_figure(8.8, 4.3)
    told = story()
    for axes, name in zip(figure.subplots(1, 2), ("warped-replay", "maml"), strict=True):
        played = told.play(name, frames=True)
        axes.imshow(played.frames[-1])
        axes.set(xticks=[], yticks=[])
        word, colour = ("✓ success", GOOD) if played.success else ("✗ failure", BAD)
        axes.set_title(f"{name}: {word}", fontsize=12, color=colour, weight="bold")
        # The end of a failed hold comes before its later parts are judged, which then count as they stood.
        parts = [f"{'✓' if holds else '✗'} {part}" for part, holds in played.verdict.items() if part in WITHIN]
        below(axes, "   ".join(parts))
    return save(figure, path, 96)


def selector(path: Path) -> Path:
    """What the shipped selector expects of three strategies in three scenes, and what happened."""
    figure = new_figure(8.8, 4.2)
    matrix, chooser = load_matrix(), load_selector()
    for axes, (world, number) in zip(figure.subplots(1, 3, sharey=True), SELECTED, strict=True):
        told = explain(matrix, chooser, number)
        rows = [row for row in told["strategies"] if row["strategy"] in COMPARED][::-1]
        names = [row["strategy"] for row in rows]
        taken = names.index(told["chosen"])
        bars = axes.barh(names, [row["predicted"] for row in rows], height=0.5, color=GREY, label="expected")
        bars[taken].set(facecolor=CHOSEN, hatch="//", edgecolor="white")
        axes.plot([row["happened"] for row in rows], names, "D", color="black", ms=7, clip_on=False, label=HAPPENED)
        axes.text(0.02, taken + 0.32, "taken", fontsize=10.5, color=CHOSEN, weight="bold")
        axes.set(xlim=(0, 1), xticks=[0, 0.5, 1], ylim=(-0.5, 2.7))
        axes.tick_params(labelsize=10.5)
        axes.set_title(world, fontsize=12, color=INK)
        reason = told["because"].partition(": taking")[0]
        below(axes, f"chance of success\n\n{textwrap.fill(reason, 33)}")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    # The legend's bar is a grey one.
    axes.containers[0].set_label("")
    axes.bar(0, 0, color=GREY, label="expected")
    legend(figure, axes)
    return save(figure, path)
