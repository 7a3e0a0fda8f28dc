"""A judge that takes no time, for tests of all that comes before and after judging."""

from collections.abc import Collection, Sequence

import numpy as np

from sim.objects.meshes import TriangleMesh
from sim.tasks.scenes import INTENTIONS


def by_height(meshes: Sequence[TriangleMesh], intentions: Collection[str]) -> tuple[str, dict[str, str]]:
    """What is 6 mm high serves for everything."""
    height = float(np.ptp(np.concatenate([mesh.vertices for mesh in meshes])[:, 2]))
    low = dict.fromkeys(INTENTIONS, f"too thin to hold: {height * 1000:.0f} mm, needs 6")
    return "curved", low if height < 0.006 else {}
