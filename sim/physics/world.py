"""The physics client: a world with a table, stepping, contacts and pictures.

PyBullet is imported here and nowhere else.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import NamedTuple

from sim.errors import InputError, MachineError
from sim.frames import Place
from sim.physics.quiet import quiet

with quiet(2):  # its greeting would stand among the one-line errors
    import pybullet
    import pybullet_data

DATA = Path(pybullet_data.getDataPath())
"""Folder of the models that come with PyBullet."""
PHYSICS_HZ = 240
"""Physics steps per second."""
GRAVITY = 9.81
"""m/s²."""
FREE_ITERATIONS = 20
"""Solver iterations while nothing is gripped."""
TABLE_THICKNESS = 0.4
"""m. A plane mesh lets fast bodies through; a thick box does not."""
PROBE_TIMEOUT = 30.0
"""s: a window that takes longer to open counts as none."""


class DisplayError(InputError):
    """A window was asked for where there is no display to open it on."""


TABLE_FRICTION = 0.6
"""Lateral friction of the table; contacts take the product of both bodies'."""
TABLE_COLOUR = (0.60, 0.55, 0.49)
"""RGB: a warm middle grey, on which every colour of the palette, black and white too, stands out."""


class Contact(NamedTuple):
    """One contact point between two bodies."""

    link_a: int
    """Link of the first body, −1 for its base."""
    position: Place
    """m, world frame, on the second body."""
    normal: Place
    """Unit, world frame, from the second body to the first."""
    force: float
    """N, along the normal."""


class World:
    """One physics client with a table whose top is z = 0.

    The client goes with its world: a world that nobody refers to any more frees the memory of its physics.

    Args:
        gui: open PyBullet's window.

    Raises:
        DisplayError: `gui` without a display that PyBullet can open a window on; it would itself end the process.
    """

    def __init__(self, gui: bool = False) -> None:
        self.gui = gui
        self.client = -1
        self.moment = 0
        """Rises whenever something may have moved: what was read at the same moment needn't be read again."""
        self._iterations = FREE_ITERATIONS
        self._contacts: dict[tuple[int, int], list[Contact]] = {}
        self.renew()

    @property
    def is_open(self) -> bool:
        """Whether the client lives: not closed by `close`, nor by a user who shut its window."""
        return self.client >= 0 and bool(pybullet.isConnected(self.client))

    def renew(self) -> None:
        """Make everything as in a new world: the table alone, and no memory of bodies that came and went.

        PyBullet keeps some 14 kB of every body that is removed, until its whole world is emptied.
        """
        if self.is_open:
            pybullet.resetSimulation(physicsClientId=self.client)
        else:
            self._connect()
        self.touched()
        self._iterations = FREE_ITERATIONS
        pybullet.setGravity(0, 0, -GRAVITY, physicsClientId=self.client)
        # A residual threshold of 0 keeps the solver from stopping early, and ordered pairs keep it from depending on
        # which bodies came and went before: both are needed for bit-identical trajectories.
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=1 / PHYSICS_HZ,
            numSolverIterations=FREE_ITERATIONS,
            solverResidualThreshold=0,
            deterministicOverlappingPairs=1,
            enableFileCaching=0,
            physicsClientId=self.client,
        )
        half = [1.0, 1.0, TABLE_THICKNESS / 2]
        shape = pybullet.createCollisionShape(pybullet.GEOM_BOX, halfExtents=half, physicsClientId=self.client)
        look = pybullet.createVisualShape(
            pybullet.GEOM_BOX, halfExtents=half, rgbaColor=[*TABLE_COLOUR, 1], physicsClientId=self.client
        )
        self.table = pybullet.createMultiBody(
            0, shape, look, [0.5, 0, -TABLE_THICKNESS / 2], physicsClientId=self.client
        )
        pybullet.changeDynamics(self.table, -1, lateralFriction=TABLE_FRICTION, physicsClientId=self.client)

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        if self.client >= 0:
            self._disconnect()
            self.client = -1

    def _connect(self) -> None:
        if self.gui and sys.platform.startswith("linux"):
            _require_display()
        self.close()
        with quiet(1):
            self.client = pybullet.connect(pybullet.GUI if self.gui else pybullet.DIRECT)
        if self.client < 0:
            raise MachineError("PyBullet opens no further physics client in this process; close() some environments")
        self._disconnect = weakref.finalize(self, _disconnect, self.client)
        # At the end of the process the memory goes anyway, and a process that was forked must leave the client alone.
        self._disconnect.atexit = False

    def step(self, count: int) -> None:
        """Advance `count` physics steps."""
        self.touched()
        client = self.client
        for _ in range(count):
            pybullet.stepSimulation(physicsClientId=client)

    def touched(self) -> None:
        """Say that something may have moved: whoever puts a body or a joint somewhere says so."""
        self.moment += 1
        self._contacts.clear()

    def set_iterations(self, count: int) -> None:
        """Solver iterations a step from now on."""
        if count != self._iterations:
            pybullet.setPhysicsEngineParameter(numSolverIterations=count, physicsClientId=self.client)
            self._iterations = count

    def contacts(self, body_a: int, body_b: int) -> list[Contact]:
        """Contact points between two bodies that carry force or touch."""
        found = self._contacts.get((body_a, body_b))
        if found is None:
            points = pybullet.getContactPoints(body_a, body_b, physicsClientId=self.client)
            found = [Contact(c[3], c[6], c[7], c[9]) for c in points or ()]
            self._contacts[body_a, body_b] = found
        return found


def _disconnect(client: int) -> None:
    """Free a client's physics; one that is gone already, as after its window was shut, is none to free."""
    with contextlib.suppress(pybullet.error):
        pybullet.disconnect(client)


def _require_display() -> None:
    """Raise `DisplayError` unless a window opens; one is opened, in a process of its own, and goes at once."""
    display = os.environ.get("DISPLAY")
    trouble = "DISPLAY is not set"
    if display:
        # Nothing less tells: an X server that answers may still lack the OpenGL that PyBullet ends the process over.
        attempt = "import os, pybullet; os._exit(0 if pybullet.connect(pybullet.GUI) >= 0 else 1)"
        command = [sys.executable, "-c", attempt]
        with contextlib.suppress(subprocess.TimeoutExpired):
            if subprocess.run(command, capture_output=True, timeout=PROBE_TIMEOUT).returncode == 0:
                return
        trouble = f"no window opens on DISPLAY {display!r}"
    raise DisplayError(f"render_mode 'human' needs a display, and {trouble}; use 'rgb_array' instead")
