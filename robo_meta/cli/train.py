"""`robo-meta train`, and the same on a machine that has torch, numpy and safetensors only:
`python -m robo_meta.cli.train`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demos.storage.files import json_bytes, write_atomic
from robo_meta.cli.plain_parser import parse
from robo_meta.training.online.config import StreamConfig
from robo_meta.training.options import TrainOptions
from robo_meta.training.presets import TrainConfig
from robo_meta.training.train import device_named, train
from sim.errors import InputError, MachineError

RESULT_FILE = "stream.json"


def learn_online(
    data: Sequence[Path], out: Path, train: TrainConfig, config: StreamConfig, **settings: Any
) -> dict[str, Any]:
    """`train_stream`, with its result in `stream.json` of `out` and, where matplotlib is installed, its page beside.

    Args:
        data, out, train, config, settings: as `robo_meta.training.online.train.train_stream` takes them.

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
    except ImportError:  # neither jinja2 nor matplotlib is among what training needs
        return result
    write_page(out / PAGES["stream"], "stream", section(result))
    return result


def run(options: TrainOptions) -> None:
    """Train as the options say, and print what came of it.

    Raises:
        InputError: options that don't go together, or bad data.
        MachineError: a loss that is not finite.
    """
    config, online = options.config, options.stream_config
    if online is None:
        path = train(
            options.dataset,
            options.out,
            options.method,
            config,
            seed=options.seed,
            device=options.device,
            resume=options.resume,
            init=options.init,
        )
        result: dict[str, Any] = {"checkpoint": str(path), "preset": options.preset, "method": list(options.method)}
        text = "\n".join(f"{key}: {value}" for key, value in result.items())
    else:
        from robo_meta.report.stream_result import stream_table

        settings: dict[str, Any] = {"seed": options.seed, "resume": options.resume, "init": options.init}
        device = device_named(options.device)
        result = learn_online(options.data, options.out, config, online, device=device, **settings)
        text = stream_table(result)
    print(json.dumps(result) if options.json else text)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line for machines where only this half is installed; returns the exit status."""
    try:
        run(parse(TrainOptions, arguments, "python -m robo_meta.cli.train", "Meta-train on a dataset."))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (MachineError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command with --resume goes on", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
