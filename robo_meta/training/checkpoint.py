"""Checkpoints: safetensors with a JSON card in the header, a copy of the card beside it, nothing pickled.

The header is what is read, so that parameters and card cannot come apart; `policy.json` is for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form
from demos.storage.array_header import read_header
from demos.storage.files import write_atomic
from demos.storage.schema import NAME, PLAIN_TABLE, Flag, ListOf, Number, Plain, Record, TableOf, Text, Whole
from robo_meta.catalogue import TRAINED
from robo_meta.checkpoints import RECORDED, shipped
from robo_meta.learning import cloning, contrast
from robo_meta.learning.inner_loop import LOG_SCALES, MOVED
from robo_meta.model import closing_measures, context_encoder, controller, grasp_head, scorer
from robo_meta.model.architecture import Architecture
from robo_meta.model.point_features import VERSION as FEATURES_VERSION
from robo_meta.model.point_features import WIDTHS
from robo_meta.training.presets import METHODS, SHARED
from sim.errors import InputError

SCHEMA = "2"
CLOSING_WIDTHS = {1: closing_measures.OUTLINE_INPUTS, FEATURES_VERSION: closing_measures.INPUTS}
"""Version of the features → how many inputs `closing` had."""
CONDITIONED = tuple(method.name for method in TRAINED if method.specialise == "context")
"""Parts with a demonstration encoder."""
POLICY_FILE, CARD_FILE = "policy.safetensors", "policy.json"


class CheckpointError(InputError):
    """A checkpoint that is missing, damaged, or not of the expected form."""


CARD = Record(
    {
        "schema": Text(allowed=(SCHEMA,)),
        "preset": Text(),
        "architecture": Record({field.name: Whole(1, 4096) for field in fields(Architecture)}),
        "parts": TableOf(
            Record(
                {
                    "families": ListOf(Text(pattern=NAME)),
                    "first_order": Flag(),
                    "shots": ListOf(Whole(1), least=1),
                    "transfers": ListOf(Number(0.0, 1.0), 3, 3),
                    "seed": Whole(0),
                    "tasks": Whole(0),
                    "data": PLAIN_TABLE,
                    "versions": TableOf(Text()),
                },
                others=Plain(),
            )
        ),
    },
    optional={"features": Whole(1)},
)
"""What a checkpoint's card holds. Without `features` its networks read those of version 1. A part that was learned
online says more of itself than one that was not."""
FORM = Form(
    name="checkpoint",
    schema=SCHEMA,
    record=CARD,
    error=CheckpointError,
    advice="train again or copy it again",
)


@dataclass(frozen=True)
class Checkpoint:
    """Everything that strategies need.

    Example:
        >>> load_checkpoint().architecture.keypoints > 0
        True
    """

    parts: Mapping[str, Mapping[str, Tensor]]
    """Part (one of `METHODS` or `SHARED`) → parameter name → float32 tensor; those with learned inner
    rates have them under `rates.…`."""
    card: Mapping[str, Any]
    """`schema`, `preset`, `architecture`, and per part `config`, `init`, `seed`, `versions`, `git`, `families`,
    `data`."""

    @property
    def architecture(self) -> Architecture:
        """Sizes of its networks."""
        return Architecture(**self.card["architecture"])

    def part(self, name: str) -> Mapping[str, Tensor]:
        """Parameters of a part.

        Raises:
            CheckpointError: it was not trained.
        """
        if name not in self.parts:
            raise CheckpointError(f"the checkpoint holds no {name!r}; it holds {', '.join(sorted(self.parts))}")
        return self.parts[name]

    def split_part(self, name: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Parameters and inner rates of a part, each under its own name; see `part`."""
        return split_rates(self.part(name))


def split_rates(values: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Parameters of a part, and its inner rates without their `rates.`."""
    rates = {k.removeprefix("rates."): v for k, v in values.items() if k.startswith("rates.")}
    return {k: v for k, v in values.items() if not k.startswith("rates.")}, rates


def expected_shapes(part: str, sizes: Architecture) -> dict[str, tuple[int, ...]]:
    """Name → shape of every tensor of a part."""
    if part == "closing":
        return grasp_head.shapes(sizes.closing)
    if part == "controller":
        return controller.shapes(sizes.controller)
    if part in cloning.SHAPES:
        return cloning.SHAPES[part](sizes)
    if part == "contrast":
        return contrast.shapes(sizes.inner_steps, sizes.keypoints)
    shapes = scorer.shapes(sizes.hidden, sizes.head, sizes.keypoints)
    if part in CONDITIONED:
        shapes |= context_encoder.shapes(sizes.hidden, sizes.head, sizes.keypoints, sizes.context)
    if part in MOVED:
        shapes |= {f"rates.{name}": (sizes.inner_steps,) for name in MOVED[part]}
        shapes["rates.log_scales"] = (sizes.inner_steps, LOG_SCALES)
    return shapes


def save_checkpoint(folder: Path | str, checkpoint: Checkpoint) -> Path:
    """Write `policy.safetensors` and `policy.json` into `folder`, each replaced whole or not at all."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{part}/{name}": value.detach().cpu().contiguous().numpy()
        for part, values in checkpoint.parts.items()
        for name, value in values.items()
    }
    write_array_file(folder / POLICY_FILE, FORM, checkpoint.card, arrays)
    write_atomic(folder / CARD_FILE, [(json.dumps(checkpoint.card, indent=2, sort_keys=True) + "\n").encode()])
    return folder / POLICY_FILE


def load_checkpoint(path: Path | str | None = None) -> Checkpoint:
    """Read a checkpoint, given as `checkpoint_file` takes it; None reads the shipped one.

    Raises:
        CheckpointError: missing, truncated, of another schema, or not of the shapes that its preset needs.

    Example:
        >>> sorted(load_checkpoint().parts)
        ['closing', 'context', 'context-both', 'contrast', 'controller', 'maml', 'maml-both', 'zero-shot']
    """
    path = checkpoint_file(None if path is None else Path(path))
    if not path.exists():
        raise CheckpointError(f"{path}: no checkpoint; train one with robo-meta train")
    card, arrays, _ = read_array_file(path, FORM)
    parts: dict[str, dict[str, Tensor]] = {}
    for name, array in arrays.items():
        part, _, key = name.partition("/")
        if array.dtype != np.float32:
            raise CheckpointError(f"{path}: {name} holds {array.dtype.name}, expected float32; {FORM.advice}")
        # torch wants an array of its own that may be written to.
        parts.setdefault(part, {})[key] = torch.from_numpy(np.array(array, dtype=np.float32))
    card = _with_todays_features(path, card, parts)
    check_shapes(path.name, parts, Architecture(**card["architecture"]), card["preset"])
    return Checkpoint(parts, card)


def card_of(preset: str, sizes: Architecture) -> dict[str, Any]:
    """The card of a checkpoint that holds no part yet."""
    return {
        "schema": SCHEMA,
        "features": FEATURES_VERSION,
        "preset": preset,
        "architecture": asdict(sizes),
        "parts": {},
    }


def _with_todays_features(path: Path, card: dict[str, Any], parts: dict[str, dict[str, Tensor]]) -> dict[str, Any]:
    """Widen networks that were trained on an earlier version of the features, in place; the card of what they are then.

    Features were only ever added after the others, so that weights of zero for the new ones leave the outputs as they
    were, up to rounding.

    Raises:
        CheckpointError: a version that isn't known here.
    """
    version = card.get("features", 1)
    if version not in WIDTHS:
        known = ", ".join(map(str, WIDTHS))
        raise CheckpointError(f"{path}: trained on features of version {version}; this version has {known}")
    for part, values in parts.items():
        # The one parameter, (F, H), whose shape follows from the features.
        reads, widths = ("in.weight", CLOSING_WIDTHS) if part == "closing" else ("body.in.weight", WIDTHS)
        weight = values.get(reads)
        if weight is not None and weight.ndim == 2 and weight.shape[0] == widths[version]:
            added = widths[FEATURES_VERSION] - widths[version]
            values[reads] = torch.cat([weight, weight.new_zeros((added, weight.shape[1]))])
    return {**card, "features": FEATURES_VERSION}


def part_names(path: Path) -> frozenset[str] | None:
    """Names of the parts in a checkpoint's file, read from its header alone; None where the file can't be read."""
    try:
        return frozenset(name.partition("/")[0] for name in read_header(path, FORM).shapes)
    except CheckpointError:
        return None


def check_shapes(where: str, parts: Mapping[str, Mapping[str, Tensor]], sizes: Architecture, preset: str) -> None:
    """Compare every tensor with what the sizes ask for.

    Raises:
        CheckpointError: a part or tensor missing, unknown, of another shape, or not finite.
    """
    known = (*METHODS, *SHARED)
    for part, values in parts.items():
        if part not in known:
            raise CheckpointError(f"{where}: unknown part {part!r}; expected {', '.join(known)}")
        expected = expected_shapes(part, sizes)
        for key in expected.keys() - values.keys():
            raise CheckpointError(f"{where}: {part}/{key} is missing, preset {preset!r} needs {expected[key]}")
        for key, value in values.items():
            if key not in expected:
                raise CheckpointError(f"{where}: {part}/{key} is unknown to preset {preset!r}")
            if tuple(value.shape) != expected[key]:
                found = tuple(value.shape)
                raise CheckpointError(f"{where}: {part}/{key} is {found}, preset {preset!r} needs {expected[key]}")
            if not torch.isfinite(value).all():
                raise CheckpointError(f"{where}: {part}/{key} holds values that are not finite")


def checkpoint_file(path: Path | None) -> Path:
    """The file of a checkpoint given by file or folder; None stands for the one inside the package, and
    `shipped:recorded` for the one beside it that learned from recorded episodes alone."""
    if path is None:
        return shipped("checkpoint")
    if str(path) == RECORDED:
        return shipped("recorded")
    return path / POLICY_FILE if path.is_dir() else path
