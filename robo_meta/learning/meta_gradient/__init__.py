"""The meta-gradient written out by hand: a training step without a recorded graph.

Recording and replaying a graph of second derivatives takes several thousand calls a step, most of them on tensors so
small that the call costs more than the arithmetic. Here every pass is written down with its gradient, and the second
derivatives are tangents of the inner gradient: vᵀ∂g/∂x of g = ∇φ L is the derivative of ∇x L in the direction φ̇ = v.
Axis letters as in `robo_meta.learning`, and: U scans, those of all tasks in one row (U = N · D, or N · K for supports);
points stand last where a sum over them follows.

`meta_pass` puts together `body_pass`, `inner_steps` and `head_pass`. What these do with points comes in two: by PyTorch
(`body_layers`, `head_layers`, `mixture_loss`), for any device and precision, and on the CPU in single precision by
compiled loops (`body_compiled`, `head_compiled` and `mixture_compiled` call the modules `compiled_…`). The loops are
those for which a library has no good shape: few colours a point, few scores a hidden layer. Products, sigmoids and
softmaxes are PyTorch's in both.
"""
