"""A handful of scenes for the report: what `maml` saw and chose before and after adapting to one demonstration."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos.expert.episode import shared_env
from robo_meta.report.charts import AdaptationScene
from robo_meta.scenarios.conditions import Condition
from robo_meta.scenarios.matched_scenes import OWN, matched_task
from robo_meta.scenarios.rollout import keypoint_error, true_keypoints
from robo_meta.scenarios.supports import NoDemonstration, record_support
from robo_meta.strategies.build import build_strategies
from sim.tasks.scenes import PART

OURS = "maml"


def adaptation_scenes(
    checkpoint: Path, root: int, split: str, count: int, transfer: str = "new-shape", support: str = OWN
) -> list[AdaptationScene]:
    """Tasks 0 … count − 1 of `split`, the same that an evaluation plays; nothing is picked by its outcome.

    Args:
        checkpoint: file of the checkpoint.
        root: root seed of the evaluation.
        split, transfer: where the scenes come from.
        count: how many.
        support: what new shapes are demonstrated on, see `matched_task`.
    """
    ours = build_strategies(checkpoint, (OURS,), "scripted")[0]
    assert ours.prior is not None, OURS
    strategy, prior = ours.strategy, ours.prior()
    scenes = []
    for index in range(count):
        matched = matched_task(root, split, index, support)
        try:
            shown = record_support(matched, Condition(transfer), 1)
        except NoDemonstration:
            continue
        observation, _ = shared_env().reset(seed=matched.rollout_seed, options={"scene": matched.query})
        points, policy = observation["points"], strategy.adapt(shown)
        before, after = prior.point_scores(points), policy.point_scores(points)
        if before is None or after is None:
            continue
        chosen = policy.target(points)
        task, demo = matched.task, shown.items[0]
        intention = f"hold by the outer end of {task.part_colour}" if task.intention == PART else "balance"
        dense = ", ".join(f"{name} {value:.1f}" for name, value in sorted(task.densities.items()))
        error = keypoint_error(matched.query, chosen)[0] * 1e3
        scenes.append(
            AdaptationScene(
                caption=f"{split} task {index}, {demo.family} → {matched.query.object.family}. Intention: {intention}. "
                f"Relative densities: {dense}. Off by {error:.0f} mm after adapting.",
                demo_points=np.asarray(demo.points),
                demo_grasp=np.asarray(demo.grasp),
                points=np.asarray(points),
                before=np.asarray(before),
                after=np.asarray(after),
                target_before=prior.target(points),
                target_after=chosen,
                truth=true_keypoints(matched.query),
            )
        )
    return scenes
