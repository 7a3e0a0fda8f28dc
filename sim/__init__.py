"""Grasping simulator: procedural objects, scenes, physics and the Gymnasium environment `RoboMeta/Grasp-v0`."""

from sim.registration import register
from sim.robot import Workspace

register("RoboMeta/Grasp-v0", "sim.env:GraspEnv", max_episode_steps=Workspace.budget)
