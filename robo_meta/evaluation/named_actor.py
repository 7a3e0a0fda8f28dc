"""Which actors' names mean a trained policy: looked up here, as `demos` knows nothing of learning."""

from __future__ import annotations

from demos.recording.actors import Actor

PREFIX = "checkpoint:"
"""What the name of a trained policy begins with."""


def learned_actor(name: str) -> Actor | None:
    """The trained policy of that name; None for any other actor's, without waiting for PyTorch.

    Raises:
        demos.recording.actors.ActorError, robo_meta.strategies.StrategyError,
        robo_meta.training.checkpoint.CheckpointError: a name that leads to no policy.
    """
    if not name.startswith(PREFIX):
        return None
    from robo_meta.evaluation.policy_actor import policy_actor

    return policy_actor(name)
