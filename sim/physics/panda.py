"""The Franka Panda: joints, inverse kinematics for a top-down hand, and the gear-coupled gripper."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sim.frames import Pose, wrap_heading
from sim.physics.world import DATA, World, pybullet
from sim.robot import GripperConfig

URDF = DATA / "franka_panda" / "panda.urdf"
ARM_JOINTS = tuple(range(7))
LEFT_FINGER, RIGHT_FINGER, GRASP_LINK = 9, 10, 11
BASE = "panda_link0"
"""The link that is fixed at the world's origin."""
HOME = (0.0, 0.0, 0.0, -2.2, 0.0, 2.2, 0.785)
"""rad: joints with the hand pointing down over the workspace."""
ARM_FORCES = (87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0)
"""N m: joint torque limits of the URDF."""
ARM_GAINS, ARM_DAMPING = (0.4,) * 7, (1.0,) * 7
"""Of the joints' motors: share of the position's and of the velocity's error that a physics step takes away."""
LOWER = (-2.9671, -1.8326, -2.9671, -3.1416, -2.9671, -0.0873, -2.9671)
UPPER = (2.9671, 1.8326, 2.9671, 0.0, 2.9671, 3.8223, 2.9671)


class Panda:
    """The arm of one `World`, hand pointing down.

    The hand frame is the URDF's grasp target between the finger tips; its yaw is the heading of the closing direction.
    """

    def __init__(self, world: World, gripper: GripperConfig, visible: bool) -> None:
        self.world = world
        self.gripper = gripper
        self.body = _load(world, visible)
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
        # PyBullet's inverse kinematics works from the base link's centre of mass, not from its frame.
        self._base_offset = tuple(pybullet.getDynamicsInfo(self.body, -1, physicsClientId=client)[3])
        self.joints: tuple[float, ...] = HOME
        """rad: where the arm is told to be."""
        self._fingers_told: float | None = None
        self._hand: tuple = ()
        self._hand_read_at = -1

    def reset(self, position: np.ndarray, yaw: float) -> None:
        """Put the hand at `position` (3,), m, world, with closing heading `yaw`, rad, open and at rest."""
        self.joints = HOME
        for _ in range(4):
            self.joints = self.inverse_kinematics(position, yaw)
            for joint, angle in zip(ARM_JOINTS, self.joints, strict=True):
                pybullet.resetJointState(self.body, joint, angle, 0.0, physicsClientId=self.world.client)
        for link in (LEFT_FINGER, RIGHT_FINGER):
            pybullet.resetJointState(
                self.body, link, self.gripper.open_width / 2, 0.0, physicsClientId=self.world.client
            )
        self.world.touched()
        self._drive_arm(self.joints)
        self._fingers_told = None
        self._drive_fingers(self.gripper.open_width / 2)

    def inverse_kinematics(self, position: np.ndarray, yaw: float) -> tuple[float, ...]:
        """(7,) joint angles, rad, for the hand at `position`, pointing down, closing along `yaw`."""
        # The hand's y axis is its closing direction; half a turn about x points it down.
        half = yaw / 2 + np.pi / 4
        orientation = [np.cos(half), np.sin(half), 0.0, 0.0]
        open_finger = self.gripper.open_width / 2
        solution = pybullet.calculateInverseKinematics(
            self.body,
            GRASP_LINK,
            [at - offset for at, offset in zip(np.asarray(position).tolist(), self._base_offset, strict=True)],
            orientation,
            currentPositions=[*self.joints, open_finger, open_finger],
            maxNumIterations=60,
            residualThreshold=1e-6,
            physicsClientId=self.world.client,
        )
        # The solution comes first, so that what is no number stays none.
        return tuple([min(max(q, low), high) for q, low, high in zip(solution[:7], LOWER, UPPER, strict=True)])

    def move(self, position: np.ndarray, yaw: float, close: bool, steps: int, ticks: int = 6) -> None:
        """Drive to `position`, `yaw` in `steps` physics steps; joint targets move on `ticks` times on the way."""
        self._drive_fingers(0.0 if close else self.gripper.open_width / 2)
        start, goal = self.joints, self.inverse_kinematics(position, yaw)
        for tick in range(1, ticks + 1):
            part = tick / ticks
            self._drive_arm([a + (b - a) * part for a, b in zip(start, goal, strict=True)])
            self.world.step(steps // ticks)
        self.joints = goal

    def hand_position(self) -> np.ndarray:
        """(3,), m, world: where the grasp frame is."""
        return np.array(self._hand_link()[4])

    def hand_yaw(self) -> float:
        """Heading of the closing direction, rad, in (−π/2, π/2]."""
        x, y, z, w = self._hand_link()[5]
        closing_x, closing_y = 2 * (x * y - z * w), 1 - 2 * (x * x + z * z)
        return float(wrap_heading(np.arctan2(closing_y, closing_x)))

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


def _load(world: World, visible: bool) -> int:
    """Load the URDF of `pybullet_data`, adjusted: unseen visuals, which cost most of the loading, are left out."""
    tree = ElementTree.parse(URDF)
    for link in tree.getroot().iter("link"):
        for element in link.findall("visual") if not visible else []:
            link.remove(element)
    for mesh in tree.getroot().iter("mesh"):
        mesh.set("filename", mesh.get("filename", "").replace("package://", f"{URDF.parent}/"))
    with tempfile.TemporaryDirectory(prefix="robo_meta_") as folder:
        adjusted = Path(folder) / "panda.urdf"
        tree.write(adjusted)
        return pybullet.loadURDF(str(adjusted), useFixedBase=True, physicsClientId=world.client)
