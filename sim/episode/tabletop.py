"""The physics of many episodes, one after another: the arm over a table, cleared for each."""

from __future__ import annotations

from sim.episode.start import Start
from sim.physics.bodies import SimObject
from sim.physics.panda import Panda
from sim.physics.world import FREE_ITERATIONS, World
from sim.robot import GripperConfig
from sim.tasks.scenes import Scene

RENEW_AFTER = 100
"""Objects after which the world is built anew, which takes 40 ms: PyBullet keeps 14 kB of every removed object."""


class Tabletop:
    """One world with its arm, and at most one object.

    Args:
        gripper: configuration of the gripper.
        window: show the world in PyBullet's window.
        visible: give arm and objects visual shapes.

    Raises:
        sim.physics.world.DisplayError: `window` without a display to open it on.
    """

    def __init__(self, gripper: GripperConfig, window: bool, visible: bool) -> None:
        self.world = World(gui=window)
        self.panda = Panda(self.world, gripper, visible)
        self._gripper, self._visible = gripper, visible
        self._object: SimObject | None = None
        self._objects = 0

    def set_up(self, scene: Scene, start: Start) -> SimObject:
        """Clear the table, move the arm to its start and place the scene's object.

        A world in which this fails is built anew by the next call.
        """
        seen, body = self._objects, self._object
        self.renew_next()
        if seen >= RENEW_AFTER or not self.world.is_open:
            self.world.renew()
            self.panda = Panda(self.world, self._gripper, self._visible)
            seen, body = 0, None
        elif body is not None and not _is_of(body, scene):
            body.remove()
            body = None
        self.world.set_iterations(FREE_ITERATIONS)
        self.panda.reset(start.hand, start.yaw)
        if body is None:
            body = SimObject(self.world, scene.object, scene.mass_properties, start.object_to_world, self._visible)
            seen += 1
        else:
            body.start_again(start.object_to_world)
        self._objects, self._object = seen, body
        return body

    def renew_next(self) -> None:
        """Have the next call of `set_up` build the world anew."""
        self._objects, self._object = RENEW_AFTER, None

    def close(self) -> None:
        """Free the physics; safe to call twice."""
        self._object = None
        self.world.close()


def _is_of(body: SimObject, scene: Scene) -> bool:
    """Whether the body is the one that the scene's object would get."""
    return body.spec is scene.object and body.mass_properties == scene.mass_properties
