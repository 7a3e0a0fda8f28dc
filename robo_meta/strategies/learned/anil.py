"""Almost no inner loop: only the scorer's output layer adapts (Raghu et al., 2020)."""

from __future__ import annotations

from robo_meta.strategies.learned.maml import Maml


class Anil(Maml):
    """Takes the learned inner steps on what `inner_loop.OUTPUT_LAYER` names; the features stay as they are."""

    name = "anil"
    part = "anil"
