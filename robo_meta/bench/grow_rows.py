"""Rows `grow`: by which power time grows with tasks, demonstrations, inner steps, points and objects, and the memory
that the largest size takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from robo_meta.bench.config import BenchConfig
from robo_meta.bench.growth import grown, peak_bytes
from robo_meta.bench.row import Row, Target
from robo_meta.bench.timing import Spread, clocked

POINTS, TASKS, DEMOS, STEPS = (128, 256, 512, 1024), (5, 10, 20, 40), (1, 2, 4, 8), (2, 4, 8, 16)
"""Sizes that are measured."""
USUAL = (10, 1, 5)
"""Tasks, demonstrations and inner steps of what is not varied."""
OBJECTS = (10, 100, 1000)
PLANNED = (1, 2, 4, 8)
"""Imported objects that are registered; tasks that are planned."""
LINEAR = Target(1.15, "here")
"""Nothing is to grow faster than its size, by more than what is measured by chance; only features look at pairs of
points."""


@dataclass(frozen=True)
class _Varied:
    name: str
    sizes: tuple[int, ...]
    work: Callable[[int], Callable[[], Any]]
    """Size → what is done at it."""
    target: Target | None = LINEAR


def brief(config: BenchConfig) -> Iterator[Row]:
    """Nothing: what is used most has no sizes."""
    yield from ()


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """Exponents of time, each with the time and the memory at the largest size."""
    varied = [
        _Varied("features of a scan against points", POINTS, partial(_features, config.seed), Target(2.15, "here")),
        _Varied("adapting against tasks", TASKS, lambda n: _adapting(n, *USUAL[1:])),
        _Varied("adapting against demonstrations", DEMOS, lambda n: _adapting(USUAL[0], n, USUAL[2])),
        _Varied("adapting against inner steps", STEPS, lambda n: _adapting(*USUAL[:2], n)),
        _Varied("planning against tasks", PLANNED, partial(_planning, config.seed)),
        _Varied("drawing and scanning imported objects against objects", OBJECTS, partial(_imported, config.seed)),
    ]
    for one in varied:
        works = {size: one.work(size) for size in one.sizes}
        growth = grown({size: clocked(work) for size, work in works.items()}, config.rounds)
        memory, last = peak_bytes(works[one.sizes[-1]]), one.sizes[-1]
        note = f"{one.sizes[0]}–{last}; at {last}: {1e3 * growth.largest.median:.3g} ms"
        yield Row("grow", one.name, "exponent", growth.exponents, target=one.target, note=note)
        if memory is not None:
            yield Row("grow", f"memory of the same, at {last}", "MB", Spread.of([memory / 1e6]))


def _features(seed: int, asked: int) -> Callable[[], Any]:
    import torch

    from robo_meta.bench.scene import timed_scene
    from robo_meta.model.point_features import encode
    from sim.frames import Pose
    from sim.sensing import scan

    scene = timed_scene(seed).scene
    flat = Pose(np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0]))
    points = torch.from_numpy(scan(scene.object, flat, scene.noise, np.random.default_rng(seed), asked))
    return lambda: encode(points)


def _adapting(tasks: int, demos: int, steps: int) -> Callable[[], Any]:
    """Inner steps of a network as large as the one that comes with the package, on scans of any points."""
    import torch

    from robo_meta.learning.inner_loop import adapt, initial_rates
    from robo_meta.model.architecture import Architecture
    from robo_meta.model.point_features import encode
    from robo_meta.model.scorer import body, grasp_rows, initial

    sizes, generator = Architecture(), torch.Generator().manual_seed(0)
    theta = initial(sizes.hidden, sizes.head, sizes.keypoints, generator)
    scans = encode(torch.rand(tasks, demos, 512, 6, generator=generator) * 0.2)
    with torch.no_grad():
        hidden = body(theta, scans)
    grasps, mask = grasp_rows(torch.rand(tasks, demos, 4, generator=generator) * 0.1), torch.ones(tasks, demos)
    return lambda: adapt(theta, initial_rates(theta, steps), hidden, grasps, mask, differentiable=False)


def _planning(seed: int, tasks: int) -> Callable[[], Any]:
    from pathlib import Path

    from demos.recording.config import RecordConfig
    from demos.recording.planned import plan_task

    # Every task only once: of one planned before, objects and outer ends are remembered.
    config, indices = RecordConfig(Path("unused"), seed=seed), count(1000 * tasks)
    return lambda: [plan_task(config, next(indices)) for _ in range(tasks)]


def _imported(seed: int, objects: int) -> Callable[[], Any]:
    """A query of each of as many objects of a split of its own: drawn, and seen by the camera."""
    from sim.frames import Pose
    from sim.sensing import scan
    from sim.shapes.mesh_family import MeshFamily
    from sim.tasks.sampling import LAWS
    from sim.tasks.scenes import Noise

    flat, noise = Pose(np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])), Noise()
    families = [MeshFamily(f"grown-{number}", "grown", _two_boxes(seed, number)) for number in range(objects)]

    def look() -> None:
        for number, family in enumerate(families):
            rng = np.random.default_rng([seed, number])
            spec = family.draw_object(rng, ("red", "blue"), LAWS["flat"].friction[0], "balance")
            scan(spec, flat, noise, rng)

    return look


def _two_boxes(seed: int, number: int) -> Any:
    """An imported object of two boxes end to end, as there are no files of as many."""
    from sim.objects.meshes import Division, MeshShape, TriangleMesh
    from sim.records import FrozenMapping

    rng = np.random.default_rng([seed, number])
    joint, width, height = rng.uniform(-0.03, 0.03), rng.uniform(0.02, 0.04), rng.uniform(0.02, 0.04)
    meshes = []
    for low, high in ((-0.1, joint), (joint, 0.1)):
        x, y, z = np.meshgrid([low, high], [-width / 2, width / 2], [0.0, height], indexing="ij")
        corners = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
        meshes.append(TriangleMesh(corners, np.array(_BOX)))
    division = Division(tuple(meshes), "parts", FrozenMapping({}))
    return MeshShape(f"two-{number}", (division,), tuple(mesh.vertices for mesh in meshes), "flat", 1.0, "")


_BOX = (
    *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
    *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
)
"""Faces of a box whose corners are numbered by x, y and z, counter-clockwise from outside."""
