"""Where a method's parameters start when a training is told to start from a checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from robo_meta.catalogue import TRAINED_BY_NAME
from robo_meta.model import scorer
from robo_meta.training.checkpoint import Checkpoint, CheckpointError, expected_shapes, load_checkpoint
from robo_meta.training.presets import SHARED, TrainConfig

PREFERRED = "pretrain"
"""The part that every method starts from where the checkpoint has it."""


@dataclass(frozen=True)
class Start:
    """Parameters to start from, and what they are called in the card and in the training state."""

    part: str
    """Which part they are."""
    values: Mapping[str, Tensor]
    """Parameters by name, and inner rates under `rates.…`."""
    goes_on: bool = False
    """Whether the training goes on with a part that is trained already, rather than making another one of it."""

    @property
    def label(self) -> str:
        """The part and a fingerprint of its values: the same parameters have the same, wherever their file lies."""
        digest = hashlib.sha256()
        for name in sorted(self.values):
            digest.update(name.encode() + self.values[name].detach().cpu().contiguous().numpy().tobytes())
        return f"{self.part} {digest.hexdigest()[:16]}"


def starts_from(path: Path | str, methods: Sequence[str], config: TrainConfig) -> dict[str, Start]:
    """Part → what it starts from, for `methods` and for the parts that they share.

    Where the checkpoint has a part `pretrain`, that is its body and head for every method, and the shared parts start
    afresh. Otherwise each part goes on with the part of its own name: all of its parameters, and its inner rates; or,
    where there is none, with that of the method that its row in `robo_meta.catalogue` says it starts from.

    Raises:
        CheckpointError: no checkpoint, none of a method's parts in it, or sizes other than `config`'s.
    """
    found = load_checkpoint(path)
    if PREFERRED in found.parts:
        return {name: Start(PREFERRED, _body_and_head(found, path, PREFERRED, config)) for name in methods}
    sources = {name: _source(name, found) for name in methods}
    for name in sources.values():
        if name not in found.parts:
            held = ", ".join(sorted(found.parts))
            raise CheckpointError(f"{path}: holds no {PREFERRED!r} and no {name!r} to start from; it holds {held}")
    sources |= {name: name for name in SHARED if name in found.parts}
    return {
        name: Start(source, _fitting(found, path, source, config), goes_on=True) for name, source in sources.items()
    }


def _source(method: str, found: Checkpoint) -> str:
    """The part that a method starts from: its own, or that of the method that it is a variety of."""
    other = TRAINED_BY_NAME[method].starts_from
    return method if method in found.parts or other is None else other


def _body_and_head(found: Checkpoint, path: Path | str, part: str, config: TrainConfig) -> dict[str, Tensor]:
    sizes = config.architecture
    wanted = scorer.shapes(sizes.hidden, sizes.head, sizes.keypoints)
    return _of_shapes(found, path, part, config, wanted)


def _fitting(found: Checkpoint, path: Path | str, part: str, config: TrainConfig) -> dict[str, Tensor]:
    return _of_shapes(found, path, part, config, expected_shapes(part, config.architecture))


def _of_shapes(
    found: Checkpoint, path: Path | str, part: str, config: TrainConfig, wanted: Mapping[str, tuple[int, ...]]
) -> dict[str, Tensor]:
    """The tensors of a part that `wanted` names, in its shapes."""
    values = {name: found.parts[part][name] for name in wanted}
    for name, shape in wanted.items():
        held = tuple(values[name].shape)
        if held != shape:
            raise CheckpointError(f"{path}: {part}/{name} is {held}, preset {config.preset!r} needs {shape}")
    return values
