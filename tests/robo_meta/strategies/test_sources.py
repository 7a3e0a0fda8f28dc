"""Where strategies come from: names, places, plug-ins and objects, in this process and in workers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demos.expert.scripted_controller import scripted_controller
from demos.support import SupportSet
from robo_meta.catalogue import SCRIPTED_SUFFIX
from robo_meta.strategies import StrategyError
from robo_meta.strategies.build import build_strategies, needs_checkpoint
from robo_meta.strategies.own import adopt
from robo_meta.strategies.resolve import resolve, resolve_all
from robo_meta.strategies.sources import CarriedSource, PlacedSource

MODULE = """
import numpy as np
from my_grasps import middle

class Mine:
    def adapt(self, support):
        return middle

class Named:
    name = "my own"
    def __init__(self, height=0.02):
        self.height = height
    def adapt(self, support):
        return lambda points: np.array([0, 0, self.height, 0])

class Wants:
    def __init__(self, size):
        pass
    def adapt(self, support):
        return None

ready = Named(0.03)
"""
BESIDE = """
import numpy as np

def middle(points):
    return np.array([*points[:, :2].mean(0), 0.02, 0.0])
"""


class Here:
    """A strategy of an importable module."""

    def __init__(self, height: float = 0.02) -> None:
        self.height = height

    def adapt(self, support: SupportSet) -> Any:
        return lambda points: np.array([0, 0, self.height, 0])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two modules of a user's in it."""
    (tmp_path / "my_strategies.py").write_text(MODULE)
    (tmp_path / "my_grasps.py").write_text(BESIDE)
    monkeypatch.chdir(tmp_path)
    for name in ("my_strategies", "my_grasps"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def plug_in(folder: Path, name: str, place: str, distribution: str = "grasping") -> None:
    """An installed package, as far as `importlib.metadata` looks at it."""
    info = folder / f"{distribution}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[robo_meta.strategies]\n{name} = {place}\n")


def test_names_of_the_table() -> None:
    assert resolve("maml").name == "maml" and not resolve("maml").scripted
    both = resolve("maml" + SCRIPTED_SUFFIX)
    assert both.name == "maml" + SCRIPTED_SUFFIX and both.scripted and resolve(both) is both


def test_a_place_in_the_current_folder(folder: Path) -> None:
    before = list(sys.path)
    source = resolve("my_strategies:Mine")
    assert source.name == "Mine" and sys.path == before
    assert resolve("my_strategies:Named").name == "my own"
    assert resolve("my_strategies:Named" + SCRIPTED_SUFFIX).name == "my own" + SCRIPTED_SUFFIX
    assert resolve("my_strategies:ready").load().height == 0.03  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(source)) == source and hash(source) == hash(resolve("my_strategies:Mine"))


def test_a_plug_in_is_found_and_not_imported_before_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = folder / "installed"
    installed.mkdir()
    (installed / "tool_net.py").write_text("class Net:\n    def adapt(self, support):\n        return None\n")
    plug_in(installed, "tool-net", "tool_net:Net")
    plug_in(installed, "broken-net", "no_such_module:Net", "unfinished")
    monkeypatch.syspath_prepend(str(installed))
    assert resolve("maml").name == "maml" and "tool_net" not in sys.modules
    source = resolve("tool-net")
    assert isinstance(source, PlacedSource) and source.name == "tool-net" and source.load().adapt(None) is None
    with pytest.raises(StrategyError) as caught:
        resolve("broken-net")
    assert str(caught.value) == (
        "strategy 'no_such_module:Net' of the plug-in unfinished 1.2: "
        "ModuleNotFoundError: No module named 'no_such_module'"
    )
    with pytest.raises(StrategyError, match=r"unknown strategy 'tool-nets'; did you mean 'tool-net'\?"):
        resolve("tool-nets")
    plug_in(installed, "tool-net", "tool_net:Other", "rival")
    with pytest.raises(StrategyError, match=r"'tool-net' is offered by grasping 1\.2 and rival 1\.2; uninstall one"):
        resolve("tool-net")


def test_an_object_is_kept_as_it_was_given() -> None:
    given = Here(0.04)
    source = resolve(given)
    given.height = 9.0
    assert isinstance(source, CarriedSource) and source.name == "Here" and source.load().height == 0.04
    assert source.load() is not source.load() and resolve(Here).load().height == 0.02  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mamml", "unknown strategy 'mamml'; did you mean 'maml'?"),
        ("qqq", "unknown strategy 'qqq'; expected one of zero-shot, "),
        (":Mine", "strategy ':Mine'; expected a name, or module:Class"),
        ("my_strategies:", "strategy 'my_strategies:'; expected a name, or module:Class"),
        (".my_strategies:Mine", "strategy '.my_strategies:Mine'; expected a name, or module:Class"),
        ("nowhere:Mine", "strategy 'nowhere:Mine': ModuleNotFoundError: No module named 'nowhere'"),
        ("my_strategies:Yours", "strategy 'my_strategies:Yours': AttributeError: module 'my_strategies' has no attrib"),
        ("my_strategies:np", "strategy 'my_strategies:np' is a module without adapt(support); expected a class or obj"),
        ("broken:X", "strategy 'broken:X': SyntaxError: "),
        ("leaving:X", "strategy 'leaving:X': SystemExit: 3"),
        (7, "strategy 'int' is a int without adapt(support); expected a class or object with it"),
        (dict, "strategy 'dict' is the class dict without adapt(support)"),
    ],
)
def test_what_is_no_strategy_gets_one_line(given: object, message: str, folder: Path) -> None:
    (folder / "broken.py").write_text("class X\n")
    (folder / "leaving.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(StrategyError) as caught:
        resolve(given)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


def test_a_class_that_wants_arguments(folder: Path) -> None:
    with pytest.raises(StrategyError, match=r"strategy 'Wants': Wants can't be made without arguments .*'size'"):
        build_strategies(None, ["my_strategies:Wants"], "scripted")


def test_names_that_are_taken_or_cannot_be() -> None:
    for name in ("maml", "expert", "", " mine", "two\nlines", "mine" + SCRIPTED_SUFFIX, "x" * 61):
        with pytest.raises(StrategyError, match="strategy Here: ") as caught:
            resolve(type("Here", (Here,), {"name": name}))
        assert "\n" not in str(caught.value)
    with pytest.raises(StrategyError, match="two strategies are called 'Here'"):
        resolve_all([Here, "maml", Here(0.1)])
    with pytest.raises(StrategyError, match="two strategies are called 'maml'"):
        resolve_all(["maml", "maml"])


def test_what_cannot_travel() -> None:
    class Locked(Here):
        def __init__(self) -> None:
            self.lock = threading.Lock()

    with pytest.raises(StrategyError, match="strategy 'Locked' can't be sent to worker processes: TypeError"):
        resolve(Locked())


def test_participants_of_all_kinds(folder: Path, tiny_run: Path) -> None:
    given = ["centre", Here(0.03), "my_strategies:Mine", "maml"]
    assert needs_checkpoint(given, "scripted") and needs_checkpoint([Here], "learned")
    assert not needs_checkpoint(["centre", Here], "scripted")
    assert not needs_checkpoint(["my_strategies:Mine" + SCRIPTED_SUFFIX], "learned")
    built = build_strategies(tiny_run / "policy.safetensors", given, "learned")
    assert [one.name for one in built] == [one.strategy.name for one in built] == ["centre", "Here", "Mine", "maml"]
    assert [one.prior is not None for one in built] == [False, False, False, True]


WORKERS = """
import multiprocessing, sys
from functools import partial
from robo_meta.strategies.identity import code_identity
from robo_meta.strategies.resolve import resolve

GAIN = 2

def helper(points):
    return [GAIN * float(points[:, 0].mean()), 0.0, 0.02, 0.0]

class Local:
    def __init__(self, height):
        self.height = height
    def adapt(self, support):
        return lambda points: helper(points)

def main():
    sources = [resolve(Local(0.03)), resolve("my_strategies:Mine"), resolve("maml")]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.map(code_identity, sources)
    assert there == [code_identity(source) for source in sources], there
    assert len(set(there)) == 3
    print(*(source.name for source in sources))

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("how", ["script", "notebook"])
def test_workers_make_what_was_given(how: str, folder: Path) -> None:
    """Also what `__main__` defines, in a script and where `__main__` has no file; and the hash is the same there."""
    (folder / "work.py").write_text(WORKERS)
    command = ["work.py"] if how == "script" else ["-c", WORKERS]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, cwd=folder, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["Local", "Mine", "maml"]


def test_a_placed_strategy_plays(folder: Path) -> None:
    policy = adopt(resolve("my_strategies:Mine").load(), scripted_controller, "Mine").adapt(  # type: ignore[attr-defined]
        SupportSet((_item(),))
    )
    assert np.allclose(policy.target(np.full((10, 6), 0.01)), [0.01, 0.01, 0.02, 0])


def _item() -> Any:
    from demos.support import SupportItem

    return SupportItem(np.zeros((4, 6)), np.zeros((2, 7)), np.zeros((1, 5)), np.zeros(4), True, "bar", "a0")
