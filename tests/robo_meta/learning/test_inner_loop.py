"""Adaptation: against a hand-derived meta-gradient, per-task loops and finite differences."""

from __future__ import annotations

import math

import pytest
import torch

from robo_meta.learning.inner_gradient import InnerGradient
from robo_meta.learning.inner_loop import ADAPTED, MOVED, adapt, descend, initial_rates, inner_losses
from robo_meta.learning.methods import SPECIALISE, select
from robo_meta.model import context_encoder, scorer
from robo_meta.model.point_features import encode
from robo_meta.model.scorer import Hidden, body, grasp_rows, head, log_likelihood, stack
from tests.robo_meta.learning.finite_differences import worst_error

HIDDEN, HEAD, KEYPOINTS, STEPS, TASKS, DEMOS = 7, 5, 2, 3, 4, 3


def double(tree: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {k: v.double().requires_grad_() for k, v in tree.items()}


@pytest.fixture
def problem() -> tuple:
    """Parameters, rates, scans and grasps in float64, with colour tables that are not zero."""
    generator = torch.Generator().manual_seed(3)
    theta = scorer.initial(HIDDEN, HEAD, KEYPOINTS, generator)
    for name in theta:
        if name.endswith(("bias", "colour", "hold.out.weight")):
            theta[name] = 0.3 * torch.randn(theta[name].shape, generator=generator)
    theta = double(theta)
    rates = double(initial_rates(theta, STEPS))
    points = torch.rand(TASKS, DEMOS, 16, 6, generator=generator).double()
    points = points * torch.tensor([0.2, 0.05, 0.03, 1, 1, 1]) - torch.tensor([0.1, 0.025, -0.01, 0, 0, 0])
    grasps = torch.rand(TASKS, DEMOS, 4, generator=generator).double() * 0.1 - 0.05
    scans = type(encode(points))(*(part.double() for part in encode(points)))
    return theta, rates, scans, grasp_rows(grasps)


def meta_loss(theta: dict, rates: dict, scans, grasps, mask, first_order: bool = False) -> torch.Tensor:
    """Query loss, summed over tasks: supports are the first two demos, the query is the last."""
    hidden = body(theta, scans)
    tasks = grasps.shape[0]
    support = select(hidden, torch.tensor([[0, 1]]).expand(tasks, -1))
    phi = adapt(theta, rates, support, grasps[:, :2], mask, first_order=first_order)
    scales = grasps.new_tensor([-2.0, -1.0, -2.0])
    return -log_likelihood(head(phi, hidden), grasps, scales)[:, 2].sum()


def gradients(loss: torch.Tensor, *trees: dict) -> list[torch.Tensor]:
    leaves = [leaf for tree in trees for leaf in tree.values()]
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    return [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True)]


def one_task(theta: dict, rates: dict, scans, grasps, mask, first_order: bool) -> torch.Tensor:
    """MAML of a single task written out plainly: no stacking, torch.autograd on unstacked tensors."""
    hidden = body(theta, scans)
    own = Hidden(*(part[:, :2] for part in hidden))
    phi = {k: v for k, v in theta.items() if k.startswith("head.")}
    for step in range(STEPS):
        stacked = {k: v[None] for k, v in phi.items()}
        loss = inner_losses(stacked, own, grasps[:, :2], mask, rates["log_scales"][step])[0]
        names = [k for k in rates if k != "log_scales"]
        found = torch.autograd.grad(loss, [phi[k] for k in names], create_graph=True)
        if first_order:
            found = [g.detach() for g in found]
        norm = torch.sqrt(sum((g**2).sum() for g in found) + 1e-12)
        factor = torch.where(norm > 2.0, 2.0 / norm, torch.ones_like(norm))
        moved = {k: phi[k] - torch.exp(rates[k][step]) * factor * g for k, g in zip(names, found, strict=True)}
        phi = {**phi, **moved}
    scales = grasps.new_tensor([-2.0, -1.0, -2.0])
    return -log_likelihood(head({k: v[None] for k, v in phi.items()}, hidden), grasps, scales)[0, 2]


@pytest.mark.parametrize("method, first_order", [("maml", False), ("maml", True), ("anil", False), ("anil", True)])
def test_stacked_meta_gradient_equals_a_per_task_loop(problem: tuple, method: str, first_order: bool) -> None:
    theta, _, scans, grasps = problem
    rates = double(initial_rates(theta, STEPS, MOVED[method]))
    mask = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 0.0]]).double()
    stacked = gradients(meta_loss(theta, rates, scans, grasps, mask, first_order), theta, rates)
    loop = [torch.zeros_like(g) for g in stacked]
    for task in range(TASKS):
        row = type(scans)(*(part[task : task + 1] for part in scans))
        loss = one_task(theta, rates, row, grasps[task : task + 1], mask[task : task + 1], first_order)
        loop = [a + b for a, b in zip(loop, gradients(loss, theta, rates), strict=True)]
    for (name, _), a, b in zip([*theta.items(), *rates.items()], stacked, loop, strict=True):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-10), name
        # The widths act only through the inner gradients, which the first-order form takes for constants.
        assert a.abs().max() > 0 or (first_order and name == "log_scales"), name


def test_first_order_differs_from_second_order(problem: tuple) -> None:
    theta, rates, scans, grasps = problem
    mask = torch.ones(TASKS, 2).double()
    exact = gradients(meta_loss(theta, rates, scans, grasps, mask), theta)
    first = gradients(meta_loss(theta, rates, scans, grasps, mask, first_order=True), theta)
    change = sum((a - b).square().sum() for a, b in zip(exact, first, strict=True)).sqrt()
    assert change > 1e-2 * sum(a.square().sum() for a in exact).sqrt()


def test_fomaml_is_first_order_whatever_is_asked(problem: tuple) -> None:
    theta, rates, scans, grasps = problem
    hidden, mask = body(theta, scans), torch.ones(TASKS, 2).double()
    support, scales = select(hidden, torch.tensor([[0, 1]]).expand(TASKS, -1)), grasps.new_tensor([-2.0, -1.0, -2.0])

    def gradient(method: str, first_order: bool) -> list[torch.Tensor]:
        phi = SPECIALISE[method](theta, rates, support, grasps[:, :2], mask, first_order)
        loss = -log_likelihood(head(phi, hidden), grasps, scales)[:, 2].sum()
        leaves = [*theta.values(), *(rates[k] for k in ADAPTED)]
        return list(torch.autograd.grad(loss, leaves, retain_graph=True))

    first, exact = gradient("maml", True), gradient("maml", False)
    for asked in (False, True):
        assert all(torch.equal(a, b) for a, b in zip(gradient("fomaml", asked), first, strict=True))
    assert not all(torch.allclose(a, b, rtol=1e-3) for a, b in zip(exact, first, strict=True))


@pytest.mark.parametrize("method", ["maml", "anil"])
def test_meta_gradient_equals_finite_differences(problem: tuple, method: str) -> None:
    theta, _, scans, grasps = problem
    rates = double(initial_rates(theta, STEPS, MOVED[method]))
    mask = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 0.0]]).double()
    trees = {**{f"theta/{k}": v for k, v in theta.items()}, **{f"rates/{k}": v for k, v in rates.items()}}
    exact = dict(zip(trees, gradients(meta_loss(theta, rates, scans, grasps, mask), theta, rates), strict=True))

    def value(name: str, moved: torch.Tensor) -> float:
        # The inner loop differentiates, so its parameters must be able to.
        now = {k: (moved if k == name else v).detach().requires_grad_() for k, v in trees.items()}
        split = [{k.partition("/")[2]: v for k, v in now.items() if k.startswith(g)} for g in ("theta", "rates")]
        return float(meta_loss(*split, scans, grasps, mask).detach())

    # Some gradients of rates are as small as 4e-6 and need a longer step, which would reach a kink of the body: the
    # maximum over the points.
    for group, step in (("theta", 3e-4), ("rates", 1e-2)):
        leaves = {k: v for k, v in trees.items() if k.startswith(group)}
        assert worst_error(value, leaves, exact, step) < 1e-6


def test_context_gradient_equals_finite_differences(problem: tuple) -> None:
    theta, _, scans, grasps = problem
    generator = torch.Generator().manual_seed(5)
    theta = {**theta, **double(context_encoder.initial(HIDDEN, HEAD, KEYPOINTS, 6, generator))}
    mask = torch.ones(TASKS, 2).double()

    def loss(parameters: dict) -> torch.Tensor:
        hidden = body(parameters, scans)
        support = select(hidden, torch.tensor([[0, 1]]).expand(TASKS, -1))
        phi = context_encoder.condition(parameters, support, grasps[:, :2], mask)
        return -log_likelihood(head(phi, hidden), grasps, grasps.new_tensor([-2.0, -1.0, -2.0]))[:, 2].sum()

    exact = dict(zip(theta, gradients(loss(theta), theta), strict=True))
    with torch.no_grad():
        assert worst_error(lambda name, moved: float(loss({**theta, name: moved})), theta, exact, 1e-4) < 1e-6


@pytest.mark.parametrize("first_order", [False, True])
def test_three_weights_by_hand(first_order: bool) -> None:
    """One inner step on a linear model with three weights, differentiated by hand.

    Support loss l(w) = ½ (w·x − y)², so its gradient is (w·x − y) x and its Hessian x xᵀ. With one step of size a,
    w' = w − a (w·x − y) x. The query loss L = ½ (w'·u − v)² then has

        dL/dw = (I − a x xᵀ) (w'·u − v) u    and, first order,    dL/dw = (w'·u − v) u,
        dL/d log a = −a (w·x − y) (x·u) (w'·u − v)    in both.

    With w = (1, −2, 3), x = (1, 2, 0), y = 1, a = 1/10, u = (0, 1, 1), v = 2:
    w·x − y = −4;  w' = (1, −2, 3) + 0.4 (1, 2, 0) = (1.4, −1.2, 3);  w'·u − v = −0.2;  (w'·u − v) u = (0, −0.2, −0.2);
    x·u = 2, so x xᵀ u = 2 x and dL/dw = −0.2 (u − 0.2 x) = (0.04, −0.12, −0.2);
    dL/d log a = −0.1·(−4)·2·(−0.2) = −0.16.
    """
    w = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
    log_rate = torch.tensor([math.log(0.1)], dtype=torch.float64, requires_grad=True)
    x, u = torch.tensor([1.0, 2.0, 0.0]).double(), torch.tensor([0.0, 1.0, 1.0]).double()
    phi = descend(
        {"w": w[None]},
        lambda p, step: 0.5 * (p["w"] @ x - 1.0) ** 2,
        {"w": log_rate},
        first_order=first_order,
        clip=1e9,
    )
    assert phi["w"].tolist() == [pytest.approx([1.4, -1.2, 3.0])]
    by_w, by_rate = torch.autograd.grad((0.5 * (phi["w"] @ u - 2.0) ** 2).sum(), [w, log_rate])
    assert by_w.tolist() == pytest.approx([0.0, -0.2, -0.2] if first_order else [0.04, -0.12, -0.2])
    assert by_rate.tolist() == pytest.approx([-0.16])


def test_adapting_is_pure_and_improves_the_support(problem: tuple) -> None:
    theta, rates, scans, grasps = problem
    before = {k: v.clone() for k, v in theta.items()}
    hidden = Hidden(*(part[:, :2] for part in body(theta, scans)))
    mask = torch.ones(TASKS, 2).double()
    phi = adapt(theta, rates, hidden, grasps[:, :2], mask, differentiable=False)
    again = adapt(theta, rates, hidden, grasps[:, :2], mask, differentiable=False)
    assert all(torch.equal(theta[k], before[k]) for k in theta)
    assert all(torch.equal(phi[k], again[k]) and not phi[k].requires_grad for k in phi)
    scales = rates["log_scales"][0]
    prior = inner_losses(stack(theta, TASKS), hidden, grasps[:, :2], mask, scales)
    assert (inner_losses(phi, hidden, grasps[:, :2], mask, scales) < prior).all()


@pytest.mark.parametrize("method", ["maml", "anil"])
def test_adapting_without_a_graph_comes_to_the_same(problem: tuple, method: str) -> None:
    theta, _, scans, grasps = problem
    rates = double(initial_rates(theta, STEPS, MOVED[method]))
    hidden = Hidden(*(part[:, :2] for part in body(theta, scans)))
    mask = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 0.0]]).double()
    by_hand = adapt(theta, rates, hidden, grasps[:, :2], mask, differentiable=False)
    by_graph = adapt(theta, rates, hidden, grasps[:, :2], mask)
    assert by_hand.keys() == by_graph.keys()
    for name in by_hand:
        assert torch.allclose(by_hand[name], by_graph[name], rtol=1e-10, atol=1e-12), name
        assert (name in MOVED[method]) != torch.equal(by_hand[name], stack(theta, TASKS)[name]), name


@pytest.mark.parametrize("spread", [0.05, 5.0])
def test_gradient_by_hand_is_that_of_the_loss(problem: tuple, spread: float) -> None:
    """With respect to every parameter of the head, for grasps on the object and for some far off it."""
    theta, rates, scans, grasps = problem
    grasps = grasp_rows(torch.cat([grasps[..., :2] * spread, grasps[..., 2:]], -1))
    hidden = Hidden(*(part.detach() for part in body(theta, scans)))
    phi = {name: value.detach().requires_grad_() for name, value in stack(theta, TASKS).items()}
    mask, scales = torch.ones(TASKS, DEMOS).double(), rates["log_scales"][0].detach()
    mask[0, 1] = 0.0
    wanted = torch.autograd.grad(inner_losses(phi, hidden, grasps, mask, scales).sum(), list(phi.values()))
    found = InnerGradient(phi, hidden, grasps, mask, phi)(phi, scales)
    for (name, value), expected in zip(phi.items(), wanted, strict=True):
        assert found[name].shape == value.shape
        assert torch.allclose(found[name], expected, rtol=1e-9, atol=1e-12), name
        assert expected.abs().max() > 1e-6, name


def test_masked_shots_do_not_count(problem: tuple) -> None:
    theta, rates, scans, grasps = problem
    hidden = body(theta, scans)
    pair = select(hidden, torch.tensor([[0, 1]]).expand(TASKS, -1))
    single = select(hidden, torch.tensor([[0]]).expand(TASKS, -1))
    half = torch.tensor([[1.0, 0.0]]).double().expand(TASKS, -1)
    masked = adapt(theta, rates, pair, grasps[:, :2], half, differentiable=False)
    alone = adapt(theta, rates, single, grasps[:, :1], half[:, :1], differentiable=False)
    assert all(torch.allclose(masked[k], alone[k], rtol=1e-12, atol=1e-12) for k in masked)


def test_inner_gradients_are_clipped() -> None:
    start = torch.zeros(2, 1, dtype=torch.float64)
    slopes = torch.tensor([1.0, 1000.0]).double()
    moved = descend({"w": start}, lambda p, step: p["w"][:, 0] * slopes, {"w": torch.zeros(1).double()},
                    differentiable=False, clip=5.0)  # fmt: skip
    assert moved["w"][:, 0].tolist() == pytest.approx([-1.0, -5.0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cpu_and_cuda_gradients_agree(problem: tuple) -> None:
    theta, rates, scans, grasps = problem
    mask = torch.ones(TASKS, 2).double()
    on_cpu = gradients(meta_loss(theta, rates, scans, grasps, mask), theta, rates)
    far = [{k: v.detach().cuda().requires_grad_() for k, v in tree.items()} for tree in (theta, rates)]
    scans, grasps, mask = type(scans)(*(part.cuda() for part in scans)), grasps.cuda(), mask.cuda()
    on_cuda = gradients(meta_loss(far[0], far[1], scans, grasps, mask), *far)
    for a, b in zip(on_cpu, on_cuda, strict=True):
        assert torch.allclose(a, b.cpu(), rtol=1e-8, atol=1e-8)
