"""The public functions of robo_meta, handed on by `import robo_meta`.

Policies and support sets live in the object's frame, environments and recorded demonstrations in the world's.
Everything here converts, so that a policy can't be driven in the wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.strategies import Strategy
from sim.errors import InputError
from sim.tasks.scenes import Scene

if TYPE_CHECKING:  # only names: physics, gymnasium and torch come in when they are needed
    import gymnasium

    from demos.demo import Demo, Provenance
    from demos.expert.episode import Act
    from demos.recording.recorder import Recording
    from robo_meta.evaluation.result import Evaluation


class ApiError(InputError):
    """An argument of the public API that makes no sense."""


def make_strategy(
    strategy: object, checkpoint: Path | str | None = None, controller: str = "learned", selector: Path | None = None
) -> Strategy:
    """A strategy, ready to adapt.

    Args:
        strategy: the name of a shipped strategy (`maml`, `warped-replay`, …), `module:Class`, or an object of one's own
            with `adapt(support)`.
        checkpoint: file or run folder; None for the checkpoint that comes with the package.
        controller: `learned` or `scripted`: what drives the hand to a chosen grasp.
        selector: for the strategy `selector`: its file; None for the one that comes with the package.

    Raises:
        robo_meta.strategies.StrategyError: no such strategy, or one that lacks what it needs.
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.

    Example:
        >>> policy = make_strategy("maml").adapt(load_support("mine"))  # doctest: +SKIP
    """
    from robo_meta.strategies.build import build_strategies, needs_checkpoint
    from robo_meta.training.checkpoint import checkpoint_file

    if controller not in ("learned", "scripted"):
        raise ApiError(f"controller {controller!r}; expected learned or scripted")
    place = None if checkpoint is None else Path(checkpoint)
    file = checkpoint_file(place) if needs_checkpoint((strategy,), controller) else None
    return build_strategies(file, (strategy,), controller, selector)[0].strategy


def load_support(folder: Path | str, task: int = 0, shots: int = 1) -> SupportSet:
    """The first successful demonstrations of one task in a dataset, in the object's frame and without secrets.

    Args:
        folder: a dataset, as `record` makes it.
        task: which task, counted from 0 in the order of the dataset.
        shots: number of demonstrations.

    Raises:
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        ApiError: it has no such task, or fewer demonstrations of it.
    """
    from demos.hindsight import support_item

    demos = [demo for demo in _demos_of(folder, task) if demo.success]
    if not 1 <= shots <= len(demos):
        raise ApiError(f"{folder}: {len(demos)} successful demonstrations of task {task}, {shots} asked for")
    return SupportSet(tuple(support_item(demo) for demo in demos[:shots]))


def scene_of(folder: Path | str, task: int = 0, family: str | None = None, object_id: str = "query") -> Scene:
    """A new object for a demonstrated task: its materials and its intention, another shape.

    Args:
        folder: a dataset, as `record` makes it.
        task: which task, counted from 0 in the order of the dataset.
        family: shape family of the new object; None for the family that was demonstrated.
        object_id: label that tells objects of one family apart; another label, another object.

    Raises:
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        ApiError: it has no such task.
        sim.shapes.families.UnknownFamily: no such family.
    """
    from sim.tasks.sampling import draw_scene

    demo = _demos_of(folder, task)[0]
    return draw_scene(demo.provenance.seed, demo.task, family or demo.family, object_id)


def draw_scene(
    family: str = "hammer", seed: int = 0, intention: str | None = None, split: str = "training", task: int = 0
) -> Scene:
    """An object of `family` with materials and intention drawn anew.

    Args:
        family: shape family of the object, any that is registered.
        seed: root of all randomness.
        intention: `balance` or `part`; None draws either.
        split, task: the stream that materials are drawn from.

    Raises:
        sim.shapes.families.UnknownFamily, sim.tasks.sampling.UnknownIntention: a name that is not known.
    """
    from sim.tasks.sampling import draw_scene as draw
    from sim.tasks.sampling import draw_task

    return draw(seed, draw_task(seed, split, task, intention), family, "a0")


def make_env(**options: Any) -> gymnasium.Env:
    """`gymnasium.make("RoboMeta/Grasp-v0", **options)`; see `sim.env.GraspEnv`."""
    import gymnasium

    return gymnasium.make("RoboMeta/Grasp-v0", **options)


def act(policy: Policy, observation: Mapping[str, np.ndarray]) -> np.ndarray:
    """The next action of a policy for an observation of the environment.

    Args:
        policy: adapted by a strategy. Call its `reset()` when an episode begins.
        observation: of `RoboMeta/Grasp-v0`, world frame.

    Returns:
        (5,) float32 in [−1, 1], world frame, for the environment's `step`.
    """
    from sim.frames import action_to_world, observe

    return np.clip(action_to_world(policy.act(observe(observation)), observation), -1, 1).astype(np.float32)


@dataclass(frozen=True)
class Rollout:
    """One episode of a policy."""

    success: bool
    """Whether every part of the verdict holds."""
    verdict: Mapping[str, bool]
    """The named parts of success."""
    steps: int
    """Actions played, one every 0.1 s."""
    target: tuple[float, ...]
    """Grasp x, y, z (m), yaw (rad) that the policy aimed at, object frame."""
    keypoint_mm: float
    """mm in the plane from that grasp to the true centre of mass, or to the nearest wanted outer end."""
    frames: tuple[np.ndarray, ...] = ()
    """(H, W, 3) uint8 each, 10 a second; none where they were not asked for."""

    def save(self, path: Path | str) -> Path:
        """Write the frames as `.gif` or `.mp4`, whole or not at all.

        Raises:
            demos.film.FilmError: no frames, another ending, or a folder that can't be written to.
        """
        from demos.film import FilmError, write_film

        if not self.frames:
            raise FilmError(f"{path}: no frames to write; call rollout with frames=True")
        write_film(Path(path), self.frames)
        return Path(path)


def rollout(policy: Policy, scene: Scene, seed: int = 0, frames: bool = False, push: float = 0.0) -> Rollout:
    """Play one episode of a policy.

    Args:
        policy: adapted by a strategy.
        scene: what to grasp.
        seed: draws pose, arm start and noise.
        frames: also film it.
        push: m by which the object is shoved during the approach.
    """
    from demos.camera import film_policy
    from demos.expert.episode import shared_env
    from robo_meta.scenarios.rollout import Timed, outcome, play_policy

    pictures: tuple[np.ndarray, ...] = ()
    if frames:
        take = film_policy(scene, seed, policy, push)
        timed, pictures = Timed(take.episode), take.frames
    else:
        timed = play_policy(shared_env(), scene, seed, policy, push)
    found = outcome(timed, policy.target(timed.episode.points), policy.controller)
    return Rollout(found.success, found.verdict, found.steps, found.target, found.keypoint_mm, pictures)


def record(out: Path | str, progress: bool = False, **options: Any) -> Recording:
    """Record demonstrations into a dataset and pack them for training; the same call goes on where it was stopped.

    Args:
        out: dataset folder.
        progress: draw a bar on standard error.
        options: fields of `demos.recording.config.RecordConfig`, such as `families`, `tasks`, `demos`, `seed`.

    Raises:
        ApiError: an unknown option.
        demos.recording.config.RecordError: options that don't go together, or a folder that holds another recording.
    """
    from demos.recording.config import RecordConfig
    from demos.recording.pack import pack
    from demos.recording.recorder import record as record_dataset

    _check_options("record", options, RecordConfig)
    recording = record_dataset(RecordConfig(Path(out), **options), progress=progress)
    if recording.successes or recording.planned:
        pack(recording.folder)
    return recording


def play(
    scene: Scene, seed: np.random.SeedSequence, act: Act, *, object_id: str = "a0", provenance: Provenance | None = None
) -> Demo:
    """Play one episode with an actor of one's own and keep it as a demonstration.

    Args:
        scene: what to grasp.
        seed: draws pose, arm start and noise.
        act: the environment's observation → action and label, both (5,), world frame: what is executed, and what was
            meant without any noise.
        object_id: label of the object within its task.
        provenance: who acts and from which seed; handed to an actor by `record`.
    """
    from demos.demo import provenance as made
    from demos.expert.episode import record_episode, shared_env

    origin = provenance or made("own", 0, ("play", str(seed.entropy)))
    return record_episode(shared_env(), scene, seed, act, object_id=object_id, provenance=origin)


def evaluate(strategies: Sequence[object] | object = (), progress: bool = False, **options: Any) -> Evaluation:
    """Adapt strategies to unseen objects and judge them by physics.

    Args:
        strategies: names of shipped strategies, `module:Class`, or objects of one's own; one or several. None named:
            all that the checkpoint can play.
        progress: draw a bar on standard error.
        options: fields of `robo_meta.evaluation.config.EvaluateConfig`, such as `split`, `transfer`, `shots`, `tasks`,
            `seed`, `workers`, `reference`, `out`. A single value may stand for a list of one.

    Returns:
        What came of it; prints as a table.

    Raises:
        ApiError: an unknown option.
        robo_meta.evaluation.config.EvaluateError, robo_meta.strategies.StrategyError: options that make no sense.

    Example:
        >>> print(evaluate(["maml", "replay"], split="validation", shots=1, tasks=2))  # doctest: +SKIP
    """
    from robo_meta.evaluation.config import EvaluateConfig
    from robo_meta.evaluation.evaluate import evaluate as evaluate_config

    _check_options("evaluate", options, EvaluateConfig)
    for name in ("split", "transfer", "shots"):
        if name in options and isinstance(options[name], str | int):
            options[name] = (options[name],)
    given = tuple(strategies) if isinstance(strategies, list | tuple) else (strategies,)
    return evaluate_config(EvaluateConfig(strategies=given, **options), progress)


def _demos_of(folder: Path | str, task: int) -> list[Demo]:
    """The demonstrations of one task, in the order of their keys."""
    from demos.storage.dataset import open_dataset

    dataset = open_dataset(Path(folder))
    entries = dataset.index["episodes"]
    numbers = list(dict.fromkeys((entry["split"], entry["task"]) for entry in entries.values()))
    if not 0 <= task < len(numbers):
        raise ApiError(f"{folder}: no task {task}; it has {len(numbers)} recorded tasks, counted from 0")
    wanted = numbers[task]
    return [dataset.demo(key) for key, entry in entries.items() if (entry["split"], entry["task"]) == wanted]


def _check_options(call: str, options: Mapping[str, Any], config: type) -> None:
    from sim.errors import did_you_mean

    known = tuple(field.name for field in fields(config))
    for name in options:
        if name not in known:
            raise ApiError(f"{call}: unknown option {name!r}{did_you_mean(name, known)}")
