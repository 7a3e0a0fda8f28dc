"""`robo-meta train`, and the same on a machine that has torch and numpy only:
`python -m robo_meta.cli.train`."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demos.storage.files import json_bytes, write_atomic
from robo_meta.cli.exit_status import STOPPED, exit_status, one_line
from robo_meta.cli.plain_parser import parse
from robo_meta.cli.shown_command import shown_command
from robo_meta.cli.streams import open_streams
from robo_meta.cli.words import print_result
from robo_meta.training.online.config import StreamConfig
from robo_meta.training.options import TrainOptions
from robo_meta.training.presets import TrainConfig

if TYPE_CHECKING:
    from robo_meta.training.ranks import Ranks

RESULT_FILE = "stream.json"


def learn_online(
    data: Sequence[Path],
    out: Path,
    train: TrainConfig,
    config: StreamConfig,
    command: str | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """`train_stream`, with its result in `stream.json` of `out` and, where jinja2 is installed, its page beside.

    Args:
        data, out, train, config, settings: as `robo_meta.training.online.train.train_stream` takes them.
        command: what was asked for, as the page shows it.

    Returns:
        What `stream.json` holds, see `robo_meta.report.stream_result.stream_result`.
    """
    from robo_meta.report.stream_result import stream_result
    from robo_meta.training.online.train import train_stream

    result = stream_result(*train_stream(data, out, train, config, **settings))
    write_atomic(out / RESULT_FILE, [json_bytes(result)])
    try:
        from robo_meta.report.page import PAGES, write_page
        from robo_meta.report.stream import section
    except ImportError:  # jinja2 is not among what training needs
        return result
    write_page(out / PAGES["stream"], "stream", section(result, command))
    return result


@dataclass(frozen=True)
class Train(TrainOptions):
    """Meta-train on a dataset; a checkpoint holds every method trained into its folder, and the controller.

    With `--stream`, learn online instead: tasks arrive one by one, in phases that bring new families and colours.
    """

    def run(self) -> int | None:
        """Train, and print what came of it."""
        from robo_meta.training.prepared import device_named
        from robo_meta.training.ranks import joined

        config, online = self.config, self.stream_config
        if online is None:
            with joined(self.device) as ranks:
                return self._train_offline(config, ranks)
        from robo_meta.report.stream_result import stream_table

        settings: dict[str, Any] = {"seed": self.seed, "resume": self.resume, "init": self.init}
        settings["command"] = shown_command(("robo-meta", "train"), self)
        result = learn_online(self.data, self.out, config, online, device=device_named(self.device), **settings)
        print(json_format.dumps(result) if self.json else stream_table(result))
        return None

    def _train_offline(self, config: TrainConfig, ranks: Ranks) -> int | None:
        """Train; of several processes the first one says what came of it, good or bad."""
        from robo_meta.runs.loggers import wandb_project
        from robo_meta.training.told import LOGS
        from robo_meta.training.train import train

        try:
            path = train(
                self.datasets,
                self.out,
                self.method,
                config,
                seed=self.seed,
                device=self.device,
                resume=self.resume,
                init=self.init,
                validation=self.validation,
                loggers=() if self.wandb is None or not ranks.first else (wandb_project(self.wandb, self.out),),
                ranks=ranks,
                workers=self.workers,
            )
        except (Exception, KeyboardInterrupt) as error:
            status = 1 if isinstance(error, KeyboardInterrupt) else exit_status(error)
            if ranks.first or status is None:
                raise
            return status
        if ranks.first:
            logs = self.out / LOGS
            told = {"checkpoint": path, "preset": self.preset, "method": list(self.method)}
            print_result(told | ({"logs": f"tensorboard --logdir {logs}"} if logs.is_dir() else {}), self.json)
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line for machines where only this half is installed; returns the exit status."""
    open_streams()
    try:
        return parse(Train, arguments, "python -m robo_meta.cli.train", "Meta-train on a dataset.").run() or 0
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 1
    except Exception as error:
        status = exit_status(error)
        if status is None:
            raise
        print(f"error: {one_line(error)}", file=sys.stderr)
        return status


if __name__ == "__main__":
    sys.exit(main())
