"""Scenes for the report: what `maml` saw and chose before and after adapting to demonstrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demos.expert.episode import shared_env
from demos.support import SupportSet
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import OWN, matched_task
from robo_meta.scenarios.rollout import keypoint_error, true_keypoints
from robo_meta.scenarios.supports import NoDemonstration, record_support
from robo_meta.strategies.build import build_strategies
from sim.tasks.scenes import PART

OURS = "maml"


@dataclass(frozen=True)
class AdaptationScene:
    """One query as the policy saw it before and after adapting, and what it adapted from."""

    index: int
    """Number of the task."""
    caption: str
    """What was demonstrated and meant, in words."""
    demo_points: np.ndarray
    """(P, 6): the demonstrated object's scan, its own object frame; m, and paint from 0 to 1."""
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
    off_mm: tuple[float, float] = (0.0, 0.0)
    """mm from the grasp to the nearest true place, before and after."""


def adaptation_scenes(
    checkpoint: Path,
    root: int,
    split: str,
    indices: Sequence[int],
    transfer: str = "new-shape",
    support: str = OWN,
    shots: int = 1,
) -> list[AdaptationScene]:
    """Tasks of `split`, the same that an evaluation plays.

    Args:
        checkpoint: file of the checkpoint.
        root: root seed of the evaluation.
        split, transfer: where the scenes come from.
        indices: numbers of the tasks.
        support: what new shapes are demonstrated on, see `matched_task`.
        shots: demonstrations to adapt from; the first one is shown.
    """
    ours = build_strategies(checkpoint, (OURS,), "scripted")[0]
    assert ours.prior is not None, OURS
    strategy, prior = ours.strategy, ours.prior()
    scenes = []
    for index in indices:
        matched = matched_task(root, split, index, support)
        try:
            shown = record_support(matched, Condition(transfer), shots)
        except NoDemonstration:
            continue
        observation, _ = shared_env().reset(seed=matched.rollout_seed, options={"scene": matched.query})
        points, policy = observation["points"], strategy.adapt(SupportSet(shown.items))
        before, after = prior.point_scores(points), policy.point_scores(points)
        if before is None or after is None:
            continue
        chosen, unadapted = policy.target(points), prior.target(points)
        task, demo = matched.task, shown.items[0]
        intention = f"hold by the outer end of the {task.part_colour} part" if task.intention == PART else "balance"
        which = "One demonstration" if shots == 1 else f"{shots} demonstrations, the first"
        scenes.append(
            AdaptationScene(
                index=index,
                caption=f"{which} on the shape “{demo.family}”, to be used on the shape "
                f"“{matched.query.object.family}”. Intention: {intention}. Hidden: {_ratio(task.densities)}.",
                demo_points=np.asarray(demo.points),
                demo_grasp=np.asarray(demo.grasp),
                points=np.asarray(points),
                before=np.asarray(before),
                after=np.asarray(after),
                target_before=unadapted,
                target_after=chosen,
                truth=true_keypoints(matched.query),
                off_mm=(
                    keypoint_error(matched.query, unadapted)[0] * 1e3,
                    keypoint_error(matched.query, chosen)[0] * 1e3,
                ),
            )
        )
    return scenes


def _ratio(densities: Mapping[str, float]) -> str:
    """How dense the materials are, in words."""
    (light, least), *others = sorted(densities.items(), key=lambda item: item[1])
    return ", ".join(f"{name} is {value / least:.1f} times as dense as {light}" for name, value in others)
