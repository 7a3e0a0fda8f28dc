"""Seeds of parts: by name alone, all apart, and heeded."""

from __future__ import annotations

import torch

from robo_meta.training.objectives import fresh_state
from robo_meta.training.presets import METHODS, PRESETS
from robo_meta.training.seeds import part_seed

PARTS = ("closing", "controller", "stream", *METHODS)


def test_they_are_what_they_were() -> None:
    """Written down: neither a method that is added nor the order of the list may change them."""
    found = {(part, seed): part_seed(seed, part) for part, seed in (("maml", 0), ("maml", 1), ("closing", 0))}
    assert found == {
        ("maml", 0): 1852377123731910575,
        ("maml", 1): 1337074823425526345,
        ("closing", 0): 1312527547367208311,
    }


def test_they_are_apart_and_in_range() -> None:
    found = [part_seed(seed, part) for seed in range(200) for part in PARTS]
    assert len(set(found)) == len(found) and all(0 <= one < 2**63 for one in found)
    assert part_seed(2**70, "maml") < 2**63


def test_fresh_states_draw_from_them() -> None:
    cpu = torch.device("cpu")
    states = {part: fresh_state(part, PRESETS["tiny"], 3, cpu) for part in ("maml", "zero-shot", "controller")}
    # The same shapes, other numbers; and where the drawing of parameters ends, that of batches begins.
    assert not torch.equal(states["maml"].theta["head.in.weight"], states["zero-shot"].theta["head.in.weight"])
    generator = torch.Generator().manual_seed(part_seed(3, "controller"))
    for name, value in states["controller"].theta.items():
        if value.dim() > 1:
            drawn = torch.randn(value.shape, generator=generator)
            assert torch.equal(value, drawn / value.shape[0] ** 0.5), name
    assert torch.equal(states["controller"].rng, generator.get_state())
