"""What every file of a recording says of it: the configuration and the versions that it was made with."""

from __future__ import annotations

from demos.storage.schema import REFERENCE, SHA256, Flag, ListOf, Record, TableOf, Text, Whole

CONFIG = Record(
    {
        "split": Text(pattern=REFERENCE),
        "families": ListOf(Text()),
        "tasks": Whole(0),
        "demos": Whole(1),
        "planned": Whole(0),
        "intention": Text(),
        "actor": Text(),
        "seed": Whole(0, 2**256),
        "keep_failures": Flag(),
        "attempts": Whole(1),
    },
    optional={
        "carries": Text(),
        "code": TableOf(Text(pattern=SHA256), keys=Text(pattern=REFERENCE)),
        "libraries": ListOf(Text(pattern=SHA256)),
    },
)
"""Schema of `demos.recording.config.RecordConfig.identity`."""
VERSIONS = TableOf(Text())
"""Schema of `demos.demo.installed_versions`."""
