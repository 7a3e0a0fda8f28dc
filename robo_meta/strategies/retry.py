"""Learning from one's own failed attempts: what was tried becomes part of the support, and the policy tries again."""

from __future__ import annotations

from demos.support import SupportItem, SupportSet
from robo_meta.networks import Mixture
from robo_meta.policy import GraspPolicy
from robo_meta.strategies.contrast import Contrast
from robo_meta.tries import tries_of, without

WIDTH, MARGIN, SOFTNESS = 0.012, 0.015, 0.004
"""m: how far about a failed grasp the same object isn't tried again, and how far beyond it, on the side that sank, the
centre of mass lies at least, and how sharply: a finger's width and half a centimetre, not searched for."""


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
        own = tries_of(failed)

        def reweigh(mixture: Mixture) -> Mixture:
            return without(mixture, own, WIDTH, MARGIN, SOFTNESS)

        return self._adapted(SupportSet((*support.items, *failed)), reweigh)
