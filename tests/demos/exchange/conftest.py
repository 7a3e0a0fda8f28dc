"""A small dataset of two recordings, planned demonstrations included, made without physics."""

from pathlib import Path

import numpy as np
import pytest

from demos.demo import Demo
from demos.recording.config import RecordConfig
from demos.recording.edit import merge
from demos.recording.pack import pack
from demos.recording.recorder import record
from sim.sensing import POINT_COUNT


def somebody(scene, seed, *, object_id, provenance):
    """Acts at random and fails now and then."""
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(3, 8))
    held = bool(rng.random() < 0.5)
    return Demo(
        state=rng.random((steps + 1, 14)),
        points=rng.random((POINT_COUNT, 6)),
        actions=rng.uniform(-1, 1, (steps, 5)),
        labels=rng.uniform(-1, 1, (steps, 5)),
        rewards=[*[0.0] * (steps - 1), float(held)],
        verdict={"lifted": True, "held": held},
        family=scene.object.family,
        object_id=object_id,
        task=scene.task,
        provenance=provenance,
    )


@pytest.fixture(scope="session")
def dataset(tmp_path_factory) -> Path:
    """Paint and painted goods, successes and failures, five tasks of them planned."""
    place = tmp_path_factory.mktemp("exchange")
    for name, carries, seed, planned in (("paint", "paint", 3, 3), ("role", "role", 4, 2)):
        families = ("hammer", "spoon", "club") if carries == "role" else ()
        config = RecordConfig(
            place / name,
            families=families,
            tasks=2,
            demos=3,
            planned=planned,
            seed=seed,
            carries=carries,
            actor="somebody",
            keep_failures=True,
        )
        record(config, somebody, progress=False)
        pack(config.out)
    merge([place / "paint", place / "role"], place / "grasps")
    return place / "grasps"


@pytest.fixture(scope="session")
def exported(dataset, tmp_path_factory) -> dict[str, Path]:
    """Format → the dataset in it; for Minari the dataset's own folder."""
    from demos.exchange.exporting import export
    from demos.exchange.formats import FORMATS

    place = tmp_path_factory.mktemp("exported")
    return {name: export(dataset, name, place / name).place for name in FORMATS}
