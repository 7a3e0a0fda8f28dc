"""A person's hand in tests: knows where to grasp, and asks for it by commands alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from demos.expert.grasp_plan import plan_grasp
from robo_meta.studio.session import Session
from robo_meta.studio.view import Stage
from sim.frames import planar_to_world, wrap_heading


def place_of(stage: Stage, beside: float = 0.0) -> dict[str, float]:
    """Where the demonstrator would take the object of a stage, m and rad, world frame, as `reach` has it.

    Args:
        stage: with the object where it lies now.
        beside: m by which to miss it, along the object's length.
    """
    grasp, lies = plan_grasp(stage.scene), stage.frame.object_to_world
    heading = grasp[3] + math.pi / 2
    grasp[:2] += beside * np.array([math.cos(heading), math.sin(heading)])
    x, y, z = (float(value) for value in planar_to_world(grasp[:3], lies))
    return {"x": x, "y": y, "z": z, "heading": float(wrap_heading(grasp[3] + lies.yaw))}


def run(session: Session, *messages: dict[str, Any]) -> list[float]:
    """Give commands one after another, each played to its end; returns the delays that were asked for."""
    delays = []
    for message in messages:
        session.handle(message)
        while (delay := session.tick()) is not None:
            delays.append(delay)
    return delays


def demonstrate(session: Session, beside: float = 0.0) -> None:
    """Grasp and lift what is on the table."""
    place = place_of(session.view.stages[0], beside)
    above = {**place, "z": place["z"] + 0.1}
    run(session, {"do": "reach", **above}, {"do": "reach", **place}, {"do": "close"}, {"do": "lift"})
