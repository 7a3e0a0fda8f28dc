"""Records are checked where they are made, and cannot be edited."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from demos.demo import DemoError, provenance

NAME = "demo training-00017-demo-00000-00000"
WRONG = {
    "a missing observation": ({"state": np.ones((14, 14))}, f"{NAME}: 14 observations for 14 actions; it needs 15"),
    "a missing label": ({"labels": np.zeros((13, 5))}, f"{NAME}: 13 labels for 14 actions; it needs 14"),
    "state columns": ({"state": np.ones((15, 13))}, f"{NAME}: state of shape (15, 13); it needs (…, 14)"),
    "rewards": ({"rewards": np.zeros(3)}, f"{NAME}: rewards of shape (3,) for 14 actions; it needs (14,)"),
    "no points": ({"points": np.zeros((0, 6))}, f"{NAME}: no points; it needs at least 1"),
    "not finite": ({"state": np.full((15, 14), np.nan)}, f"{NAME}: state holds values that are not finite"),
    "too far": ({"actions": np.full((14, 5), 1.5)}, f"{NAME}: actions reach 1.500; they must stay within [-1, 1]"),
    "no verdict": ({"verdict": {}}, f"{NAME}: an empty verdict; it needs at least one named part"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_demo_is_refused_with_one_clear_line(make_demo, case):
    changes, message = WRONG[case]
    with pytest.raises(DemoError) as error:
        make_demo(**changes)
    assert str(error.value) == message


def test_no_actions_is_no_demo(make_demo):
    with pytest.raises(DemoError, match="no actions; it needs at least 1"):
        make_demo(steps=0)


def test_arrays_are_own_read_only_copies(make_demo):
    state = np.ones((15, 14))
    demo = make_demo(state=state)
    state[:] = 7
    assert (demo.state == 1).all()
    assert demo.state.dtype == np.float32
    for name in ("state", "points", "actions", "labels", "rewards"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(demo, name)[0] = 0
    with pytest.raises(TypeError):
        demo.verdict["held"] = False
    with pytest.raises(dataclasses.FrozenInstanceError):
        demo.family = "bar"


@pytest.mark.parametrize(("held", "success"), [(True, True), (False, False)])
def test_success_follows_from_every_part_of_the_verdict(make_demo, held, success):
    assert make_demo(verdict={"lifted": True, "held": held}).success is success


def test_provenance_names_versions_but_no_time_host_or_worker():
    origin = provenance("expert", 3, ("training", 5, "demo", 1, 0))
    assert set(origin.versions) == {"robo-meta", "numpy", "pybullet", "schema", "physics", "verdict"}
    assert {field.name for field in dataclasses.fields(origin)} == {"actor", "seed", "path", "versions"}
    assert origin.key == "training-00005-demo-00001-00000"


def test_reading_records_needs_no_simulator():
    heavy = ("pybullet", "sim.env", "gymnasium", "torch")
    code = f"import sys, demos.demo, demos.support; print([m for m in {heavy} if m in sys.modules])"
    path = f"import sys; sys.path[:0] = {sys.path!r}; {code}"
    found = subprocess.run([sys.executable, "-c", path], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
