"""The record between our datasets and other formats: episodes with all that is known of them, and what they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from demos.demo import SCHEMA
from demos.exchange.meaning import MEANING, ExchangeError
from demos.exchange.sentence import task_sentence
from demos.storage.episode_file import DEMO_FIELDS
from demos.storage.index_file import WORLD
from demos.storage.recording import CONFIG
from demos.storage.schema import (
    NAME,
    PLAIN_TABLE,
    SHA256,
    Flag,
    ListOf,
    Record,
    TableOf,
    Text,
    Unfit,
    Whole,
    parse_json,
)

VERSION = "1"
"""Of what we add to other formats: the header and the episodes' records."""
HEADER = Record(
    {
        "version": Text(allowed=(VERSION,)),
        "schema": Text(),
        "action": PLAIN_TABLE,
        "configs": ListOf(CONFIG, least=1),
        "versions": Record({name: Text() for name in WORLD}),
        "complete": Flag(),
        "episodes": Whole(0),
        "fingerprint": Text(pattern=SHA256),
        "planned": TableOf(Text(pattern=SHA256), keys=Text(pattern=NAME)),
        "cameras": TableOf(Record({"height": Whole(1), "width": Whole(1), "depth": Flag()}), keys=Text(pattern=NAME)),
    }
)
"""What all episodes of a shipment share. `configs` are those of its recordings, `fingerprint` the dataset's, `planned`
the checksum of each chunk of planned demonstrations."""
OURS = Record(
    {**DEMO_FIELDS, "key": Text(pattern=NAME), "recording": Whole(0), "checksum": Text(pattern=SHA256)},
)
"""An episode's record, where the shipment came from us. `checksum` is that of its file here."""
FOREIGN = Record(
    {name: kind for name, kind in DEMO_FIELDS.items() if name != "provenance"},
    optional={"provenance": DEMO_FIELDS["provenance"]},
)
"""What an episode's record must say where somebody else made it."""


@dataclass(frozen=True)
class Parcel:
    """One episode on its way."""

    record: Mapping[str, Any]
    """As `OURS` says, or `FOREIGN` where the shipment has no header."""
    arrays: Mapping[str, np.ndarray]
    """`state` (T+1, 14), `points` (P, 6), `actions` (T, 5), `labels` (T, 5), `rewards` (T,), all float32: those of
    `demos.demo.Demo`."""
    pictures: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Camera → (T+1, H, W, 3) uint8, and `CAMERA_depth` → (T+1, H, W) uint16, mm."""

    @property
    def steps(self) -> int:
        """Number of actions, T."""
        return len(self.arrays["actions"])

    @property
    def success(self) -> bool:
        """Whether every part of the verdict holds."""
        return all(self.record["verdict"].values())

    @property
    def sentence(self) -> str:
        """The task in words."""
        return task_sentence(self.record["family"], self.record["task"])


@dataclass(frozen=True)
class Shipment:
    """A dataset on its way."""

    header: Mapping[str, Any] | None
    """As `HEADER` says; None where the data never were ours."""
    parcels: Iterable[Parcel]
    """The episodes in order, made as they are asked for."""
    planned: Iterable[tuple[str, bytes]] = ()
    """Name and content of the files of planned demonstrations."""
    pictures: tuple[str, ...] = ()
    """Where the data never were ours: what holds pictures in them, which nobody reads."""


def checked_header(where: str, text: str | bytes) -> dict[str, Any]:
    """The header in a JSON text.

    Raises:
        ExchangeError: none, or that of another version; actions that mean something else.
    """
    try:
        header = parse_json(text)
        HEADER.check(header, "the header")
    except Unfit as error:
        raise ExchangeError(f"{where}: damaged, or of another version of robo-meta: {error}") from error
    if header["schema"] != SCHEMA:
        raise ExchangeError(f"{where}: demonstrations of schema {header['schema']!r}; this version reads {SCHEMA!r}")
    for name, expected in MEANING.items():
        if header["action"].get(name) != expected:
            raise ExchangeError(f"{where}: action.{name} is {header['action'].get(name)!r}; expected {expected!r}")
    return header


def checked_record(where: str, text: str | bytes | None, ours: bool) -> dict[str, Any]:
    """An episode's record in a JSON text.

    Raises:
        ExchangeError: there is none, or one that lacks something.
    """
    kind = OURS if ours else FOREIGN
    if text is None:
        needed = ", ".join(kind.fields)
        raise ExchangeError(f"{where} has no record 'robo_meta' of {needed}; without it no demonstration can be made")
    try:
        record = parse_json(text)
        kind.check(record, "robo_meta")
    except Unfit as error:
        raise ExchangeError(f"{where}: {error}") from error
    return record
