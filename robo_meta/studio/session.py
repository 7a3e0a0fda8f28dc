"""Everything that happens in the studio: commands in, views out; no browser, no thread, no clock.

What takes time is done in pieces. After each piece the session says after how many seconds it wants the next one, and
nothing where it waits for a command.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from demos.demo import Demo
from robo_meta.studio import hand
from robo_meta.studio.choice import Choice
from robo_meta.studio.commands import (
    Adapt,
    Advise,
    Again,
    Close,
    Command,
    Lift,
    Nudge,
    Open,
    Reach,
    Watch,
    parse,
)
from robo_meta.studio.table import Table
from robo_meta.studio.trials import Players, Query, query_for, support_of
from robo_meta.studio.view import BUSY, CHOOSE, JUDGED, MOVING, WATCHING, Film, Frame, Stage, Trial, View, together
from sim.errors import InputError, MachineError
from sim.tasks.scenes import PART

SETTLE = 0.15
"""s that a wanted place must stand still before the hand sets off, unless it is a whole action away: small steps are
gathered, and spend no action each."""
ON_TABLE = "your hand"


class Session:
    """One studio, for however many pages.

    Args:
        out: dataset folder for what is demonstrated.
        seed: root seed.
        checkpoint: of the learned strategies; None for the one that comes with the package.

    Raises:
        sim.errors.InputError: the folder can't be used.
    """

    def __init__(self, out: Path, seed: int = 0, checkpoint: Path | None = None) -> None:
        self._table = Table(out, seed)
        self._players = Players(checkpoint)
        self._jobs: deque[Callable[[], None]] = deque()
        self._showing: deque[tuple[float, tuple[Stage, ...]]] = deque()
        self._then: Callable[[], None] = lambda: None
        self._settling = False
        self._watched = 0
        self.view = View()
        """What is to be seen now."""

    def handle(self, message: Any) -> float | None:
        """Take a command.

        Args:
            message: a `Command`, or what `parse` makes one of. What is none, or not possible now, changes nothing but
                the view's `message`.

        Returns:
            Seconds until its first piece is due; None where what is due stays so.
        """
        try:
            return self._obey(message if isinstance(message, Command) else parse(message))
        except (InputError, MachineError, OSError) as error:
            self._say(" ".join(str(error).split()))
            return None

    def tick(self) -> float | None:
        """Do the piece that is due; returns the seconds until the next one, or None where there is none."""
        try:
            return self._piece()
        except (InputError, MachineError, OSError) as error:
            self._jobs.clear()
            self._table.doing = ""
            self._update()
            self._say(" ".join(str(error).split()))
            return None

    def successes_on(self, choice: Choice) -> int:
        """Demonstrations of a choice's task that are kept and succeeded."""
        return self._table.successes_on(choice)

    def close(self) -> None:
        """Finish the dataset and free the physics."""
        self._table.close()
        self._players.close()

    def _obey(self, command: Command) -> float | None:
        if isinstance(command, Adapt | Watch | Advise):
            return self._ask(command)
        if isinstance(command, Reach | Nudge | Close | Open | Lift):
            return self._move(command)
        if isinstance(command, Again):
            self._table.begin()
        else:
            self._table.choose(command)
        self._back_to_table()
        self.view = replace(self.view, verdict=None, kept="", trials=(), weighing=None, advice=None)
        self._update()
        self._say("Move the hand, close, lift.")
        return None

    def _move(self, command: Reach | Nudge | Close | Open | Lift) -> float | None:
        """Let the hand do something; what it is doing already gives way at its next action."""
        table, moving = self._table, bool(self._table.doing) and not self._settling
        wait = 0.0
        if isinstance(command, Reach | Nudge):
            goal = np.array([command.x, command.y, command.z, command.heading])
            if isinstance(command, Nudge):
                goal = goal + table.aim
            wait = 0.0 if table.reach(hand.wanted(*goal)) >= hand.SPACE.reach else SETTLE
            said = "Moving."
        elif isinstance(command, Lift):
            table.lift()
            said = "Lifting."
        else:
            table.grip(isinstance(command, Close))
            said = "Closing." if isinstance(command, Close) else "Opening."
        self._back_to_table()
        self._set(target=table.aim)
        self._settling = wait > 0 and not moving
        self._say(said)
        # A hand that moves goes on at its pace, but it waits too for a place nearby to stand still: a slow drag would
        # spend an action for every millimetre.
        return None if moving and wait == 0 else wait

    def _back_to_table(self) -> None:
        """Leave what is worked on or shown."""
        if self.view.phase in (BUSY, WATCHING):
            self._jobs.clear()
            self._showing.clear()
        self.view = replace(self.view, phase=MOVING)
        self._look()

    def _ask(self, command: Adapt | Watch | Advise) -> float | None:
        """Let strategies do something with the demonstrations of the task."""
        table, players = self._table, self._players
        scene, demos = table.scene, table.demos
        self._watched += isinstance(command, Watch)
        query = query_for(table.seed, scene, command.transfer, command.family, demos, self._watched)
        on = query.scene.object.family
        support_of(demos)  # refuses where nothing succeeded, before anything is waited for
        if isinstance(command, Watch):
            acted: list[tuple[Trial, Film]] = []
            self._jobs.extend(partial(self._act, name, demos, query, acted) for name in command.strategies)
            self._jobs.append(partial(self._watch, query, acted))
            said = f"{', '.join(command.strategies)}: acting on {on} …"
        elif isinstance(command, Adapt):
            self._jobs.append(lambda: self._set(weighing=players.weigh(command.strategy, demos, query)))
            said = f"Adapting {command.strategy} …"
        else:
            self._jobs.append(lambda: self._set(advice=players.advice(demos, query)))
            said = f"The selector looks at {on} …"
        self._set(phase=BUSY)
        self._say(said)
        return 0.0

    def _act(self, name: str, demos: tuple[Demo, ...], query: Query, acted: list[tuple[Trial, Film]]) -> None:
        acted.append(self._players.act(name, demos, query))

    def _watch(self, query: Query, acted: list[tuple[Trial, Film]]) -> None:
        """Show all strategies' films at once, each on its copy of the scene."""
        trials = tuple(trial for trial, _ in acted)
        named = [(trial.strategy, film) for trial, film in acted]
        self._showing.extend((delay, stages) for delay, stages in together(query.scene, named))
        self._set(phase=WATCHING, trials=())
        self._then = lambda: self._judge(trials)

    def _judge(self, trials: tuple[Trial, ...]) -> None:
        self._set(trials=trials)
        self._say("; ".join(f"{trial.strategy} {'succeeds' if trial.success else 'fails'}" for trial in trials) + ".")

    def _piece(self) -> float | None:
        """The piece that is due: work, something to be shown, or an action, in this order."""
        if self._jobs:
            self._jobs.popleft()()
            if not self._jobs and not self._showing:
                self._update()
                self._say("Done.")
            return 0.0
        if not self._showing:
            if not self._table.doing:
                return None
            self._settling = False
            said, film = self._table.step()
            self._showing.extend((delay, (self._stage(frame),)) for delay, frame in film)
            self._then = partial(self._after_action, said)
        delay, stages = self._showing.popleft()
        self._set(stages=stages)
        if not self._showing:
            self._then()
        return delay

    def _after_action(self, said: str) -> None:
        self._update()
        if said:
            self._say(said)

    def _update(self) -> None:
        """Say in the view how the table stands."""
        table = self._table
        if table.choice is None:
            self._set(phase=CHOOSE)
            return
        demos, task = table.demos, table.scene.task
        wanted = f"hold it by the outer end of its {task.part_colour} part" if task.intention == PART else "balance it"
        judged = table.episode is not None
        self._set(
            phase=JUDGED if judged else MOVING,
            choice=table.choice,
            wanted=wanted,
            target=table.aim,
            closed=table.closed,
            left=table.left,
            verdict=dict(table.episode.verdict) if table.episode is not None else None,
            kept=table.kept,
            demos=len(demos),
            successes=sum(demo.success for demo in demos),
            attempts=table.begun,
        )

    def _look(self) -> None:
        self._set(stages=(self._stage(self._table.frame),))

    def _stage(self, frame: Frame) -> Stage:
        return Stage(ON_TABLE, self._table.scene, frame)

    def _say(self, said: str) -> None:
        self._set(message=said)

    def _set(self, **changes: Any) -> None:
        self.view = replace(self.view, **changes)
