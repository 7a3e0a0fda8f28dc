"""Networks: scan in, grasp and action out. Torch only.

Axis letters here: N tasks, K shots, P points, S inner steps.
"""
