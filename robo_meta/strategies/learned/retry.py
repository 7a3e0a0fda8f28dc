"""Learning from one's own failed attempts: they join the support before the next attempt."""

from __future__ import annotations

from demos.support import SupportItem, SupportSet
from robo_meta.learning.attempt_loss import Exclusion, attempts_of, without
from robo_meta.model.scorer import Mixture
from robo_meta.strategies.learned.contrast import Contrast
from robo_meta.strategies.policy import GraspPolicy

EXCLUDED = Exclusion(refused=0.024, slipped=0.012, margin=0.015, softness=0.004)
"""m: distances by which a failed attempt excludes places. An object that was held level was refused because the grasp
lay more than about 2.4 cm from the intended end, as both pads must be within 3 cm of it. The other distances are a
finger's width and about half a centimetre. None was searched for."""
LIFTED, OPEN = 0.05, 0.005
"""m: the hand holds something if it has risen by the first since it closed, and its fingers are the second apart."""


class Retry(Contrast):
    """Makes its first attempt as `contrast`; each later attempt learns from the failed ones before it."""

    name = "retry"

    def adapt_after(self, support: SupportSet, attempts: tuple[SupportItem, ...]) -> GraspPolicy:
        """A policy for the scene on which `attempts` were made.

        The attempts count twice. The contrast update learns from them what the task is; and as they were made on the
        same object, the places that they exclude are left out of the choice.

        Args:
            support: what there was before the first attempt.
            attempts: made on the same scene, in order; successful ones are left out.
        """
        failed = tuple(item for item in attempts if not item.success)
        if not failed:
            return self.adapt(support)
        own = attempts_of(failed)

        def reweigh(mixture: Mixture) -> Mixture:
            return without(mixture, own, [held_to_the_end(item) for item in failed], EXCLUDED)

        return self._adapted(SupportSet((*support.items, *failed)), reweigh)


def held_to_the_end(item: SupportItem) -> bool:
    """Whether the hand's own height and opening at the end say that the object was still in it."""
    height, opening = float(item.hand[-1, 2]), float(item.hand[-1, 4])
    return height - float(item.grasp[2]) > LIFTED and opening > OPEN
