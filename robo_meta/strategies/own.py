"""A user's own strategy, wrapped so that the program can rely on it: its inputs are locked, its outputs are checked.

A strategy is an object with `adapt(support)`. What `adapt` returns is one of three kinds of policy:

- a function from the scan to the grasp: points (P, 6) → x, y, z (m) and yaw (rad), object frame;
- an object with `target(points)`, which does the same;
- an object with `act(observation)`, which moves the hand itself; it may also have `reset()` and `target(points)`.

An object with `target` may have `point_scores(points)` too, for pictures.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.strategies import Strategy, StrategyError
from robo_meta.strategies.baselines.scan_grasps import half_height
from robo_meta.strategies.policy import Controller, GraspPolicy
from sim.frames import wrap_heading

GRASP = "4 finite numbers: x, y, z in m and yaw in rad, object frame"
ACTION = "5 finite numbers: an action in [−1, 1]"
POLICY = "a function points -> grasp, or an object with target(points) or act(observation)"
"""What was expected, in error messages."""


@runtime_checkable
class Adapts(Protocol):
    """What an own strategy must have."""

    def adapt(self, support: SupportSet) -> Any:
        """A policy of one of the three kinds."""


@runtime_checkable
class ChoosesGrasp(Protocol):
    """A policy that says where to grasp."""

    def target(self, points: np.ndarray) -> Any:
        """Grasp x, y, z, yaw for a scan (P, 6)."""


@runtime_checkable
class Acts(Protocol):
    """A policy that moves the hand itself."""

    def act(self, observation: Mapping[str, np.ndarray]) -> Any:
        """The next action (5,)."""


@runtime_checkable
class Resets(Protocol):
    """A policy that is told when an episode begins."""

    def reset(self) -> Any:
        """Forget the episode before."""


@runtime_checkable
class WeighsPoints(Protocol):
    """A policy that says how much its choice weighs each point."""

    def point_scores(self, points: np.ndarray) -> Any:
        """(Q,) weights of the first Q points, or None."""


def adopt(strategy: object, controller: Controller, name: str) -> Strategy:
    """The full `Strategy` protocol around a user's object.

    Args:
        strategy: an object with `adapt(support)`.
        controller: drives the hand for policies that only say where to grasp.
        name: in results and error messages.

    Raises:
        StrategyError: it has no `adapt`.
    """
    if inspect.isclass(strategy) or not isinstance(strategy, Adapts):
        raise StrategyError(f"strategy {name!r}: found {_described(strategy)}; expected an object with adapt(support)")
    return OwnStrategy(strategy, controller, name)


class OwnStrategy:
    """A user's strategy as the program calls it; see `adopt`."""

    def __init__(self, strategy: Adapts, controller: Controller, name: str) -> None:
        self._strategy, self._controller, self.name = strategy, controller, name

    def adapt(self, support: SupportSet) -> Policy:
        """A policy for the support's task; the user's code gets read-only copies of the demonstrations.

        Raises:
            StrategyError: what the user's `adapt` returned is no policy.
        """
        with _named(self.name, "adapt"):
            # `replace` copies and locks every array: even code that unlocks its own copy can't reach the original.
            policy = self._strategy.adapt(SupportSet(tuple(replace(item) for item in support.items)))
        if inspect.isclass(policy):
            raise StrategyError(f"strategy {self.name!r}: adapt returned {_described(policy)}; expected {POLICY}")
        if isinstance(policy, Acts):
            return OwnPolicy(policy, self.name)
        if isinstance(policy, ChoosesGrasp):
            scores = policy.point_scores if isinstance(policy, WeighsPoints) else None
            return self._grasp_policy(policy.target, scores)
        if callable(policy):
            return self._grasp_policy(policy, None)
        raise StrategyError(f"strategy {self.name!r}: adapt returned {_described(policy)}; expected {POLICY}")

    def _grasp_policy(
        self, choose: Callable[[np.ndarray], Any], weigh: Callable[[np.ndarray], Any] | None
    ) -> GraspPolicy:
        def target(points: np.ndarray) -> np.ndarray:
            return checked_grasp(choose, points, self.name)

        def scores(points: np.ndarray) -> np.ndarray | None:
            return None if weigh is None else checked_scores(weigh, points, self.name)

        return GraspPolicy(target, self._controller, scores)


class OwnPolicy:
    """A user's policy that moves the hand itself."""

    controller = "own"

    def __init__(self, policy: Acts, name: str) -> None:
        self._policy, self._name = policy, name
        self._grasp: np.ndarray | None = None
        self._closed = False

    def act(self, observation: Mapping[str, np.ndarray]) -> np.ndarray:
        """The user's action (5,) float32, cut to [−1, 1].

        Raises:
            StrategyError: another shape, or not finite.
        """
        view = {key: locked(value) for key, value in observation.items()}
        with _named(self._name, "act"):
            found = self._policy.act(view)
        action = np.clip(_numbers(found, (5,), f"strategy {self._name!r}: act", ACTION), -1, 1).astype(np.float32)
        if not self._closed:
            self._grasp, self._closed = np.array(view["hand"][:4], dtype=np.float64), bool(action[4] < 0)
        return action

    def target(self, points: np.ndarray) -> np.ndarray:
        """(4,) where the policy says that it grasps.

        A policy that doesn't say is judged by where its hand first began to close in this episode, or is now. Before
        the episode's first action this is the middle of the scan.
        """
        if isinstance(self._policy, ChoosesGrasp):
            return checked_grasp(self._policy.target, points, self._name)
        if self._grasp is not None:
            return self._grasp.copy()
        middle = np.asarray(points, dtype=np.float64)[:, :2].mean(axis=0)
        return np.array([*middle, half_height(points, middle), 0.0])

    def point_scores(self, points: np.ndarray) -> np.ndarray | None:
        """(Q,) the user's weights, None where there are none."""
        if not isinstance(self._policy, WeighsPoints):
            return None
        return checked_scores(self._policy.point_scores, points, self._name)

    def reset(self) -> None:
        """Forget the episode, and let the user's policy do so."""
        self._grasp, self._closed = None, False
        if isinstance(self._policy, Resets):
            with _named(self._name, "reset"):
                self._policy.reset()


def checked_grasp(choose: Callable[[np.ndarray], Any], points: np.ndarray, name: str) -> np.ndarray:
    """(4,) float64 grasp that a user's function chose, its yaw folded into (−π/2, π/2].

    Raises:
        StrategyError: another shape, or not finite.
    """
    with _named(name, "target"):
        found = choose(locked(points))
    grasp = _numbers(found, (4,), f"strategy {name!r}: target", GRASP)
    return np.array([*grasp[:3], float(wrap_heading(float(grasp[3])))])


def checked_scores(weigh: Callable[[np.ndarray], Any], points: np.ndarray, name: str) -> np.ndarray | None:
    """(Q,) weights that a user's function gave the first Q points, or None where it gave none.

    Raises:
        StrategyError: more weights than points, or weights that are no shares of one.
    """
    with _named(name, "point_scores"):
        found = weigh(locked(points))
    if found is None:
        return None
    expected = f"at most {len(points)} weights of at least 0 that sum to 1"
    weights = _numbers(found, None, f"strategy {name!r}: point_scores", expected)
    if weights.ndim != 1 or len(weights) > len(points) or (weights < 0).any() or abs(weights.sum() - 1) > 1e-3:
        raise StrategyError(
            f"strategy {name!r}: point_scores gave shape {weights.shape} with sum {weights.sum():.3g}; "
            f"expected {expected}"
        )
    return weights


def locked(value: np.ndarray) -> np.ndarray:
    """A read-only copy."""
    copy = np.array(value)
    copy.setflags(write=False)
    return copy


def _numbers(found: Any, shape: tuple[int, ...] | None, where: str, expected: str) -> np.ndarray:
    """`found` as float64 numbers that are finite in float32 too, of `shape` where one is given."""
    try:
        numbers = np.array(found, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise StrategyError(f"{where} gave {_described(found)}; expected {expected}") from error
    if shape is not None and numbers.shape != shape:
        raise StrategyError(f"{where} gave shape {numbers.shape}; expected {expected}")
    if not (np.abs(numbers) <= np.finfo(np.float32).max).all():
        shown = " ".join(f"{value:.4g}" for value in numbers.ravel()[:6])
        raise StrategyError(f"{where} gave {shown}; expected {expected}")
    return numbers


def _described(found: object) -> str:
    return f"the class {found.__name__}" if inspect.isclass(found) else f"a {type(found).__name__}"


@contextmanager
def _named(name: str, what: str) -> Iterator[None]:
    """Exceptions of the user's code pass unchanged, with a note that names the strategy below their traceback."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in {what} of strategy {name!r}")
        raise
