"""The meta-gradient written out by hand: a training step without a recorded graph.

Recording and replaying a graph of second derivatives takes several thousand calls a step, most of them on tensors so
small that the call costs more than the arithmetic. Here every pass is written down with its gradient, and the second
derivatives are tangents of the inner gradient: vᵀ∂g/∂x of g = ∇φ L is the derivative of ∇x L in the direction φ̇ = v.
Axis letters as in `robo_meta.learning`, and: U scans, those of all tasks in one row (U = N · D, or N · K for supports);
points stand last where a sum over them follows.
"""
