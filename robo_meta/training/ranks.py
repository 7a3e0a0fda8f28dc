"""Training on several processes, as torchrun starts them: each computes the gradient of its share of every batch.

All ranks draw the same batch with the same generator, take their rows of it, and add up gradients; so every rank makes
the same step, and what is saved is rank 0's. Gloo adds on CPUs, NCCL on CUDA devices. Only rank 0 writes and speaks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor

from sim.errors import InputError, MachineError

Found = TypeVar("Found")
PATIENCE = timedelta(minutes=10)
"""How long a rank waits for the others: for them to start, or to read other data than the fastest."""
SHOWN = 120
"""Characters of a value on which ranks disagree."""


class RanksError(InputError):
    """Ranks that were started with different data or options, or something that one of them alone found wrong."""


class RankLost(MachineError):
    """Another rank ended, or doesn't answer."""


@dataclass(frozen=True)
class Ranks:
    """One of the processes that train together."""

    rank: int = 0
    """Its number."""
    world: int = 1
    """How many there are."""
    local: int = 0
    """Its number on its machine, and so of its CUDA device."""

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    def rows(self, count: int) -> slice:
        """This rank's rows of a batch of `count`: blocks that differ by one row at most.

        Example:
            >>> [Ranks(rank, 3).rows(8) for rank in range(3)]
            [slice(0, 2, None), slice(2, 5, None), slice(5, 8, None)]
        """
        return slice(count * self.rank // self.world, count * (self.rank + 1) // self.world)

    def summed(self, values: Tensor) -> Tensor:
        """The sum of every rank's `values`, all of one shape; the same bits on every rank.

        Raises:
            RankLost: a rank is gone.
        """
        if self.world == 1:
            return values
        found = values.detach().clone()
        try:
            torch.distributed.all_reduce(found)
        except RuntimeError as error:
            raise RankLost(
                f"rank {self.rank} of {self.world}: another rank ended or doesn't answer; what was saved is kept, and "
                "the same command goes on"
            ) from error
        return found

    def texts(self, own: str) -> list[str]:
        """What every rank says, by rank."""
        if self.world == 1:
            return [own]
        said = torch.tensor(list(own.encode()), dtype=torch.int32)
        lengths = torch.zeros(self.world, dtype=torch.int64)
        lengths[self.rank] = len(said)
        lengths = self.summed(lengths)
        table = torch.zeros(self.world, int(lengths.max()), dtype=torch.int32)
        table[self.rank, : len(said)] = said
        table = self.summed(table)
        return [bytes(row[:n].tolist()).decode() for row, n in zip(table, lengths.tolist(), strict=True)]

    def settle(self, prepare: Callable[[], Found]) -> Found:
        """What `prepare` gives, once it has on every rank.

        Raises:
            InputError, MachineError, OSError: as `prepare` did on this rank.
            RanksError: it failed on another one.
        """
        if self.world == 1:
            return prepare()
        failed: Exception | None = None
        try:
            found = prepare()
        except (InputError, MachineError, OSError) as error:
            failed = error
        for rank, said in enumerate(self.texts(str(failed) if failed else "")):
            if said and failed is None:
                raise RanksError(f"rank {rank}: {said}")
        if failed is not None:
            raise failed
        return found

    def agree(self, identity: Mapping[str, Any]) -> None:
        """Refuse to go on where a rank was started with something else.

        Raises:
            RanksError: naming the first rank and entry that differ from rank 0's.
        """
        said = [json.loads(text) for text in self.texts(json.dumps(dict(identity)))]
        for rank, other in enumerate(said):
            for name, wanted in said[0].items():
                if other[name] != wanted:
                    found, first = (str(value)[:SHOWN] for value in (other[name], wanted))
                    raise RanksError(
                        f"rank {rank} has another {name} than rank 0 ({found!r}, {first!r}); start all ranks with the "
                        "same command, data and run folder"
                    )

    def device(self, named: torch.device) -> torch.device:
        """This rank's own device of the kind.

        Raises:
            RanksError: its machine has fewer CUDA devices than ranks.
        """
        if named.type != "cuda" or self.world == 1:
            return named
        if self.local >= torch.cuda.device_count():
            raise RanksError(
                f"rank {self.rank} is number {self.local} of its machine, which has {torch.cuda.device_count()} CUDA "
                "devices; expected one for each rank, see --nproc-per-node"
            )
        torch.cuda.set_device(self.local)
        return torch.device("cuda", self.local)


ALONE = Ranks()
"""The only process."""


def processes() -> int:
    """How many processes torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """This process among those that torchrun started, if it did.

    Args:
        device: `cuda` for NCCL beside gloo, else gloo alone.

    Raises:
        RankLost: the others don't come.
    """
    if processes() == 1:
        yield ALONE
        return
    cuda = device == "cuda" and torch.cuda.is_available()
    try:
        store, rank, world = next(torch.distributed.rendezvous("env://", timeout=PATIENCE))
        # torchrun's store outlives a restart (--max-restarts): without a name of its own, a new start would meet the
        # addresses of the ranks that were ended.
        own = torch.distributed.PrefixStore(f"start {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
        backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
        torch.distributed.init_process_group(backend, store=own, rank=rank, world_size=world, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise RankLost(f"rank {os.environ['RANK']}: the other ranks don't answer ({error})") from error
    try:
        here = int(os.environ.get("LOCAL_RANK", "0"))
        yield Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size(), here)
    finally:
        torch.distributed.destroy_process_group()
