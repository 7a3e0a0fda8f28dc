"""Environments are registered whichever package is imported first, and without loading Gymnasium."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("order", ["import gymnasium, robo_meta, sim", "import robo_meta, sim; import gymnasium"])
def test_both_environments_are_registered_in_either_order(order: str) -> None:
    code = f"{order}\nfound = set(gymnasium.registry)\nassert {{'RoboMeta/Grasp-v0', 'RoboMeta/Select-v1'}} <= found"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_loads_neither_gymnasium_nor_torch_nor_physics() -> None:
    code = "import robo_meta, sim, sys\nassert not {'gymnasium', 'torch', 'pybullet'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
