"""Which objects the split `real-objects` has, and the hash of its tasks, as `real-1` was frozen.

Written by `python -m robo_meta.objects.shipping`; never edited once results name `real-1`.
"""

FAMILIES: tuple[str, ...] = ()
"""Names of its families, in the order that tasks are drawn by."""
CHECKSUM = ""
"""SHA-256 of `objects.npz`."""
TASK_HASH = ""
"""`sim.tasks.benchmark.task_hash` of the split."""
