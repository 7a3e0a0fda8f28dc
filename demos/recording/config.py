"""What to record: the configuration that a dataset is made from and remembers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from demos.code_identity import value_identity
from demos.engines import check_engine
from demos.recording.object_labels import families_needed
from demos.shards import Shard, shard_named
from sim.errors import InputError
from sim.shapes.families import FAMILIES, SPLITS, families_of, family_named, serving
from sim.shapes.mesh_family import MeshFamily
from sim.tasks.scenes import CARRIERS, INTENTIONS, PAINT

MIXED = "all"
CHUNK = 32
"""Planned tasks in a file: what a kill can cost."""


class RecordError(InputError):
    """A recording that cannot be made as asked."""


@dataclass(frozen=True)
class RecordConfig:
    """Recording of tasks with several demonstrations each.

    Raises:
        RecordError: counts out of range, or families that don't belong to one split.
        sim.shapes.families.UnknownFamily, sim.shapes.families.UnknownSplit: names that do not exist.
    """

    out: Path
    """Dataset folder; made if absent, continued if it holds a part of the same recording."""
    split: str | None = None
    """Tasks to draw: training, validation, unseen-objects, unseen-families, or a group of one's own; by default the
    split of `families`, or `training`."""
    families: tuple[str, ...] = ()
    """Shape families to draw from, as `robo-meta objects` lists them, or `module:NAME`; by default all of the split."""
    tasks: int = 100
    """Tasks with recorded episodes."""
    demos: int = 4
    """Demonstrations of a task, on objects a0, a0, a1, b0, …: see `demos/recording/object_labels.py`."""
    planned: int = 0
    """Further tasks with planned demonstrations: grasps without an episode."""
    intention: str = MIXED
    """`all`, or only `balance` or `part`."""
    actor: str = "expert"
    """Who demonstrates: `expert`, `module:function`, a trained policy as `checkpoint:DIR:STRATEGY`, or you, by the
    `keyboard` of a terminal."""
    workers: int = 1
    """Processes; changes nothing but the time it takes."""
    engine: Literal["local", "ray"] = "local"
    """`local` processes, or a `ray` cluster (extra `ray`), whose cores all take part."""
    address: str | None = None
    """With `ray`: HOST:PORT of the cluster's head; without it, the cluster that this machine is a node of, or a Ray of
    its own with `workers` cores."""
    shard: str | None = None
    """I/N: only every N-th task, from number I on, for job arrays; `robo-meta data merge` joins the folders."""
    seed: int = 0
    """Root seed."""
    keep_failures: bool = False
    """Store failed attempts as well, labelled by their verdict."""
    carries: Literal["paint", "role"] = "paint"
    """What the tasks' materials go by: their paint, or, with paint at random, the part: handle or head."""
    attempts: int = 20
    """Attempts for each demonstration before it is given up."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "out", Path(self.out))
        for name, least in (("tasks", 0), ("planned", 0), ("demos", 1), ("workers", 1), ("seed", 0), ("attempts", 1)):
            if getattr(self, name) < least:
                raise RecordError(f"{name} is {getattr(self, name)}; expected at least {least}")
        if self.tasks + self.planned == 0:
            raise RecordError("0 tasks and 0 planned tasks; expected at least 1 of either")
        check_engine(self.engine, self.address)
        self.part.check(max(self.tasks, self.chunks), "tasks and chunks of planned ones")
        if self.intention not in (MIXED, *INTENTIONS):
            raise RecordError(f"unknown intention {self.intention!r}; expected {', '.join((MIXED, *INTENTIONS))}")
        if self.carries not in CARRIERS:
            raise RecordError(f"unknown carrier {self.carries!r}; expected {', '.join(CARRIERS)}")
        object.__setattr__(self, "families", tuple(self.families))
        groups = {family_named(name).group for name in self.families}
        if self.split is None:
            if len(groups) > 1:
                raise RecordError(f"families of different splits ({', '.join(sorted(groups))}); record them apart")
            object.__setattr__(self, "split", groups.pop() if groups else "training")
        if not self.families and self.split_name not in SPLITS:
            # Named one by one, so that the dataset stays the same when the group gets another family.
            object.__setattr__(self, "families", families_of(self.split_name))
        foreign = [name for name in self.families if name not in families_of(self.split_name)]
        if foreign:
            group = family_named(foreign[0]).group
            raise RecordError(f"family {foreign[0]!r} belongs to split {group!r}, not to {self.split!r}")
        self._check_served()
        pool, needed = len(self.families or families_of(self.split_name)), families_needed(self.demos)
        if not self.families and pool < needed:
            raise RecordError(f"{self.demos} demos need {needed} families, split {self.split!r} has {pool}")

    def _check_served(self) -> None:
        """Refuse an intention that no object serves for."""
        if not self.families or self.served:
            return
        wanted = "for no intention" if self.intention == MIXED else f"not for {self.intention}"
        raise RecordError(f"the {len(self.families)} families of split {self.split!r} serve {wanted}")

    @property
    def part(self) -> Shard:
        """Which tasks, and which chunks of planned ones, are to be recorded."""
        return shard_named(self.shard)

    @property
    def chunks(self) -> int:
        """Files of planned tasks."""
        return -(-self.planned // CHUNK)

    @property
    def served(self) -> tuple[str, ...]:
        """The intentions asked for that objects of the families serve for."""
        asked = INTENTIONS if self.intention == MIXED else (self.intention,)
        return tuple(name for name in asked if not self.families or serving(self.families, name))

    @property
    def only_intention(self) -> str | None:
        """The intention of all tasks, asked for or the only one that objects serve for; None where tasks draw it."""
        return self.served[0] if len(self.served) == 1 else None

    @property
    def libraries(self) -> list[str]:
        """Checksums of the libraries that imported objects come from."""
        found = (family_named(name) for name in self.families if name not in FAMILIES)
        return sorted({family.library for family in found if isinstance(family, MeshFamily) and family.library})

    @property
    def split_name(self) -> str:
        """The split, never None."""
        return self.split or "training"

    @property
    def identity(self) -> dict[str, Any]:
        """What the dataset's content depends on: everything but the folder, the shard and what runs it."""
        code, libraries = self.code, self.libraries
        return {
            "split": self.split,
            "families": list(self.families),
            "tasks": self.tasks,
            "demos": self.demos,
            "planned": self.planned,
            "intention": self.intention,
            "actor": self.actor,
            "seed": self.seed,
            "keep_failures": self.keep_failures,
            "attempts": self.attempts,
            **({"carries": self.carries} if self.carries != PAINT else {}),
            # Only where there is any: a recording of shipped families alone says nothing of code.
            **({"code": code} if code else {}),
            **({"libraries": libraries} if libraries else {}),
        }

    @property
    def code(self) -> dict[str, str]:
        """Family of one's own → hash of the code that draws it; what shipped ones draw, the package's version says."""
        own = (name for name in self.families if name not in FAMILIES)
        return {name: value_identity(family_named(name).origin) for name in own}
