"""Benchmarks are what they were when they were frozen, whatever else is registered."""

from dataclasses import asdict, replace

import pytest

from sim import versions
from sim.records import FrozenMapping
from sim.shapes.families import (
    ALL_SPLITS,
    FAMILIES,
    SPLITS,
    families_of,
    register_family,
    register_meshes,
    splits,
    unregister_family,
)
from sim.shapes.training_families import bar
from sim.success import Thresholds
from sim.tasks.benchmark import (
    BENCHMARKS,
    Benchmark,
    UnknownBenchmark,
    benchmark_named,
    benchmark_of,
    fingerprint,
    query_record,
    rounded,
    task_hash,
)
from sim.tasks.queries import draw_query
from tests.sim.objects.mesh_tools import rod

FROZEN = BENCHMARKS["benchmark-1"]


@pytest.mark.parametrize("split", SPLITS)
def test_tasks_are_those_that_were_frozen(split: str):
    assert task_hash(FROZEN, split) == FROZEN.task_hashes[split]


def test_tasks_of_real_objects_are_those_that_were_frozen():
    real = BENCHMARKS["real-1"]
    assert families_of("real-objects") == real.splits["real-objects"]
    assert fingerprint(real) == real.fingerprint


@pytest.mark.parametrize("name", BENCHMARKS)
def test_rules_are_those_that_were_frozen(name: str):
    benchmark = BENCHMARKS[name]
    assert asdict(Thresholds()) == benchmark.thresholds
    assert (benchmark.physics, benchmark.verdict) == (versions.PHYSICS, versions.VERDICT)


def test_splits_are_those_that_are_drawn_from():
    assert tuple(FROZEN.splits) == SPLITS == tuple(FROZEN.task_hashes)
    assert all(families_of(split) == FROZEN.splits[split] for split in SPLITS)
    assert set().union(*FROZEN.splits.values()) <= set(FAMILIES)


def small(**changes) -> Benchmark:
    """Two tasks of one split."""
    benchmark = replace(FROZEN, splits={"validation": families_of("validation")}, tasks=2, **changes)
    return replace(benchmark, task_hashes={"validation": task_hash(benchmark, "validation")})


def test_the_fingerprint_tells_whether_code_still_draws_the_benchmark():
    benchmark = small()
    assert fingerprint(benchmark) == benchmark.fingerprint
    changed = replace(benchmark, task_hashes={"validation": "0" * 64})
    assert fingerprint(changed) != changed.fingerprint


@pytest.mark.parametrize(
    "changes", [{"seed": 1}, {"physics": 9}, {"verdict": 9}, {"thresholds": FrozenMapping({"tilt": 0.2})}]
)
def test_the_fingerprint_holds_tasks_thresholds_and_versions(changes: dict):
    assert small(**changes).fingerprint != small().fingerprint


def test_a_registered_family_changes_no_query():
    shown = [*(("unseen-families", index) for index in range(8)), ("training", 0), ("validation", 1)]
    before = [query_record(draw_query(0, *place)) for place in shown]
    register_family("plank", bar, "a bar", group="planks")
    try:
        assert splits() == (*ALL_SPLITS, "planks")
        after = [query_record(draw_query(0, *place)) for place in shown]
    finally:
        unregister_family("plank")
    assert after == before


def test_a_split_of_ones_own_is_no_part_of_a_benchmark():
    assert benchmark_of("unseen-families") == "benchmark-1"
    assert benchmark_of("real-objects") == "real-1"
    assert benchmark_of("planks") is None


def test_the_record_of_an_imported_object_holds_what_physics_touches():
    shapes = [rod(), replace(rod(), name="thin", pieces=tuple(0.9 * piece for piece in rod().pieces))]
    try:
        found = []
        for shape in shapes:
            register_meshes([replace(shape, name="rod")], group="rods")
            found.append(query_record(draw_query(0, "rods", 0)))
        assert found[0]["surface"] == "curved"
        assert {key for key in found[0] if found[0][key] != found[1][key]} == {"pieces"}
    finally:
        unregister_family("rods-rod")
    assert not {"surface", "pieces"} & set(query_record(draw_query(0, "validation", 0)))


def test_records_are_rounded_and_signless_at_zero():
    found = rounded({"a": [-0.0, 0.12345649, -1e-9], "b": (1, "x", None, True)})
    assert repr(found) == "{'a': [0.0, 0.123456, 0.0], 'b': [1, 'x', None, True]}"


def test_an_unknown_benchmark_is_told():
    assert benchmark_named("benchmark-1") is FROZEN
    with pytest.raises(UnknownBenchmark, match="unknown benchmark 'benchmark-2'; did you mean 'benchmark-1'"):
        benchmark_named("benchmark-2")
