"""What each command of `robo-meta` does with its options; the options are the configuration records' own fields."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from robo_meta.cli.words import print_result
from robo_meta.training.presets import DEFAULT_METHODS


@dataclass(frozen=True)
class Train:
    """Meta-train on a dataset; a checkpoint holds every method trained into its folder, and the hand.

    With `--stream`, learn online instead: tasks arrive one by one, in phases that bring new families and colours.
    """

    data: tuple[Path, ...]
    """Dataset folder, or its `training.safetensors`; with `--stream` several, one a phase, or one to be dealt."""
    out: Path
    """Run folder."""
    method: tuple[str, ...] = DEFAULT_METHODS
    """Of maml, zero-shot, context, contrast, fomaml, anil, reptile and pretrain."""
    preset: str = "full"
    """full, quick or tiny."""
    device: str = "cpu"
    """cpu or cuda."""
    first_order: bool = False
    """Leave second derivatives out of the meta-gradient."""
    resume: bool = False
    """Go on with what was begun in `out`."""
    init: Path | None = None
    """Checkpoint to start from: its `pretrain` part, or else the part of the method's own name; with `--stream`, its
    maml."""
    seed: int = 0
    """Of parameters and batches."""
    stream: bool = False
    """Learn online (follow the meta-leader), and compare with the start and with training from scratch."""
    phases: int | None = None
    """With `--stream`: phases that one dataset is dealt into; 3 by default."""
    phase_colours: tuple[int, ...] | None = None
    """With `--stream`: how many of the eight colours each phase brings; by default half of them in the first."""
    phase_tasks: int | None = None
    """With `--stream`: most tasks of a phase; 400 by default."""
    probes: int | None = None
    """With `--stream`: tasks of each phase that are only judged by; 60 by default, at most a quarter of the phase."""
    stream_budget: int | None = None
    """With `--stream`: gradient steps for each task that arrives; 4 by default."""
    stream_batch: int | None = None
    """With `--stream`: tasks drawn from the reservoir for a step; 24 by default."""
    stream_rate: float | None = None
    """With `--stream`: learning rate; 0.001 by default."""
    reservoir: int | None = None
    """With `--stream`: most tasks kept; 200 by default."""
    warm_up: float | None = None
    """With `--stream`, without `--init`: share of the first phase that is trained on beforehand; 0.5 by default."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Train and name the checkpoint."""
        from robo_meta.training.online.config import OPTIONS, stream_config
        from robo_meta.training.presets import preset_named
        from robo_meta.training.train import device_named, train

        config = replace(preset_named(self.preset), first_order=self.first_order)
        chosen = {name: getattr(self, name) for name in OPTIONS}
        online = stream_config(self.stream, chosen, data=self.data, method=self.method, init=self.init)
        if online:
            from robo_meta.cli.train import learn_online
            from robo_meta.report.stream_result import stream_table

            where = device_named(self.device)
            settings: dict[str, Any] = {"seed": self.seed, "device": where, "resume": self.resume, "init": self.init}
            result = learn_online(self.data, self.out, config, online, **settings)
            print(json_format.dumps(result) if self.json else stream_table(result))
            return None
        path = train(
            self.data[0],
            self.out,
            self.method,
            config,
            seed=self.seed,
            device=self.device,
            resume=self.resume,
            init=self.init,
        )
        print_result({"checkpoint": path, "preset": self.preset, "method": list(self.method)}, self.json)
        return None
