"""Code identities: the same code and state hash alike, anything else anew."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robo_meta.strategies.identity import ROOT, SHIPPED, code_identity, shipped_code, sources_hash
from robo_meta.strategies.resolve import resolve

MODULE = "import kit.grips\n\nclass Mine:\n    def adapt(self, support):\n        return kit.grips.middle\n"
FILES = {
    "mine.py": MODULE,
    "kit/__init__.py": "",
    "kit/grips.py": "from . import numbers_of\n\ndef middle(points):\n    return [0, 0, numbers_of.HEIGHT, 0]\n",
    "kit/numbers_of.py": "HEIGHT = 0.02\n",
    "unrelated.py": "",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "kit", "kit.grips", "kit.numbers_of"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    "name, counts",
    [
        ("sim/frames.py", True),
        ("sim/env.py", True),
        ("sim/shapes/held_out_families.py", True),
        ("demos/expert/grasp_plan.py", True),
        ("robo_meta/scenarios/novice.py", True),
        ("robo_meta/evaluation/play_task.py", True),
        ("robo_meta/strategies/baselines/replay.py", True),
        ("robo_meta/report/page.py", False),
    ],
)
def test_an_edited_world_is_another_world(name: str, counts: bool, tmp_path: Path) -> None:
    for place in (*SHIPPED, "robo_meta/report"):
        copy = shutil.copytree if (ROOT / place).is_dir() else shutil.copy
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / place, tmp_path / place)
    assert sources_hash(tmp_path) == shipped_code()
    with (tmp_path / name).open("a") as file:
        file.write("# edited\n")
    assert (sources_hash(tmp_path) != shipped_code()) == counts


class Held:
    def __init__(self, state: Any) -> None:
        self.state = state

    def adapt(self, support: Any) -> Any:
        return None


def identity(given: object) -> str:
    return code_identity(resolve(given))


@pytest.mark.parametrize("name", [name for name in FILES if name != "kit/__init__.py"])
def test_edited_code_is_other_code(name: str, folder: Path) -> None:
    """Also that of modules beside it, imported by it or by one of them; and not that of modules it doesn't import."""
    before = identity("mine:Mine")
    assert before == identity("mine:Mine")
    path = folder / name
    path.write_text(path.read_text() + "\n# another word\n")
    assert (identity("mine:Mine") == before) == (name == "unrelated.py")


def test_the_object_of_a_module_is_told_like_its_class(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    before = identity(importlib.import_module("mine").Mine())
    (folder / "kit" / "numbers_of.py").write_text("HEIGHT = 0.03\n")
    assert identity(importlib.import_module("mine").Mine()) != before


STATES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "number": (lambda: 1, lambda: 2),
    "kind": (lambda: 1, lambda: 1.0),
    "text": (lambda: "a", lambda: "b"),
    "order": (lambda: [1, 2], lambda: [2, 1]),
    "nesting": (lambda: [[1], 2], lambda: [[1, 2]]),
    "dictionary": (lambda: {"a": {"b": 1}}, lambda: {"a": {"b": 2}}),
    "set": (lambda: {"a", "b", "c"}, lambda: {"a", "b", "d"}),
    "array": (lambda: np.arange(4), lambda: np.arange(1, 5)),
    "shape": (lambda: np.zeros((2, 3)), lambda: np.zeros((3, 2))),
    "generator": (lambda: np.random.default_rng(1), lambda: np.random.default_rng(2)),
    "object": (lambda: Held([1]), lambda: Held([2])),
}


@pytest.mark.parametrize("name", STATES)
def test_other_state_is_another_strategy(name: str) -> None:
    one, other = STATES[name]
    assert identity(Held(one())) == identity(Held(one())) != identity(Held(other()))


def test_weights_count() -> None:
    import torch

    def network(seed: int) -> torch.nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return torch.nn.Linear(3, 2)

    assert identity(Held(network(1))) == identity(Held(network(1))) != identity(Held(network(2)))


def test_circles_end() -> None:
    round_about: list[Any] = [1]
    round_about.append(round_about)
    assert identity(Held(round_about))


NOTEBOOK = """
from functools import partial
import numpy as np
from robo_meta.strategies.identity import code_identity
from robo_meta.strategies.resolve import resolve

GAIN = {gain}
NAMES = {{"one", "two", "three"}}

def helper(points, most=1.0):
    return [min(most, GAIN * len(points)), 0.0, 0.02, {yaw}]

class Base:
    def adapt(self, support):
        return partial(helper, most=0.1)

class Local(Base):
    names = NAMES
    def reset(self):
        super().reset()

{unused}
print(code_identity(resolve(Local)))
"""


def notebook(**words: Any) -> str:
    text = NOTEBOOK.format(**{"gain": 1, "yaw": 0.0, "unused": "", **words})
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONHASHSEED": "random"}
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_cell_that_is_edited_is_other_code() -> None:
    """Without a file, code counts and the globals that it uses; what else the notebook does doesn't."""
    before = notebook()
    assert notebook(unused="print  # something else") == before
    assert len({before, notebook(gain=2), notebook(yaw=0.5)}) == 3


def test_shipped_strategies_share_the_identity_of_the_package() -> None:
    assert identity("maml") == identity("centre+scripted-controller") == shipped_code()
    assert len(shipped_code()) == 64 and identity(Held) != shipped_code()
