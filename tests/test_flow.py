"""The flow, one way: a folder imports only folders to its left, and learning knows neither physics nor simulator."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
ORDER = (
    "catalogue sim demos objects runs,checkpoints scenarios,model learning training strategies evaluation selector "
    "bench report cli"
)
"""Folders, and one file, from left to right; those joined by a comma don't know each other's order."""
FLOORS = [[n if n in ("sim", "demos") else f"robo_meta.{n}" for n in names.split(",")] for names in ORDER.split()]
LEARNING = ("robo_meta.model", "robo_meta.learning", "robo_meta.training", "robo_meta.strategies")
WITHOUT_PHYSICS = ("sim.compiling", "sim.errors", "sim.frames", "sim.palette", "sim.registration", "sim.robot")
IMPORTS = [
    (
        ".".join(file.relative_to(ROOT).with_suffix("").parts),
        f"{getattr(node, 'module', None) or ''}.{alias.name}".strip("."),
    )
    for top in ("sim", "demos", "robo_meta")
    for file in (ROOT / top).rglob("*.py")
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    if isinstance(node, (ast.Import, ast.ImportFrom))
    for alias in node.names
]
"""(importing module, imported name) of every import statement of the three packages, those in functions too."""


def floor(module: str) -> int:
    """Number of the floor that a module is on; −1 for other packages and for what belongs to no floor."""
    return next((n for n, names in enumerate(FLOORS) for name in names if f"{module}.".startswith(f"{name}.")), -1)


def test_a_folder_imports_only_folders_to_its_left() -> None:
    assert not sorted({pair for pair in IMPORTS if floor(pair[0]) >= 0 and floor(pair[1]) > floor(pair[0])})


def test_learning_imports_neither_physics_nor_simulator() -> None:
    learning = {(module, name) for module, name in IMPORTS if module.startswith(LEARNING)}
    physics = {(module, name) for module, name in learning if name.split(".")[0] in ("sim", "pybullet")}
    assert len(learning) > 100 and not [pair for pair in physics if not pair[1].startswith(WITHOUT_PHYSICS)]
