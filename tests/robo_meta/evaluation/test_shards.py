"""An evaluation in parts: joined, they are what one machine would have come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demos.shards import ShardError
from robo_meta.evaluation.config import EvaluateConfig, EvaluateError
from robo_meta.evaluation.evaluate import evaluate
from robo_meta.evaluation.merging import MergeError
from robo_meta.runs.journal import JournalError

LATENCIES = ("adapt_ms", "act_ms", "first_act_ms")


def config(**changes: Any) -> EvaluateConfig:
    few = {"split": ("validation",), "transfer": ("new-shape",), "shots": (1,), "tasks": 3, "strategies": ("centre",)}
    return EvaluateConfig(**{**few, "controller": "scripted", "workers": 1, **changes})


def timeless(config: EvaluateConfig) -> Any:
    """What an evaluation says, but for how long it took."""
    found = evaluate(config, progress=False).to_json()
    for cell in found["cells"]:
        for name in LATENCIES:
            cell.pop(name, None)
    return {name: found[name] for name in ("cells", "pairs", "identity")}


def test_shards_joined_are_the_whole(tmp_path: Path) -> None:
    parts = [tmp_path / "0", tmp_path / "1"]
    tasks = [len(evaluate(config(shard=f"{k}/2", out=out), progress=False).tasks) for k, out in enumerate(parts)]
    assert tasks == [2, 1]
    joined = timeless(config(merge=tuple(parts), out=tmp_path / "all"))
    assert joined == timeless(config())
    # The joined folder is that of an evaluation, which goes on with further tasks.
    assert len(evaluate(config(out=tmp_path / "all", tasks=4), progress=False).tasks) == 4
    with pytest.raises(MergeError, match="validation"):
        evaluate(config(merge=(parts[0],), out=tmp_path / "half"), progress=False)
    assert not (tmp_path / "half" / "tasks.jsonl").exists()
    with pytest.raises(JournalError):
        evaluate(config(merge=tuple(parts), out=tmp_path / "other", seed=1), progress=False)
    with pytest.raises(MergeError, match=r"none: no tasks\.jsonl of a shard"):
        evaluate(config(merge=(parts[0], tmp_path / "none"), out=tmp_path / "none-of"), progress=False)


@pytest.mark.parametrize("shard", ["2/2", "x", "-1/2", "0/0", "1"])
def test_shards_that_cannot_be(shard: str) -> None:
    with pytest.raises(ShardError, match="expected I/N with I from 0 to N - 1"):
        config(shard=shard)


def test_what_does_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="shard 3/4 of 3 tasks has none"):
        config(shard="3/4")
    with pytest.raises(EvaluateError, match="merge joins shards into the folder --out"):
        config(merge=(tmp_path / "0",))
    with pytest.raises(EvaluateError, match="expected each folder once"):
        config(merge=(tmp_path / "0", tmp_path / "0"), out=tmp_path / "all")
