"""What a training can be asked for: the one record that both command lines are made of.

`robo-meta train` is made of it by tyro, `python -m robo_meta.cli.train` by `robo_meta.cli.plain_parser`.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from robo_meta.training.online.config import StreamConfig, StreamError, StreamOptions, option
from robo_meta.training.presets import DEFAULT_METHODS, TrainConfig, preset_named
from sim.errors import InputError


class OptionsError(InputError):
    """Options of a training that don't go together."""


@dataclass(frozen=True)
class TrainOptions:
    """Meta-train on a dataset."""

    data: tuple[Path, ...]
    """Dataset folder, or its `training.safetensors`; of several all tasks are trained on together. With `--stream`, one
    a phase, or one to be dealt."""
    out: Path
    """Run folder."""
    method: tuple[str, ...] = DEFAULT_METHODS
    """Of maml, zero-shot, context, contrast, fomaml, anil, reptile, pretrain, maml-both and context-both."""
    preset: str = "full"
    """full, further or both (with `--init`: they go on with a trained one), quick or tiny."""
    device: str = "cpu"
    """cpu or cuda."""
    first_order: bool = False
    """Leave second derivatives out of the meta-gradient."""
    resume: bool = False
    """The same command goes on by itself; with this, the shared parts that are done are checked against it too."""
    init: Path | None = None
    """Checkpoint to start from: its `pretrain` part; without one, every part goes on with that of its own name, closing
    and controller too. With `--stream`, its maml."""
    validation: tuple[Path, ...] = ()
    """Dataset, or several, of other objects, such as `record --split validation` makes: how far keypoints miss there is
    logged beside the losses, with any preset, in TensorBoard (`tensorboard --logdir OUT/logs`). Nothing is chosen by
    it."""
    wandb: str | None = None
    """Project of Weights & Biases to log to as well (`robo-meta[wandb]`); offline with WANDB_MODE=offline."""
    workers: int = 1
    """Processes, on one CPU core each: methods and shared parts train side by side, and learn the same as one after
    another."""
    seed: int = 0
    """Of parameters and batches."""
    stream: bool = False
    """Learn online (follow the meta-leader), and compare with the start and with training from scratch."""
    online: StreamOptions = field(default_factory=StreamOptions)
    """What only `--stream` heeds."""
    json: bool = False
    """Print JSON."""

    @property
    def config(self) -> TrainConfig:
        """The preset, with the order of gradient that was asked for.

        Raises:
            PresetError: no such preset.
        """
        return replace(preset_named(self.preset), first_order=self.first_order)

    @property
    def datasets(self) -> tuple[Path, ...]:
        """The datasets of an offline training.

        Raises:
            OptionsError: none.
        """
        if not self.data:
            raise OptionsError("no dataset in --data; expected one or more")
        return self.data

    @property
    def stream_config(self) -> StreamConfig | None:
        """The configuration of the stream; None where none was asked for.

        Raises:
            StreamError: options that don't go together, or numbers out of range.
        """
        usual, chosen = asdict(StreamOptions()), asdict(self.online)
        if self.stream and (self.validation or self.wandb is not None):
            name = "--validation" if self.validation else "--wandb"
            raise StreamError(f"{name} with --stream; only an offline training is logged")
        if self.stream and self.workers != 1:
            raise StreamError(f"--workers {self.workers} with --stream; learning online is one process's")
        given = [name for name, value in chosen.items() if value != usual[name]]
        if not self.stream:
            if given:
                raise StreamError(f"{option(given[0])} without --stream; it says nothing to an offline training")
            return None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise StreamError("--stream under torchrun; learning online is one process's")
        if not self.data:
            raise StreamError("no dataset in --data; expected one, or one a phase")
        if self.method not in (DEFAULT_METHODS, ("maml",)):
            raise StreamError(f"--method {' '.join(self.method)} with --stream; expected maml, which learns online")
        if self.init is not None and "warm_up" in given:
            raise StreamError("--warm-up with --init; expected one of them, as the checkpoint is the start")
        if len(self.data) > 1 and chosen["phases"] not in (None, len(self.data)):
            raise StreamError(f"--phases {chosen['phases']} with {len(self.data)} datasets; each dataset is a phase")
        if len(self.data) > 1:
            chosen["phases"] = len(self.data)
        return StreamConfig(**{name: value for name, value in chosen.items() if value is not None})
