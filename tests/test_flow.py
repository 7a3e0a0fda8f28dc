"""The flow, one way: a folder imports only folders to its left, and learning knows neither physics nor simulator."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOORS = (
    ("robo_meta.catalogue",),
    ("sim",),
    ("demos",),
    ("robo_meta.objects",),
    ("robo_meta.runs", "robo_meta.checkpoints"),
    ("robo_meta.scenarios", "robo_meta.model"),
    ("robo_meta.learning",),
    ("robo_meta.training",),
    ("robo_meta.strategies",),
    ("robo_meta.evaluation",),
    ("robo_meta.selector",),
    ("robo_meta.report",),
    ("robo_meta.cli",),
)
PURE = ("robo_meta.model", "robo_meta.learning", "robo_meta.training", "robo_meta.strategies")


def imports() -> list[tuple[str, str]]:
    """(importing module, imported module) of every import statement of the three packages, those in functions too."""
    found = []
    for file in (file for top in ("sim", "demos", "robo_meta") for file in (ROOT / top).rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                found += [(module, f"{node.module}.{alias.name}") for alias in node.names]
            elif isinstance(node, ast.Import):
                found += [(module, alias.name) for alias in node.names]
    return found


def floor(module: str) -> int:
    """Number of the floor that a module is on; −1 for other packages and for what belongs to no floor."""
    return next((n for n, names in enumerate(FLOORS) for name in names if f"{module}.".startswith(f"{name}.")), -1)


def test_a_folder_imports_only_folders_to_its_left() -> None:
    upwards = sorted({pair for pair in imports() if floor(pair[0]) >= 0 and floor(pair[1]) > floor(pair[0])})
    assert not upwards


def test_learning_imports_neither_physics_nor_simulator() -> None:
    found = [
        (module, name)
        for module, name in imports()
        if module.startswith(PURE)
        and name.split(".")[0] in ("sim", "pybullet")
        and not name.startswith(("sim.errors", "sim.registration"))
    ]
    assert not found
