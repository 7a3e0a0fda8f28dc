"""What cloning losses and the networks behind them promise: frames, mirrors, causality, and gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from robo_meta.learning import cloning
from robo_meta.learning.seen_episodes import SeenEpisodes, mirrored, repainted, sampled
from robo_meta.model import action_head, episode_transformer, hand_view
from robo_meta.model.architecture import Architecture

SIZES = Architecture(hidden=4)


def episodes(n: int, e: int, t: int, q: int, seed: int = 0) -> SeenEpisodes:
    """Made-up episodes (N, E, …) in float64, the last step of the first one missing."""
    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.uniform(-0.1, 0.1, (n, e, q, 3)), rng.uniform(0, 1, (n, e, q, 3))], -1)
    hand = np.concatenate(
        [
            rng.uniform(-0.1, 0.1, (n, e, t, 2)),
            rng.uniform(0.01, 0.3, (n, e, t, 1)),
            rng.uniform(-1, 1, (n, e, t, 1)),
            rng.uniform(0.0, 0.08, (n, e, t, 1)),
            rng.uniform(-0.05, 0.05, (n, e, t, 1)),
            np.ones((n, e, t, 1)),
        ],
        -1,
    )
    actions = rng.uniform(-1, 1, (n, e, t, 5))
    mask = torch.ones(n, e, t, dtype=torch.bool)
    mask[0, 0, -1] = False
    return SeenEpisodes.of(*(torch.from_numpy(a) for a in (points, hand, actions)), mask)


def parameters(kind: str, seed: int = 0) -> dict[str, Tensor]:
    theta = cloning.initial(cloning.SHAPES[kind](SIZES), torch.Generator().manual_seed(seed))
    return {name: value.double() for name, value in theta.items()}


@settings(max_examples=20, deadline=None)
@given(st.floats(-3, 3), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_turning_and_moving_the_object_frame_changes_nothing_that_the_hand_sees(
    turn: float, x: float, y: float
) -> None:
    """The same step told in another object frame has the same inputs, so that its action is the same one, turned."""
    seen = episodes(1, 1, 2, 7)
    points, hand = seen.points[0, 0].clone(), seen.hand[0, 0].clone()
    c, s = math.cos(turn), math.sin(turn)
    rotation, shift = torch.tensor([[c, s], [-s, c]], dtype=torch.float64), torch.tensor([x, y], dtype=torch.float64)
    moved_points, moved_hand = points.clone(), hand.clone()
    moved_points[:, :2] = points[:, :2] @ rotation + shift
    moved_hand[:, :2], moved_hand[:, 3] = hand[:, :2] @ rotation + shift, hand[:, 3] + turn
    theta = parameters("bc-finetune")
    outputs = [
        cloning.cloner_outputs(theta, p.expand(2, -1, -1), h) for p, h in ((points, hand), (moved_points, moved_hand))
    ]
    torch.testing.assert_close(outputs[0], outputs[1], rtol=1e-9, atol=1e-9)
    # By hand: an action of a metre along the first frame's x axis lies along the turned x axis of the second.
    in_first, in_second = (action_head.in_object(o, h[:, 3]) for o, h in zip(outputs, (hand, moved_hand), strict=True))
    free = (in_first.abs() < 1).all(-1) & (in_second.abs() < 1).all(-1)
    torch.testing.assert_close((in_first[:, :2] @ rotation)[free], in_second[:, :2][free], rtol=1e-9, atol=1e-9)


def test_actions_come_back_from_the_hands_frame() -> None:
    rng = np.random.default_rng(0)
    actions, yaw = torch.from_numpy(rng.uniform(-0.7, 0.7, (50, 5))), torch.from_numpy(rng.uniform(-4, 4, 50))
    back = action_head.in_object(action_head.in_hand(actions, yaw), yaw)
    torch.testing.assert_close(back[:, :4], actions[:, :4])
    assert torch.equal(back[:, 4], actions[:, 4].sign())


def test_a_mirror_shows_what_a_mirrored_recording_would() -> None:
    """The wanted actions of a mirrored episode are those that the mirrored hands and actions give."""
    rng = np.random.default_rng(1)
    seen = episodes(6, 2, 4, 5, seed=1)
    actions = torch.from_numpy(rng.uniform(-1, 1, (6, 2, 4, 5)))
    seen = SeenEpisodes.of(seen.points, seen.hand, actions, seen.mask)
    found = mirrored(seen, torch.Generator().manual_seed(0))
    flipped = (found.points[..., 0, 1] / seen.points[..., 0, 1])[..., None]
    assert {-1.0, 1.0} == set(flipped.unique().round().tolist())
    turned = torch.cat([actions[..., :1], actions[..., 1:2] * flipped[..., None], actions[..., 2:]], -1)
    turned[..., 3] = actions[..., 3] * flipped
    again = SeenEpisodes.of(found.points, found.hand, turned, seen.mask)
    torch.testing.assert_close(found.wanted, again.wanted)
    halves = ((found.hand[..., 3] - seen.hand[..., 3] * flipped) / np.pi).round()
    assert set(halves.unique().tolist()) == {0.0, 1.0}


def test_new_paint_is_one_symmetry_a_task() -> None:
    """Equal paints stay equal, unequal ones unequal, over all scans of a task; corners of the cube stay corners."""
    corners = torch.tensor([[a, b, c] for a in (0.0, 1.0) for b in (0.0, 1.0) for c in (0.0, 1.0)])
    anew = repainted(corners.expand(40, 2, 8, 3), torch.Generator().manual_seed(0))
    assert torch.equal(anew[:, 0], anew[:, 1]) and set(anew.unique().tolist()) == {0.0, 1.0}
    assert all(len(task.unique(dim=0)) == 8 for task in anew[:, 0])
    distances = torch.cdist(corners, corners)
    torch.testing.assert_close(torch.cdist(anew[:, 0], anew[:, 0]), distances.expand(40, 8, 8))
    assert len({tuple(task.flatten().tolist()) for task in anew[:, 0]}) > 20


def test_sampled_points_are_rows_of_the_scan_each_once() -> None:
    points = torch.arange(2 * 300 * 6, dtype=torch.float32).view(2, 300, 6)
    found = sampled(points, torch.Generator().manual_seed(0))
    assert found.shape == (2, hand_view.SAMPLED, 6)
    for scan, some in zip(points, found, strict=True):
        assert len(some.unique(dim=0)) == hand_view.SAMPLED and set(some[:, 0].tolist()) <= set(scan[:, 0].tolist())


def test_a_step_knows_the_whole_prompt_and_no_other_step() -> None:
    seen, theta = episodes(1, 3, 6, 5), parameters("in-context")
    mask = seen.mask.clone()
    mask[0, 1, 4:] = False

    def outputs(tokens: Tensor) -> Tensor:
        return episode_transformer.played(theta, tokens, mask)[0]

    tokens = cloning.episode_tokens(theta, seen.points, seen.hand, mask)
    base = outputs(tokens)
    # Not the same for all of a token, which normalising takes away.
    change = torch.linspace(-1, 1, tokens.shape[-1], dtype=tokens.dtype) ** 3
    own, prompt, missing = tokens.clone(), tokens.clone(), tokens.clone()
    own[0, 2, 3] += change
    others = [0, 1, 2, 4, 5]
    assert torch.equal(outputs(own)[others], base[others]) and not torch.allclose(outputs(own)[3], base[3])
    prompt[0, 1, 0] += change
    assert ((outputs(prompt) - base).abs().amax(-1) > 1e-6).all()
    missing[0, 1, 5] += change  # a step that isn't there
    assert torch.equal(outputs(missing), base)


def test_demonstrations_may_come_in_any_order() -> None:
    seen, theta = episodes(2, 3, 4, 5), parameters("in-context")
    tokens = cloning.episode_tokens(theta, seen.points, seen.hand, seen.mask)
    one, other = (
        episode_transformer.played(theta, tokens[:, order], seen.mask[:, order]) for order in ([0, 1, 2], [1, 0, 2])
    )
    torch.testing.assert_close(one, other)


def test_every_episode_takes_its_turn() -> None:
    """The loss by another route: each episode alone as the one played, weighted by its steps."""
    seen, theta = episodes(2, 2, 4, 5), parameters("in-context")
    tokens = cloning.episode_tokens(theta, seen.points, seen.hand, seen.mask)
    each = []
    for order in ([1, 0], [0, 1]):
        outputs = episode_transformer.played(theta, tokens[:, order], seen.mask[:, order])
        losses = action_head.losses(outputs, seen.wanted[:, order[-1]])
        each.append((losses * seen.mask[:, order[-1]]).sum(-1))
    steps = seen.mask.flatten(1).sum(-1)
    torch.testing.assert_close(cloning.prompted_losses(theta, seen), (each[0] + each[1]) / steps)


def test_the_loss_of_an_action_by_hand() -> None:
    """Huber with its bend at 0.2: 0.1² ÷ 2 and 0.2 · (0.5 − 0.1), ten times; the logit 2 for closing: log(1 + e²)."""
    outputs = torch.tensor([0.1, 0.5, 0.0, 0.0, 2.0], dtype=torch.float64)
    wanted = torch.tensor([0.0, 0.0, 0.0, 0.0, -1.0], dtype=torch.float64)
    expected = 10 * (0.005 + 0.2 * 0.4) + math.log1p(math.exp(2))
    assert float(action_head.losses(outputs, wanted)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", cloning.SHAPES)
def test_gradients_against_finite_differences(kind: str) -> None:
    seen, theta = episodes(2, 2, 3, 5), parameters(kind)

    def loss(values: dict[str, Tensor]) -> Tensor:
        if kind == "in-context":
            return cloning.prompted_losses(values, seen).sum()
        flat = SeenEpisodes(
            seen.points[:, 0].repeat_interleave(3, 0),
            *(part[:, 0].flatten(0, 1)[:, None] for part in (seen.hand, seen.wanted, seen.mask)),
        )
        return cloning.cloner_losses(values, flat).sum()

    leaves = {name: value.clone().requires_grad_() for name, value in theta.items()}
    gradients = dict(zip(leaves, torch.autograd.grad(loss(leaves), list(leaves.values())), strict=True))
    generator, step = torch.Generator().manual_seed(3), 1e-6
    for name, value in theta.items():
        direction = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        ahead, behind = (float(loss({**theta, name: value + sign * step * direction})) for sign in (1, -1))
        expected = float((gradients[name] * direction).sum())
        assert (ahead - behind) / (2 * step) == pytest.approx(expected, rel=1e-5, abs=1e-6), name
