"""Which objects the split `real-objects` has, and the hash of its tasks, as `real-1` was frozen.

Written by `python -m robo_meta.objects.shipping`; never edited once results name `real-1`.
"""

FAMILIES: tuple[str, ...] = (
    "real-objects-contactdb-flute",
    "real-objects-contactdb-hammer",
    "real-objects-contactdb-phone",
    "real-objects-contactdb-stapler",
    "real-objects-fork",
    "real-objects-gazebo-hammer",
    "real-objects-large-marker",
    "real-objects-metaworld-hammer",
    "real-objects-plastic-banana",
    "real-objects-random-707",
    "real-objects-random-755",
    "real-objects-random-798",
    "real-objects-scissors",
)
"""Names of its families, in the order that tasks are drawn by."""
CHECKSUM = "931c2fd2de23a4c3adfac2ff12c58003bc4c0e940a2bc7a836fcdaf6003fc56a"
"""SHA-256 of `objects.npz`."""
TASK_HASH = "e7c65a6b26c89ff259c5c22b1613e21291f666e897f81491d7c3fb2516b0aa53"
"""`sim.tasks.benchmark.task_hash` of the split."""
