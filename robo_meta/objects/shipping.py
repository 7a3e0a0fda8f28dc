"""Makes the files of the split `real-objects` from a library of imported objects; for who releases robo_meta.

Usage, from a checkout, one after the other:

    python -m robo_meta.objects.shipping pack --library LIBRARY --sources FOLDER
    python -m robo_meta.objects.shipping freeze

`pack` writes the accepted objects, their notices and licences, and which they are; `freeze`, the hash of their tasks.
Once results name `real-1`, another set of objects is a benchmark of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tyro

from demos.storage.files import write_atomic
from robo_meta.objects.library import read_index, read_library
from robo_meta.objects.notices import NoticeError, notice, origin_of
from sim.errors import InputError, did_you_mean
from sim.objects.meshes import MeshShape
from sim.shapes.mesh_file import checksum, mesh_file_bytes
from sim.shapes.mesh_splits import MESH_SPLITS
from sim.shapes.real_objects.loading import FILE, PREFIX, SPLIT

FROZEN = '''"""Which objects the split `real-objects` has, and the hash of its tasks, as `real-1` was frozen.

Written by `python -m robo_meta.objects.shipping`; never edited once results name `real-1`.
"""

FAMILIES: tuple[str, ...] = {families}
"""Names of its families, in the order that tasks are drawn by."""
CHECKSUM = "{checksum}"
"""SHA-256 of `objects.npz`."""
TASK_HASH = "{task_hash}"
"""`sim.tasks.benchmark.task_hash` of the split."""
'''


@dataclass(frozen=True)
class Pack:
    """Write the accepted objects of a library as the split `real-objects`."""

    library: Path
    """Folder of imported objects."""
    sources: Path
    """Folder that they were imported from, with `objects.json` and `licences/`."""
    out: Path = FILE.parent
    """Where to; by default where the package has them."""
    split: str = SPLIT
    """Whose meshes may be shipped, of `sim.shapes.mesh_splits`."""
    names: tuple[str, ...] = ()
    """Only these objects; all that were accepted where none is named."""

    def run(self) -> None:
        """Write the files and say what they hold."""
        shapes, table = self._shapes(), self._table()
        unknown = [shape.name for shape in shapes if shape.name not in table]
        if unknown:
            raise NoticeError(f"{self.sources / 'objects.json'}: nothing of {', '.join(unknown)}")
        shapes = tuple(replace(shape, licence=table[shape.name]["licence"]) for shape in shapes)
        texts = sorted({text for shape in shapes for text in origin_of(table[shape.name]).texts})
        raw = mesh_file_bytes(shapes)
        (self.out / "licences").mkdir(parents=True, exist_ok=True)
        for text in texts:
            write_atomic(self.out / "licences" / text, [(self.sources / "licences" / text).read_bytes()])
        write_atomic(self.out / "NOTICE.md", [notice(shapes, table).encode()])
        write_atomic(self.out / FILE.name, [raw])
        write_frozen(self.out, tuple(f"{PREFIX}{shape.name}" for shape in shapes), checksum(raw))
        print(f"{len(shapes)} objects, {len(raw) / 1e6:.2f} MB in {self.out}")
        for name, entry in read_index(self.library)["objects"].items():
            if name not in {shape.name for shape in shapes}:
                print(f"left out: {name}: {entry['reason'] or 'not named'}")

    def _shapes(self) -> tuple[MeshShape, ...]:
        """The objects to ship, by name."""
        if self.split not in MESH_SPLITS:
            raise NoticeError(f"unknown split of meshes {self.split!r}{did_you_mean(self.split, MESH_SPLITS)}")
        accepted = {shape.name: shape for shape in read_library(self.library)}
        for name in self.names:
            if name not in accepted:
                raise NoticeError(f"{self.library}: no accepted object {name!r}{did_you_mean(name, accepted)}")
        chosen = self.names or tuple(accepted)
        foreign = [name for name in chosen if name not in MESH_SPLITS[self.split]]
        if foreign:
            raise NoticeError(f"{self.library}: {', '.join(foreign)}: not of the split {self.split!r}")
        return tuple(accepted[name] for name in sorted(chosen))

    def _table(self) -> dict[str, dict[str, Any]]:
        """Name → row of the table of objects."""
        return {row["name"]: row for row in json.loads((self.sources / "objects.json").read_text(encoding="utf-8"))}


@dataclass(frozen=True)
class Freeze:
    """Draw the tasks of the split `real-objects` of this checkout and write their hash."""

    out: Path = FILE.parent
    """Where `frozen.py` lies."""

    def run(self) -> None:
        """Write the hash and say it."""
        from sim.shapes.real_objects.frozen import CHECKSUM, FAMILIES
        from sim.tasks.benchmark import BENCHMARKS, benchmark_of, task_hash

        benchmark = BENCHMARKS[str(benchmark_of(SPLIT))]
        found = task_hash(benchmark, SPLIT)
        write_frozen(self.out, FAMILIES, CHECKSUM, found)
        print(f"{benchmark.name}: {SPLIT}: {found} (tasks 0 to {benchmark.tasks - 1} of seed {benchmark.seed})")


def write_frozen(folder: Path, families: Sequence[str], checksum: str, task_hash: str = "") -> None:
    """Write `frozen.py` into `folder`, as `ruff format` has it."""
    lines = "".join(f'    "{name}",\n' for name in families)
    text = FROZEN.format(families=f"(\n{lines})", checksum=checksum, task_hash=task_hash)
    write_atomic(folder / "frozen.py", [text.encode()])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the two; returns the exit status."""
    try:
        command: Pack | Freeze = tyro.cli(Pack | Freeze, args=arguments, prog="python -m robo_meta.objects.shipping")
        command.run()
    except InputError as error:
        print(f"shipping: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
