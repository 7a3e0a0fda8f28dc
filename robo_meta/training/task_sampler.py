"""Batches of tasks: supports of one transfer level, everything else as queries.

Axis letters: N tasks of a batch, D demonstrations of a task, K shots, P points, L of them labelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from demos.support import TRANSFERS, ShotsError, eligible
from robo_meta.catalogue import TRAINED_BY_NAME
from robo_meta.learning.batch import Batch
from robo_meta.model.point_features import Encoded, encode
from robo_meta.model.scorer import grasp_rows
from robo_meta.training.data import TrainingData
from sim.errors import InputError

INTENTIONS_PER_SCAN = 3
"""Intentions per scan: the demonstrated one and the two alternatives of a two-coloured object."""
BALANCE = 0
"""Number of the intention *balance* in packed data."""
_CHUNK = 1
"""Tasks encoded at once: the (Q, P) neighbourhoods of more don't fit a processor's cache."""


class WorldsError(InputError):
    """Data with tasks of one world only, for a method that learns from both."""


class Picked(NamedTuple):
    """Which tasks make a batch, in which intention, by which supports; N tasks."""

    tasks: Tensor
    """(N,)."""
    intention: Tensor
    """(N,): row of the grasps, 0 being what was demonstrated."""
    support: Tensor
    """(N, K)."""
    support_mask: Tensor
    """(N, K)."""
    query_mask: Tensor
    """(N, D)."""


class TaskStream:
    """Draws batches from packed data, encoded once.

    Half of the tasks drawn are what was demonstrated; the other half, where the data has them, are the same objects
    with another intention, in hindsight (the relabelling of Andrychowicz et al., 2017, "Hindsight experience replay").

    Args:
        data: of `load_training_data`.
        shots: support sizes, drawn evenly, one a batch; sizes that leave no query of a task's D demonstrations are left
            out, so that one configuration serves data with few demonstrations as well.
        transfers: how often each of `TRANSFERS` is drawn; a task that has too few demonstrations of one for the size
            drawn gives those it has, see `Batch.support_mask`.
        device: where the batches go.

    Raises:
        ShotsError: a size below 1, or none that leaves a query.
    """

    def __init__(
        self,
        data: TrainingData,
        shots: tuple[int, ...],
        transfers: tuple[float, float, float],
        device: torch.device,
    ) -> None:
        self._shots = fitting(shots, data.points.shape[1])
        # Half precision: the features carry millimetres of sensor noise, and the data must fit small machines.
        chunks = [tuple(part.half() for part in encode(some.to(device).float())) for some in data.points.split(_CHUNK)]
        scans = Encoded(*(torch.cat(part) for part in zip(*chunks, strict=True)))
        self._scans = scans
        # Row 0 of axis 1 is what was demonstrated; the others serve as tasks of their own, with the same scans.
        intentions = torch.cat([data.grasps[:, None], data.other_grasps.transpose(1, 2)], 1)
        self._grasps = grasp_rows(intentions).to(device)
        self._graspable = data.graspable.to(device)
        planned = ~data.other_grasps.isnan().any(-1).any(1)
        # A task of *part* has *balance* as the first of its other intentions; see
        # `demos.recording.planned`.
        own = data.intention == BALANCE
        self._balance = torch.stack([own, ~own, torch.zeros_like(own)], 1).to(device)
        self._weights = torch.cat(
            [torch.ones(len(planned), 1), planned / planned.sum(-1, keepdim=True).clamp_min(1)], 1
        )
        allowed = [eligible(data.family.numpy(), data.object.numpy(), transfer) for transfer in TRANSFERS]
        self._allowed = torch.stack([torch.from_numpy(a) for a in allowed], 1)
        self._transfers = torch.tensor(transfers)
        painted = data.painted_goods
        self._worlds = tuple(mask.nonzero()[:, 0] for mask in (~painted, painted))
        self.device = device

    def draw(self, count: int, generator: torch.Generator, among: Tensor | None = None) -> Batch:
        """A batch of `count` tasks; all randomness is `generator`'s, on the CPU.

        Args:
            count: tasks of the batch.
            generator: what draws.
            among: (M,) numbers of the tasks to draw from, all by default.
        """
        return self.gather(self.pick(count, generator, among))

    def pick(self, count: int, generator: torch.Generator, among: Tensor | None = None) -> Picked:
        """What `draw` draws, on the CPU."""
        tasks = torch.randint(len(self._grasps if among is None else among), (count,), generator=generator)
        return self._picked(tasks if among is None else among[tasks], generator)

    def draw_both(self, count: int, generator: torch.Generator) -> Batch:
        """A batch of which half are colour-coded tasks and half painted goods; all randomness is `generator`'s.

        It differs from `draw` in two ways. Where a task has too few demonstrations of a transfer, others fill the
        support up: from one demonstration the two worlds can hardly be told apart, so that larger supports are wanted
        whole. And painted goods are painted anew each time, every demonstration in paints of its own: no two
        demonstrations agree in paint but by chance, even on the same object.
        """
        half = torch.rand(count, generator=generator) < torch.tensor(0.5)
        drawn = [world[torch.randint(len(world), (count,), generator=generator)] for world in self._worlds]
        coded, goods = drawn
        tasks = torch.where(half, coded, goods)
        batch = self.gather(self._picked(tasks, generator, filled=True))
        anew = repainted(batch.scans.colours, generator)
        colours = torch.where(half.to(self.device)[:, None, None, None], batch.scans.colours, anew)
        return batch._replace(scans=batch.scans._replace(colours=colours))

    def _picked(self, tasks: Tensor, generator: torch.Generator, *, filled: bool = False) -> Picked:
        """Supports and intentions for the tasks of the numbers `tasks` (N,).

        Args:
            tasks: which.
            generator: what draws.
            filled: fill supports that are too small with demonstrations of other transfers.
        """
        count = len(tasks)
        intention = torch.multinomial(self._weights[tasks], 1, generator=generator)[:, 0]
        shots = self._shots[int(torch.randint(len(self._shots), (), generator=generator))]
        _, support, there = draw_supports(self._allowed[tasks], self._transfers, shots, generator, filled=filled)
        support_mask = there.float()
        used = torch.zeros(count, self._grasps.shape[2]).scatter_add_(-1, support, support_mask)
        return Picked(tasks, intention, support, support_mask, 1 - used)

    def gather(self, picked: Picked) -> Batch:
        """The batch that was picked, on the stream's device."""
        where, intention, *others = (part.to(self.device) for part in picked)
        support, support_mask, query_mask = others
        return Batch(
            picked.tasks,
            Encoded(*(_chosen(part, where) for part in self._scans)),
            self._grasps[where, intention],
            self._graspable[where].float(),
            support,
            support_mask,
            query_mask,
            where * INTENTIONS_PER_SCAN + intention,
            self._balance[where, intention],
        )


def _chosen(scans: Tensor, where: Tensor) -> Tensor:
    """Those of the numbers `where` (N,), in single precision."""
    if scans.device.type != "cpu":
        return scans.index_select(0, where).float()
    # Straight to where they go: once through memory instead of twice.
    found = torch.empty(len(where), *scans.shape[1:])
    for row, number in zip(found, where.tolist(), strict=True):
        row.copy_(scans[number])
    return found


def draw_supports(
    allowed: Tensor, transfers: Tensor, shots: int, generator: torch.Generator, *, filled: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw a transfer, a query and a support for each of N tasks with D demonstrations.

    Args:
        allowed: (N, transfers, D, D) bool, of `demos.support.eligible` for each of `TRANSFERS`.
        transfers: how often each is drawn; one that a task can't show is not drawn for it.
        shots: K.
        generator: what draws.
        filled: fill supports that are too small with demonstrations of other transfers.

    Returns:
        (N, 1) the query, (N, K) the support, and (N, K) bool: which of it are there and no padding.
    """
    count, demos = len(allowed), allowed.shape[-1]
    possible = allowed.flatten(2).any(-1) * transfers + 1e-9
    transfer = torch.multinomial(possible, 1, generator=generator)
    allowed = allowed[torch.arange(count), transfer[:, 0]]
    query = torch.multinomial(allowed.any(-1) + 1e-9, 1, generator=generator)
    allowed = allowed[torch.arange(count), query[:, 0]]
    keys = torch.rand(count, demos, generator=generator) + allowed
    if filled:
        keys.scatter_(-1, query, -1.0)
    support = keys.topk(shots, -1).indices
    there = torch.ones(count, shots, dtype=torch.bool) if filled else allowed.gather(-1, support)
    return query, support, there


def check_worlds(methods: Sequence[str], data: TrainingData) -> None:
    """Refuse methods that learn from colour-coded stock and painted goods where the data has only one of them.

    Raises:
        WorldsError: it has.
    """
    painted = data.painted_goods
    asked = [name for name in methods if TRAINED_BY_NAME[name].both_worlds]
    for found, carries in ((painted, "role"), (~painted, "paint")):
        if asked and not found.any():
            raise WorldsError(
                f"method {asked[0]!r} learns where paint tells the weight and where the part does; "
                f"--data has no tasks of record --carries {carries}"
            )


def repainted(colours: Tensor, generator: torch.Generator) -> Tensor:
    """Corner weights (N, D, P, C) with the corners of the RGB cube exchanged, of each scan (N, D) in a way of its own.

    Every palette colour lies near a corner of its own and features tell only whether colours are alike, so that this is
    the scan of the same object in other paints.
    """
    n, d, _, corners = colours.shape
    order = torch.rand(n, d, 1, corners, generator=generator).argsort(-1).to(colours.device)
    return colours.gather(-1, order.expand_as(colours))


def fitting(shots: tuple[int, ...], demos: int) -> tuple[int, ...]:
    """Those of the support sizes that leave a query where a task has `demos` demonstrations, in their order.

    Raises:
        ShotsError: a size below 1, or none that leaves a query.
    """
    if min(shots, default=0) < 1:
        raise ShotsError(f"shots {', '.join(map(str, shots)) or 'none'}; expected at least one size, each at least 1")
    fit = tuple(count for count in shots if count < demos)
    if not fit:
        raise ShotsError(
            f"shots {min(shots)} with {demos} demonstrations a task, of which one must stay for the query; "
            f"expected {min(shots) + 1} or more"
        )
    return fit
