"""Grasping simulator: procedural objects, scenes, physics and the Gymnasium environment `RoboMeta/Grasp-v0`."""

from sim.registration import register

register("RoboMeta/Grasp-v0", "sim.env:GraspEnv")
