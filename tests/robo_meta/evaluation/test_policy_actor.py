"""A trained policy can be recorded like the expert, and what is recorded is what it did."""

import numpy as np
import pytest

from demos.demo import provenance
from demos.hindsight import support_item
from demos.recording.actors import ActorError
from robo_meta.evaluation.named_actor import PREFIX
from robo_meta.evaluation.policy_actor import policy_actor
from robo_meta.training.checkpoint import checkpoint_file
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.seeds import seed_sequence

SHIPPED = str(checkpoint_file(None))


def test_the_shipped_policy_is_recorded():
    actor = policy_actor(f"{PREFIX}{SHIPPED}:maml")
    scene = draw_scene(0, draw_task(0, "validation", 3, "balance"), "flag", "a0")
    who = provenance("checkpoint", 0, ("validation", 3, 0))
    demos = [actor(scene, seed_sequence(0, "actor", 3), object_id="a0", provenance=who) for _ in range(2)]
    assert np.array_equal(demos[0].state, demos[1].state)
    assert demos[0].family == "flag" and demos[0].provenance.actor == "checkpoint"
    assert demos[0].success
    centre = scene.mass_properties.centre[:2]
    grasp = support_item(demos[0]).grasp
    assert np.linalg.norm(grasp[:2] - centre) < 0.03


@pytest.mark.parametrize("name", ["checkpoint:", "checkpoint:folder", "checkpoint::maml"])
def test_other_forms_are_refused(name):
    with pytest.raises(ActorError, match="DIR:STRATEGY"):
        policy_actor(name)
