"""Demonstrations made of random numbers, for tests that need no physics."""

import numpy as np
import pytest

from demos.demo import Demo, provenance
from sim.sensing import POINT_COUNT
from sim.tasks.scenes import Task

FAKE_ACTOR = """
import hashlib, os, time
import numpy as np
from demos.demo import Demo
from sim.sensing import POINT_COUNT

def made_up(scene, seed, *, object_id, provenance, success=True):
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(3, 8))
    state = rng.random((steps + 1, 14))
    state[:, 10:14] = [0, 0, 0, 1]
    return Demo(state=state, points=rng.random((POINT_COUNT, 6)), actions=rng.uniform(-1, 1, (steps, 5)),
                labels=rng.uniform(-1, 1, (steps, 5)), rewards=np.zeros(steps),
                verdict={"lifted": True, "held": bool(success)}, family=scene.object.family, object_id=object_id,
                task=scene.task, provenance=provenance)

def steady(scene, seed, **labels):
    return made_up(scene, seed, **labels)

def slow(scene, seed, **labels):
    time.sleep(0.15)
    return made_up(scene, seed, **labels)

def clumsy(scene, seed, **labels):
    return made_up(scene, seed, success=np.random.default_rng(seed.spawn(1)[0]).random() < 0.4, **labels)

def hopeless(scene, seed, **labels):
    return made_up(scene, seed, success=False, **labels)

def broken(scene, seed, **labels):
    raise ArithmeticError("the arm fell off")
"""


@pytest.fixture
def fake_actors(tmp_path_factory, monkeypatch):
    """A module of actors on `sys.path`, where spawned workers find it too; its name."""
    folder = tmp_path_factory.mktemp("actors")
    (folder / "fake_actors.py").write_text(FAKE_ACTOR)
    monkeypatch.syspath_prepend(str(folder))
    return "fake_actors"


@pytest.fixture
def make_demo():
    """A function that makes a valid demo, with fields to replace."""

    def make(number=17, steps=14, **changes):
        rng = np.random.default_rng(number)
        state = rng.random((steps + 1, 14))
        state[:, 10:14] = [0, 0, 0, 1]
        fields = {
            "state": state,
            "points": rng.random((POINT_COUNT, 6)),
            "actions": rng.uniform(-1, 1, (steps, 5)),
            "labels": rng.uniform(-1, 1, (steps, 5)),
            "rewards": np.zeros(steps),
            "verdict": {"lifted": True, "held": True},
            "family": "hammer",
            "object_id": "a0",
            "task": Task("training", number, {"red": 1.0, "blue": 4.0}, "part", "red"),
            "provenance": provenance("expert", 0, ("training", number, "demo", 0, 0)),
        }
        return Demo(**{**fields, **changes})

    return make
