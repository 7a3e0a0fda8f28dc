"""`robo-meta select evaluate | explain`: how good a selector is, and why it chose what it did."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from robo_meta.cli.select_options import Scenes, ScenesError, play, players, warn_of_few

if TYPE_CHECKING:  # loaded by the commands that need them
    from robo_meta.selector.learner.selector import Selector
    from robo_meta.selector.matrix.matrix import Matrix


@dataclass(frozen=True)
class Judged(Scenes):
    """What evaluating and explaining share: a selector, and the scenes to look at."""

    selector: Path | None = None
    """A trained selector; without it, the one that comes with the package."""
    matrix: Path | None = None
    """A matrix file; to judge by, of families that the selector wasn't trained on. `select explain` takes the one that
    comes with the package where none is named."""
    out: Path | None = None
    """With `--fresh`: keep the matrix here; an interrupted command goes on."""
    fresh_only: ClassVar[tuple[str, ...]] = (*Scenes.fresh_only, "out")

    def _load(self, virtual_best: bool) -> tuple[Matrix, Selector]:
        """The scenes, and the selector. To judge by, where the virtual best is asked for, they need rollouts enough and
        families of their own; explained may be any, also those that it learned from."""
        from robo_meta.selector.judging.virtual_best import refuse_few
        from robo_meta.selector.learner.file import load_selector, refuse_shared_families

        self.check(shipped=not virtual_best)
        selector = load_selector(self.selector)
        trained = [*selector.card["families"], *selector.card.get("sharpened_on", ())]
        if not self.fresh:
            matrix = self.read()
            if virtual_best:
                refuse_shared_families(str(self.matrix), trained, matrix.query_families)
                refuse_few(matrix.rollouts, str(self.matrix))
            return matrix, selector
        from sim.shapes.families import families_of

        # Said before anything is played.
        if virtual_best:
            refuse_shared_families(f"split {self.split}", trained, families_of(self.split))
            refuse_few(self.rollouts, "--fresh")
        return play(self.order(selector.strategies), self.out), selector


@dataclass(frozen=True)
class EvaluateCommand(Judged):
    """Judge a selector, beside the rules that need no learning and the virtual best."""

    seeds: int = 5
    """Selectors judged, learned anew from the same matrix with other seeds: their median and worst are said. 1 for none
    beside the selector itself."""
    training: Path | None = None
    """The matrix that the selector learned from, which other seeds need; without it, the one that comes with the
    package where the selector's card says that it is that one, else no other seed is judged."""
    online: bool = False
    """Also meet the scenes one after another with one strategy sabotaged halfway, and learn from outcomes."""
    site: bool = False
    """Also meet the scenes at made-up sites, whose memory tells colour-coded stock from painted goods in time."""
    report: Path | None = None
    """The report's folder, that of `robo-meta evaluate --out`: write its page `selector.html`; or an `.html` file."""

    def run(self) -> int | None:
        """Judge and print."""
        from robo_meta.report.selector_terminal import print_judgement
        from robo_meta.selector.judging.decision_time import decision_ms
        from robo_meta.selector.judging.drift import judge_online
        from robo_meta.selector.judging.judge import judge
        from robo_meta.selector.judging.seeds import judge_seeds
        from robo_meta.selector.judging.site import judge_sites

        if self.seeds < 1:
            raise ScenesError(f"seeds {self.seeds}; expected 1 or more")
        training = self._training()
        matrix, selector = self._load(virtual_best=True)
        result = judge(matrix, selector, self.seed)
        result["decision_ms"] = decision_ms(selector, players(selector.strategies, self.checkpoint), self.seed)
        if training is not None:
            result["seeds"] = judge_seeds(matrix, selector, training, self.seeds)
        result["provenance"] = {
            "matrix": {k: v for k, v in matrix.provenance.items() if k != "skipped"},
            "selector": {
                k: selector.card[k] for k in ("learner", "matrix", "rows", "checkpoint") if k in selector.card
            },
            "fresh": self.fresh,
        }
        if self.online:
            result["online"] = judge_online(matrix, selector, seed=self.seed)
        if self.site:
            result["sites"] = judge_sites(matrix, selector, self.seed)
        if self.report is not None:
            from robo_meta.cli.shown_command import shown_command
            from robo_meta.report.page import PAGES, write_page
            from robo_meta.report.selector import section

            result["date"] = datetime.now(UTC).date().isoformat()
            result["command"] = shown_command(("robo-meta", "select", "evaluate"), self)
            file = self.report if self.report.suffix == ".html" else self.report / PAGES["selector"]
            write_page(file, "selector", section(result))
        warn_of_few(matrix)
        if self.json:
            print(json_format.dumps(result))
        else:
            print_judgement(result)
        return None

    def _training(self) -> Matrix | None:
        """The matrix to learn other seeds from, read before anything is played."""
        from robo_meta.selector.judging.seeds import learned_from, refuse_other_training
        from robo_meta.selector.learner.file import load_selector
        from robo_meta.selector.matrix.file import load_matrix

        if self.seeds == 1:
            return None
        selector, training = load_selector(self.selector), load_matrix(self.training)
        if self.training is not None:
            refuse_other_training(str(self.training), selector, training)
        return training if learned_from(selector, training) else None


@dataclass(frozen=True)
class ExplainCommand(Judged):
    """Show one scene's decision: predicted success, the features that moved it, and what happened."""

    scenes: int = 1
    """With `--fresh`: how many tasks to play."""
    scene: int = 0
    """Number of the scene (row) in the matrix."""

    def run(self) -> int | None:
        """Explain and print."""
        from robo_meta.report.selector_terminal import print_explanation
        from robo_meta.selector.judging.explain import explain

        found = explain(*self._load(virtual_best=False), self.scene)
        if self.json:
            print(json_format.dumps(found))
        else:
            print_explanation(found)
        return None
