"""Training: packed data in, a checkpoint with every method and the hand out.

Needs torch, numpy and safetensors only, so that a dataset can be carried to another machine:
`python -m robo_meta.meta_train --data DIR --out RUN --method maml zero-shot context --preset full`.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import robo_meta
from robo_meta import closing, hand, scorers
from robo_meta.adam import zero_moments
from robo_meta.checkpoint import POLICY_FILE, SCHEMA, Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from robo_meta.dense import initial_dense
from robo_meta.meta_state import MetaState, StateError, load_state
from robo_meta.outer_loop import Losses, TrainingDiverged, run
from robo_meta.presets import METHODS, PRESETS, PresetError, TrainConfig, check_methods, preset_named
from robo_meta.progress import TrainingProgress
from robo_meta.task_stream import TaskStream
from robo_meta.training_data import TrainingData, TrainingDataError, load_training_data

STATES = "state"
PLACE_NOISE = 0.006
"""m: how far from the demonstrated grasps the closing network is asked, as the scorers will miss by as much."""


class TrainError(ValueError):
    """A training that cannot be started as asked."""


def device_named(name: str) -> torch.device:
    """`cpu` or `cuda`.

    Raises:
        TrainError: an unknown device, or CUDA on a machine without.
    """
    if name not in ("cpu", "cuda"):
        raise TrainError(f"unknown device {name!r}; expected cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainError("device cuda: no CUDA device is available to torch; use --device cpu")
    return torch.device(name)


def train(
    data: Path | str,
    out: Path | str,
    methods: Sequence[str] = METHODS,
    config: TrainConfig | None = None,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
) -> Path:
    """Train `methods`, and the closing network and the hand with them, into the checkpoint of `out`.

    Args:
        data: dataset folder or packed file.
        out: run folder: `policy.safetensors`, `policy.json`, `state/` and TensorBoard's `logs/`. Parts that an earlier
            training of the same preset left in it are kept.
        methods: of `METHODS`.
        config: one of `PRESETS`, or a changed one; `full` by default.
        seed: of parameters and batches.
        device: `cpu` or `cuda`.
        resume: go on with what was begun in `out`.

    Returns:
        The checkpoint file.

    Raises:
        TrainError, PresetError, TrainingDataError, CheckpointError, StateError: bad input.
        TrainingDiverged: a loss was not finite.
    """
    config, out = config or PRESETS["full"], Path(out)
    check_methods(tuple(methods))
    where = device_named(device)
    packed = load_training_data(data)
    if packed.points.shape[1] < 2:
        raise TrainError(f"{data}: 1 demonstration a task; training needs a query beside the support, so at least 2")
    checkpoint = _begun(out, config)
    stream: TaskStream | None = None
    for part in parts_to_train(methods, packed, checkpoint, resume):
        path = out / STATES / f"{part}.safetensors"
        identity = {"part": part, "config": _identity(config, part), "seed": seed, "data": _fingerprint(packed)}
        if path.exists() and not resume:
            raise TrainError(f"{out} already holds a training of {part!r}; add --resume, or use another --out")
        if part in METHODS and stream is None:
            stream = TaskStream(packed, config.shots, config.transfers, where)
        losses = _losses(part, packed, stream, config, where)
        state = load_state(path, identity, where) if path.exists() else _fresh(part, config, seed, where)
        schedule = config.schedules[part]
        logs = out / "logs" if config.tensorboard else None
        with TrainingProgress(part, state.step, schedule.steps, logs) as progress:
            state = run(
                part,
                state,
                losses,
                schedule,
                clip=config.outer_clip,
                path=path,
                identity=identity,
                save_every=config.checkpoint_every,
                report=progress,
            )
        checkpoint = _with_part(checkpoint, part, state, config, seed, packed)
        save_checkpoint(out, checkpoint)
    return out / POLICY_FILE


def parts_to_train(
    methods: Sequence[str], data: TrainingData, checkpoint: Checkpoint, resume: bool
) -> list[str]:
    """The methods asked for, after the parts that all of them share and that are not there yet."""
    shared = [part for part in ("closing", "hand") if resume or part not in checkpoint.parts]
    if len(data.hand) == 0:
        shared = [part for part in shared if part != "hand"]
    return [*shared, *dict.fromkeys(methods)]


def _fresh(part: str, config: TrainConfig, seed: int, device: torch.device) -> MetaState:
    # Each part has a stream of its own, so that training one more method changes none of the others.
    number = ("closing", "hand", *METHODS).index(part)
    generator = torch.Generator().manual_seed(seed * 16 + number)
    sizes = config.architecture
    rates: dict[str, Tensor] = {}
    if part == "closing":
        theta = initial_dense(closing.shapes(sizes.closing), generator)
    elif part == "hand":
        theta = initial_dense(hand.shapes(sizes.hand), generator)
    else:
        theta = scorers.initial_parameters(part, sizes, generator)
        rates = scorers.initial_method_rates(part, sizes, theta)
    theta, rates = ({k: v.to(device) for k, v in group.items()} for group in (theta, rates))
    together = {f"theta/{k}": v for k, v in theta.items()} | {f"rates/{k}": v for k, v in rates.items()}
    return MetaState(theta, rates, zero_moments(together), 0, generator.get_state())


def _losses(
    part: str, data: TrainingData, stream: TaskStream | None, config: TrainConfig, device: torch.device
) -> Losses:
    count = config.schedules[part].batch
    if part == "closing":
        points = data.points.flatten(0, 1).to(device)
        grasps = data.grasps.flatten(0, 1).to(device)

        def closing_losses(theta: dict, rates: dict, generator: torch.Generator) -> tuple[Tensor, Tensor]:
            index = torch.randint(len(grasps), (count,), generator=generator)
            noise = torch.randn(count, 2, generator=generator) * PLACE_NOISE
            wanted = grasps[index.to(device)]
            scans = points[index.to(device)].float()
            return closing.loss(theta, scans, wanted[:, :2] + noise.to(device), wanted), index

        return closing_losses
    if part == "hand":
        inputs, direction = hand.hand_inputs(data.hand.numpy(), data.hand_targets.numpy())
        turned = hand.turned(data.hand_actions.numpy(), direction)
        seen, wanted_actions = (torch.from_numpy(a.astype(np.float32)).to(device) for a in (inputs, turned))

        def hand_losses(theta: dict, rates: dict, generator: torch.Generator) -> tuple[Tensor, Tensor]:
            index = torch.randint(len(seen), (count,), generator=generator)
            return hand.loss(theta, seen[index.to(device)], wanted_actions[index.to(device)]), index

        return hand_losses

    def scorer_losses(theta: dict, rates: dict, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        assert stream is not None
        batch = stream.draw(count, generator)
        return scorers.query_losses(part, theta, rates, batch, config.first_order), batch.tasks

    return scorer_losses


def _begun(out: Path, config: TrainConfig) -> Checkpoint:
    """What `out` holds already, or an empty checkpoint."""
    card = {"schema": SCHEMA, "preset": config.preset, "architecture": config.record["architecture"], "parts": {}}
    if not (out / POLICY_FILE).exists():
        return Checkpoint({}, card)
    found = load_checkpoint(out)
    if found.architecture != config.architecture:
        raise CheckpointError(
            f"{out / POLICY_FILE} is of preset {found.card['preset']!r} with {found.architecture}; "
            f"preset {config.preset!r} needs {config.architecture}; use another --out"
        )
    return found


def _with_part(
    checkpoint: Checkpoint, part: str, state: MetaState, config: TrainConfig, seed: int, data: TrainingData
) -> Checkpoint:
    shown = sorted({data.families[i] for i in data.family.unique().tolist()})
    record: dict[str, Any] = {
        "schedule": config.record["schedules"][part],
        "first_order": config.first_order,
        "shots": list(config.shots),
        "transfers": list(config.transfers),
        "seed": seed,
        "families": shown,
        "tasks": len(data.points),
        "hand_steps": len(data.hand),
        "data": data.provenance,
        "versions": _versions(),
        "git": _git_revision(),
    }
    values = dict(state.theta) | {f"rates.{k}": v for k, v in state.rates.items()}
    parts = {**checkpoint.parts, part: {k: v.detach().cpu() for k, v in values.items()}}
    card = {**checkpoint.card, "parts": {**checkpoint.card["parts"], part: record}}
    return Checkpoint(parts, card)


def _identity(config: TrainConfig, part: str) -> dict[str, Any]:
    record = config.record
    kept = {k: record[k] for k in ("preset", "architecture", "first_order", "shots", "transfers", "outer_clip")}
    return {**kept, "schedule": record["schedules"][part]}


def _fingerprint(data: TrainingData) -> str:
    sums = [float(t.double().sum()) for t in (data.points, data.grasps, data.hand_actions)]
    return f"{tuple(data.points.shape)} {len(data.hand)} {sums}"


def _versions() -> dict[str, str]:
    names = {"robo_meta": robo_meta.__version__, "torch": torch.__version__, "numpy": np.__version__}
    return {**names, "python": platform.python_version()}


def _git_revision() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() or None if result.returncode == 0 else None


BAD_INPUT = (TrainError, PresetError, TrainingDataError, CheckpointError, StateError)
"""What `main` reports in one line with exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line for machines where only this half is installed; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m robo_meta.meta_train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="dataset folder or training.safetensors")
    parser.add_argument("--out", type=Path, required=True, help="run folder")
    parser.add_argument("--method", nargs="+", default=list(METHODS), help=" ".join(METHODS))
    parser.add_argument("--preset", default="full", help=" ".join(PRESETS))
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--first-order", action="store_true", help="leave second derivatives out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on with what was begun in --out")
    given = parser.parse_args(arguments)
    try:
        config = preset_named(given.preset)
        if given.first_order:
            config = replace(config, first_order=True)
        path = train(
            given.data, given.out, given.method, config, seed=given.seed, device=given.device, resume=given.resume
        )
    except BAD_INPUT as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except TrainingDiverged as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command with --resume goes on", file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
