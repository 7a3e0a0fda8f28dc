"""Each compiled layer of the meta-gradient against its twin by PyTorch, in single precision."""

from __future__ import annotations

import platform
import resource

import numpy as np
import pytest
import torch
from torch import Tensor

from robo_meta.learning.freed_memory import keep_freed_memory
from robo_meta.learning.meta_gradient import body_compiled, body_layers
from robo_meta.learning.meta_gradient.body_layers import Layer
from robo_meta.learning.meta_gradient.compiled_call import compiled_here
from robo_meta.learning.meta_gradient.head_compiled import CompiledScans, listed
from robo_meta.learning.meta_gradient.head_layers import COLOUR, SCORE, Scans, SomeScans, Tables
from robo_meta.learning.meta_gradient.head_pass import ByScans, HeadPass
from robo_meta.learning.meta_gradient.products import product, transposed, wide_transposed
from robo_meta.model.point_features import corner_weights
from robo_meta.model.scorer import grasp_rows

TASKS, SHOTS, POINTS, HIDDEN, WIDTH, OUTPUTS = 3, 2, 21, 10, 7, 4
FACTORS = torch.tensor([0.5, 0.5, 1.0, 0.0, 0.3, 0.7])
"""The fourth scan is padding."""
needs_numba = pytest.mark.skipif(not compiled_here(torch.zeros(1)), reason="no numba here")


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def scans_of(count: int, generator: torch.Generator) -> Scans:
    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    colours = corner_weights(torch.rand(count, POINTS, 3, generator=generator))
    ones = torch.ones(count, POINTS, 1)
    return Scans(
        normal(count, POINTS, HIDDEN),
        torch.cat([colours, ones], -1),
        normal(count, POINTS, WIDTH),
        normal(count, WIDTH),
        normal(count, POINTS),
        normal(count, POINTS),
        normal(count, OUTPUTS),
        normal(OUTPUTS, WIDTH),
        torch.cat([normal(count, POINTS, 2), ones], -1),
        normal(count, POINTS, 2),
        grasp_rows(0.05 * normal(count, 4)),
    )


def tables_like(generator: torch.Generator) -> Tables:
    shapes = {
        "head.in.bias": (WIDTH,),
        COLOUR: (8, WIDTH),
        SCORE: (8, OUTPUTS),
        "head.gate.bias": (OUTPUTS,),
        "head.score.like": (HIDDEN, 1),
    }
    return {name: 0.5 * torch.randn(TASKS, *shape, generator=generator) for name, shape in shapes.items()}


def near(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool((one - other).norm() <= 2e-6 * (1 + other.norm()))


@needs_numba
def test_heads_agree_in_gradient_and_tangent_and_pass_over_padding(generator: torch.Generator) -> None:
    scans, rows = scans_of(8, generator), torch.tensor([1, 0, 3, 2, 7, 5])
    phi, direction, log_scales = tables_like(generator), tables_like(generator), torch.tensor([-0.5, -0.2, -0.3])
    plain = SomeScans(scans, rows, FACTORS, TASKS)
    compiled = CompiledScans(scans, rows, FACTORS, TASKS, listed(scans.colours))
    assert compiled.rows.tolist() == [1, 0, 3, 7, 5]
    found = []
    for some in (plain, compiled):
        one, into = HeadPass(phi, some, log_scales), ByScans.of(scans, len(some.rows))
        tables, widths = one.gradient(into)
        moved, moved_widths, _ = one.tangent(direction, into)
        whole = ByScans.of(scans, 8)
        whole.add(into, some.rows)
        losses = some.per_task(one.losses)
        found.append([losses, widths, moved_widths, *(t[k] for t in (tables, moved) for k in sorted(t)), *whole])
    assert all(near(mine, theirs) for mine, theirs in zip(found[1], found[0], strict=True))


@needs_numba
@pytest.mark.parametrize("with_table", [True, False])
def test_bodies_agree_back_and_forth(generator: torch.Generator, with_table: bool) -> None:
    scans = scans_of(4, generator)
    colours, which = scans.colours, listed(scans.colours)
    a = torch.randn(4 * POINTS, HIDDEN, generator=generator)
    table = torch.randn(4, 9, HIDDEN, generator=generator) if with_table else None
    by_x = torch.randn(4 * POINTS, HIDDEN, generator=generator)
    by_sums, by_highest = torch.randn(4, 9, HIDDEN, generator=generator), torch.randn(4, HIDDEN, generator=generator)
    layers: list[Layer] = []
    backs: list[tuple[Tensor, Tensor]] = []
    for module in (body_layers, body_compiled):
        layers.append(module.heard(a.clone(), colours, which, table))
        backs.append(module.heard_back(by_x.clone(), layers[-1], colours, which, by_sums, by_highest))
    plain, compiled = layers
    assert near(compiled.x, plain.x) and near(compiled.sums, plain.sums) and near(compiled.highest, plain.highest)
    assert (compiled.where == plain.where).all()
    assert all(near(mine, theirs) for mine, theirs in zip(backs[1], backs[0], strict=True))


@needs_numba
def test_listed_colours_are_those_that_a_point_has() -> None:
    which = listed(torch.tensor([[[0.0, 0.4, 0.6, 1.0], [1.0, 0.0, 0.0, 1.0]]]))
    assert which[0, 0, :4].tolist() == [3, 1, 2, 3]
    assert which[0, 1, :3].tolist() == [2, 0, 3]


@pytest.mark.parametrize("dtype, error", [(torch.float32, 1e-5), (torch.float64, 1e-13)])
def test_products_with_a_weight_are_matrix_products(
    generator: torch.Generator, dtype: torch.dtype, error: float
) -> None:
    rows, weight = (torch.randn(shape, generator=generator).to(dtype) for shape in ((3, 5, 11), (11, 4)))
    bias, outputs = (torch.randn(shape, generator=generator).to(dtype) for shape in ((4,), (15, 4)))
    flat = rows.flatten(0, 1)
    assert torch.allclose(product(rows, weight), flat @ weight, atol=error)
    assert torch.allclose(product(rows, weight, bias), flat @ weight + bias, atol=error)
    for found in (wide_transposed(rows, outputs), transposed(flat, outputs)):
        assert torch.allclose(found, flat.t() @ outputs, atol=error)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_was_freed_serves_again_without_new_pages() -> None:
    keep_freed_memory()

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        arrays = [np.ones(3 << 20, np.float32) for _ in range(6)]
        del arrays
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    pages = 6 * (3 << 22) // resource.getpagesize()
    assert faults() < pages / 10
