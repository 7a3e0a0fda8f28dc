"""Learning from one's own failed attempts: what was tried becomes part of the support, and the policy tries again."""

from __future__ import annotations

from demos.support import SupportItem, SupportSet
from robo_meta.learning.attempt_loss import Exclusion, attempts_of, without
from robo_meta.model.scorer import Mixture
from robo_meta.strategies.learned.contrast import Contrast
from robo_meta.strategies.policy import GraspPolicy

EXCLUDED = Exclusion(refused=0.024, slipped=0.012, margin=0.015, softness=0.004)
"""m: what was held level is refused where it is more than about 2.4 cm from the wanted end, as both pads must be within
3 cm of it; the rest is a finger's width and half a centimetre. None was searched for."""
LIFTED, OPEN = 0.05, 0.005
"""m: a hand that has risen by this since it closed, with its fingers still this far apart, holds something."""


class Retry(Contrast):
    """The first attempt is `contrast`'s; later ones know what came of those before."""

    name = "retry"

    def adapt_after(self, support: SupportSet, attempts: tuple[SupportItem, ...]) -> GraspPolicy:
        """A policy for the scene on which `attempts` were made.

        The attempts count twice: as tries they say what the task is, by the contrast update; and as they were made on
        the very object that is tried again, places that they exclude are taken out of the choice.

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
