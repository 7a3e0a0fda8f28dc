"""Training on a machine that has torch, numpy and safetensors only: `python -m robo_meta.cli.train`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from demos.storage.files import json_bytes, write_atomic
from robo_meta.training.online.config import OPTIONS, StreamConfig, option, stream_config
from robo_meta.training.presets import (
    DEFAULT_METHODS,
    METHODS,
    PRESETS,
    TrainConfig,
    preset_named,
)
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
    from robo_meta.report.page import PAGES, write_page
    from robo_meta.report.stream_result import stream_result
    from robo_meta.training.online.train import train_stream

    result = stream_result(*train_stream(data, out, train, config, **settings))
    write_atomic(out / RESULT_FILE, [json_bytes(result)])
    try:
        from robo_meta.report.stream import section
    except ImportError:  # matplotlib is not among what training needs
        return result
    write_page(out / PAGES["stream"], "stream", section(result))
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line for machines where only this half is installed; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m robo_meta.cli.train", description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="dataset folder or training.safetensors")
    parser.add_argument("--out", type=Path, required=True, help="run folder")
    parser.add_argument("--method", nargs="+", default=list(DEFAULT_METHODS), help=" ".join(METHODS))
    parser.add_argument("--preset", default="full", help=" ".join(PRESETS))
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--first-order", action="store_true", help="leave second derivatives out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on with what was begun in --out")
    parser.add_argument(
        "--init",
        type=Path,
        help="checkpoint to start from: its pretrain part, or that of the method; --stream: its maml",
    )
    parser.add_argument("--stream", action="store_true", help="learn online, tasks arriving one by one in phases")
    for name, kind in {**dict.fromkeys(OPTIONS, int), "stream_rate": float, "warm_up": float}.items():
        many = "+" if name == "phase_colours" else None
        parser.add_argument(
            option(name), type=kind, nargs=many, help=f"see StreamConfig; {getattr(StreamConfig, name)}"
        )
    given = parser.parse_args(arguments)
    try:
        chosen = {name: getattr(given, name) for name in OPTIONS}
        online = stream_config(given.stream, chosen, data=given.data, method=given.method, init=given.init)
        config = preset_named(given.preset)
        if given.first_order:
            config = replace(config, first_order=True)
        if online:
            from robo_meta.report.stream_result import stream_table

            where = device_named(given.device)
            settings: dict[str, Any] = {"seed": given.seed, "device": where, "resume": given.resume, "init": given.init}
            print(stream_table(learn_online(given.data, given.out, config, online, **settings)))
            return 0
        path = train(
            given.data[0],
            given.out,
            given.method,
            config,
            seed=given.seed,
            device=given.device,
            resume=given.resume,
            init=given.init,
        )
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (MachineError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command with --resume goes on", file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
