"""Meta-training as other libraries do it, one task after another, over the very same network, data and update rule.

Each loop gives the losses of a batch's tasks and leaves the gradient of their sum in the network's parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from robo_meta.learning.batch import Batch
from robo_meta.learning.inner_loop import CLIP, inner_losses
from robo_meta.learning.meta_gradient.meta_pass import MetaGradient
from robo_meta.learning.methods import hold_losses, select
from robo_meta.model.scorer import Hidden, body, head, log_likelihood, outer_log_scales

AGREE = 1e-9
"""Largest difference of meta-gradients in float64, relative to their norm, before any speed is given."""
PLAIN = "a plain loop"
"""The contender that needs no library: PyTorch's own graph, one task after another."""


class Network(nn.Module):
    """The scorer with its inner rates as a module, as the other libraries want one.

    Args:
        theta, rates: name → value; copies become the parameters.
    """

    def __init__(self, theta: Mapping[str, Tensor], rates: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.names = {key: _key("theta", key) for key in theta}
        self.rate_names = {key: _key("rates", key) for key in rates}
        for name, key in self.names.items():
            self.register_parameter(key, nn.Parameter(theta[name].detach().clone()))
        for name, key in self.rate_names.items():
            self.register_parameter(key, nn.Parameter(rates[name].detach().clone()))
        self.moved = sorted(name for name in rates if name in theta)

    def forward(self) -> dict[str, Tensor]:
        """Parameters as they are now, by name: libraries that copy a module run its copy by this."""
        return {name: getattr(self, key) for name, key in self.names.items()}

    def rates(self) -> dict[str, Tensor]:
        """Inner rates, by name."""
        return {name: getattr(self, key) for name, key in self.rate_names.items()}

    def steps(self) -> int:
        """S."""
        return len(self.rates()["log_scales"])

    def scaled(self, step: int, gradients: list[Tensor]) -> list[Tensor]:
        """What the moved parameters move by: each gradient times its rate, all of them clipped together."""
        square = torch.stack([g.square().sum() for g in gradients]).sum()
        shrink = CLIP / (square + 1e-12).sqrt().clamp_min(CLIP)
        rates = self.rates()
        return [-rates[k][step].exp() * shrink * g for k, g in zip(self.moved, gradients, strict=True)]


def outer_widths(batch: Batch) -> Tensor:
    """(3,) log widths of the outer loss at the end of a training, as the batch's numbers are."""
    return batch.grasps.new_tensor(outer_log_scales(1.0))


def _key(group: str, name: str) -> str:
    return f"{group}_{name.replace('.', '_')}"


def _support_loss(network: Network, theta: Mapping[str, Tensor], task: _Task, step: int) -> Tensor:
    heads = {k: v[None] for k, v in theta.items() if k.startswith("head.")}
    return inner_losses(heads, task.support, task.shown, task.batch.support_mask, network.rates()["log_scales"][step])[
        0
    ]


def _query_loss(theta: Mapping[str, Tensor], task: _Task, log_scales: Tensor) -> Tensor:
    heads = {k: v[None] for k, v in theta.items() if k.startswith("head.")}
    likelihood = log_likelihood(head(heads, task.hidden), task.batch.grasps, log_scales)
    mask = task.batch.query_mask
    return (-(likelihood * mask).sum(-1) / mask.sum(-1) + hold_losses(task.hidden, task.batch.graspable))[0]


class _Task:
    """One task of a batch, seen by the body."""

    def __init__(self, theta: Mapping[str, Tensor], batch: Batch) -> None:
        self.batch, self.hidden = batch, body(theta, batch.scans)
        self.support: Hidden = select(self.hidden, batch.support)
        self.shown = batch.grasps[torch.zeros_like(batch.support[:, :1]), batch.support]


def plain(network: Network, batch: Batch, log_scales: Tensor) -> Tensor:
    """By `torch.autograd.grad` alone."""

    def one(task: _Task) -> Tensor:
        theta = network()
        for step in range(network.steps()):
            leaves = [theta[k] for k in network.moved]
            found = torch.autograd.grad(_support_loss(network, theta, task, step), leaves, create_graph=True)
            moves = network.scaled(step, list(found))
            theta |= {k: v + move for k, v, move in zip(network.moved, leaves, moves, strict=True)}
        return _query_loss(theta, task, log_scales)

    return _each(network, batch, one)


def learn2learn(network: Network, batch: Batch, log_scales: Tensor) -> Tensor:
    """By its `clone_module` and `update_module`."""
    import learn2learn as l2l

    def one(task: _Task) -> Tensor:
        learner = l2l.utils.clone_module(network)
        for step in range(network.steps()):
            theta = learner()
            leaves = [theta[k] for k in network.moved]
            loss = _support_loss(network, theta, task, step)
            moves = network.scaled(step, list(torch.autograd.grad(loss, leaves, create_graph=True)))
            by_key = {network.names[k]: move for k, move in zip(network.moved, moves, strict=True)}
            learner = l2l.utils.update_module(learner, [by_key.get(key) for key, _ in learner.named_parameters()])
        return _query_loss(learner(), task, log_scales)

    return _each(network, batch, one)


def higher(network: Network, batch: Batch, log_scales: Tensor) -> Tensor:
    """By its `innerloop_ctx` over SGD, whose gradients a callback scales."""
    import higher as library

    order = [key for key, _ in network.named_parameters()]
    places = [order.index(network.names[k]) for k in network.moved]

    def callback(step: int) -> Callable[[list[Tensor]], list[Tensor | None]]:
        def scaled(found: list[Tensor]) -> list[Tensor | None]:
            moves = network.scaled(step, [found[place] for place in places])
            by_place = dict(zip(places, moves, strict=True))
            return [-by_place[place] if place in by_place else None for place in range(len(found))]

        return scaled

    def one(task: _Task) -> Tensor:
        optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
        with library.innerloop_ctx(network, optimizer, copy_initial_weights=False) as (learner, inner):
            for step in range(network.steps()):
                inner.step(_support_loss(network, learner(), task, step), grad_callback=callback(step))
            return _query_loss(learner(), task, log_scales)

    return _each(network, batch, one)


def torchopt(network: Network, batch: Batch, log_scales: Tensor) -> Tensor:
    """By its differentiable functional transformations."""
    import torchopt as library

    def one(task: _Task) -> Tensor:
        theta = network()
        moved = tuple(theta[k] for k in network.moved)
        for step in range(network.steps()):
            now = theta | dict(zip(network.moved, moved, strict=True))
            found = torch.autograd.grad(_support_loss(network, now, task, step), moved, create_graph=True)
            moves = tuple(network.scaled(step, list(found)))
            moved = library.apply_updates(moved, moves, inplace=False)
        return _query_loss(theta | dict(zip(network.moved, moved, strict=True)), task, log_scales)

    return _each(network, batch, one)


def difference(
    name: str, theta: Mapping[str, Tensor], rates: Mapping[str, Tensor], batch: Batch, found: MetaGradient
) -> float:
    """How far a meta-gradient is from a loop's, or its losses from the loop's, whichever is more; relative to their
    norms.

    Args:
        name: one of `LOOPS`.
        theta, rates, batch: what the loop works on, in float64.
        found: the meta-gradient of the losses' sum, from wherever.
    """
    network = Network(theta, rates)
    losses = LOOPS[name](network, batch, outer_widths(batch))
    named = [(found.theta[k], network.names[k]) for k in theta] + [
        (found.rates[k], network.rate_names[k]) for k in rates
    ]
    pairs = [(own.to(losses.device), getattr(network, key).grad) for own, key in named]
    apart = torch.stack([(own - (torch.zeros_like(own) if its is None else its)).norm() for own, its in pairs]).norm()
    whole = torch.stack([its.norm() for _, its in pairs if its is not None]).norm()
    return float(torch.maximum(apart / whole, (found.losses.to(losses.device) - losses).norm() / losses.norm()))


def _each(network: Network, batch: Batch, one: Callable[[_Task], Tensor]) -> Tensor:
    """Losses (N,), the gradient of each left in the network's parameters before the next."""
    losses = []
    for number in range(len(batch.support)):
        loss = one(_Task(network(), batch.rows(slice(number, number + 1))))
        loss.backward()
        losses.append(loss.detach())
    return torch.stack(losses)


LOOPS: dict[str, Any] = {PLAIN: plain, "learn2learn": learn2learn, "torchopt": torchopt, "higher": higher}
"""Contender → (network, batch, log_scales) → losses (N,)."""
