"""The parts of one episode of `RoboMeta/Grasp-v0`."""
