"""Demonstrations: recorded, and read back as a support set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from demos.support import SupportSet
from robo_meta.api.arguments import ApiError, check_options
from sim.tasks.scenes import Scene

if TYPE_CHECKING:  # only names
    import numpy as np

    from demos.demo import Demo, Provenance
    from demos.expert.episode import Act
    from demos.recording.recorder import Recording


def record(out: Path | str, progress: bool = False, **options: Any) -> Recording:
    """Record demonstrations into a dataset and pack them for training; the same call goes on where it was stopped.

    With `actor="keyboard"` you demonstrate yourself, in the terminal that Python runs in; it returns at ctrl-C.

    Args:
        out: dataset folder.
        progress: draw a bar on standard error.
        options: fields of `demos.recording.config.RecordConfig`, such as `families`, `tasks`, `demos`, `seed`, `actor`.

    Raises:
        ApiError: an unknown option.
        demos.recording.actors.ActorError: an actor's name that leads to nothing.
        demos.recording.config.RecordError: options that don't go together, or a folder that holds another recording.

    Example:
        >>> record("mine", families=("hammer",), tasks=1, demos=2).successes  # doctest: +SKIP
        2
    """
    from demos.recording.config import RecordConfig
    from demos.recording.pack import pack
    from demos.recording.recorder import Recording
    from demos.recording.recorder import record as record_dataset
    from robo_meta.evaluation.named_actor import learned_actor
    from robo_meta.studio.by_hand import KEYBOARD, record_by_hand

    check_options("record", options, RecordConfig)
    config = RecordConfig(Path(out), **options)
    if config.actor == KEYBOARD:
        from rich.console import Console

        return Recording(**record_by_hand(config, Console()), planned=0, given_up=())
    recording = record_dataset(config, learned_actor(config.actor), progress)
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

    Example:
        >>> # An actor that stands still, which never succeeds.
        >>> still = lambda observation: (np.zeros(5), np.zeros(5))  # doctest: +SKIP
        >>> play(scene_of("mine"), np.random.SeedSequence(0), still).success  # doctest: +SKIP
        False
    """
    from demos.demo import provenance as made
    from demos.expert.episode import record_episode, shared_env

    origin = provenance or made("own", 0, ("play", str(seed.entropy)))
    return record_episode(shared_env(), scene, seed, act, object_id=object_id, provenance=origin)


def load_support(folder: Path | str, task: int = 0, shots: int = 1) -> SupportSet:
    """The first successful demonstrations of one task in a dataset, in the object's frame and without secrets.

    Args:
        folder: a dataset, as `record` makes it.
        task: which task, counted from 0 in the order of the dataset.
        shots: number of demonstrations.

    Raises:
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        ApiError: it has no such task, or fewer demonstrations of it.

    Example:
        >>> load_support("mine", task=0, shots=2).shots  # doctest: +SKIP
        2
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

    Example:
        >>> scene_of("mine", family="hook").object.family  # doctest: +SKIP
        'hook'
    """
    from sim.tasks.sampling import draw_scene

    demo = _demos_of(folder, task)[0]
    return draw_scene(demo.provenance.seed, demo.task, family or demo.family, object_id)


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
