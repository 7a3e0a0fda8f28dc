"""Named training configurations."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from robo_meta.catalogue import DEFAULT_METHODS as DEFAULT_METHODS
from robo_meta.catalogue import METHODS
from robo_meta.model.architecture import Architecture
from sim.errors import InputError, did_you_mean

SHARED = ("closing", "controller")
"""Parts that serve every method, trained beside them."""


class PresetError(InputError):
    """A preset or method that does not exist, or a count that makes no sense."""


@dataclass(frozen=True)
class Schedule:
    """How long a part trains."""

    steps: int
    batch: int
    """Tasks (methods), scans (`closing`) or recorded steps (`controller`, `bc-finetune`) per step."""
    rate: float = 3e-3
    """Adam's largest learning rate; it falls along a cosine."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything a training run depends on, besides the data and the seed."""

    preset: str = "full"
    architecture: Architecture = field(default_factory=Architecture)
    schedules: dict[str, Schedule] = field(
        default_factory=lambda: {
            "maml": Schedule(1500, 40),
            "zero-shot": Schedule(800, 40),
            "context": Schedule(1500, 40),
            "contrast": Schedule(800, 24, 1e-2),
            "fomaml": Schedule(1500, 40),
            "anil": Schedule(1500, 40),
            "reptile": Schedule(900, 20),
            "pretrain": Schedule(1500, 40),
            "maml-both": Schedule(1500, 40),
            "context-both": Schedule(1500, 40),
            "bc-finetune": Schedule(4000, 256, 2e-3),
            "in-context": Schedule(1800, 20, 1.5e-3),
            "closing": Schedule(1500, 96, 2e-3),
            "controller": Schedule(8000, 512, 2e-3),
        }
    )
    """By part."""
    first_order: bool = False
    """Leave second derivatives out of the meta-gradient."""
    shots: tuple[int, ...] = (1, 1, 1, 2, 3)
    """Support sizes, drawn evenly; one for all tasks of a step."""
    transfers: tuple[float, float, float] = (0.2, 0.25, 0.55)
    """How often a support is drawn for a query of the same object, a new instance, a new shape."""
    outer_clip: float = 1.0
    """Largest norm of an outer gradient."""
    checkpoint_every: int = 250
    """Steps between saved training states."""
    tensorboard: bool = True
    """Write TensorBoard logs where it is installed."""

    @property
    def record(self) -> dict[str, Any]:
        """As plain data, for the checkpoint."""
        return asdict(self)


PRESETS: dict[str, TrainConfig] = {
    "full": TrainConfig(),
    "quick": TrainConfig(
        preset="quick",
        architecture=Architecture(hidden=40, head=24, inner_steps=4, context=40, closing=40, controller=64),
        schedules={
            "maml": Schedule(450, 24),
            "zero-shot": Schedule(250, 24),
            "context": Schedule(400, 24),
            "contrast": Schedule(100, 16, 1e-2),
            "fomaml": Schedule(450, 24),
            "anil": Schedule(450, 24),
            "reptile": Schedule(400, 12),
            "pretrain": Schedule(450, 24),
            "maml-both": Schedule(450, 24),
            "context-both": Schedule(400, 24),
            "bc-finetune": Schedule(1000, 256, 2e-3),
            "in-context": Schedule(600, 20, 2e-3),
            "closing": Schedule(350, 64),
            "controller": Schedule(2500, 256, 3e-3),
        },
    ),
    "further": TrainConfig(
        preset="further",
        schedules={
            **TrainConfig().schedules,
            "maml": Schedule(800, 40, 7e-4),
            "zero-shot": Schedule(300, 40, 7e-4),
            "context": Schedule(800, 40, 7e-4),
            "closing": Schedule(800, 96, 7e-4),
            "controller": Schedule(0, 512),
        },
    ),
    "both": TrainConfig(
        preset="both",
        schedules={
            **TrainConfig().schedules,
            "maml-both": Schedule(1200, 40, 2e-3),
            "context-both": Schedule(1000, 40, 2e-3),
            "closing": Schedule(0, 96),
            "controller": Schedule(0, 512),
        },
        shots=(1, 2, 3),
    ),
    "tiny": TrainConfig(
        preset="tiny",
        architecture=Architecture(hidden=8, head=6, keypoints=2, inner_steps=2, context=8, closing=8, controller=8),
        schedules={name: Schedule(8, 4) for name in (*METHODS, *SHARED)},
        checkpoint_every=3,
        tensorboard=False,
    ),
}
"""`full` is trained from nothing on prisms; `further` goes on from it (`--init`) on further objects, as the shipped
checkpoint did: about half of the steps, at a quarter of the rate, and the controller as it is. `both` goes on with
methods that learn from painted goods too, shows one, two or three demonstrations equally often, and leaves the shared
parts as they are. `quick` is what `robo-meta quickstart` trains within a minute, `tiny` is for tests."""


def preset_named(name: str) -> TrainConfig:
    """The preset called `name`.

    Raises:
        PresetError: no such preset.
    """
    if name not in PRESETS:
        raise PresetError(f"unknown preset {name!r}{did_you_mean(name, PRESETS)}")
    return PRESETS[name]


def check_methods(methods: tuple[str, ...]) -> None:
    """Refuse methods that cannot be trained.

    Raises:
        PresetError: an unknown method, or none.
    """
    unknown = [name for name in methods if name not in METHODS]
    if unknown or not methods:
        raise PresetError(f"unknown method {unknown[0]!r}; expected {', '.join(METHODS)}" if unknown else "no method")
