"""The step that is captured on CUDA: call by call it trains as the usual one does, and tells what went wrong."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from robo_meta.learning.adam import Moments
from robo_meta.training.captured import CapturedStep, run_captured
from robo_meta.training.data import load_training_data
from robo_meta.training.objectives import fresh_state, part_losses
from robo_meta.training.outer_loop import TrainingDiverged, outer_step
from robo_meta.training.presets import PRESETS
from robo_meta.training.state import MetaState
from robo_meta.training.task_sampler import TaskStream

CPU, TINY, RATE = torch.device("cpu"), PRESETS["tiny"], 3e-3


@pytest.fixture
def made(packed: SimpleNamespace, tmp_path) -> SimpleNamespace:
    data = load_training_data(packed.write(tmp_path))
    return SimpleNamespace(data=data, stream=TaskStream(data, TINY.shots, TINY.transfers, CPU))


def doubled(state: MetaState) -> MetaState:
    """In float64, in which rounding doesn't grow through Adam's divisions."""
    theta, rates, first, second = (
        {k: v.double() for k, v in group.items()} for group in (state.theta, state.rates, *state.optimizer)
    )
    return state._replace(theta=theta, rates=rates, optimizer=Moments(first, second))


@pytest.mark.parametrize("part", ["maml", "zero-shot"])
def test_it_trains_as_the_usual_step_does(made: SimpleNamespace, part: str) -> None:
    state = start = doubled(fresh_state(part, TINY, 0, CPU))
    losses = part_losses(part, made.data, made.stream, TINY, CPU, dtype=torch.float64)
    generator, means = torch.Generator(), []
    generator.set_state(state.rng)
    for step in range(12):
        state, mean = outer_step(part, state, losses, generator, rate=RATE, clip=0.5, progress=step / 12)
        means.append(mean)
    told, kept = [], []
    one = CapturedStep(part, start, made.stream, TINY.schedules[part].batch, first_order=False, clip=0.5)
    report = lambda number, mean: told.append((number, mean))  # noqa: E731
    found = run_captured(
        one, range(12), lambda _: RATE, lambda n: n / 12, save_every=5, report=report, keep=kept.append
    )
    assert [number for number, _ in told] == list(range(12)) and [s.step for s in kept] == [5, 10, 12]
    assert [mean for _, mean in told] == pytest.approx(means, rel=1e-8)
    assert torch.equal(found.rng, state.rng) and found.step == state.step == 12
    for mine, theirs in ((found.theta, state.theta), (found.rates, state.rates)):
        assert mine.keys() == theirs.keys()
        assert all(torch.allclose(mine[k], v, rtol=1e-7, atol=1e-9) for k, v in theirs.items())


def test_it_names_the_first_step_and_task_that_diverged(made: SimpleNamespace) -> None:
    state = fresh_state("maml", TINY, 0, CPU)
    state.theta["body.in.bias"][0] = float("nan")
    one = CapturedStep("maml", state, made.stream, 4, first_order=False, clip=0.5)
    assert one.run(RATE, 0.0) == [] and one.run(RATE, 0.1) == []
    with pytest.raises(TrainingDiverged, match=r"^maml: step 0, task \d+: loss is nan$"):
        one.look()


@pytest.mark.parametrize("save_every", [10, 100])
def test_a_training_that_diverges_names_the_same_step_as_the_usual_one(made: SimpleNamespace, save_every: int) -> None:
    """Though it is looked at later, before a save or at the 50th step; nothing that is no number is kept or told."""
    start = fresh_state("maml", TINY, 0, CPU)
    calm = 17

    def rate(number: int) -> float:
        return RATE if number < calm else 1e30

    losses = part_losses("maml", made.data, made.stream, TINY, CPU)
    generator, state = torch.Generator(), start
    generator.set_state(state.rng)
    with pytest.raises(TrainingDiverged) as usual:
        for step in range(60):
            state, _ = outer_step("maml", state, losses, generator, rate=rate(step), clip=0.5, progress=0.5)
    one = CapturedStep("maml", start, made.stream, TINY.schedules["maml"].batch, first_order=False, clip=0.5)
    told, kept = [], []
    report = lambda number, mean: told.append(number)  # noqa: E731
    with pytest.raises(TrainingDiverged) as captured:
        run_captured(one, range(60), rate, lambda _: 0.5, save_every=save_every, report=report, keep=kept.append)
    step = str(usual.value).partition(",")[0]
    assert str(captured.value).partition(",")[0] == step == f"maml: step {calm + 1}"
    good = 10 if save_every == 10 else 0
    assert told == list(range(good)) and [state.step for state in kept] == [10] * (good == 10)
    assert all(torch.isfinite(value).all() for state in kept for value in state.theta.values())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_captured_it_trains_as_call_by_call(made: SimpleNamespace) -> None:
    found = []
    for device in (CPU, torch.device("cuda")):
        stream = TaskStream(made.data, TINY.shots, TINY.transfers, device)
        one = CapturedStep("maml", fresh_state("maml", TINY, 0, device), stream, 4, first_order=False, clip=0.5)
        found.append(run_captured(one, range(8), lambda _: RATE, lambda n: 0.5, save_every=8, report=lambda n, m: None,
                                  keep=lambda state: None))  # fmt: skip
    assert all(torch.allclose(v, found[1].theta[k].cpu(), rtol=1e-3, atol=1e-4) for k, v in found[0].theta.items())
