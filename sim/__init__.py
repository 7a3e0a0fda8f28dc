"""Grasping simulator: procedural objects, scenes, physics and the Gymnasium environment `RoboMeta/Grasp-v0`."""

from gymnasium.envs.registration import register

register(id="RoboMeta/Grasp-v0", entry_point="sim.env:GraspEnv")
