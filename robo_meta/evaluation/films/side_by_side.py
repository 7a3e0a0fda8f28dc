"""`robo-meta sim`: the demonstrations, then one strategy or several on one scene, side by side.

The scene is the one that `demos.film.scripted` shows of the scripted demonstrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demos.film.files import FilmError
from demos.film.scripted import check_files, film, film_scene, film_seeds, keep, told
from robo_meta.evaluation.films.config import SimConfig
from robo_meta.evaluation.records import EXPERT
from robo_meta.scenarios.matched_scenes import matched_scene

if TYPE_CHECKING:  # only names
    from collections.abc import Sequence

    from robo_meta.evaluation.films.scene import FilmedStrategy
    from robo_meta.scenarios.supports import Demonstration
    from sim.env import GraspEnv
    from sim.tasks.scenes import Scene


def film_grasp(config: SimConfig, env: GraspEnv | None = None) -> dict[str, Any]:
    """Film the demonstrator, or the strategies that are named; see `demos.film.scripted.film`, `film_strategies`."""
    return film(config, env) if config.strategy is None else film_strategies(config, env)


def film_strategies(config: SimConfig, env: GraspEnv | None = None) -> dict[str, Any]:
    """Adapt strategies to demonstrations, play one scene with each, and write what it looks like.

    Args:
        config: which strategies and scene, and where to; without `video` and `image` they are only played.
        env: a `demos.film.camera.FilmEnv` to play in; by default one is made for the film.

    Returns:
        What `demos.film.scripted.film` returns of `strategy`; besides `strategy, transfer, shots, support`; `shown`,
        the families that were demonstrated; `target` (4,), the grasp that was aimed at, m and rad, object frame;
        `keypoint_mm`, how far in the plane that is from the true centre of mass, or from the nearest wanted outer end;
        and `strategies`, a table of each in the order of the panels: `strategy, success, verdict, steps, target,
        keypoint_mm, across_mm`.

    Raises:
        FilmError: a file that can't be what it should be, or an object on which no demonstration succeeded.
        robo_meta.strategies.StrategyError: a strategy that lacks what it needs.
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.
    """
    from demos.film.camera import filming
    from robo_meta.scenarios.conditions import Condition
    from robo_meta.scenarios.supports import NoDemonstration, record_demonstrations

    check_files(config)
    players = _players(config)
    scene, (rollout_seed, _) = film_scene(config), film_seeds(config)
    matched = matched_scene(config.seed, scene, rollout_seed, config.support)
    try:
        shown = record_demonstrations(matched, Condition(config.transfer, config.shots))
    except NoDemonstration as error:
        raise FilmError(f"{error}; try another seed") from error
    with filming(config.rolling, env) as world:
        filmed = [_filmed(config, name, players, shown, scene, rollout_seed, world) for name in config.names]
        frames = _written(config, scene, shown, filmed, world) if config.rolling else 0
    return _told(config, scene, shown, filmed, frames)


def _players(config: SimConfig) -> dict[str, Any]:
    """Name → strategy, of those that adapt."""
    from robo_meta.strategies.build import build_strategies, needs_checkpoint
    from robo_meta.training.checkpoint import checkpoint_file

    file = checkpoint_file(config.checkpoint) if needs_checkpoint(config.adapting, "learned") else None
    built = build_strategies(file, config.adapting, "learned")
    return dict(zip(config.adapting, built, strict=True))


def _filmed(
    config: SimConfig,
    name: str,
    players: dict[str, Any],
    shown: Sequence[Demonstration],
    scene: Scene,
    seed: int,
    env: GraspEnv,
) -> FilmedStrategy:
    from demos.expert.grasp_plan import NoGrasp
    from robo_meta.evaluation.films.scene import film_expert, film_strategy

    if name != EXPERT:
        return film_strategy(players[name], shown, scene, seed, config.rolling, env)
    try:
        return film_expert(EXPERT, scene, seed, config.rolling, env)
    except NoGrasp as error:
        raise FilmError(f"{error}; try another seed") from error


def _written(
    config: SimConfig,
    scene: Scene,
    shown: Sequence[Demonstration],
    filmed: Sequence[FilmedStrategy],
    env: GraspEnv,
) -> int:
    """Write the files that were asked for; returns the film's number of frames."""
    from demos.film.screen import Screen
    from robo_meta.evaluation.films.scene import film_demonstrations

    attempts = tuple(one.shot for one in filmed)
    screen = Screen.of(scene, film_demonstrations(shown, env), attempts)
    keep(config, filmed[-1].take, screen)
    return screen.length


def _told(
    config: SimConfig, scene: Scene, shown: Sequence[Demonstration], filmed: Sequence[FilmedStrategy], frames: int
) -> dict[str, Any]:
    ours = filmed[-1]
    return {
        **told(config, scene, ours.take, frames),
        "strategy": ours.name,
        "transfer": config.transfer,
        "shots": config.shots,
        "support": config.support,
        "shown": [one.item.family for one in shown],
        "target": list(ours.outcome.target),
        "keypoint_mm": ours.outcome.keypoint_mm,
        "strategies": [
            {
                "strategy": one.name,
                "success": one.outcome.success,
                "verdict": dict(one.outcome.verdict),
                "steps": one.outcome.steps,
                "target": list(one.outcome.target),
                "keypoint_mm": one.outcome.keypoint_mm,
                "across_mm": one.outcome.across_mm,
            }
            for one in filmed
        ],
    }
