"""Views in words, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from robo_meta.studio.view import BUSY, Advice, Trial, View, Weighing

YES, NO = "✓", "✗"
LIKELIEST = 5
"""Strategies whose chances are named."""


def status_text(view: View) -> str:
    """What stands on top: what was said last, the task, the actions left, and the verdict."""
    lines = [f"**{'⏳ ' if view.phase == BUSY else ''}{view.message}**"]
    if view.choice is not None:
        choice = view.choice
        lines.append(f"{choice.family}, task {choice.task}: {view.wanted}.")
        fingers = "closed" if view.closed else "open"
        lines.append(f"Fingers {fingers}, {view.left} actions left. Kept: {view.successes} of {view.demos} succeeded.")
    if view.verdict is not None:
        lines.append(f"Your verdict: {verdict_text(view.verdict)}")
    return "\n\n".join(lines)


def verdict_text(verdict: Mapping[str, bool]) -> str:
    """`✓ lifted ✗ level …`."""
    return " ".join(f"{YES if holds else NO} {name.replace('_', ' ')}" for name, holds in verdict.items())


def trials_text(trials: Sequence[Trial]) -> str:
    """A table of what strategies came to."""
    if not trials:
        return ""
    rows = ["| strategy | verdict | off by |", "|---|---|---|"]
    for trial in trials:
        failed = ", ".join(name.replace("_", " ") for name, holds in trial.verdict.items() if not holds)
        verdict = f"{YES} success" if trial.success else f"{NO} not {failed}"
        rows.append(f"| {trial.strategy} | {verdict} | {trial.keypoint_mm:.0f} mm |")
    return "\n".join(rows)


def weighing_text(found: Weighing | None) -> str:
    """What adapting changed."""
    if found is None:
        return ""
    demos = f"{found.shots} demonstration" + ("s" if found.shots > 1 else "")
    said = f"{found.strategy} after {demos}, on {found.family}"
    if found.moved_mm is None:
        return f"{said}: it has no choice of its own before them. Right of the table, the grasp that it chooses."
    said = f"{said}: its grasp moves by {found.moved_mm:.0f} mm."
    if found.before is None:
        return said
    return f"{said} Beside the table the points it weighs, before and after: dark little, yellow much."


def advice_text(advice: Advice | None) -> str:
    """What the selector would take, why, and the chances that it sees."""
    if advice is None:
        return ""
    ranked = sorted(advice.predicted.items(), key=lambda pair: -pair[1])[:LIKELIEST]
    chances = ", ".join(f"{name} {chance:.2f}" for name, chance in ranked)
    return f"On {advice.family} it takes **{advice.chosen}**: {advice.because}.\n\nChances: {chances}."
