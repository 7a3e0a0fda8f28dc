"""The scorer: shapes, symmetries, and the mixture's likelihood and choice."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from demos.recording.planned import LABELLED
from robo_meta.learning.methods import HOLD_WEIGHT, hold_losses
from robo_meta.model import closing_measures, grasp_head, scorer
from robo_meta.model.dense import initial_dense
from robo_meta.model.grasp_choice import densest, point_weights
from robo_meta.model.point_features import QUERIES, encode
from robo_meta.model.scorer import (
    FIRST_POINTS,
    OUTER_LOG_SCALES,
    Mixture,
    body,
    head,
    log_likelihood,
    outer_log_scales,
    stack,
)


@pytest.fixture
def theta() -> dict[str, torch.Tensor]:
    fresh = scorer.initial(12, 10, 2, torch.Generator().manual_seed(0))
    return {name: value.double() for name, value in fresh.items()}


@pytest.fixture
def points() -> torch.Tensor:
    """(2, 3, 40, 6): tasks, demos, points of bars of two colours and heights, through sensor noise."""
    rng = np.random.default_rng(1)
    place = rng.uniform(-0.5, 0.5, (2, 3, 40, 2)) * [0.2, 0.05]
    right = place[..., :1] > 0.01
    height = np.where(right, 0.035, 0.02) + 0.002 * rng.standard_normal((2, 3, 40, 1))
    rgb = np.where(right, [0.85, 0.1, 0.1], [0.1, 0.1, 0.85]) + 0.02 * rng.standard_normal((2, 3, 40, 3))
    return torch.tensor(np.concatenate([place, height, rgb], -1))


def test_output_shapes(theta: dict, points: torch.Tensor) -> None:
    mixture = head(stack(theta, 2), body(theta, encode(points)))
    assert mixture.keypoints.shape == (2, 3, 2, 2)
    assert mixture.log_gates.shape == (2, 3, 3)
    assert mixture.log_weights.shape == (2, 3, 40, 3)
    assert torch.allclose(mixture.log_gates.exp().sum(-1), torch.ones(2, 3).double())
    assert torch.allclose(point_weights(mixture).sum(-1), torch.ones(2, 3).double())


def test_keypoints_turn_with_the_object(theta: dict, points: torch.Tensor) -> None:
    c, s = math.cos(0.7), math.sin(0.7)
    turn = torch.tensor([[c, s], [-s, c]]).double()
    turned = torch.cat([points[..., :2] @ turn, points[..., 2:]], -1)
    before, after = (head(stack(theta, 2), body(theta, encode(p))) for p in (points, turned))
    assert torch.allclose(before.keypoints @ turn, after.keypoints, atol=1e-4)
    assert torch.allclose(densest(before) @ turn, densest(after), atol=1e-3)


def test_fresh_parameters_do_not_tell_colours_apart(theta: dict, points: torch.Tensor) -> None:
    inverted = torch.cat([points[..., :3], 1 - points[..., 3:]], -1)
    before, after = (head(stack(theta, 2), body(theta, encode(p))) for p in (points, inverted))
    assert torch.allclose(before.keypoints, after.keypoints, atol=1e-4)


def test_tasks_do_not_mix(theta: dict, points: torch.Tensor) -> None:
    phi = {k: torch.cat([v, v + 0.1]) for k, v in stack(theta, 1).items()}
    together = head(phi, body(theta, encode(points)))
    alone = head({k: v[1:] for k, v in phi.items()}, body(theta, encode(points[1:])))
    assert torch.allclose(together.keypoints[1:], alone.keypoints, atol=1e-5)


def one_place(gates: list[float], keypoint: tuple[float, float], weights: list[float]) -> Mixture:
    """A mixture of one keypoint and three points at (0, 0), (1, 0), (4, 0)."""
    places = torch.tensor([[0.0, 0.0], [1.0, 0.0], [4.0, 0.0]])
    log_weights = torch.tensor([weights, weights]).T.log()
    return Mixture(torch.tensor(keypoint)[None, None, None], torch.tensor(gates).log()[None, None],
                   log_weights[None, None], places[None, None], places[None, None])  # fmt: skip


def test_likelihood_by_hand() -> None:
    """Keypoint at (2, 0.5), grasp at (1, 0) closing along x: 0.5 across at width 0.5, 1 along at width 2."""
    mixture = one_place([0.75, 0.25], (2.0, 0.5), [0.5, 0.25, 0.25])
    grasp = torch.tensor([[[1.0, 0.0, 1.0, 0.0]]])
    widths = torch.tensor([math.log(0.5), math.log(2.0), 0.0])

    def bump(square: float) -> float:
        return math.exp(1 - math.sqrt(1 + square))

    keypoint = 0.75 * bump(1.0 + 0.25) / (0.5 * 2.0)
    points = 0.25 * (0.5 * bump(1.0) + 0.25 * bump(0.0) + 0.25 * bump(9.0))
    assert float(log_likelihood(mixture, grasp, widths)) == pytest.approx(math.log(keypoint + points), rel=1e-5)


def test_choice_takes_a_mode_and_not_the_middle() -> None:
    ends = one_place([1e-6, 1 - 1e-6], (2.0, 0.0), [0.45, 0.1, 0.45])
    assert densest(ends)[0, 0].tolist() == pytest.approx([0.0, 0.0], abs=0.05)
    keypoint = one_place([0.9, 0.1], (2.0, 0.0), [0.4, 0.2, 0.4])
    assert densest(keypoint)[0, 0].tolist() == pytest.approx([2.0, 0.0], abs=0.05)


def bars(count: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Scans (count, 96, 6) of plain bars and grasps (count, 4) across their middles."""
    scans, grasps = np.zeros((count, 96, 6)), np.zeros((count, 4))
    for n in range(count):
        yaw, height = rng.uniform(-np.pi / 2, np.pi / 2), rng.uniform(0.015, 0.04)
        local = rng.uniform(-0.5, 0.5, (96, 2)) * [0.2, 0.03]
        c, s = np.cos(yaw), np.sin(yaw)
        scans[n, :, :2] = local @ np.array([[c, s], [-s, c]])
        scans[n, :, 2] = height
        grasps[n] = 0, 0, height / 2, (yaw + np.pi) % np.pi - np.pi / 2
    return torch.tensor(scans, dtype=torch.float32), torch.tensor(grasps, dtype=torch.float32)


def test_closing_turns_with_the_object() -> None:
    psi = initial_dense(grasp_head.shapes(8), torch.Generator().manual_seed(0))
    scans, grasps = bars(24, np.random.default_rng(0))
    step = math.pi / closing_measures.DIRECTIONS
    c, s = math.cos(3 * step), math.sin(3 * step)
    turn = torch.tensor([[c, s], [-s, c]])
    turned = torch.cat([scans[..., :2] @ turn, scans[..., 2:]], -1)
    places = grasps[:, :2] + 0.003
    before, after = grasp_head.close_on(psi, scans, places), grasp_head.close_on(psi, turned, places @ turn)
    # A heading that is turned past half a turn is seen from its other side, whose shift has the other sign.
    heading, later = (torch.remainder(found[:, 3], math.pi) / step for found in (before, after))
    kept = (heading > 2.5) & (heading < closing_measures.DIRECTIONS - 6.5) & (later > 5.5)
    assert kept.sum() >= 8
    before, after = before[kept], after[kept]
    assert torch.allclose(torch.cos(2 * (after[:, 3] - before[:, 3] - 3 * step)), torch.ones(len(before)), atol=1e-3)
    assert torch.allclose(before[:, 2], after[:, 2], atol=1e-4)


def test_closing_learns_to_take_bars_across() -> None:
    from robo_meta.learning.adam import adam_step, zero_moments

    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    psi = initial_dense(grasp_head.shapes(16), generator)
    moments = zero_moments(psi)
    scans, grasps = bars(256, rng)
    for step in range(120):
        psi = {k: v.detach().requires_grad_() for k, v in psi.items()}
        rows = torch.randint(256, (32,), generator=generator)
        places = grasps[rows, :2] + 0.005 * torch.randn(32, 2, generator=generator)
        loss = grasp_head.loss(psi, scans[rows], places, grasps[rows]).mean()
        gradients = dict(zip(psi, torch.autograd.grad(loss, list(psi.values())), strict=True))
        with torch.no_grad():
            psi, moments = adam_step(psi, gradients, moments, step, 5e-3)
    scans, grasps = bars(40, rng)
    found = grasp_head.close_on({k: v.detach() for k, v in psi.items()}, scans, grasps[:, :2] + 0.004)
    turn = torch.remainder(found[:, 3] - grasps[:, 3] + math.pi / 2, math.pi) - math.pi / 2
    assert turn.abs().median() < math.radians(6)
    assert (found[:, 2] - grasps[:, 2]).abs().median() < 0.003


def test_holds_weigh_on_the_points_own_choice_alone(theta: dict, points: torch.Tensor) -> None:
    generator = torch.Generator().manual_seed(2)
    theta["body.hold.out.weight"] = torch.randn(10, 1, generator=generator).double()
    found = {}
    for bias in (0.0, -5.0):
        hidden = body({**theta, "body.hold.out.bias": torch.tensor([bias]).double()}, encode(points))
        found[bias] = hidden, head(stack(theta, 2), hidden)
    gain = torch.nn.functional.softplus(theta["body.hold.gain"])
    (free, before), (held, after) = found.values()
    assert torch.allclose(held.hold, free.hold - 5)
    assert torch.equal(before.log_weights[..., :-1], after.log_weights[..., :-1])
    change = gain * (torch.nn.functional.logsigmoid(held.hold) - torch.nn.functional.logsigmoid(free.hold))
    expected = (before.log_weights[..., -1] + change).log_softmax(-1)
    assert torch.allclose(after.log_weights[..., -1], expected)
    assert not torch.allclose(after.log_weights[..., -1], before.log_weights[..., -1])


def test_widths_narrow_for_the_points_alone() -> None:
    assert outer_log_scales(0.0)[2] == FIRST_POINTS > OUTER_LOG_SCALES[2]
    assert outer_log_scales(1.0) == OUTER_LOG_SCALES
    found = [outer_log_scales(progress) for progress in np.linspace(0, 1, 21)]
    assert {scales[:2] for scales in found} == {OUTER_LOG_SCALES[:2]}
    assert (np.diff([scales[2] for scales in found]) <= 0).all()


def test_hold_losses_by_hand() -> None:
    hidden = SimpleNamespace(hold=torch.tensor([[[2.0, -1.0, 0.5, 3.0]]]))
    labels = torch.tensor([[[1.0, 0.0, -1.0]]])
    wanted = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-1.0))) / 2
    assert hold_losses(hidden, labels).tolist() == pytest.approx([HOLD_WEIGHT * wanted])
    assert hold_losses(hidden, -torch.ones(1, 1, 3)).tolist() == [0.0]


def test_labels_are_of_the_very_places_that_are_scored() -> None:
    assert LABELLED == QUERIES
