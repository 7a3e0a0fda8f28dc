"""Rows `meta`: meta-training, in tasks a second on one core, beside other libraries and the bound of arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from robo_meta.bench.config import BenchConfig, BenchError
from robo_meta.bench.meta_data import made_up
from robo_meta.bench.meta_loops import AGREE, LOOPS, PLAIN, Network, difference, outer_widths
from robo_meta.bench.row import Row, Target
from robo_meta.bench.timing import Spread, clocked, interleaved
from robo_meta.learning.meta_gradient.meta_pass import meta_gradient
from robo_meta.model.point_features import FEATURES
from robo_meta.model.scorer import Parameters
from robo_meta.training.objectives import fresh_state, part_losses
from robo_meta.training.outer_loop import outer_step
from robo_meta.training.presets import PRESETS, TrainConfig
from robo_meta.training.state import MetaState
from robo_meta.training.task_sampler import TaskStream

TARGETS = {"full": (12.0, 0.4), "quick": (15.0, 0.25)}
"""Preset → tasks a second as a multiple of learn2learn's; share of the bound of arithmetic."""
TASKS, LOOPED = 16, 8
"""Tasks in the data; tasks of a batch that a loop works through, as it takes long."""
CPU = torch.device("cpu")


def brief(config: BenchConfig) -> Iterator[Row]:
    """Training alone, without anything beside it."""
    for preset in TARGETS:
        bench = MetaBench(preset, config.seed)
        times = interleaved({"here": clocked(bench.step, bench.renew)}, config.rounds)
        yield Row("meta", f"maml, preset {preset}", "tasks/s", times.rate("here", bench.batch))


def rows(config: BenchConfig, peers: tuple[str, ...]) -> Iterator[Row]:
    """Training beside the loops of other libraries, once their gradients have been found equal, and its bound."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for preset in TARGETS:
            yield from _rows(MetaBench(preset, config.seed), config.rounds, (PLAIN, *peers))
    finally:
        torch.set_num_threads(threads)


def _rows(bench: MetaBench, rounds: int, loops: tuple[str, ...]) -> Iterator[Row]:
    errors = {name: bench.error(name) for name in loops}
    worst = max(errors, key=lambda name: errors[name])
    if errors[worst] > AGREE:
        raise BenchError(f"{worst}: its meta-gradient differs by {errors[worst]:.1g} of its norm; nothing is timed")
    contenders = {"here": clocked(bench.step, bench.renew), "products": clocked(bench.products)}
    contenders |= {name: clocked(partial(bench.loop, name), bench.renew) for name in loops}
    times = interleaved(contenders, rounds)
    faster, share = TARGETS[bench.preset]
    here, note = times.rate("here", bench.batch), f"batches of {bench.batch}, whole outer steps"
    for name in loops:
        ratio = _scaled(times.ratio(name, "here"), bench.batch / LOOPED)
        target = Target(faster, at_most=False) if name in ("learn2learn", PLAIN) else None
        said = f"{note}; {name}: {LOOPED} tasks; gradients equal to {errors[name]:.0e}"
        yield Row(
            "meta", f"maml, preset {bench.preset}", "tasks/s", here, name, times.rate(name, LOOPED), ratio, target, said
        )
    rate = Spread.of(bench.product_flops / seconds for seconds in times.figures["products"])
    needed = bench.flops() / bench.product_flops
    ratio = _scaled(times.ratio("products", "here"), needed)
    bound = Spread.of(bench.batch / (seconds * needed) for seconds in times.figures["products"])
    said = f"matrix products alone, at the {rate.median / 1e9:.0f} GFLOP/s that the body's come to in the same run"
    name = f"maml, preset {bench.preset}, of the bound"
    yield Row("meta", name, "tasks/s", here, "arithmetic", bound, ratio, Target(share, at_most=False), said)


class MetaBench:
    """One preset's `maml`, with everything that its contenders need.

    Args:
        preset: name.
        seed: of data and parameters.
    """

    def __init__(self, preset: str, seed: int) -> None:
        self.preset, self._config = preset, PRESETS[preset]
        self.batch = self._config.schedules["maml"].batch
        data = made_up(TASKS, seed)
        self._stream = TaskStream(data, self._config.shots, self._config.transfers, CPU)
        self._state = fresh_state("maml", self._config, seed, CPU)
        self._losses = part_losses("maml", data, self._stream, self._config, CPU)
        self._drawn, self._generator = self._stream.draw(self.batch, _seeded(seed)), _seeded(seed)
        self._network = Network(self._state.theta, self._state.rates)
        self._adam = torch.optim.Adam(self._network.parameters(), 1e-3)
        self._pairs = _products(self._config, self.batch)
        self.product_flops = sum(2 * a.shape[0] * a.shape[1] * b.shape[1] for a, b in self._pairs)

    def renew(self) -> None:
        """Every contender is timed on the same batch."""
        self._generator = _seeded(0)
        self._drawn = self._stream.draw(self.batch, _seeded(0))

    def step(self) -> MetaState:
        """A whole outer step: drawing a batch, losses, gradient and Adam."""
        return outer_step("maml", self._state, self._losses, self._generator, rate=1e-3, clip=1.0)[0]

    def loop(self, name: str) -> None:
        """An outer step of a loop over the batch's first tasks; drawing them isn't counted."""
        self._adam.zero_grad()
        LOOPS[name](self._network, self._drawn.rows(slice(LOOPED)), outer_widths(self._drawn))
        self._adam.step()

    def products(self) -> None:
        """The body's matrix products."""
        for a, b in self._pairs:
            torch.mm(a, b)

    def flops(self) -> int:
        """Of the matrix products of a step, as PyTorch counts them; of what is compiled, its twin's."""
        batch = self._drawn.to(torch.float64)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            meta_gradient(_double(self._state.theta), _double(self._state.rates), batch, outer_widths(batch))
        return counter.get_total_flops()

    def error(self, name: str) -> float:
        """How far a loop's meta-gradient is from this project's, in float64, relative to its norm."""
        batch = self._drawn.rows(slice(3)).to(torch.float64)
        # Away from the start, at which many gradients are zero.
        generator = _seeded(1)
        theta, rates = (
            {k: v.double() + 0.1 * torch.randn(v.shape, generator=generator).double() for k, v in group.items()}
            for group in (self._state.theta, self._state.rates)
        )
        with torch.no_grad():
            found = meta_gradient(theta, rates, batch, outer_widths(batch))
        return difference(name, theta, rates, batch, found)


def _scaled(spread: Spread, factor: float) -> Spread:
    return Spread(spread.median * factor, spread.low * factor, spread.high * factor, spread.n)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed % 2**63)  # no more fit in


def _double(group: Parameters) -> dict[str, Tensor]:
    return {k: v.double() for k, v in group.items()}


def _products(config: TrainConfig, tasks: int) -> list[tuple[Tensor, Tensor]]:
    """The factors of the body's products for a batch, forwards and backwards."""
    rows, sizes = tasks * 4 * 128, config.architecture
    generator, found = _seeded(0), []
    for inputs, outputs in ((FEATURES, sizes.hidden), (sizes.hidden, sizes.hidden), (sizes.hidden, sizes.head)):
        x, w, d = (torch.randn(s, generator=generator) for s in ((rows, inputs), (inputs, outputs), (rows, outputs)))
        found += [(x, w), (d.t(), x)]
        if inputs != FEATURES:
            found.append((d, w.t()))
    return found
