"""Networks: scan in, grasp and action out. Torch and numpy only; numba where there is any.

Axis letters: N tasks, D demonstrations of a task, K demonstrations of its support, P points of a scan (the places that
are scored), F features, H width of the body, M keypoints (softmax means), C corners of the colour cube. Shapes in
docstrings use them.
"""
