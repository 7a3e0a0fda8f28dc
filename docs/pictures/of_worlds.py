"""Pictures of what there is to be held: objects, materials, transfers, and what a material goes by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from looks import CHOSEN, SHOWN, below, draw_object, draw_scan, legend, mark_grasp, mark_true, new_figure, panel, save
from story import right_places, story

from robo_meta.scenarios.conditions import Condition, query_under
from robo_meta.scenarios.conditions import repainted as painted_over
from robo_meta.scenarios.matched_scenes import matched_task, support_object
from sim.frames import Pose
from sim.gallery import gallery_scene
from sim.light import Light
from sim.objects.roles import roles_of
from sim.sensing import scan
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import BALANCE, NO_NOISE, PART, ROLE, Scene

FAMILIES = ("hammer", "spoon", "cleaver", "key", "twig", "trowel", "flag", "anchor")
ON_TABLE = Pose(np.array([0.5, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0]))
"""Under the camera."""
WORLD_TASK = 8
"""Of the training families: its query and its first demonstration are of families that can be told at a glance."""


def objects(path: Path) -> Path:
    """One object of each of eight families, with its balance point."""
    figure = new_figure(8.8, 4.2)
    places = figure.subplots(2, 4)
    for axes, family in zip(places.flat, FAMILIES, strict=True):
        scene = gallery_scene(family, 0, 0)
        panel(axes, family)
        draw_object(axes, scene.object)
        mark_true(axes, scene.object, scene.mass_properties.centre[:2], "balance point")
        below(axes, f"{len(scene.object.parts)} parts, {scene.mass:.2f} kg")
    legend(figure, *places.flat)
    return save(figure, path)


def materials(path: Path) -> Path:
    """One hammer of three pairs of materials: it looks the same and balances elsewhere."""
    figure = new_figure(8.8, 2.7)
    places = figure.subplots(1, 3)
    scene = draw_scene(0, draw_task(0, "training", 0, BALANCE), "hammer", "a0")
    paints = dict(zip(scene.object.colours, ((0.10, 0.20, 0.90), (0.90, 0.85, 0.10)), strict=True))
    first, second = scene.object.colours
    names = dict(zip(scene.object.colours, ("blue", "yellow"), strict=True))
    for axes, (own, other) in zip(places, ((6.0, 1.0), (1.0, 1.0), (1.0, 6.0)), strict=True):
        made = replace(scene, task=replace(scene.task, densities={first: own, second: other}))
        heavy = first if own > other else second
        panel(axes, "both equally dense" if own == other else f"{names[heavy]} 6 times as dense")
        draw_object(axes, made.object, paints)
        centre = made.mass_properties.centre
        mark_true(axes, made.object, centre[:2], "balance point")
        # Across the handle, as the fingers would close there.
        mark_grasp(axes, made.object, _grasp_at(made, centre), SHOWN, "fingers that hold it level")
    legend(figure, *places)
    return save(figure, path)


def transfers(path: Path) -> Path:
    """What demonstration and query share in each of the three transfers."""
    figure = new_figure(8.8, 4.8)
    places = figure.subplots(2, 3)
    for (shown, asked), name in zip(places.T, ("same-object", "new-instance", "new-shape"), strict=True):
        told = story(name)
        panel(shown, name)
        draw_object(shown, told.shown.object)
        mark_grasp(shown, told.shown.object, told.support.items[0].grasp, SHOWN, "demonstrated grasp")
        panel(asked, "")
        draw_object(asked, told.query.object)
        mark_true(asked, told.query.object, right_places(told.query), "where it should be held")
        below(shown, f"demonstrated: {told.shown.object.family}")
        below(asked, f"to be held: {told.query.object.family}")
    legend(figure, *places.flat)
    return save(figure, path)


def worlds(path: Path) -> Path:
    """A demonstrated object and the query in each of the four worlds; the heavy part is named."""
    figure = new_figure(8.8, 5.0)
    places = figure.subplots(2, 4)
    for (above, under), (name, shown, asked, light) in zip(places.T, _worlds(), strict=True):
        for axes, scene, words in ((above, shown, "demonstrated"), (under, asked, "to be held")):
            panel(axes, name if axes is above else "")
            seen = scan(scene.object, ON_TABLE, NO_NOISE, np.random.default_rng(0), 3000, light)
            draw_scan(axes, scene.object, seen)
            below(axes, f"{words}: {scene.object.family}\n{_heavy(scene)}")
        mark_grasp(above, shown.object, _grasp_at(shown, right_places(shown)[0]), SHOWN, "demonstrated grasp")
        mark_true(under, asked.object, right_places(asked), "where it should be held")
    legend(figure, *places.flat)
    return save(figure, path)


def ends(path: Path) -> Path:
    """The same object held for either intention."""
    figure = new_figure(7.4, 3.3)
    places = figure.subplots(1, 2)
    for axes, intention in zip(places, (BALANCE, PART), strict=True):
        scene = draw_scene(0, draw_task(0, "training", 12, intention), "spoon", "a0")
        panel(axes, intention if intention == BALANCE else f"{intention}: the outer end of {scene.task.part_colour}")
        draw_object(axes, scene.object)
        for number, place in enumerate(right_places(scene)):
            label = "fingers" if number == 0 else None
            mark_grasp(axes, scene.object, _grasp_at(scene, place), CHOSEN, label)
        mark_true(axes, scene.object, right_places(scene), "where it should be held")
        below(axes, f"an object of {scene.mass * 1000:.0f} g")
    legend(figure, *places)
    return save(figure, path)


def _worlds() -> list[tuple[str, Scene, Scene, Light]]:
    """Name, demonstrated object, query and the camera's light, for every world."""
    found = []
    for name, condition in (
        ("paint", Condition("new-shape")),
        ("repainted", Condition("same-object", repainted=True)),
        ("role", Condition("new-shape", carries=ROLE)),
        ("untellable", Condition("new-shape", repainted=True)),
    ):
        matched = matched_task(0, "training", WORLD_TASK, carries=condition.carries)
        family, label = support_object(matched, condition.transfer, 0)
        shown = draw_scene(matched.root, matched.task, family, label)
        if condition.repainted:
            shown = painted_over(matched.root, shown, matched.query.object.colours)
        found.append((name, shown, query_under(matched, condition), condition.camera))
    return found


def _grasp_at(scene: Scene, place: np.ndarray) -> np.ndarray:
    """(4,): the planned grasp's heading, at a place (≥ 2,), m, object frame."""
    from demos.expert.grasp_plan import plan_grasp

    return np.array([place[0], place[1], 0.0, plan_grasp(scene)[3]])


def _heavy(scene: Scene) -> str:
    """Which part is the heavy one, by paint and role."""
    heavy = max(scene.object.colours, key=lambda colour: scene.task.densities[colour])
    return f"heavy: {heavy}, the {roles_of(scene.object)[heavy]}"
