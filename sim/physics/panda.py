"""The Franka Panda: the motors of its joints, the hand that they carry, and the gear-coupled gripper."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, hypot, pi

import numpy as np

from sim.frames import Place, Pose
from sim.physics.arm_kinematics import ArmKinematics
from sim.physics.arm_model import ARM_JOINTS, HOME, load_arm
from sim.physics.world import World, pybullet
from sim.robot import GripperConfig

LEFT_FINGER, RIGHT_FINGER, GRASP_LINK = 9, 10, 11
BASE = "panda_link0"
"""The link that is fixed at the world's origin."""
ARM_FORCES = (87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0)
"""N m: joint torque limits of the URDF."""
ARM_GAINS, ARM_DAMPING = (0.4,) * 7, (1.0,) * 7
"""Of the joints' motors: share of the position's and of the velocity's error that a physics step takes away."""
ROUNDS = 4
"""Times that the kinematics are asked for a start far from `HOME`, each from where the last time ended."""


class Panda:
    """The arm of one `World`, hand pointing down.

    The hand frame is the URDF's grasp target between the finger tips; its yaw is the heading of the closing direction.
    """

    def __init__(self, world: World, gripper: GripperConfig, visible: bool) -> None:
        self.world = world
        self.gripper = gripper
        self.body = load_arm(world, visible=visible)
        client = world.client
        for link in (LEFT_FINGER, RIGHT_FINGER):
            pybullet.changeDynamics(
                self.body,
                link,
                lateralFriction=gripper.lateral_friction,
                spinningFriction=gripper.spinning_friction,
                rollingFriction=0.0,
                physicsClientId=client,
            )
        for link in range(-1, pybullet.getNumJoints(self.body, physicsClientId=client)):
            pybullet.changeDynamics(self.body, link, linearDamping=0.0, angularDamping=0.0, physicsClientId=client)
        # The URDF's mimic tag is ignored by PyBullet: without the gear an off-centre grasp pushes one finger open.
        gear = pybullet.createConstraint(
            self.body,
            LEFT_FINGER,
            self.body,
            RIGHT_FINGER,
            pybullet.JOINT_GEAR,
            [1, 0, 0],
            [0, 0, 0],
            [0, 0, 0],
            physicsClientId=client,
        )
        pybullet.changeConstraint(gear, gearRatio=-1, erp=0.1, maxForce=50, physicsClientId=client)
        self._kinematics = ArmKinematics(world, self.body, GRASP_LINK)
        self.joints: tuple[float, ...] = HOME
        """rad: where the arm is told to be."""
        self._fingers_told: float | None = None
        self._hand: tuple = ()
        self._hand_read_at = -1

    def reset(self, position: np.ndarray, yaw: float) -> None:
        """Put the hand at `position` (3,), m, world, with closing heading `yaw`, rad, open and at rest."""
        self.joints = HOME
        for _ in range(ROUNDS):
            self.joints = self._kinematics.solve(position, yaw, self.joints)
        open_finger = self.gripper.open_width / 2
        for joint, at in (
            *zip(ARM_JOINTS, self.joints, strict=True),
            (LEFT_FINGER, open_finger),
            (RIGHT_FINGER, open_finger),
        ):
            pybullet.resetJointState(self.body, joint, at, 0.0, physicsClientId=self.world.client)
        self.world.touched()
        self._drive_arm(self.joints)
        self._fingers_told = None
        self._drive_fingers(open_finger)

    def move(self, position: np.ndarray, yaw: float, close: bool, steps: int, ticks: int = 6) -> None:
        """Drive to `position`, `yaw` in `steps` physics steps; joint targets move on `ticks` times on the way."""
        self._drive_fingers(0.0 if close else self.gripper.open_width / 2)
        goal = self._kinematics.solve(position, yaw, self.joints)
        ways = [(start, end - start) for start, end in zip(self.joints, goal, strict=True)]
        for tick in range(1, ticks + 1):
            part = tick / ticks
            self._drive_arm([start + way * part for start, way in ways])
            self.world.step(steps // ticks)
        self.joints = goal

    def hand_position(self) -> np.ndarray:
        """(3,), m, world: where the grasp frame is."""
        return np.array(self.plain_hand_position())

    def plain_hand_position(self) -> Place:
        """`hand_position` in plain numbers."""
        found: Place = self._hand_link()[4]
        return found

    def hand_height(self) -> float:
        """m over the table."""
        return self.plain_hand_position()[2]

    def hand_yaw(self) -> float:
        """Heading of the closing direction, rad, in (−π/2, π/2]."""
        # numpy's own arctan2 of this and its minimum of 32-bit floats put wide registers to work, for which many
        # processors lower their clock: the next four physics steps take an eighth longer.
        x, y = self._closing_axis()
        return pi / 2 - (pi / 2 - atan2(y, x)) % pi

    def closing_direction(self) -> tuple[float, float]:
        """x and y, world frame, of the level unit vector along which the fingers close."""
        x, y = self._closing_axis()
        length = hypot(x, y)
        return x / length, y / length

    def hand_to_world(self) -> Pose:
        """Pose of the hand frame: z out of the hand, y the closing direction."""
        link = self._hand_link()
        return Pose(link[4], link[5])

    def opening(self) -> float:
        """Width between the pads, m."""
        left, right = pybullet.getJointStates(self.body, [LEFT_FINGER, RIGHT_FINGER], physicsClientId=self.world.client)
        return left[0] + right[0]

    def link_frames(self) -> dict[str, Pose]:
        """Name of each link in the URDF → its frame to world: for whoever draws the arm elsewhere than in PyBullet."""
        client, frames = self.world.client, {BASE: Pose(np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]))}
        for link in range(pybullet.getNumJoints(self.body, physicsClientId=client)):
            name = pybullet.getJointInfo(self.body, link, physicsClientId=client)[12].decode()
            state = self._link(link)
            frames[name] = Pose(np.array(state[4]), np.array(state[5]))
        return frames

    def _link(self, link: int) -> tuple:
        return pybullet.getLinkState(self.body, link, computeForwardKinematics=1, physicsClientId=self.world.client)

    def _closing_axis(self) -> tuple[float, float]:
        """x and y, world frame, of the hand's y axis."""
        x, y, z, w = self._hand_link()[5]
        return 2 * (x * y - z * w), 1 - 2 * (x * x + z * z)

    def _hand_link(self) -> tuple:
        """The state of the grasp frame, read once a moment of the physics."""
        if self._hand_read_at != self.world.moment:
            self._hand, self._hand_read_at = self._link(GRASP_LINK), self.world.moment
        return self._hand

    def _drive_arm(self, joints: Sequence[float]) -> None:
        """Tell the arm's motors where to be: angles (7,), rad."""
        pybullet.setJointMotorControlArray(
            self.body,
            ARM_JOINTS,
            pybullet.POSITION_CONTROL,
            targetPositions=joints,
            forces=ARM_FORCES,
            positionGains=ARM_GAINS,
            velocityGains=ARM_DAMPING,
            physicsClientId=self.world.client,
        )

    def _drive_fingers(self, target: float) -> None:
        """Tell both fingers' motors where to be, m from the middle; they keep it until they are told otherwise."""
        if target == self._fingers_told:
            return
        for link in (LEFT_FINGER, RIGHT_FINGER):
            pybullet.setJointMotorControl2(
                self.body,
                link,
                pybullet.POSITION_CONTROL,
                targetPosition=target,
                force=self.gripper.force,
                positionGain=0.2,
                velocityGain=1.0,
                maxVelocity=0.2,
                physicsClientId=self.world.client,
            )
        self._fingers_told = target
