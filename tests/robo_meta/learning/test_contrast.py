"""The contrast update: `maml` where nothing failed, bounded whatever failed, and learning from which side sank."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from demos.expert.scripted_controller import scripted_controller
from demos.support import SupportItem, SupportSet
from robo_meta.learning import contrast
from robo_meta.learning.attempt_loss import Attempts, attempts_of, elsewhere
from robo_meta.learning.synthetic_attempts import FAILURES, synthesise
from robo_meta.model.grasp_choice import candidates
from robo_meta.model.point_features import SCALE, encode
from robo_meta.model.scorer import Hidden, body, head
from robo_meta.strategies import make_strategy
from robo_meta.training.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from robo_meta.training.data import load_training_data
from robo_meta.training.presets import PRESETS, Schedule
from robo_meta.training.state import StateError
from robo_meta.training.task_sampler import TaskStream
from robo_meta.training.train import TrainError, train


@pytest.fixture(scope="module")
def data(packed: SimpleNamespace) -> dict[str, np.ndarray]:
    return packed.arrays(tasks=6, points=48, seed=2)


def failed(item: SupportItem, shift: np.ndarray | tuple[float, float], tip: tuple[float, float]) -> SupportItem:
    """The item as a failure, closed `shift` m away, with what was seen of its tipping."""
    grasp = item.grasp.copy()
    grasp[:2] += shift
    return replace(item, grasp=grasp, success=False, tip=np.array(tip))


@pytest.mark.parametrize("name", ["contrast", "retry"])
def test_successes_alone_are_mamls_path(name: str, tiny_run: Path, data: dict, packed: SimpleNamespace) -> None:
    checkpoint = load_checkpoint(tiny_run)
    ours, maml = (make_strategy(known, checkpoint, scripted_controller) for known in (name, "maml"))
    query = data["points"][0, 3].astype(np.float32)
    for shots in (1, 3):
        support = packed.support(data, 0, shots)
        a, b = ours.adapt(support), maml.adapt(support)
        assert np.array_equal(a.point_scores(query), b.point_scores(query))
        assert np.array_equal(a.target(query), b.target(query))


@pytest.mark.parametrize("name", ["contrast", "retry"])
def test_battery_with_failures(name: str, tiny_run: Path, data: dict, packed: SimpleNamespace) -> None:
    strategy = make_strategy(name, load_checkpoint(tiny_run), scripted_controller)
    good = packed.support(data, 0, 1).items[0]
    bad = failed(good, (0.04, 0.0), (0.4, 0.1))
    query = data["points"][0, 3].astype(np.float32)
    for items in ((bad,), (good, bad), (bad, good, bad)):
        support = SupportSet(items)
        first, again = strategy.adapt(support), strategy.adapt(support)
        assert np.array_equal(first.target(query), again.target(query)) and np.isfinite(first.target(query)).all()
        assert first.point_scores(query).sum() == pytest.approx(1, abs=1e-5)
        assert not np.allclose(first.point_scores(query), strategy.prior_policy().point_scores(query), atol=1e-7)
    assert not bad.grasp.flags.writeable and not bad.tip.flags.writeable


def problem(tiny_run: Path, data: dict, items: tuple[SupportItem, ...]) -> tuple:
    """(theta, own, rates, hidden, attempts) for one task."""
    checkpoint = load_checkpoint(tiny_run)
    theta, _ = checkpoint.split_part("maml")
    own, rates = checkpoint.split_part("contrast")
    hidden = body(theta, encode(torch.from_numpy(np.stack([item.points for item in items]))[None]))
    return theta, own, rates, hidden, attempts_of(items)


@pytest.mark.parametrize("log_weight", [0.0, 20.0])
def test_no_weight_and_no_place_makes_it_diverge(
    tiny_run: Path, data: dict, packed: SimpleNamespace, log_weight: float
) -> None:
    """A failure exactly on the densest place, weighed a billion times: still bounded, for each step's move is."""
    item = packed.support(data, 0, 1).items[0]
    theta, own, rates, hidden, _ = problem(tiny_run, data, (item,))
    rates = {k: v.clone() for k, v in rates.items()}
    rates["away"][:, 0] = log_weight
    rates["side"][:, 0] = log_weight
    keypoint = head({k: v[None] for k, v in theta.items() if k.startswith("head.")}, hidden).keypoints[0, 0, 0]
    grasp = torch.tensor([[[*keypoint.tolist(), 0.0, 1.0]]])
    for tip in ((0.0, 0.0), (1.5, 0.0), (1e-9, 0.0)):
        attempts = Attempts(grasp, torch.tensor([[tip]]), torch.zeros(1, 1), torch.ones(1, 1))
        phi = contrast.adapt_to_attempts(theta, own, rates, hidden, attempts, differentiable=False)
        for name, value in phi.items():
            assert torch.isfinite(value).all(), name
            if name in rates:
                # At most the clipped gradient times the rate, every step, and what failing says of the gates.
                reach = 2.0 * float(rates[name].exp().sum()) + (2.0 if name == "head.gate.bias" else 0.0)
                assert (value[0] - theta[name]).norm() <= reach * 1.001, name
    assert all(torch.equal(value, load_checkpoint(tiny_run).part("maml")[name]) for name, value in theta.items())


def mass(phi: dict, hidden: Hidden, weigh) -> float:
    """Mass of the first scan's mixture, weighed by `weigh(places)`."""
    places, log_mass = candidates(head(phi, hidden))
    return float((log_mass.exp() * weigh(places))[0, 0].sum())


def log_odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


@pytest.mark.parametrize("side", [-1, 1])
def test_mass_moves_away_from_the_failure_and_to_the_side_that_sank(
    tiny_run: Path, data: dict, packed: SimpleNamespace, side: int
) -> None:
    item = packed.support(data, 1, 1).items[0]
    along = np.array([-np.sin(item.grasp[3]), np.cos(item.grasp[3])])
    bad = failed(item, (0.0, 0.0), tuple(0.5 * side * along))
    theta, own, rates, hidden, attempts = problem(tiny_run, data, (bad,))
    before = {k: v[None] for k, v in theta.items() if k.startswith("head.")}
    after = contrast.adapt_to_attempts(theta, own, rates, hidden, attempts, differentiable=False)
    failed_place, direction = attempts.grasps[0, 0, :2], torch.tensor(side * along, dtype=torch.float32)

    def beyond(places: torch.Tensor) -> torch.Tensor:
        return (((places - failed_place) @ direction) > 0.1).float()

    # In log odds, as most of it may lie there already.
    assert log_odds(mass(after, hidden, beyond)) > log_odds(mass(before, hidden, beyond)) + 0.05
    # Without a tip, only what lies beside the failed grasp falls.
    plain = attempts._replace(tips=torch.zeros(1, 1, 2))
    left = contrast.adapt_to_attempts(theta, own, rates, hidden, plain, differentiable=False)

    def beside(places: torch.Tensor) -> torch.Tensor:
        return 1 - elsewhere(places, failed_place, torch.tensor(0.3))

    assert mass(left, hidden, beside) < mass(before, hidden, beside)


def test_a_retry_goes_elsewhere_and_to_the_side_that_sank(tiny_run: Path, data: dict, packed: SimpleNamespace) -> None:
    strategy = make_strategy("retry", load_checkpoint(tiny_run), scripted_controller)
    support = packed.support(data, 1, 1)
    query = data["points"][1, 3].astype(np.float32)
    first = strategy.adapt(support)
    assert np.array_equal(strategy.adapt_after(support, ()).target(query), first.target(query))
    target = first.target(query)
    spread = query[:, :2] - query[:, :2].mean(0)
    along = np.linalg.svd(spread, full_matrices=False)[2][0]
    own = replace(support.items[0], points=query, grasp=target, success=False)
    assert np.array_equal(strategy.adapt_after(support, (replace(own, success=True),)).target(query), target)
    for side in (-1, 1):
        tip = 0.5 * side * along
        policy = strategy.adapt_after(support, (replace(own, tip=tip),))
        assert (policy.target(query)[:2] - target[:2]) @ along * side > 0.005
    assert not np.array_equal(strategy.adapt_after(support, (own,)).target(query), target)


# Training


def stream_of(packed: SimpleNamespace, folder: Path) -> tuple:
    data = load_training_data(packed.write(folder, packed.arrays(tasks=12, points=48)))
    return data, TaskStream(data, (1, 2), (0.2, 0.25, 0.55), torch.device("cpu"))


def test_made_up_tries_are_as_promised(packed: SimpleNamespace, tmp_path: Path) -> None:
    _, stream = stream_of(packed, tmp_path)
    generator = torch.Generator().manual_seed(0)
    counts, alone = set(), 0
    for _ in range(6):
        balance = torch.arange(16) < 8
        batch = stream.draw(16, generator)._replace(balance=balance)
        demos, attempts = synthesise(batch, generator)
        shots = batch.support.shape[1]
        assert torch.equal(demos[:, :shots], batch.support) and attempts.mask.shape == (16, shots + FAILURES)
        rows = torch.arange(16)[:, None]
        right = batch.grasps[rows, demos][..., :2]
        off = (attempts.grasps[..., :2] - right).norm(dim=-1) * SCALE
        used = attempts.mask > 0
        good, bad = used & (attempts.success > 0), used & (attempts.success == 0)
        assert off[good].max() <= 0.0201 and off[bad & balance[:, None]].min() > 0.015
        tilt = attempts.tips.norm(dim=-1)
        assert tilt[~balance].max() < 0.25
        # What tipped over points, more or less, to where the demonstrator held it.
        over = bad & balance[:, None] & (tilt > 0.2)
        toward = torch.nn.functional.normalize(right - attempts.grasps[..., :2], dim=-1)
        cosine = (torch.nn.functional.normalize(attempts.tips, dim=-1) * toward).sum(-1)[over]
        assert over.any() and cosine.mean() > 0.85
        counts |= set(bad.sum(-1).tolist())
        alone += int((good.sum(-1) == 0).sum())
    assert counts >= {1, 2, 3, 4} and 10 < alone < 60
    again = synthesise(batch, torch.Generator().manual_seed(4))
    assert all(
        torch.equal(a, b) for a, b in zip(again[1], synthesise(batch, torch.Generator().manual_seed(4))[1], strict=True)
    )


def test_training_learns_from_failures_and_leaves_maml_alone(packed: SimpleNamespace, tmp_path: Path) -> None:
    """After a short training, failures tell more about the queries than before it."""
    _, stream = stream_of(packed, tmp_path)
    config = replace(PRESETS["tiny"], schedules={**PRESETS["tiny"].schedules, "contrast": Schedule(25, 8, 3e-2)})
    train(tmp_path, tmp_path / "run", ["maml"], config)
    maml = dict(load_checkpoint(tmp_path / "run").part("maml"))
    train(tmp_path, tmp_path / "run", ["contrast"], config)
    trained = load_checkpoint(tmp_path / "run")
    assert all(torch.equal(trained.part("maml")[name], value) for name, value in maml.items())
    theta, _ = trained.split_part("maml")

    def loss(own: dict, rates: dict) -> float:
        generator, total = torch.Generator().manual_seed(9), 0.0
        for _ in range(8):
            batch = stream.draw(12, generator)
            total += float(contrast.query_losses(theta, own, rates, batch, generator).detach().mean())
        return total / 8

    assert loss(*trained.split_part("contrast")) < loss(*contrast.initial(maml)) - 0.02


def test_a_resume_on_another_maml_is_refused(packed: SimpleNamespace, tmp_path: Path) -> None:
    run, tiny = tmp_path / "run", PRESETS["tiny"]
    packed.write(tmp_path)
    train(tmp_path, run, ["maml", "contrast"], tiny)
    train(tmp_path, run, ["contrast"], tiny, resume=True)
    trained = load_checkpoint(run)
    moved = {name: value + 0.01 for name, value in trained.part("maml").items()}
    save_checkpoint(run, replace(trained, parts={**trained.parts, "maml": moved}))
    with pytest.raises(StateError, match=r"contrast.safetensors: its init is 'maml .*'; use another --out"):
        train(tmp_path, run, ["contrast"], tiny, resume=True)


def test_without_maml_one_line(packed: SimpleNamespace, tmp_path: Path, tiny_run: Path) -> None:
    with pytest.raises(TrainError, match=r"method 'contrast' starts from 'maml', which .* does not hold; use --method"):
        train(packed.write(tmp_path), tmp_path / "run", ["contrast"], PRESETS["tiny"])
    assert not (tmp_path / "run").exists()
    found = load_checkpoint(tiny_run)
    lacking = type(found)({k: v for k, v in found.parts.items() if k != "contrast"}, found.card)
    for name in ("contrast", "retry"):
        with pytest.raises(CheckpointError, match=r"holds no 'contrast'"):
            make_strategy(name, lacking, scripted_controller)
