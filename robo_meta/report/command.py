"""The command that makes an evaluation again, from the configuration that its result holds."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

LISTS = ("split", "transfer", "shots", "strategies")
"""Options with several values."""


def evaluate_command(config: Mapping[str, Any]) -> str:
    """The words of `robo-meta evaluate`, quoted for a shell. Where it writes to and how many processes play is left
    out, as the result doesn't depend on it.

    Args:
        config: as `robo_meta.evaluation.config.EvaluateConfig.to_json` gives it.

    Example:
        >>> evaluate_command({"split": ["validation"], "tasks": 6, "seed": 0, "checkpoint": "my run"})
        "robo-meta evaluate --checkpoint 'my run' --split validation --tasks 6 --seed 0"
    """
    words = ["robo-meta", "evaluate"]
    for name in ("checkpoint", "objects", "split", "support", "transfer", "shots", "tasks", "strategies", "reference"):
        # Objects of one's own are a split by themselves, which has no name on the command line.
        if name == "split" and config.get("objects") is not None:
            continue
        words += _option(name, config.get(name))
    for name, usual in (("controller", "learned"), ("attempts", 1), ("selector", None)):
        if config.get(name, usual) != usual:
            words += _option(name, config[name])
    if config.get("sloppy"):
        words.append("--sloppy")
    return shlex.join([*words, *_option("seed", config.get("seed"))])


def _option(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    return [f"--{name}", *map(str, value if name in LISTS else [value])]
