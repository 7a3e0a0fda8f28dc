"""`robo-meta bench`: measurements of speed, beside peers and bounds of the same run."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import Annotated

import tyro

from robo_meta.bench.config import BenchConfig
from robo_meta.cli.words import Unchecked, config_in


@dataclass(frozen=True)
class Bench(Unchecked, BenchConfig):
    """Time what is used most, or one area thoroughly beside other libraries."""

    area: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="AREA")] = None
    """sim, record, meta, adapt, evaluate or all; without it, what is used most, in brief."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Measure and print."""
        from robo_meta.bench.run import bench

        result = bench(config_in(self, BenchConfig))
        if self.json:
            print(json_format.dumps(result))
            return None
        from robo_meta.report.bench_terminal import print_rows

        print_rows(result)
        return None
