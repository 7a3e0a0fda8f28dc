"""`robo-meta sim`: one grasp, filmed: the scripted demonstrator's, or those of adapted strategies side by side."""

from __future__ import annotations

from dataclasses import dataclass

from robo_meta.cli.words import Unchecked, config_in, print_result
from robo_meta.evaluation.films.config import SimConfig


@dataclass(frozen=True)
class Sim(Unchecked, SimConfig):
    """Play one grasp, scripted or of adapted strategies side by side, and write a video or a strip of pictures."""

    json: bool = False
    """Print JSON."""

    def run(self) -> int | None:
        """Play and print the verdict."""
        from robo_meta.evaluation.films.side_by_side import film_grasp

        print_result(film_grasp(config_in(self, SimConfig)), self.json)
        return None
