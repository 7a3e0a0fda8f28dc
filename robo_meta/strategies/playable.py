"""Which strategies a checkpoint can play."""

from __future__ import annotations

from pathlib import Path

from robo_meta.strategies import STRATEGIES
from robo_meta.training.checkpoint import Checkpoint, load_checkpoint


def playable(checkpoint: Path | Checkpoint) -> tuple[str, ...]:
    """Names of `STRATEGIES` whose part, if they have one, is in the checkpoint.

    Raises:
        robo_meta.training.checkpoint.CheckpointError: no checkpoint there, or a damaged one.
    """
    held = checkpoint if isinstance(checkpoint, Checkpoint) else load_checkpoint(checkpoint)
    needs = {name: getattr(entry.load(), "part", None) for name, entry in STRATEGIES.items()}
    return tuple(name for name, part in needs.items() if part is None or part in held.parts)
