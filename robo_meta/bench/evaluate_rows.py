"""Rows `evaluate`: what an evaluation is made of besides adapting: objects that are drawn, scanned and imported."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.row import Row
from robo_meta.bench.scene import timed_scene
from robo_meta.bench.timing import Spread, clocked, interleaved

IMPORTED = "0-5"
"""Numbers of the objects that `objects import curved` generates which are timed."""


def brief(config: BenchConfig) -> Iterator[Row]:
    """Drawing an object, scanning it, importing one."""
    yield from rows(config, ())


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """The same."""
    from sim.frames import Pose
    from sim.sensing import scan
    from sim.tasks.sampling import draw_scene
    from sim.tasks.seeds import generator

    found = timed_scene(config.seed)
    flat, rng = Pose(np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])), generator(config.seed, "bench")
    works = {
        "drawing an object": lambda: draw_scene(config.seed, found.task, found.family, "a1"),
        "scanning an object": lambda: scan(found.scene.object, flat, found.scene.noise, rng),
    }
    times = interleaved({name: clocked(work) for name, work in works.items()}, config.rounds)
    for name in works:
        yield Row("evaluate", name, "ms", times.spread(name, 1e3))
    yield from _imports()


def _imports() -> Iterator[Row]:
    """Importing an object by one process; nothing without the libraries for meshes."""
    from robo_meta.objects.config import ImportConfig
    from robo_meta.objects.importer import import_objects
    from robo_meta.objects.libraries import LibraryMissing

    with tempfile.TemporaryDirectory() as folder:
        config = ImportConfig(Path("curved"), Path(folder) / "library", workers=1, ids=IMPORTED)
        with contextlib.suppress(LibraryMissing):
            seconds = [one.seconds for one in import_objects(config, progress=False).outcomes]
            note = f"generated meshes {IMPORTED}, once each"
            yield Row("evaluate", "importing a mesh, one process", "s", Spread.of(seconds), note=note)
