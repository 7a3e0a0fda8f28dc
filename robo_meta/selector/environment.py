"""`RoboMeta/Select-v1`: which strategy to use on a scene, when to ask for a demonstration and which, when to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from robo_meta.selector.learner.prices import Prices
from robo_meta.selector.learner.selector import ASKING, GIVE_UP
from robo_meta.selector.matrix.file import load_matrix
from robo_meta.selector.matrix.matrix import EMPTY, Matrix
from sim.errors import InputError

SPREAD = 3.0
"""Feature values beyond so many spreads from the median are cut off, before they are brought to [−1, 1]."""


class SelectError(InputError):
    """An action, a scene or an option that does not exist."""


class SelectEnv(gymnasium.Env):
    """One episode is one scene of a matrix: choose, see what came of it, choose again.

    Action, `Discrete(A + 3)`: the matrix's strategies in their order, then *one more demo* (of the kind that there is),
    *demo on this object* (the very one that is to be grasped), *give up*.

    Observation, `Box(−1, 1, (F + 2·A + 3,))`:

    | rows | meaning |
    |---|---|
    | 0 … F − 1 | features of scene and support known before acting: (value − median) ÷ (3 × spread over the matrix) |
    | next A | failures of each strategy so far, as a share of the attempts there are |
    | next A | 1 where the strategy can be taken (`retry` after a failure, `contrast` with a failed demonstration) |
    | next | attempts left, as a share of those there are |
    | last 2 | 1 where one more demonstration can be had, and one on this object, else 0 |

    An attempt plays a rollout that the episode has not seen yet of that scene and strategy; a strategy that can't be
    taken fails. `retry`, where the matrix has it, learns from the strategy that failed last: a rollout of what
    it came to after any failure of that one is drawn. Reward: 1 for a success, minus the price of the attempt and its
    nominal seconds, and that of a failure where it failed; minus that of a demonstration; nothing for giving up.
    A demonstration leads to the same scene with one more, once, while the failures stay known; where none can be had
    the price is lost. The episode ends with success, giving up, the last attempt, or, as truncated, after
    twice as many actions as there are attempts. To be maximised: E[Σ γᵗ rₜ] with `prices.gamma`.

    Args:
        matrix: a `Matrix`, or the file of one; None plays the shipped matrix of training families.
        prices: of attempts, demonstrations and seconds.

    Options of `reset`: `scene`, the number of the scene to play, from 0.

    Raises:
        SelectError: an action or a scene that does not exist, or an option that `reset` does not have.
        robo_meta.selector.matrix.matrix.MatrixError: no such matrix, or a damaged or incomplete one.

    Version 1: two kinds of demonstrations, a price of failures, no budgets. Version 0: first release.
    """

    # Gymnasium declares it as an instance variable, so no ClassVar.
    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(self, matrix: Matrix | Path | str | None = None, prices: Prices | None = None) -> None:
        self.matrix = matrix if isinstance(matrix, Matrix) else load_matrix(matrix)
        self.prices = prices or Prices()
        self.actions = (*self.matrix.strategies, *ASKING, GIVE_UP)
        self._size = len(self.matrix.strategies)
        features = self.matrix.features.astype(np.float64)
        self._median = np.median(features, axis=0)
        self._spread = np.maximum(features.std(axis=0), 1e-6) * SPREAD
        self.action_space = spaces.Discrete(len(self.actions))
        size = features.shape[1] + 2 * self._size + 1 + len(ASKING)
        self.observation_space = spaces.Box(-1.0, 1.0, (size,), np.float32)
        self._row = -1

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start with a scene drawn from the matrix, or with `options["scene"]`.

        Raises:
            SelectError: an unknown option, or a scene that the matrix doesn't have.
        """
        options = options or {}
        unknown = [name for name in options if name != "scene"]
        if unknown:
            raise SelectError(f"reset option {unknown[0]!r}; expected 'scene' or none")
        scene = options.get("scene")
        if scene is not None:
            scene = _number(scene, len(self.matrix), "scene")
        super().reset(seed=seed)
        self._row = int(self.np_random.choice(self.matrix.drawn)) if scene is None else scene
        self._tried = np.zeros(self._size, dtype=int)
        self._seen: set[tuple[int, int, int]] = set()
        self._failed: int | None = None
        self._left, self._steps, self._done = self.prices.attempts, 0, False
        self._can_ask = self.matrix.following[self._row] >= 0
        return self._observe(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Take one decision; see the class for what it costs and leads to.

        Raises:
            SelectError: an action that is none of the action space's; nothing is played then.
        """
        if self._row < 0 or self._done:
            raise RuntimeError("no episode is running; call reset() first")
        action, info = _number(action, len(self.actions), "action"), dict[str, Any]()
        self._steps += 1
        terminated, reward = False, 0.0
        if action < self._size:
            success = self._attempt(action)
            reward = success - self.prices.attempt - self.prices.second * float(self.matrix.seconds[action])
            reward -= 0.0 if success else self.prices.failure
            self._left -= 1
            terminated = success or self._left == 0
            info = {"success": success}
        elif action < self._size + len(ASKING):
            kind = action - self._size
            reward = -self.prices.demos[kind]
            if self._can_ask[kind]:
                self._row = int(self.matrix.following[self._row, kind])
                self._can_ask = np.zeros(len(ASKING), dtype=bool)
        else:
            terminated = True
        truncated = not terminated and self._steps >= 2 * self.prices.attempts
        self._done = terminated or truncated
        return self._observe(), float(reward), terminated, truncated, info

    def _attempt(self, action: int) -> bool:
        outcomes, source = self.matrix.success[self._row, action], action
        if action == self.matrix.retry and self._failed is not None:
            learnt = self.matrix.retried[self._row, self._failed]
            if (learnt != EMPTY).any():
                # Numbered apart from the strategies: what `retry` comes to after each is an outcome of its own.
                outcomes, source = learnt, self._size + self._failed
        played = np.flatnonzero(outcomes != EMPTY)
        unseen = [r for r in played if (self._row, source, r) not in self._seen]
        rollout = int(self.np_random.choice(unseen or played))
        self._seen.add((self._row, source, rollout))
        can = bool(self._allowed()[action])
        success = can and bool(outcomes[rollout] == 1)
        self._tried[action] += not success
        if can and not success:
            self._failed = action
        return success

    def _allowed(self) -> np.ndarray:
        """(A,) bool: which strategies can be taken now."""
        return (self.matrix.available if self._tried.any() else self.matrix.first)[self._row]

    def _observe(self) -> np.ndarray:
        known = (self.matrix.features[self._row] - self._median) / self._spread
        attempts = self.prices.attempts
        rest = [*(self._tried / attempts), *self._allowed(), self._left / attempts, *self._can_ask]
        return np.clip(np.concatenate([known, rest]), -1, 1).astype(np.float32)


def _number(found: Any, count: int, name: str) -> int:
    """`found` as a whole number from 0 to `count` − 1; an array of one such number is taken as well."""
    value = found.item() if isinstance(found, np.ndarray | np.integer) and found.size == 1 else found
    # In Python true is an int, but as an action it is a mistake.
    if type(value) is not int or not 0 <= value < count:
        raise SelectError(f"{name} {found!r}; expected a whole number from 0 to {count - 1}")
    return value
