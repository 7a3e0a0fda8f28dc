"""The Franka Panda's model of `pybullet_data`, without what whoever loads it doesn't need."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from sim.physics.world import DATA, World, pybullet

URDF = DATA / "franka_panda" / "panda.urdf"
ARM_JOINTS = tuple(range(7))
HOME = (0.0, 0.0, 0.0, -2.2, 0.0, 2.2, 0.785)
"""rad: joints with the hand pointing down over the workspace."""


def load_arm(world: World, *, visible: bool) -> int:
    """Put the arm into a world, its base at the origin.

    Args:
        world: where.
        visible: with the shapes that pictures show, which cost most of the loading.

    Returns:
        The body.
    """
    tree = ElementTree.parse(URDF)
    root = tree.getroot()
    for link in [] if visible else root.iter("link"):
        for shape in link.findall("visual"):
            link.remove(shape)
    for mesh in root.iter("mesh"):
        mesh.set("filename", mesh.get("filename", "").replace("package://", f"{URDF.parent}/"))
    with tempfile.TemporaryDirectory(prefix="robo_meta_") as folder:
        adjusted = Path(folder) / "panda.urdf"
        tree.write(adjusted)
        return pybullet.loadURDF(str(adjusted), useFixedBase=True, physicsClientId=world.client)
