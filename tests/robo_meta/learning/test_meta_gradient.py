"""The meta-gradient by hand: against the recorded graph, finite differences, and its own compiled twin."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robo_meta.learning import methods
from robo_meta.learning.batch import Batch
from robo_meta.learning.inner_gradient import InnerGradient
from robo_meta.learning.inner_loop import CLIP, initial_rates
from robo_meta.learning.meta_gradient.compiled_call import compiled_here
from robo_meta.learning.meta_gradient.meta_pass import BY_HAND, MetaGradient, meta_gradient
from robo_meta.model import scorer
from robo_meta.model.point_features import FEATURES, VECTORS, Encoded, corner_weights
from robo_meta.model.scorer import grasp_rows, outer_log_scales, stack
from tests.robo_meta.learning.finite_differences import worst_error

Groups = tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]
PROGRESS = 0.5


def problem(sizes: tuple[int, ...], steps: int, seed: int, narrow: float = 0.0) -> tuple[Groups, Batch]:
    """Parameters, rates and a batch in float64.

    Args:
        sizes: N, D, K, P, H, W and M.
        steps: S; none: no rates.
        seed: of everything.
        narrow: by how much the inner losses' log widths are less than at first, which lengthens inner gradients.
    """
    n, d, k, p, hidden, width, keypoints = sizes
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    theta = scorer.initial(hidden, width, keypoints, generator)
    theta = {name: value.double() + 0.2 * normal(*value.shape) for name, value in theta.items()}
    rates = initial_rates(theta, steps) if steps else {}
    rates = {name: value.double() + 0.2 * normal(*value.shape) for name, value in rates.items()}
    rates |= {"log_scales": rates["log_scales"] - narrow} if steps else {}
    rgb = torch.rand(n, d, p, 3, generator=generator, dtype=torch.float64)
    scans = Encoded(
        normal(n, d, p, FEATURES) * 0.5, corner_weights(rgb), normal(n, d, p, 2), normal(n, d, p, VECTORS, 2)
    )
    support = torch.rand(n, d, generator=generator).argsort(-1)[:, :k]
    mask = torch.ones(n, k, dtype=torch.float64)
    mask[:, 1:] = torch.randint(2, (n, k - 1), generator=generator)
    query = 1 - torch.zeros(n, d, dtype=torch.float64).scatter_add_(-1, support, mask)
    graspable = torch.randint(-1, 2, (n, d, 4), generator=generator).double()
    grasps = grasp_rows(torch.cat([normal(n, d, 2) * 0.05, normal(n, d, 2)], -1))
    numbers = torch.arange(n)
    batch = Batch(numbers, scans, grasps, graspable, support, mask, query, numbers, numbers < 0)
    return (theta, rates), batch


def by_graph(method: str, groups: Groups, batch: Batch, first_order: bool) -> MetaGradient:
    """The same by recording a graph."""
    theta, rates = ({k: v.clone().requires_grad_() for k, v in group.items()} for group in groups)
    losses = methods.query_losses(method, theta, rates, batch, first_order, PROGRESS)
    leaves = [*theta.values(), *rates.values()]
    found = torch.autograd.grad(losses.sum(), leaves, allow_unused=True)
    values = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True)]
    return MetaGradient(
        losses.detach(), dict(zip(theta, values, strict=False)), dict(zip(rates, values[len(theta) :], strict=True))
    )


def by_hand(groups: Groups, batch: Batch, first_order: bool) -> MetaGradient:
    return meta_gradient(*groups, batch, batch.grasps.new_tensor(outer_log_scales(PROGRESS)), first_order=first_order)


def apart(one: MetaGradient, other: MetaGradient) -> float:
    """Largest difference of losses, and of a leaf's gradient relative to its norm; what is tiny beside the whole
    gradient is noise of rounding, and is held to that."""
    whole = torch.stack([g.norm() for g in (*other.theta.values(), *other.rates.values())]).norm()
    worst = float((one.losses - other.losses).abs().max() / (1 + other.losses.abs().max()))
    for mine, theirs in ((one.theta, other.theta), (one.rates, other.rates)):
        assert mine.keys() == theirs.keys()
        for name, value in theirs.items():
            assert mine[name].shape == value.shape, name
            worst = max(worst, float((mine[name] - value).norm() / (value.norm() + 1e-4 * whole)))
    return worst


SIZES = st.tuples(*(st.integers(low, high) for low, high in ((1, 3), (2, 4), (1, 3), (2, 12), (2, 7), (2, 6), (1, 3))))


@settings(max_examples=25, deadline=None)
@given(SIZES, st.integers(1, 4), st.integers(0, 2**31), st.booleans(), st.sampled_from([0.0, 2.5]))
def test_it_is_that_of_the_recorded_graph(sizes, steps, seed, first_order, narrow) -> None:
    n, d, k, *rest = sizes
    groups, batch = problem((n, d, min(k, d - 1), *rest), steps, seed, narrow)
    method = "fomaml" if first_order else "maml"
    assert apart(by_hand(groups, batch, first_order), by_graph(method, groups, batch, first_order)) < 1e-9


def test_without_rates_nothing_adapts() -> None:
    groups, batch = problem((3, 3, 2, 9, 5, 4, 2), 0, 1)
    assert apart(by_hand(groups, batch, False), by_graph("zero-shot", groups, batch, False)) < 1e-9
    assert {"maml", "fomaml", "zero-shot", "maml-both"} == set(BY_HAND)


@pytest.mark.parametrize("narrow, clipped", [(0.0, False), (3.0, True)])
def test_it_is_right_where_steps_are_clipped_and_where_not(narrow: float, clipped: bool) -> None:
    groups, batch = problem((2, 3, 2, 8, 5, 4, 2), 3, 7, narrow)
    theta, rates = groups
    rows = torch.arange(2)[:, None]
    support = methods.select(scorer.body(theta, batch.scans), batch.support)
    phi, moved = stack(theta, 2), [k for k in rates if k != "log_scales"]
    first = InnerGradient(phi, support, batch.grasps[rows, batch.support], batch.support_mask, moved)
    norms = sum(g.square().flatten(1).sum(-1) for g in first(phi, rates["log_scales"][0]).values()).sqrt()
    assert ((norms > CLIP) == clipped).all()
    assert apart(by_hand(groups, batch, False), by_graph("maml", groups, batch, False)) < 1e-9


@pytest.mark.parametrize(
    "names", [("head.in.colour", "head.score.like", "head.in.weight"), ("body.mix.own", "body.vote.weight")]
)
def test_it_is_that_of_finite_differences(names: tuple[str, ...]) -> None:
    (theta, rates), batch = problem((2, 3, 2, 6, 4, 3, 2), 2, 3)
    found = by_hand((theta, rates), batch, False)

    def value(name: str, moved: torch.Tensor) -> float:
        return float(by_hand(({**theta, name: moved}, rates), batch, False).losses.sum())

    assert worst_error(value, {k: theta[k] for k in names}, found.theta, 3e-4) < 1e-6


@pytest.mark.parametrize("shots, first_order", [(1, False), (3, False), (2, True)])
def test_compiled_passes_come_to_the_same(shots: int, first_order: bool) -> None:
    groups, batch = problem((3, 4, shots, 40, 16, 24, 3), 3, 11)
    single = tuple({k: v.float() for k, v in group.items()} for group in groups)
    small = batch.to(torch.float32)
    if not compiled_here(small.grasps):
        pytest.skip("no numba here")
    found = by_hand(single, small, first_order)
    exact = by_hand(groups, batch, first_order)
    double = MetaGradient(found.losses.double(), *({k: v.double() for k, v in g.items()} for g in found[1:]))
    assert apart(double, exact) < 2e-3
    again = by_hand(single, small, first_order)
    assert all(torch.equal(a, again.theta[k]) for k, a in found.theta.items())


def test_what_is_no_number_stays_none() -> None:
    groups, batch = problem((2, 3, 1, 8, 5, 4, 2), 2, 5)
    single = tuple({k: v.float() for k, v in group.items()} for group in groups)
    features = batch.scans.features.clone()
    features[1, :, 3, 0] = float("nan")
    small = batch._replace(scans=batch.scans._replace(features=features)).to(torch.float32)
    found = by_hand(single, small, False)
    assert torch.isfinite(found.losses).tolist() == [True, False]
    assert not torch.isfinite(found.theta["body.in.weight"]).all()
