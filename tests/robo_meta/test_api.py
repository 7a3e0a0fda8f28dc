"""The public API: names that resolve, imports that are light, and the ten lines of the README."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import robo_meta
from robo_meta.api.arguments import ApiError
from tests.robo_meta.objects.libraries import write_bars
from tests.robo_meta.objects.meshes import bar, write_obj


class Middle:
    """Holds the middle of the scan, a little above the table."""

    name = "middle"

    def adapt(self, support):
        return lambda points: [*points[:, :2].mean(axis=0), 0.02, 0.0]


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of one task with two demonstrations."""
    folder = tmp_path_factory.mktemp("api") / "mine"
    recording = robo_meta.record(folder, families=("hammer",), tasks=1, demos=2)
    assert recording.successes == 2
    return folder


@pytest.mark.parametrize("name", [name for name in robo_meta.__all__ if name != "__version__"])
def test_the_example_of_every_public_name_runs(name: str) -> None:
    """Those that need a dataset are skipped, and shown all the same."""
    value = getattr(robo_meta, name)
    module = sys.modules[value.__module__]
    case = doctest.DocTestParser().get_doctest(value.__doc__, {**vars(module)}, name, module.__file__, 0)
    assert case.examples, f"{name} has no example"
    said: list[str] = []
    assert doctest.DocTestRunner().run(case, out=said.append).failed == 0, "".join(said)


def test_every_public_name_resolves() -> None:
    assert set(robo_meta.__all__) <= set(dir(robo_meta))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        robo_meta.nothing  # noqa: B018


def test_a_name_loads_only_what_it_needs() -> None:
    code = (
        "import sys, robo_meta\n"
        "robo_meta.register_family, robo_meta.SupportSet, robo_meta.Policy, robo_meta.evaluate\n"
        "found = {'torch', 'pybullet', 'gymnasium', 'matplotlib', 'sklearn'} & set(sys.modules)\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_shipped_policy_adapts_acts_and_is_filmed(mine: Path, tmp_path: Path) -> None:
    support = robo_meta.load_support(mine)
    policy = robo_meta.make_strategy("maml").adapt(support)
    scene = robo_meta.scene_of(mine, family="hook")
    played = robo_meta.rollout(policy, scene, seed=0, frames=True)
    with Image.open(played.save(tmp_path / "grasp.gif")) as film:
        assert film.format == "GIF" and film.n_frames > len(played.frames) // 2  # frames that are alike are one
    again = robo_meta.rollout(policy, scene, seed=0)
    assert (again.success, again.steps, again.target) == (played.success, played.steps, played.target)
    assert scene.object.family == "hook" and dict(scene.task.densities) and not again.frames


def test_acting_in_the_environment_is_the_rollout(mine: Path) -> None:
    policy = robo_meta.make_strategy("maml").adapt(robo_meta.load_support(mine))
    scene, env = robo_meta.scene_of(mine), robo_meta.make_env()
    observation, _ = env.reset(seed=3, options={"scene": scene})
    policy.reset()
    steps, done = 0, False
    while not done:
        observation, _, terminated, truncated, info = env.step(robo_meta.act(policy, observation))
        steps, done = steps + 1, terminated or truncated
    env.close()
    played = robo_meta.rollout(policy, scene, seed=3)
    assert (played.steps, played.success) == (steps, info["success"])


def test_one_s_own_strategy_is_evaluated_beside_the_shipped_ones() -> None:
    found = robo_meta.evaluate(
        [Middle(), "centre"], split="validation", transfer="new-shape", shots=1, tasks=2, workers=1
    )
    assert {cell.strategy for cell in found.cells} == {"expert", "middle", "centre"}
    assert {(pair.a, pair.b) for pair in found.pairs} >= {("middle", "centre"), ("middle", "expert")}
    assert "middle" in repr(found) and "n = 2" in repr(found)
    assert {row.strategy for task in found.tasks for row in task.rows} == {"expert", "middle", "centre"}
    other = robo_meta.evaluate(
        [Middle(), "centre"], split="validation", transfer="new-shape", shots=1, tasks=2, workers=2, reference="centre"
    )
    assert {pair.a for pair in other.pairs} == {"centre"}
    assert [cell.successes for cell in other.cells] == [cell.successes for cell in found.cells]


def test_one_s_own_objects_are_imported_and_evaluated_in_a_few_lines(tmp_path: Path) -> None:
    pytest.importorskip("trimesh", reason='needs pip install "robo-meta[meshes]"')
    write_obj(tmp_path / "tools" / "rule.obj", *bar(0.24))
    found = robo_meta.import_objects(tmp_path / "tools", tmp_path / "mine", unit="m", workers=1)
    assert [(one.name, one.accepted) for one in found.accepted] == [("rule", ("balance", "part"))]
    assert robo_meta.register_objects(tmp_path / "mine") == "mine"
    assert robo_meta.draw_scene("mine-rule", split="mine").object.surface == "flat"
    result = robo_meta.evaluate(
        ["warped-replay", "centre"], objects=tmp_path / "mine", support="procedural", shots=1, tasks=2, workers=1
    )
    assert {(cell.split, cell.transfer) for cell in result.cells if cell.strategy == "centre"} == {
        ("mine", "new-shape")
    }
    assert {row.strategy for task in result.tasks for row in task.rows} == {"expert", "warped-replay", "centre"}


def test_objects_of_one_s_own_with_what_can_t_be(tmp_path: Path) -> None:
    bars = write_bars(tmp_path / "bars")
    with pytest.raises(robo_meta.InputError, match="has one family for balance; transfer new-shape needs 2 or more"):
        robo_meta.evaluate("centre", objects=bars, transfer="new-shape")
    with pytest.raises(robo_meta.InputError, match="import_objects: unknown option 'units'; did you mean 'unit'"):
        robo_meta.import_objects(tmp_path, tmp_path / "out", units="mm")
    with pytest.raises(robo_meta.InputError, match="out: no such library"):
        robo_meta.register_objects(tmp_path / "out")


@pytest.mark.parametrize(
    "call, line",
    [
        (lambda folder: robo_meta.load_support(folder, task=3), "no task 3; it has 1 recorded tasks"),
        (lambda folder: robo_meta.load_support(folder, shots=9), "2 successful demonstrations of task 0, 9 asked for"),
        (lambda folder: robo_meta.make_strategy("mamal"), "unknown strategy 'mamal'; did you mean 'maml'"),
        (lambda folder: robo_meta.make_strategy("maml", controller="third"), "controller 'third'; expected learned"),
        (lambda folder: robo_meta.evaluate(["centre"], splits="x"), "unknown option 'splits'; did you mean 'split'"),
        (lambda folder: robo_meta.evaluate(["centre"], reference="maml"), "reference 'maml' takes no part"),
        (lambda folder: robo_meta.evaluate([object()]), "without adapt"),
        (lambda folder: robo_meta.record(folder, task=3), "unknown option 'task'; did you mean 'tasks'"),
        (lambda folder: robo_meta.record(folder, actor="keyboard"), "keyboard needs a terminal.*`robo-meta studio`"),
        (lambda folder: robo_meta.record(folder, actor="checkpoint:none:maml"), "none: no checkpoint"),
        (lambda folder: robo_meta.scene_of(folder, family="hamer"), "unknown family 'hamer'; did you mean 'hammer'"),
    ],
)
def test_bad_arguments_are_told_in_one_line(mine: Path, call, line: str) -> None:
    with pytest.raises(robo_meta.InputError, match=line) as caught:
        call(mine)
    assert "\n" not in str(caught.value)


def test_a_rollout_without_frames_can_t_be_saved(mine: Path, tmp_path: Path) -> None:
    policy = robo_meta.make_strategy(Middle()).adapt(robo_meta.load_support(mine))
    played = robo_meta.rollout(policy, robo_meta.scene_of(mine))
    with pytest.raises(robo_meta.InputError, match="frames=True"):
        played.save(tmp_path / "grasp.gif")
    assert not (tmp_path / "grasp.gif").exists()
    assert isinstance(played.keypoint_mm, float) and np.isfinite(played.keypoint_mm)
    assert issubclass(ApiError, robo_meta.InputError)
