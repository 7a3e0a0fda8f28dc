"""Versions of what a result depends on besides code that only rearranges it: physics and the verdict."""

PHYSICS = 1
"""Version of the simulated world. It rises whenever the same scene, seed and actions end in another state."""
VERDICT = 2
"""Version of the judgement of an episode. It rises whenever the same motion is judged otherwise.

2: *level* and the tip are measured from the object's attitude at rest; in 1 from its attitude as the fingers closed."""
