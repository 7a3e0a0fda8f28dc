"""The reservoir: bounded, of distinct tasks, and every task as likely to be in it as any other."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from robo_meta.training.online.reservoir import Reservoir, empty_reservoir, offer


def _fill(tasks: int, bound: int, generator: torch.Generator) -> Reservoir:
    reservoir = empty_reservoir()
    for task in range(tasks):
        reservoir = offer(reservoir, task, bound, generator)
    return reservoir


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 2**31))
def test_it_is_bounded_and_holds_distinct_tasks_that_passed(tasks: int, bound: int, seed: int) -> None:
    held, seen = _fill(tasks, bound, torch.Generator().manual_seed(seed))
    assert seen == tasks and len(held) == min(tasks, bound)
    assert len(set(held.tolist())) == len(held) and all(0 <= task < tasks for task in held.tolist())


def test_every_task_is_equally_likely_to_be_held() -> None:
    tasks, bound, runs = 12, 4, 1500
    generator, counts = torch.Generator().manual_seed(0), np.zeros(tasks)
    for _ in range(runs):
        counts[_fill(tasks, bound, generator).held.numpy()] += 1
    assert counts.sum() == runs * bound
    assert chisquare(counts).pvalue > 0.01
    assert np.abs(counts / runs - bound / tasks).max() < 0.05


def test_a_biased_memory_would_be_seen() -> None:
    """The check above bites: keeping the newest with probability one half instead is no reservoir."""
    tasks, bound, runs = 12, 4, 1500
    rng, counts = np.random.default_rng(0), np.zeros(tasks)
    for _ in range(runs):
        held = list(range(bound))
        for task in range(bound, tasks):
            if rng.random() < 0.5:
                held[rng.integers(bound)] = task
        counts[held] += 1
    assert chisquare(counts).pvalue < 1e-6


def test_offering_leaves_the_old_value_alone() -> None:
    generator = torch.Generator().manual_seed(3)
    before = _fill(50, 5, generator)
    kept = before.held.clone()
    changed = before
    for task in range(50, 400):
        changed = offer(changed, task, 5, generator)
    assert torch.equal(before.held, kept) and not torch.equal(changed.held, kept)
