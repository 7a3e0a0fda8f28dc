"""Damaged and hostile files of every format: each ends in one line of bad input, or is read as what it was.

Seeded; some 500 cases. A file is damaged in two ways: bytes are changed, or a hostile author writes wrong content with
a right checksum.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from demos.demo import Demo, installed_versions, provenance
from demos.recording.config import RecordConfig
from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form
from demos.storage.dataset import make_folders
from demos.storage.derived_index import build_index
from demos.storage.episode_file import EPISODE, read_demo, write_demo
from demos.storage.folder import INDEX
from demos.storage.index_file import read_index, write_index
from demos.storage.packed_file import LAYOUT, PACKED, TASK_LAYOUT, write_packed_file
from demos.storage.planned_file import PLANNED_CHUNK, read_planned_chunk
from robo_meta.learning.adam import zero_moments
from robo_meta.model.architecture import Architecture
from robo_meta.runs.journal import append, open_journal
from robo_meta.selector.learner import file as selector_file
from robo_meta.selector.matrix import file as matrix_file
from robo_meta.training import checkpoint as checkpoint_file
from robo_meta.training import state as state_file
from robo_meta.training.data import load_training_data
from robo_meta.training.online import learner
from robo_meta.training.online.reservoir import Reservoir
from sim.errors import InputError
from sim.shapes.families import FAMILIES
from sim.tasks.scenes import Task
from tests.robo_meta.selector.selector_matrices import made_up

SIZES = {"N": 2, "D": 2, "P": 5, "L": 3, "M": 4}
DEEP = "[" * 100_000 + "]" * 100_000
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Format:
    """One format: a valid file of it, and how it is read."""

    write: Callable[[Path], None]
    read: Callable[[Path], object]
    form: Form | None = None
    """Of array files."""


def zeros(layout: Any) -> dict[str, np.ndarray]:
    return {name: np.zeros([SIZES.get(a, a) for a in axes], dtype) for name, (dtype, axes) in layout.items()}


CONFIG = RecordConfig(out="unused", demos=2).identity


def write_episode(path: Path) -> None:
    rng = np.random.default_rng(0)
    state = rng.random((4, 14))
    demo = Demo(
        state=state,
        points=rng.random((6, 6)),
        actions=rng.uniform(-1, 1, (3, 5)),
        labels=rng.uniform(-1, 1, (3, 5)),
        rewards=np.zeros(3),
        verdict={"lifted": True, "held": True},
        family="hammer",
        object_id="a0",
        task=Task("training", 1, {"red": 1.0, "blue": 4.0}, "part", "red"),
        provenance=provenance("expert", 0, ("training", 1, "demo", 0, 0)),
    )
    write_demo(path, demo, CONFIG)


def write_chunk(path: Path) -> None:
    record = {"config": CONFIG, "families": ["bar"], "first": 0, "tasks": 2, "versions": installed_versions()}
    write_array_file(path, PLANNED_CHUNK, record, zeros(TASK_LAYOUT))


ARCHITECTURE = Architecture(hidden=4, head=3, keypoints=2, inner_steps=2, context=4, closing=4, controller=4)
SHAPES = checkpoint_file.expected_shapes("controller", ARCHITECTURE)


def write_checkpoint(path: Path) -> None:
    part = {"families": ["bar"], "first_order": False, "shots": [1], "transfers": [0.2, 0.3, 0.5], "seed": 0}
    part |= {"tasks": 2, "data": {}, "versions": {}}
    parts = {"controller": {name: torch.ones(shape) for name, shape in SHAPES.items()}}
    card = {"schema": checkpoint_file.SCHEMA, "preset": "tiny", "architecture": ARCHITECTURE.__dict__}
    card["parts"] = {"controller": part}
    saved = checkpoint_file.save_checkpoint(path.parent, checkpoint_file.Checkpoint(parts, card))
    saved.rename(path)


def meta_state() -> state_file.MetaState:
    theta = {name: torch.ones(shape) for name, shape in SHAPES.items()}
    moments = zero_moments({f"theta/{k}": v for k, v in theta.items()})
    return state_file.MetaState(theta, {}, moments, 3, torch.Generator().get_state(), tables={})


def write_online(path: Path) -> None:
    held = torch.tensor([0, 1])
    state = learner.OnlineState(meta_state(), Reservoir(held, 2), torch.zeros(2, 3), torch.zeros(1, 2, 3))
    learner.save_online(path, state, {"seed": 0})


def write_selector(path: Path) -> None:
    strategies = ("maml", "replay")
    nodes = {"feature": np.int16([-1]), "threshold": np.float32([0]), "left": np.int32([0]), "right": np.int32([0])}
    nodes |= {"value": np.float32([0.5]), "roots": np.int32([0]), "constants": np.array([1.0, 0.0])}
    card = {
        "schema": selector_file.SCHEMA,
        "feature_schema": selector_file.FEATURE_SCHEMA,
        "families": ["wedge"],
        "strategies": list(strategies),
        "stages": [{"strategies": "trees"}],
        "prices": selector_file.Prices().card,
        "rules": {"ranking": [0, 1], "table": {"transfer=new-shape": [1, 0]}},
    }
    arrays = {"seconds": np.array([0.1, 0.2]), "1/base": np.zeros((3, 2))}
    arrays |= {f"1/strategies/{name}": array for name, array in nodes.items()}
    write_array_file(path, selector_file.FORM, card, arrays)


def write_journal(path: Path) -> None:
    open_journal(path, {"seed": 1})
    for index in range(3):
        append(path, {"index": index, "success": [1, 0]})


def write_folder_index(path: Path) -> None:
    make_folders(path.parent)
    write_episode(path.parent / "episodes" / "training-00001-demo-00000-00000.safetensors")
    write_index(path.parent, build_index(path.parent))


FORMATS = {
    "episode": Format(write_episode, read_demo, EPISODE),
    "planned": Format(write_chunk, lambda path: read_planned_chunk(path, list(FAMILIES)), PLANNED_CHUNK),
    "packed": Format(
        lambda path: write_packed_file(path, zeros(LAYOUT), ["bar"], {"config": CONFIG}), load_training_data, PACKED
    ),
    "checkpoint": Format(write_checkpoint, checkpoint_file.load_checkpoint, checkpoint_file.FORM),
    "state": Format(
        lambda path: state_file.save_state(path, meta_state(), {"seed": 0}),
        lambda path: state_file.load_state(path, {"seed": 0}, CPU, SHAPES),
        state_file.FORM,
    ),
    "online state": Format(
        write_online, lambda path: learner.load_online(path, {"seed": 0}, CPU, SHAPES), learner.ONLINE
    ),
    "selector": Format(write_selector, selector_file.load_selector, selector_file.FORM),
    "matrix": Format(
        lambda path: matrix_file.save_matrix(path, made_up(np.full((4, 2), 0.5))) and None,
        matrix_file.load_matrix,
        matrix_file.FORM,
    ),
    "journal": Format(write_journal, lambda path: open_journal(path, {"seed": 1})),
    INDEX: Format(write_folder_index, lambda path: read_index(path.parent)),
}
ARRAY_FORMATS = [name for name, kind in FORMATS.items() if kind.form is not None]


@pytest.fixture
def file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Format, Path]:
    """A format and a valid file of it."""
    kind = FORMATS[request.param]
    path = tmp_path / (INDEX if request.param == INDEX else "file.safetensors")
    kind.write(path)
    kind.read(path)
    return kind, path


def refused(kind: Format, path: Path) -> bool:
    """Whether reading ends in one line of bad input; any other error is let through."""
    try:
        kind.read(path)
    except InputError as error:
        assert "\n" not in str(error) and path.name in str(error) and len(str(error)) < 1000
        return True
    return False


@pytest.mark.parametrize("file", FORMATS, indirect=True)
def test_every_changed_byte_is_noticed(file: tuple[Format, Path]) -> None:
    kind, path = file
    rng, whole = random.Random(7), path.read_bytes()
    text = kind.form is None
    before = json.dumps(kind.read(path)) if text else ""
    for case in range(40):
        content = bytearray(whole)
        # Half of the flips go where the header is.
        content[rng.randrange(min(len(content), 400) if case % 2 else len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        if text:
            # A journal's last line may be lost, and white space means nothing.
            assert refused(kind, path) or before.startswith(json.dumps(kind.read(path)).rstrip("]"))
        else:
            assert refused(kind, path), case


@pytest.mark.parametrize("file", ARRAY_FORMATS, indirect=True)
def test_truncated_and_grown_files_are_refused(file: tuple[Format, Path]) -> None:
    kind, path = file
    rng, whole = random.Random(8), path.read_bytes()
    cuts = [whole[: rng.randrange(len(whole))] for _ in range(8)]
    for content in (b"", whole[:8], whole + b"\0", whole + whole, bytes(len(whole)), rng.randbytes(500), *cuts):
        path.write_bytes(content)
        assert refused(kind, path)


def framed(header: str) -> bytes:
    raw = header.encode()
    raw += b" " * (-len(raw) % 8)
    return len(raw).to_bytes(8, "little") + raw


def hostile_headers(form: Form) -> list[bytes]:
    metadata = {"form": form.name, "schema": form.schema, "record": "{}", "checksum": "0" * 64}

    def header(changes: dict[str, Any] | None = None, **arrays: Any) -> bytes:
        return framed(json.dumps({"__metadata__": {**metadata, **(changes or {})}, **arrays}))

    def array(dtype: str = "F32", shape: Any = (), offsets: Any = (0, 4)) -> dict[str, Any]:
        return {"dtype": dtype, "shape": shape, "data_offsets": offsets}

    return [
        framed(DEEP),
        framed("[1]"),
        framed("null"),
        framed("{}"),
        framed('{"__metadata__": null}'),
        framed('{"__metadata__": [1]}'),
        (2**63).to_bytes(8, "little") + b"{}",
        (2**30).to_bytes(8, "little") + b"{}",
        header({"record": DEEP}),
        header({"record": "[1]"}),
        header({"record": 1}),
        header({"checksum": "x"}),
        header({"checksum": None}),
        header({"schema": 3}),
        header(a=array(shape=[2_500_000_000], offsets=[0, 10_000_000_000])),
        header(a=array(shape=[2**40] * 8)),
        header(a=array(shape=[0, 2**40, 2**40, 2**40], offsets=[0, 0])),
        header(a=array(shape=[-1])),
        header(a=array(shape=["x"])),
        header(a=array(shape=[1.5])),
        header(a=array(dtype="O")),
        header(a=array(dtype="BF16")),
        header(a=array(offsets=[4, 0])),
        header(a=array(offsets=[-4, 0])),
        header(a=array(offsets=[0])),
        header(a=array(offsets=None)),
        header(a=[1]),
        header(a=array(), b=array()) + bytes(4),
        header(a=array(offsets=[4, 8])) + bytes(8),
    ]


@pytest.mark.parametrize("file", ARRAY_FORMATS, indirect=True)
def test_hostile_headers_are_refused(file: tuple[Format, Path]) -> None:
    kind, path = file
    assert kind.form is not None
    for content in hostile_headers(kind.form):
        path.write_bytes(content)
        assert refused(kind, path), content[:200]


WRONG = (None, True, -7, 1e300, float("nan"), "\ud800", "../up", "/etc/passwd", [], [[]], {}, {"a": 1}, "x" * 20_000)


def places(value: Any, way: tuple = ()) -> list[tuple]:
    """Ways to every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(found for key, item in inner for found in places(item, (*way, key)))]


def set_at(record: dict, way: tuple, value: Any) -> dict:
    record = copy.deepcopy(record)
    holder = record
    for key in way[:-1]:
        holder = holder[key]
    holder[way[-1]] = value
    return record


def seal(path: Path, form: Form, record: Any, arrays: dict[str, np.ndarray]) -> None:
    """Write any record, also one that the writer refuses to encode, with a right checksum."""
    write_array_file(path, form, {"marker": 1}, arrays)
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] |= {"record": json.dumps(record), "checksum": "0" * 64}
    blank = framed(json.dumps(header)) + content[8 + length :]
    digest = hashlib.sha256(blank).hexdigest()
    path.write_bytes(blank.replace(b'"checksum": "' + b"0" * 64, b'"checksum": "' + digest.encode(), 1))


@pytest.mark.parametrize("file", ARRAY_FORMATS, indirect=True)
def test_records_of_the_wrong_kind_with_a_right_checksum_never_trace_back(file: tuple[Format, Path]) -> None:
    kind, path = file
    assert kind.form is not None
    rng = random.Random(9)
    record, arrays, _ = read_array_file(path, kind.form)
    ways = [way for way in places(record) if way]
    for case in range(25):
        seal(path, kind.form, set_at(record, rng.choice(ways), rng.choice(WRONG)), arrays)
        refused(kind, path)
        if case < len(record):
            seal(path, kind.form, {k: v for k, v in record.items() if k != list(record)[case]}, arrays)
            lost = list(record)[case]
            optional = lost in ("checkpoint", "learner", "rows", "versions")
            assert refused(kind, path) or optional, lost


@pytest.mark.parametrize("file", ARRAY_FORMATS, indirect=True)
def test_arrays_of_the_wrong_kind_with_a_right_checksum_never_trace_back(file: tuple[Format, Path]) -> None:
    kind, path = file
    assert kind.form is not None
    rng = np.random.default_rng(10)
    record, arrays, _ = read_array_file(path, kind.form)
    for name, array in list(arrays.items())[:8]:
        filled = np.full(array.shape, -7 if array.dtype.kind == "i" else 200 if array.dtype.kind == "u" else np.nan)
        for wrong in (
            filled.astype(array.dtype),
            array[..., None],
            np.zeros(array.shape, "float64" if array.dtype != "float64" else "int8"),
            rng.integers(0, 2, 3).astype("int8"),
        ):
            write_array_file(path, kind.form, record, {**arrays, name: wrong})
            refused(kind, path)
        write_array_file(path, kind.form, record, {k: v for k, v in arrays.items() if k != name})
        assert refused(kind, path), name
    write_array_file(path, kind.form, record, {**arrays, "unheard-of": np.zeros(3)})
    assert refused(kind, path) or kind.form is selector_file.FORM


@pytest.mark.parametrize("file", FORMATS, indirect=True)
def test_pipes_folders_and_texts_nested_deep_are_refused_at_once(file: tuple[Format, Path]) -> None:
    kind, path = file
    path.write_text(DEEP)
    assert refused(kind, path)
    path.unlink()
    os.mkfifo(path)
    assert refused(kind, path)
    path.unlink()
    path.mkdir()
    assert refused(kind, path) or kind.form is None
