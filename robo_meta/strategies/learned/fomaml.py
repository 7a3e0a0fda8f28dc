"""First-order MAML: adapts as `maml` does, from parameters whose training left second derivatives out."""

from __future__ import annotations

from robo_meta.strategies.learned.maml import Maml


class Fomaml(Maml):
    """What second derivatives are worth is the difference between this and `maml` (Finn et al., 2017, section 5.2)."""

    name = "fomaml"
    part = "fomaml"
