"""Meta-training on a GPU: `python -m robo_meta.bench.gpu`, prepared for a machine that has one; prints JSON.

It checks the meta-gradient against PyTorch's own graph on the CPU before any speed is given; then, for each batch size,
tasks a second of whole captured outer steps, peak memory, the share of the bound that matrix products and memory set,
and learn2learn's way, one task after another, on the same device. `--device cpu` tries the script itself: its figures
say nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from robo_meta.bench.meta_data import made_up
from robo_meta.bench.meta_loops import AGREE, LOOPS, PLAIN, Network, difference, outer_widths
from robo_meta.learning.batch import Batch
from robo_meta.learning.meta_gradient.meta_pass import meta_gradient
from robo_meta.model.point_features import Encoded
from robo_meta.training.captured import CapturedStep
from robo_meta.training.objectives import fresh_state
from robo_meta.training.presets import PRESETS
from robo_meta.training.task_sampler import TaskStream

SIZES = (40, 128, 256, 512, 1024, 2048, 4096)
"""Tasks of a batch."""
LOOPED, PROBED = 4, 4
"""Tasks that the loop works through, and by which gradients are compared."""


class Amounts(NamedTuple):
    """How much is done on a kind of device."""

    steps: int
    """Steps timed."""
    tasks: int
    """Tasks in the data."""
    square: int
    """Side of the matrices by which the device's arithmetic is measured."""
    copied: int
    """Number of float32 numbers by which its memory is measured."""


AMOUNTS = {"cuda": Amounts(30, 64, 4096, 2**28), "cpu": Amounts(2, 4, 256, 2**20)}
"""Kind of device → how much is done on it; on a CPU, little."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 without CUDA, or where the gradients differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="full", choices=sorted(PRESETS))
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--device", default="cuda", choices=sorted(AMOUNTS))
    options = parser.parse_args(arguments)
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("bench.gpu: no CUDA device is available to torch; nothing is measured", file=sys.stderr)
        return 1
    error = gradient_difference(options.preset, device)
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "torch": torch.__version__,
        "preset": options.preset,
        "gradient_difference": error,
    }
    if error > AGREE:
        print(json.dumps(result | {"refused": f"gradients differ by more than {AGREE}"}))
        return 1
    limits = {"flop_per_s": _products(device), "bytes_per_s": _copies(device)}
    result |= limits | {"loop_tasks_per_s": loop_rate(options.preset, device)}
    data = made_up(AMOUNTS[device.type].tasks, 0)
    stream = TaskStream(data, (1,), PRESETS[options.preset].transfers, device)
    result["sizes"] = [measured(options.preset, stream, size, limits) for size in options.sizes]
    print(json.dumps(result))
    return 0


def gradient_difference(preset: str, device: torch.device) -> float:
    """How far the meta-gradient on `device` is from the plain loop's on the CPU, which has no derivative by hand; both
    in float64, relative to the norm."""
    (theta, rates), batch = _problem(preset, PROBED)
    far_theta, far_rates = ({k: v.to(device) for k, v in group.items()} for group in (theta, rates))
    with torch.no_grad():
        found = meta_gradient(far_theta, far_rates, _on(batch, device), outer_widths(batch).to(device))
    return difference(PLAIN, theta, rates, batch, found)


def measured(preset: str, stream: TaskStream, size: int, limits: dict[str, float]) -> dict[str, float | None]:
    """Tasks a second, peak memory in bytes, and the share of the roofline at one batch size."""
    config, device = PRESETS[preset], stream.device
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    step = CapturedStep("maml", fresh_state("maml", config, 0, device), stream, size, first_order=False, clip=1.0)
    for _ in range(3):
        step.run(1e-4, 0.5)
    step.look()
    _wait(device)
    started = time.perf_counter()
    steps = AMOUNTS[device.type].steps
    for _ in range(steps):
        step.run(1e-4, 0.5)
    step.look()
    _wait(device)
    seconds = (time.perf_counter() - started) / steps
    batch = stream.draw(size, torch.Generator().manual_seed(0))
    state = step.state()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        meta_gradient(state.theta, state.rates, batch, outer_widths(batch))
    # Each scan's features are read twice at least: forwards, and for the gradient of the first layer.
    least = 2 * batch.scans.features.numel() * 4
    bound = max(counter.get_total_flops() / limits["flop_per_s"], least / limits["bytes_per_s"])
    return {
        "batch": size,
        "tasks_per_s": size / seconds,
        "step_ms": 1e3 * seconds,
        "peak_bytes": float(torch.cuda.max_memory_allocated()) if device.type == "cuda" else None,
        "roofline_share": bound / seconds,
    }


def loop_rate(preset: str, device: torch.device) -> float:
    """Tasks a second of the plain per-task loop, learn2learn's way, on `device`; Adam's step is left out."""
    groups, batch = _problem(preset, LOOPED)
    network = Network(*({k: v.float() for k, v in group.items()} for group in groups)).to(device)
    batch = _on(batch.to(torch.float32), device)
    for _ in range(2):
        LOOPS[PLAIN](network, batch, outer_widths(batch))
    _wait(device)
    started = time.perf_counter()
    LOOPS[PLAIN](network, batch, outer_widths(batch))
    _wait(device)
    return LOOPED / (time.perf_counter() - started)


def _problem(preset: str, tasks: int) -> tuple[list[dict[str, Tensor]], Batch]:
    """Parameters and rates away from the start, and a batch, in float64 on the CPU."""
    config, cpu = PRESETS[preset], torch.device("cpu")
    stream = TaskStream(made_up(tasks, 0), (2,), config.transfers, cpu)
    state, generator = fresh_state("maml", config, 0, cpu), torch.Generator().manual_seed(1)
    groups = [
        {k: v.double() + 0.1 * torch.randn(v.shape, generator=generator).double() for k, v in group.items()}
        for group in (state.theta, state.rates)
    ]
    return groups, stream.draw(tasks, generator).to(torch.float64)


def _on(batch: Batch, device: torch.device) -> Batch:
    parts = {name: getattr(batch, name).to(device) for name in batch._fields if name != "scans"}
    return Batch(scans=Encoded(*(part.to(device) for part in batch.scans)), **parts)


def _products(device: torch.device) -> float:
    """FLOP/s of a large float32 product."""
    side = AMOUNTS[device.type].square
    a = torch.randn(side, side, device=device)
    return 2 * side**3 / _seconds(lambda: a @ a, device)


def _copies(device: torch.device) -> float:
    """Bytes a second, read and written, of a large copy."""
    count = AMOUNTS[device.type].copied
    a = torch.zeros(count, device=device)
    b = torch.empty_like(a)
    return 8 * count / _seconds(lambda: b.copy_(a), device)


def _seconds(work: Callable[[], Any], device: torch.device) -> float:
    for _ in range(3):
        work()
    _wait(device)
    started = time.perf_counter()
    for _ in range(10):
        work()
    _wait(device)
    return (time.perf_counter() - started) / 10


def _wait(device: torch.device) -> None:
    """Until the device has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    sys.exit(main())
