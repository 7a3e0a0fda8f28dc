"""Few-shot imitation: meta-learning, adaptation strategies, evaluation and the command line."""

from demos import __version__
from sim.registration import register

__all__ = ["__version__"]

register("RoboMeta/Select-v0", "robo_meta.selector.environment:SelectEnv")
