"""The table under a person's hand: one attempt after another, each a demonstration in the dataset once it is judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demos.demo import Demo
from demos.expert.episode import Episode, Playing, demo_of
from robo_meta.studio import hand
from robo_meta.studio.choice import Choice
from robo_meta.studio.commands import CommandError
from robo_meta.studio.recording import HandDataset
from robo_meta.studio.view import Film, Frame
from sim.env import GraspEnv
from sim.episode.action import CONTROL_HZ
from sim.errors import MachineError
from sim.tasks.scenes import Scene
from sim.tasks.seeds import seed_sequence

STEP = 1 / CONTROL_HZ
"""s of one action."""
LOOK = 0.05
"""s between two looks at the final hold and shake."""
REACHING, CLOSING, OPENING, LIFTING = "reaching", "closing", "opening", "lifting"
LONGEST_CLOSING = 12
"""Actions after which fingers that still move are left alone."""
HIGHEST = 0.16
"""m that the hand is lifted without the object coming along, before it stops."""


class Table:
    """The environment, what lies on it, and what the hand is doing.

    Args:
        out: dataset folder.
        seed: root seed of tasks, objects and episodes.

    Raises:
        InputError: the folder can't be used; see `HandDataset`.
    """

    def __init__(self, out: Path, seed: int) -> None:
        self.dataset = HandDataset(out, seed)
        self.env = GraspEnv()
        self._looks: list[Frame] = []
        self.env.watch = lambda: self._looks.append(self.frame)
        self.seed = seed
        self.choice: Choice | None = None
        self.begun = 0
        """Attempts begun."""
        self.doing = ""
        """What the hand is at, or nothing."""
        self.closed = False
        self.kept = ""
        self.episode: Episode | None = None
        """The last attempt once it is over; None while one is in progress."""

    def choose(self, choice: Choice) -> None:
        """Put another object on the table, and begin.

        Raises:
            InputError: it can't be drawn.
        """
        config = choice.config(self.dataset.folder, self.seed)
        scene, label = choice.scene(config)
        self.choice, self._config, self._scene, self._label = choice, config, scene, label
        self.begin()

    def begin(self) -> None:
        """Begin another attempt; one in progress is given up."""
        if self.choice is None:
            raise CommandError("nothing is on the table; choose an object first")
        self._origin = self.dataset.next_provenance(self._config, self.choice.index, self.choice.demo)
        seed = int(seed_sequence(self.seed, *self._origin.path).generate_state(1)[0])
        self._playing = Playing(self.env, self._scene, seed)
        self.begun += 1
        self._broken = False
        self.doing, self.closed, self.kept, self.episode = "", False, "", None
        self._target = hand.wanted(*self._state[:4])

    @property
    def scene(self) -> Scene:
        """What lies on the table."""
        if self.choice is None:
            raise CommandError("nothing is on the table; choose an object first")
        return self._scene

    @property
    def points(self) -> np.ndarray:
        """(P, 6): the scan of this attempt, object frame."""
        return self._playing.observation["points"]

    @property
    def left(self) -> int:
        """Actions left."""
        return self.env.workspace.budget - self._playing.steps

    @property
    def frame(self) -> Frame:
        """Where everything is now."""
        return Frame.of(self.env)

    @property
    def demos(self) -> tuple[Demo, ...]:
        """What is kept of the task on the table."""
        assert self.choice is not None
        return self.dataset.demos(self.choice.split, self.choice.index)

    def successes_on(self, choice: Choice) -> int:
        """Demonstrations of a choice's task that are kept and succeeded, on whatever object."""
        return sum(demo.success for demo in self.dataset.demos(choice.split, choice.index))

    @property
    def _state(self) -> np.ndarray:
        return np.asarray(self._playing.observation["state"], dtype=np.float64)

    @property
    def aim(self) -> np.ndarray:
        """(4,) x, y, z (m) and heading (rad), world frame: where the hand is brought to."""
        self._in_progress(over_too=True)
        return self._target.copy()

    def reach(self, target: np.ndarray) -> float:
        """Bring the hand to `target` (4,); returns how far that is, m."""
        self._in_progress()
        self._target, self.doing, self._best = target, REACHING, np.inf
        return hand.gap(self._state, target)[0]

    def grip(self, closed: bool) -> None:
        """Close or open the fingers."""
        self._in_progress()
        self.closed, self.doing, self._since = closed, CLOSING if closed else OPENING, 0

    def lift(self) -> None:
        """Lift until the object is judged."""
        self._in_progress()
        self.doing, self._lifted_from = LIFTING, float(self._state[2])

    def _in_progress(self, over_too: bool = False) -> None:
        if self.choice is None:
            raise CommandError("nothing is on the table; choose an object first")
        if (self.episode is not None or self._broken) and not over_too:
            raise CommandError("this attempt is over; press Again for another")

    def step(self) -> tuple[str, Film]:
        """Play one action of what the hand is at.

        Returns:
            What there is to say, and what there is to see: the frame that the action led to, after all that the judge's
            hold and shake showed if it was the last one.
        """
        self._looks.clear()
        action = self._action()
        try:
            self._playing.step(action, action)
        except MachineError:  # the physics diverged
            self._broken, self.doing = True, ""
            raise
        said = self._keep() if self._playing.finished else self._go_on()
        return said, (*((LOOK, look) for look in self._looks), (STEP, self.frame))

    def _action(self) -> np.ndarray:
        if self.doing == REACHING:
            return hand.towards(self._state, self._target, self.closed)
        if self.doing == LIFTING:
            return hand.upwards(float(self._state[2]) - self._lifted_from, self.closed)
        return hand.still(self.closed)

    def _go_on(self) -> str:
        """Whether what the hand is at goes on; what there is to say where it doesn't."""
        state, doing = self._state, self.doing
        if doing == REACHING:
            away, turn = hand.gap(state, self._target)
            if away < hand.NEAR and turn < hand.TURNED:
                self.doing = ""
                return "The hand is there."
            stuck, self._best = away > self._best - hand.PROGRESS and turn < hand.TURNED, min(away, self._best)
            if stuck:
                self.doing = ""
                return f"The hand stops {1e3 * away:.0f} mm short."
            return ""
        if doing == LIFTING:
            if float(state[2]) - self._lifted_from < HIGHEST:
                return ""
            self.doing, self._target = "", hand.wanted(*state[:4])
            return "Nothing came along. Open the fingers and try again, or press Again."
        self._since += 1
        if self._since < 2 or (abs(state[5]) >= hand.STILL and self._since < LONGEST_CLOSING):
            return ""
        self.doing = ""
        if doing == OPENING:
            return "The fingers are open."
        held = state[4] >= hand.EMPTY
        return f"Closed on something {1e3 * state[4]:.0f} mm wide." if held else "Closed on nothing."

    def _keep(self) -> str:
        """Store the attempt, which is over."""
        self.doing, self.episode = "", self._playing.episode
        demo = demo_of(self.episode, object_id=self._label, provenance=self._origin)
        self.kept = self.dataset.keep(demo, self._config)
        if demo.success:
            return "Success: kept as a demonstration."
        failed = ", ".join(name.replace("_", " ") for name, holds in demo.verdict.items() if not holds)
        return f"Failed (not {failed}): kept, labelled as a failure."

    def close(self) -> None:
        """Finish the dataset and free the physics."""
        self.dataset.close()
        self.env.close()
