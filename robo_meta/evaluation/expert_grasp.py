"""Where the demonstrator, who knows the weights, grasps the query of a task."""

from __future__ import annotations

import numpy as np

from demos.expert.grasp_plan import NoGrasp, plan_grasp
from robo_meta.evaluation.world.blind_grasps import grasp_near
from robo_meta.scenarios.matched_scenes import MatchedTask
from sim.tasks.scenes import BALANCE


def expert_grasp(matched: MatchedTask) -> np.ndarray:
    """Grasp (4,), object frame. Imported objects were accepted by balance points 3 mm apart: where there is no hold
    between two of them, the nearest place is taken.

    Raises:
        NoGrasp: the object can't be held as the task wants.
    """
    try:
        return plan_grasp(matched.query)
    except NoGrasp:
        grasp = grasp_near(matched.query.object, matched.query.mass_properties.centre[:2])
        if grasp is None or matched.task.intention != BALANCE:
            raise
        return grasp
