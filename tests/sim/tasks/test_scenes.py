"""Tasks, noise and scenes that can't exist are refused in one line."""

from dataclasses import replace

import pytest

from sim.errors import InputError
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import NO_NOISE, PART, Noise, SceneError, Task

TASK = Task("training", 3, {"red": 3.0, "blue": 1.0}, PART, "red")
SCENE = draw_scene(0, draw_task(0, "training", 0), "bar", "a0")

REFUSED = {
    "index": (lambda: replace(TASK, index=-1), "task -1; expected 0 or more"),
    "colour": (lambda: replace(TASK, densities={"rad": 1.0}), "task 3: unknown colour 'rad'; did you mean 'red'?"),
    "density": (lambda: replace(TASK, densities={"red": 0.0}), "task 3: density of red is 0.0; expected more than 0"),
    "no number": (
        lambda: replace(TASK, densities={"red": float("nan")}),
        "task 3: density of red is nan; expected more than 0",
    ),
    "intention": (lambda: replace(TASK, intention="b"), "task 3: unknown intention 'b'; expected one of balance, part"),
    "part": (lambda: replace(TASK, part_colour="green"), "task 3: part colour 'green'; expected one of red, blue"),
    "no part": (lambda: replace(TASK, part_colour=None), "task 3: part colour None; expected one of red, blue"),
    "noise": (lambda: Noise(yaw=-0.1), "noise of yaw is -0.1; expected 0 or more"),
    "endless noise": (lambda: Noise(points=float("inf")), "noise of points is inf; expected 0 or more"),
    "mass": (lambda: replace(SCENE, mass=0.0), "scene of mass 0.0 kg; expected more than 0"),
    "no mass": (lambda: replace(SCENE, mass=float("nan")), "scene of mass nan kg; expected more than 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case: str):
    make, message = REFUSED[case]
    with pytest.raises(SceneError) as caught:
        make()
    assert isinstance(caught.value, InputError)
    assert str(caught.value) == message


def test_a_scene_needs_a_density_for_every_colour_of_its_object():
    kept, *gone = SCENE.object.colours
    task = replace(SCENE.task, densities={kept: 1.0}, intention="balance", part_colour=None)
    with pytest.raises(SceneError, match=f"scene: no density for {', '.join(gone)}; the task has {kept}"):
        replace(SCENE, task=task)


def test_the_edges_are_allowed():
    assert replace(TASK, index=0).index == 0
    assert replace(SCENE, noise=NO_NOISE, mass=1e-3).noise == Noise(0, 0, 0, 0, 0)
