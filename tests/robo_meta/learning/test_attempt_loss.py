"""What attempts hold against a mixture: by hand, bounded everywhere, and in the right direction."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from robo_meta.learning.attempt_loss import (
    FLOOR,
    SUREST,
    Attempts,
    Exclusion,
    attempt_loss,
    elsewhere,
    on_side,
    tipped,
    without,
)
from robo_meta.model.grasp_choice import candidates
from robo_meta.model.point_features import SCALE
from robo_meta.model.scorer import Mixture

RATES = {
    "log_scales": torch.zeros(1, 3),
    "away": torch.tensor([[0.0, math.log(0.2)]]),
    "side": torch.tensor([[0.0, math.log(0.1), 0.1, 0.25]]),
    "tilt": torch.tensor([0.15, 0.08, -3.5]),
}


def mixture_at(places: Tensor, logits: Tensor) -> Mixture:
    """One task, one scan: keypoints at `places` (M, 2); the points together have next to no probability."""
    gates = torch.cat([logits, logits.new_tensor([-30.0])])
    keypoints = places[None, None]
    weights = torch.full((1, 1, 1, len(places) + 1), 0.0)
    own = torch.zeros(1, 1, 1, 2)
    return Mixture(keypoints, gates.log_softmax(-1)[None, None], weights, own, own)


def one_try(x: float, tip: tuple[float, float], success: bool = False) -> Attempts:
    grasp = torch.tensor([[[x, 0.0, 0.0, 1.0]]])
    return Attempts(grasp, torch.tensor([[tip]]), torch.tensor([[float(success)]]), torch.ones(1, 1))


def test_probabilities_by_hand() -> None:
    places, tried = torch.tensor([[[0.0, 0.0], [0.2, 0.0], [5.0, 0.0]]]), torch.zeros(1, 2)
    found = elsewhere(places, tried, torch.tensor(0.2))[0]
    assert found.tolist() == pytest.approx([1 - SUREST, 1 - SUREST * math.exp(-0.5), 1.0])
    # The right side sank: 0.3 to the right, a margin of 0.1 and a softness of 0.1 make σ(2).
    places = torch.tensor([[[0.3, 7.0], [-9.0, 0.0]]])
    side = on_side(places, tried, torch.tensor([[0.5, 0.0]]), torch.tensor([0.1]), torch.tensor(0.1))[0]
    assert side.tolist() == pytest.approx([FLOOR + (1 - FLOOR) / (1 + math.exp(-2)), FLOOR])


def test_only_what_tipped_counts_as_tipped() -> None:
    tips = torch.tensor([[[0.0, 0.0], [0.03, 0.02], [0.0, -0.4], [0.1, 0.0], [0.1, 0.0]]])
    success = torch.tensor([[0.0, 0.0, 0.0, 0.0, 1.0]])
    sure = tipped(Attempts(torch.zeros(1, 5, 4), tips, success, torch.ones(1, 5)), RATES["tilt"])[0]
    # What a success sags by already tells something; a failure tips over.
    assert sure[:2].max() < 0.05 and sure[2] > 0.99 and sure[3] < 0.2 and sure[4] > 0.6


@pytest.mark.parametrize("success", [False, True])
@pytest.mark.parametrize("place", [0.0, 1e-4, 0.5, 100.0])
@pytest.mark.parametrize("tip", [(0.0, 0.0), (0.5, 0.0), (-0.5, 0.0)])
@pytest.mark.parametrize("log_weight", [0.0, 8.0])
def test_loss_and_gradient_stay_finite(success: bool, place: float, tip: tuple, log_weight: float) -> None:
    """Also where all the mass sits exactly on the failed grasp, and with a weight of 3000."""
    logits = torch.tensor([0.0, -1.0], requires_grad=True)
    places = torch.tensor([[place, 0.0], [place + 1e-5, 0.0]], requires_grad=True)
    rates = {**RATES, "away": torch.tensor([[log_weight, -20.0]]), "side": torch.tensor([[log_weight, -20.0, 0, 0]])}
    loss = attempt_loss(mixture_at(places, logits), one_try(0.0, tip, success), rates, 0)
    weight = math.exp(log_weight)
    bound = weight * (-math.log(1 - SUREST) - math.log(FLOOR)) + (200 if success else 0)
    assert torch.isfinite(loss).all() and float(loss.detach()) <= bound * (1 + 1e-5)
    for gradient in torch.autograd.grad(loss.sum(), [logits, places]):
        assert torch.isfinite(gradient).all()


def test_gradients_move_mass_away_and_to_the_side_that_sank() -> None:
    logits = torch.zeros(3, requires_grad=True)
    places = torch.tensor([[-0.6, 0.0], [0.0, 0.0], [0.6, 0.0]])
    level = attempt_loss(mixture_at(places, logits), one_try(0.0, (0.0, 0.0)), RATES, 0)
    down = torch.autograd.grad(level.sum(), logits)[0]
    assert down[1] > 0 > down[0] and down[0] == pytest.approx(float(down[2]), abs=1e-4)
    right = attempt_loss(mixture_at(places, logits), one_try(0.0, (0.5, 0.0)), RATES, 0)
    down = torch.autograd.grad(right.sum(), logits)[0]
    assert down[2] < 0 < down[0]
    # A place itself is pushed across the line.
    place = torch.tensor([[-0.1, 0.0]], requires_grad=True)
    pushed = attempt_loss(mixture_at(place, torch.zeros(1)), one_try(0.0, (0.5, 0.0)), RATES, 0)
    assert torch.autograd.grad(pushed.sum(), place)[0][0, 0] < 0


def test_padding_does_not_count() -> None:
    mixture = mixture_at(torch.tensor([[0.1, 0.0], [0.6, 0.0]]), torch.tensor([0.0, 0.5]))
    two = mixture._replace(
        keypoints=mixture.keypoints.expand(1, 2, -1, -1),
        log_gates=mixture.log_gates.expand(1, 2, -1),
        log_weights=mixture.log_weights.expand(1, 2, -1, -1),
        places=mixture.places.expand(1, 2, -1, -1),
        votes=mixture.votes.expand(1, 2, -1, -1),
    )
    alone = one_try(0.0, (0.5, 0.0))
    padded = Attempts(*(torch.cat([part, part + 3], 1) for part in alone))._replace(mask=torch.tensor([[1.0, 0.0]]))
    assert torch.allclose(attempt_loss(mixture, alone, RATES, 0), attempt_loss(two, padded, RATES, 0))


def test_what_failures_exclude_on_the_same_object() -> None:
    """Three places 3 cm apart, at odds of 1, e and 1/e; the middle one failed.

    The right side sank: kept are 0.02, 0.02 + 0.98 σ(−3.75) = 0.043 and 0.02 + 0.98 σ(3.75) = 0.977, so that of the
    shares 0.02, 0.116 and 0.359 the right one is 0.73 of all. Nothing tipped: the outer ones keep their odds.
    """
    places = torch.tensor([[-0.6, 0.0], [0.0, 0.0], [0.6, 0.0]])
    mixture = mixture_at(places, torch.tensor([0.0, 1.0, -1.0]))

    def shares(attempts: Attempts, held: bool, refused: float = 0.024) -> list[float]:
        left = without(mixture, attempts, [held], Exclusion(refused, slipped=0.012, margin=0.015, softness=0.004))
        assert left.log_gates.exp().sum() == pytest.approx(1.0)
        return candidates(left)[1].exp()[0, 0, :3].tolist()

    tipped_right = shares(one_try(0.0, (0.5, 0.0)), held=False)
    assert tipped_right == pytest.approx([0.040, 0.234, 0.726], abs=0.01)
    for held in (False, True):
        missed = shares(one_try(0.0, (0.0, 0.0)), held)
        assert missed[1] < 0.15 and missed[0] / missed[2] == pytest.approx(math.e, rel=1e-3)
    # What was held level and still refused was asked for farther away than where a finger would slip.
    off_by_a_little = one_try(0.3, (0.0, 0.0))
    assert shares(off_by_a_little, held=True)[0] > 0.7
    assert shares(off_by_a_little, held=False)[0] < 0.4
    assert pytest.approx(0.03) == 0.6 * SCALE
