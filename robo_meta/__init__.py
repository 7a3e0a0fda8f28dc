"""Few-shot imitation: meta-learning, adaptation strategies, evaluation and the command line."""

import contextlib

__version__ = "0.1.0"

# Training alone runs on machines that have only torch, numpy and safetensors.
with contextlib.suppress(ImportError):
    from gymnasium.envs.registration import register

    register(id="RoboMeta/Select-v0", entry_point="robo_meta.selector.environment:SelectEnv")
