"""`robo-meta record`: demonstrations into a dataset, and out of it on film."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from demos.recording.config import RecordConfig, RecordError
from robo_meta.cli.words import Unchecked, config_in, print_result


@dataclass(frozen=True)
class Record(Unchecked, RecordConfig):
    """Record demonstrations into a dataset, or say what is in one. The same command goes on where it was stopped."""

    out: Path = Path("data")
    """Dataset folder; made if absent, continued if it holds a part of the same recording."""
    objects: tuple[Path, ...] = ()
    """Folders of imported objects (`robo-meta objects import`) to draw from, in place of `split` and `families`."""
    describe: Path | None = None
    """Say what this dataset holds, and record nothing."""
    check_expert: int = 0
    """Measure the expert's success on this many fresh objects of each family, and record nothing."""
    replay: str | None = None
    """Play this episode of the dataset `out` again, named by its file, compare every state, and record nothing."""
    video: Path | None = None
    """With `replay`: MP4 or GIF to write."""
    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Record and pack, or describe."""
        if self.describe is not None:
            from demos.storage.dataset import describe

            described = describe(self.describe)
            if self.json:
                print(json_format.dumps(described))
                return None
            from robo_meta.report.dataset_terminal import print_description

            print_description(described)
            return None
        if self.replay is not None or self.video is not None:
            print_result(self._replayed(), self.json)
            return None
        if self.check_expert:
            from robo_meta.evaluation.world.demonstrator import ExpertCheckConfig, check_expert
            from robo_meta.runs.json_records import to_json

            check = check_expert(ExpertCheckConfig(self.families, self.check_expert, self.workers, self.seed))
            if self.json:
                print(json_format.dumps(to_json(check)))
                return None
            from rich.console import Console
            from rich.table import Table

            table = Table("family", "split", "intention", "n", "success", "95 % interval")
            for row in check.rows:
                low_high = f"{row.low:.3f}–{row.high:.3f}"
                named = (row.family, row.split, row.intention)
                table.add_row(*named, str(row.n), f"{row.rate:.3f}", low_high)
            Console().print(table)
            return None
        from demos.recording.pack import pack
        from demos.recording.recorder import record
        from robo_meta.evaluation.named_actor import learned_actor
        from robo_meta.studio.by_hand import KEYBOARD, record_by_hand

        config = config_in(self._with_objects(), RecordConfig)
        if config.actor == KEYBOARD:
            from rich.console import Console

            print_result(record_by_hand(config, Console(stderr=self.json)), self.json)
            return None
        recording = record(config, learned_actor(config.actor))
        packed = pack(recording.folder) if recording.successes or recording.planned else None
        result = {**{f.name: getattr(recording, f.name) for f in fields(recording)}, "packed": packed}
        print_result(result, self.json)
        return None

    def _replayed(self) -> dict[str, Any]:
        """The episode that was asked for, played again and perhaps filmed."""
        from demos.film.replayed import film_recorded

        if self.replay is None:
            raise RecordError(f"video {self.video} without replay; name the episode that is to be filmed")
        if self.objects:
            from robo_meta.objects.registration import register_libraries

            register_libraries(self.objects)
        return film_recorded(self.out, self.replay, self.video)

    def _with_objects(self) -> Record:
        """The same with the libraries' objects registered as its split."""
        if not self.objects:
            return self
        from robo_meta.objects.registration import register_libraries

        for name in ("split", "families"):
            if getattr(self, name):
                raise RecordError(f"--{name} beside --objects; expected one of them")
        return replace(self, split=register_libraries(self.objects))
