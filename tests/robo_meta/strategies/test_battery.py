"""One battery for every strategy of the table: what `strategies.Strategy` and `demos.policy.Policy` promise.

That a support has at least one demonstration is `SupportSet`'s promise, see `tests/demos/test_support.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pytest

from demos.expert.episode import shared_env
from demos.expert.scripted_controller import scripted_controller
from demos.policy import Policy
from demos.support import SupportSet
from robo_meta.catalogue import CATALOGUE, StrategyRow
from robo_meta.learning.inner_loop import MOVED, initial_rates
from robo_meta.model.point_features import QUERIES
from robo_meta.scenarios.attempts import attempt
from robo_meta.strategies import StrategyError, load_class, make_strategy
from robo_meta.strategies.build import playable
from robo_meta.training.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from sim.frames import action_to_world, observe
from tests.robo_meta.model.synthetic_scans import BAR, BLUE, HAMMER, RED, centre_of_mass, demo, off_line, scan
from tests.sim.objects.bars import HEIGHT, bar_scene

NO_NETWORK = tuple(row.name for row in CATALOGUE.values() if not row.needs_checkpoint)
STEPWISE = tuple(name for name, row in CATALOGUE.items() if row.method is not None and row.method.from_steps)
"""They choose actions, not places: their targets are where their hands would close, which untrained ones don't do."""
UNMOVED = ("zero-shot", "centre")
"""Whatever is demonstrated, they do the same."""
DELEGATING = ("selector",)
"""What it does is another strategy's doing, and whose depends on the file that it reads: only the others are asked
whether demonstrations move them."""


@runtime_checkable
class HasPrior(Protocol):
    def prior_policy(self) -> Policy: ...


ARRAYS = ("points", "hand", "actions", "grasp", "tip")


@pytest.fixture(scope="module")
def support() -> SupportSet:
    """Three demonstrations on a bar, as physics played them."""
    scene = bar_scene()
    grasp = np.array([scene.mass_properties.centre[0], 0.0, HEIGHT / 2, np.pi / 2])
    return SupportSet(tuple(attempt(scene, seed, grasp) for seed in (1, 2, 3)))


def built(name: str, run: Path, selector_file: Path) -> Any:
    checkpoint = None if name in NO_NETWORK else load_checkpoint(run)
    return make_strategy(name, checkpoint, scripted_controller, selector_file)


@pytest.mark.parametrize("shots", [1, 3])
@pytest.mark.parametrize("name", CATALOGUE)
def test_battery(name: str, shots: int, tiny_run: Path, selector_file: Path, support: SupportSet) -> None:
    """An episode on another bar, played by two policies of the same support, by two instances of the strategy."""
    given = SupportSet(support.items[:shots])
    before = [getattr(item, array).copy() for item in given.items for array in ARRAYS]
    first, second = (built(name, tiny_run, selector_file).adapt(given) for _ in range(2))
    env = shared_env()
    seen, _ = env.reset(seed=7, options={"scene": bar_scene(joint=0.03)})
    points = seen["points"]
    target = first.target(points)
    assert target.shape == (4,) and target.dtype == np.float64 and np.isfinite(target).all()
    assert abs(target[3]) <= np.pi / 2 + 1e-6
    assert name in STEPWISE or (np.abs(target[:2]).max() < 0.2 and 0 < target[2] < 0.05)
    assert np.array_equal(target, second.target(points))
    scores = first.point_scores(points)
    assert scores is None or (
        scores.shape == (min(QUERIES, len(points)),) and scores.sum() == pytest.approx(1, abs=1e-5)
    )
    delegated = name == "selector" and shots == 1
    assert (scores is None) == (name in (*NO_NETWORK, *STEPWISE) or delegated)
    own = "own" if name in STEPWISE else "scripted"
    assert first.controller == ("replayed" if name == "replay" or delegated else own)
    finished, steps = False, 0
    first.reset()
    second.reset()
    while not finished:
        view = observe(seen)
        action = first.act(view)
        assert env.action_space.contains(action), (steps, action)
        assert np.array_equal(action, second.act(view)), steps
        world = np.clip(action_to_world(action, seen), -1, 1).astype(np.float32)
        seen, _, terminated, truncated, _ = env.step(world)
        finished, steps = terminated or truncated, steps + 1
    assert steps > 10
    after = [getattr(item, array) for item in given.items for array in ARRAYS]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def only(checkpoint: Checkpoint, parts: set[str]) -> Checkpoint:
    return Checkpoint({part: checkpoint.parts[part] for part in parts}, checkpoint.card)


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=CATALOGUE)
def test_a_row_and_its_class_agree(row: StrategyRow, tiny_run: Path, selector_file: Path) -> None:
    """Each strategy is made from exactly the parts that its row names, and refused in one line without any of them."""
    whole = load_checkpoint(tiny_run)
    needed = set(whole.parts) if row.file is not None else {choice[0] for choice in row.parts}
    strategy = make_strategy(row.name, only(whole, needed), scripted_controller, selector_file)
    assert load_class(row).name == strategy.name == row.name
    assert isinstance(strategy, HasPrior) == row.has_prior
    assert row.missing_part(needed) is None
    for choice in row.parts:
        rest = needed - set(choice)
        assert row.missing_part(rest) == choice[-1]
        with pytest.raises(CheckpointError, match=f"holds no '{choice[-1]}'") as caught:
            make_strategy(row.name, only(whole, rest), scripted_controller)
        assert "\n" not in str(caught.value)
        for other in choice[1:]:
            assert make_strategy(row.name, only(whole, rest | {other}), scripted_controller).name == row.name
    if row.needs_checkpoint:
        with pytest.raises(StrategyError, match=f"strategy '{row.name}' needs a checkpoint"):
            make_strategy(row.name, None, scripted_controller)


def test_playable_knows_that_one_part_may_stand_for_another(tiny_run: Path) -> None:
    whole = load_checkpoint(tiny_run)
    assert set(playable(whole)) == set(CATALOGUE)
    without = set(playable(only(whole, set(whole.parts) - {"zero-shot"})))
    assert without == set(CATALOGUE) - {"zero-shot"}
    neither = set(playable(only(whole, set(whole.parts) - {"zero-shot", "pretrain"})))
    assert neither == set(CATALOGUE) - {"zero-shot", "fine-tune"}


@pytest.fixture(scope="module")
def shipped() -> Checkpoint:
    """The shipped networks. Those that are not shipped have `maml`'s or `context`'s parameters instead: what is asked
    of them here is the way in which they adapt, not how well they were trained for it."""
    found = load_checkpoint()
    maml = found.part("maml")
    theta = {name: value for name, value in maml.items() if not name.startswith("rates.")}
    rates = initial_rates(theta, found.architecture.inner_steps, MOVED["anil"])
    anil = {**theta, **{f"rates.{name}": value for name, value in rates.items()}}
    instead = {"fomaml": maml, "reptile": theta, "anil": anil, "maml-both": maml, "context-both": found.part("context")}
    return Checkpoint({**instead, **found.parts}, found.card)


def hammer_balanced(densities: dict[tuple[float, float, float], float], rng: np.random.Generator) -> SupportSet:
    """One demonstration by someone who balances a hammer whose colours weigh that much."""
    at = centre_of_mass(HAMMER, densities) + rng.normal(0, 0.003, 2)
    return SupportSet((demo(scan(HAMMER, rng, count=128), np.array([*at, 0.012, np.pi / 2])),))


@pytest.mark.parametrize("name", UNMOVED)
def test_demonstrations_of_another_task_change_nothing(name: str, shipped: Checkpoint) -> None:
    strategy, rng = make_strategy(name, shipped, scripted_controller), np.random.default_rng(0)
    right, wrong = (hammer_balanced({RED: red, BLUE: 1 / red}, rng) for red in (2.5, 0.4))
    query = scan(BAR, rng, count=128)
    assert np.array_equal(strategy.adapt(right).target(query), strategy.adapt(wrong).target(query))


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name not in (*UNMOVED, *DELEGATING, *STEPWISE)])
def test_demonstrations_of_another_task_make_it_worse(name: str, shipped: Checkpoint) -> None:
    """A hammer balanced by someone whose heavy colour is the other: the grasp of a bar is farther from its balance.

    `scratch` knows nothing of other shapes, and `role` goes by head and handle, which a bar has not; so they are asked
    for the hammer again. Those that clone steps need demonstrations that a hand made: see `test_step_policies.py`.
    """
    strategy = make_strategy(name, shipped, scripted_controller)
    query = HAMMER if name in ("scratch", "role") else BAR
    right: list[float] = []
    wrong: list[float] = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        ratio = float(np.exp(rng.uniform(np.log(4), np.log(10)) * (-1) ** seed))
        true, other = {RED: ratio, BLUE: 1.0}, {RED: 1.0, BLUE: ratio}
        for densities, errors in ((true, right), (other, wrong)):
            adapted = strategy.adapt(hammer_balanced(densities, rng))
            target = adapted.target(scan(query, rng, count=128))
            errors.append(off_line(target, centre_of_mass(query, true)))
    assert np.median(wrong) > np.median(right) + 0.015
