"""Where a method's parameters start when a training is told to start from a checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from robo_meta.model import scorer
from robo_meta.training.checkpoint import CheckpointError, load_checkpoint
from robo_meta.training.presets import TrainConfig

PREFERRED = "pretrain"
"""The part that every method starts from where the checkpoint has it."""


@dataclass(frozen=True)
class Start:
    """Parameters to start from, and what they are called in the card and in the training state."""

    part: str
    """Which part they are."""
    values: Mapping[str, Tensor]
    """Body and head by name."""

    @property
    def label(self) -> str:
        """The part and a fingerprint of its values: the same parameters have the same, wherever their file lies."""
        digest = hashlib.sha256()
        for name in sorted(self.values):
            digest.update(name.encode() + self.values[name].detach().cpu().contiguous().numpy().tobytes())
        return f"{self.part} {digest.hexdigest()[:16]}"


def start_from(path: Path | str, method: str, config: TrainConfig) -> Start:
    """Body and head of the `pretrain` part of a checkpoint, or, where it has none, of the part called `method`.

    Raises:
        CheckpointError: no checkpoint, neither part in it, or sizes other than `config`'s.
    """
    found = load_checkpoint(path)
    part = PREFERRED if PREFERRED in found.parts else method
    if part not in found.parts:
        held = ", ".join(sorted(found.parts))
        raise CheckpointError(f"{path}: holds no {PREFERRED!r} and no {method!r} to start from; it holds {held}")
    sizes = config.architecture
    values = {}
    for name, shape in scorer.shapes(sizes.hidden, sizes.head, sizes.keypoints).items():
        values[name] = found.parts[part][name]
        if tuple(values[name].shape) != shape:
            found_shape = tuple(values[name].shape)
            raise CheckpointError(f"{path}: {part}/{name} is {found_shape}, preset {config.preset!r} needs {shape}")
    return Start(part, values)
