"""`robo-meta sim`: one scripted grasp, filmed."""

from __future__ import annotations

from dataclasses import dataclass

from demos.film import FilmConfig
from robo_meta.cli.words import Unchecked, config_in, print_result


@dataclass(frozen=True)
class Sim(Unchecked, FilmConfig):
    """Play one scripted grasp and write a video or a strip of pictures."""

    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Play and print the verdict."""
        from demos.film import film

        print_result(film(config_in(self, FilmConfig)), self.json)
        return None
