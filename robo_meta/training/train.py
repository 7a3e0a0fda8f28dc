"""Training: packed data in, a checkpoint with every method, the closing network and the controller out.

Needs torch and numpy only, so that a dataset can be carried to another machine:
`python -m robo_meta.cli.train --data DIR --out RUN --method maml zero-shot context --preset full`. With `--stream`
it learns online, see `robo_meta.training.online.train`. With `--workers 2` parts train side by side, see
`robo_meta.training.parts_apart`. One part on several processes:
`torchrun --nproc-per-node 2 -m robo_meta.cli.train …`, see `robo_meta.training.ranks`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import torch

from demos.storage.files import remove_temporaries
from demos.storage.lock import sole_writer
from robo_meta.runs.loggers import OpenLogger
from robo_meta.runs.provenance import git_revision, versions
from robo_meta.training.checkpoint import POLICY_FILE, Checkpoint, save_checkpoint
from robo_meta.training.one_part import learned, one_thread, train_part
from robo_meta.training.prepared import Prepared, agreement, begun_in, parts_to_train, paths_of, prepare
from robo_meta.training.prepared import TrainError as TrainError
from robo_meta.training.presets import DEFAULT_METHODS, PRESETS, TrainConfig
from robo_meta.training.ranks import ALONE, Ranks
from robo_meta.training.state import STATES
from robo_meta.training.told import Told, told_of
from robo_meta.training.warm_start import Start

Apart = Callable[[Sequence[str], Mapping[str, Start]], Iterator[tuple[str, dict[str, torch.Tensor]]]]
"""(parts, what they start from) → each part's name and what it learned, as it is done."""


def train(
    data: Path | str | Sequence[Path | str],
    out: Path | str,
    methods: Sequence[str] = DEFAULT_METHODS,
    config: TrainConfig | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    init: Path | str | None = None,
    ranks: Ranks = ALONE,
    validation: Path | str | Sequence[Path | str] = (),
    loggers: Sequence[OpenLogger] = (),
    workers: int = 1,
) -> Path:
    """Train `methods`, and the closing network and the controller with them, into the checkpoint of `out`.

    Args:
        data: dataset folder or packed file; of several all tasks together.
        out: run folder: `policy.safetensors`, `policy.json`, `state/` and TensorBoard's `logs/`. Parts that an earlier
            training of the same preset left in it are kept.
        methods: of `METHODS`.
        config: one of `PRESETS`, or a changed one; `full` by default.
        seed: of parameters and batches.
        device: `cpu` or `cuda`.
        resume: check the parts that all methods share against this training too, though they are done. What was begun
            in `out` with the same configuration, seed and data goes on without it; any other is refused.
        init: checkpoint to start from: every method's body and head from its part `pretrain`, or, where it has none,
            each part from the part of its own name, the shared ones too, with which it goes on. What of the shared
            parts `out` holds already is trained on only with `resume`.
        ranks: this process among those that train together; each reads data and run folder, and rank 0 alone writes.
        validation: as `data`, of other objects: how far keypoints miss there is noted beside the losses. Nothing is
            chosen by it, and what is trained is the same without.
        loggers: what opens loggers, each for every part, beside TensorBoard's; with several workers they travel to
            other processes.
        workers: processes on one CPU core each; parts train side by side, and learn the same as one after another.

    Returns:
        The checkpoint file.

    Raises:
        TrainError, PresetError, TrainingDataError, WorldsError, NoEpisodes, CheckpointError, StateError: bad input.
        LockError: another process is training into `out`.
        RanksError, RankLost: processes that disagree, or of which one ended.
        TrainingDiverged: a loss or gradient was not finite, naming its step; where steps are captured on CUDA, found up
            to `robo_meta.training.captured.CHECKED` steps later.
    """
    config, out = config or PRESETS["full"], Path(out)
    _check_workers(workers, device, ranks, loggers)
    shared, starts = ranks.settle(lambda: prepare(data, out, methods, config, seed, device, resume, init, ranks))
    watching = paths_of(validation) if ranks.first else ()
    told = ranks.settle(lambda: told_of(out, config, loggers, watching, shared.device))
    ranks.agree(agreement(shared, methods, starts))
    with ExitStack() as held:
        if ranks.first:
            ranks.settle(lambda: _take(out, held))
        else:
            ranks.settle(lambda: None)
        if shared.device.type == "cpu":
            held.enter_context(one_thread())
        # Read again, as another training may have added its part in between.
        checkpoint = begun_in(out, config)
        done: dict[str, Mapping[str, torch.Tensor]] = {}
        parts = parts_to_train(methods, shared.data, checkpoint, resume)
        apart: Apart | None = None
        if workers > 1:
            # What several processes need is no part of what training itself imports.
            from robo_meta.training.parts_apart import PartsOrder, train_apart

            order = PartsOrder(paths_of(data), out, config, seed, tuple(loggers), paths_of(validation))
            apart = partial(train_apart, order, workers=workers)
        for part, values, start in _trained(shared, parts, starts, told, apart):
            done[part] = values
            starts = starts if start is None else {**starts, part: start}
            if ranks.first:
                save_checkpoint(out, _with_parts(checkpoint, [p for p in parts if p in done], done, shared, starts))
    return out / POLICY_FILE


def _check_workers(workers: int, device: str, ranks: Ranks, loggers: Sequence[OpenLogger]) -> None:
    """Refuse parts side by side where they would stand in each other's way."""
    if workers < 1:
        raise TrainError(f"workers {workers}; expected 1 or more")
    if workers > 1 and (device != "cpu" or ranks.world > 1):
        where = f"on {device}" if device != "cpu" else f"on {ranks.world} ranks"
        raise TrainError(f"workers {workers} {where}, where parts train one after another; expected 1")
    if workers > 1:
        # Nothing is kept: it only shows whether they can travel, before anything is written.
        try:
            pickle.dumps(tuple(loggers))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            found = f"workers {workers} with loggers that cannot be sent to another process: {error}"
            raise TrainError(found) from error


def _take(out: Path, held: ExitStack) -> None:
    """Make the run folder, and hold the right to write into it."""
    (out / STATES).mkdir(parents=True, exist_ok=True)
    held.enter_context(sole_writer(out, "training"))
    remove_temporaries(out)
    remove_temporaries(out / STATES)


def _trained(
    shared: Prepared, parts: Sequence[str], starts: Mapping[str, Start], told: Told, apart: Apart | None
) -> Iterator[tuple[str, Mapping[str, torch.Tensor], Start | None]]:
    """Train the parts, `apart` where that is given; yields each one's name, what it learned and what it started from,
    as it is done."""
    maml = begun_in(shared.out, shared.config).parts.get("maml")
    alone = [part for part in parts if part != "contrast"]
    if apart is not None and len(alone) > 1:
        for part, values in apart(alone, starts):
            maml = values if part == "maml" else maml
            yield part, values, starts.get(part)
        parts = [part for part in parts if part == "contrast"]
    # `contrast` stands on the very `maml` that is there: a resume on another one would mix the two.
    for part in parts:
        start = Start("maml", maml) if part == "contrast" and maml is not None else starts.get(part)
        values = learned(train_part(shared, part, start, maml, told))
        maml = values if part == "maml" else maml
        yield part, values, start


def _with_parts(
    checkpoint: Checkpoint,
    parts: Sequence[str],
    learned_values: Mapping[str, Mapping[str, torch.Tensor]],
    shared: Prepared,
    starts: Mapping[str, Start],
) -> Checkpoint:
    """The checkpoint with parts that are done, in the order of `parts`, in whichever order they were."""
    config, data = shared.config, shared.data
    shown = sorted({data.families[i] for i in data.family.unique().tolist()})
    run_with = {"versions": versions(), "git": git_revision()}
    records: dict[str, Any] = {
        part: {
            "schedule": config.record["schedules"][part],
            "first_order": config.first_order or part == "fomaml",
            "init": starts[part].label if part in starts else None,
            "shots": list(config.shots),
            "transfers": list(config.transfers),
            "seed": shared.seed,
            "families": shown,
            "tasks": len(data.points),
            "hand_steps": len(data.hand),
            "data": data.provenance,
            **run_with,
        }
        for part in parts
    }
    card = {**checkpoint.card, "parts": {**checkpoint.card["parts"], **records}}
    return Checkpoint({**checkpoint.parts, **{part: learned_values[part] for part in parts}}, card)
