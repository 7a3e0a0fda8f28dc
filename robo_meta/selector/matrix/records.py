"""Between finished scenes, one record each as the journal has them, and the matrix that they make together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from robo_meta.runs.provenance import git_revision
from robo_meta.scenarios.conditions import Condition
from robo_meta.selector.matrix.columns import COLUMNS, DEMOS, NOTHING
from robo_meta.selector.matrix.feature_names import feature_names
from robo_meta.selector.matrix.matrix import EMPTY, Matrix, MatrixError


def assemble(
    records: list[dict[str, Any]], names: tuple[str, ...], seconds: np.ndarray, identity: Mapping[str, Any]
) -> Matrix:
    """The matrix of finished scenes, in their order.

    Raises:
        MatrixError: no scene was played.
    """
    played = [record for record in records if "rows" in record]
    if not played:
        raise MatrixError(f"no scene could be demonstrated, e.g. {records[0]['skipped']}" if records else "no scenes")
    table = [(record, row) for record in played for row in record["rows"]]
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    following = []
    for number, (record, row) in enumerate(table):
        known = {"split": record["split"], "task": record["index"], "asked": row["asked"], **row["condition"]}
        # A demonstration that was asked for is no part of the scene, and changes nothing of what tells in it.
        known["world"] = Condition(**_condition(record["rows"][0]["condition"])).world
        known |= {name: record[name] for name in ("family", "intention")}
        for name, column in columns.items():
            column.append(COLUMNS[name](known[name]))
        first = row["asked"] == NOTHING
        following.append([number + 1 + place if first else EMPTY for place in range(len(DEMOS))])
    # Of nothing played beside, records of a journal and those of a matrix have different shapes.
    beside = len(identity["beside"]), identity["rollouts"]
    return Matrix(
        strategies=names,
        feature_names=feature_names(names),
        scenes={name: np.array(column) for name, column in columns.items()},
        features=np.array([row["features"] for _, row in table], dtype=np.float32),
        success=np.array([row["success"] for _, row in table], dtype=np.int8),
        retried=np.array([row["retried"] for _, row in table], dtype=np.int8),
        seconds=seconds,
        following=np.array(following),
        beside=np.array([np.reshape(np.array(row["beside"], dtype=np.int8), beside) for _, row in table]),
        provenance={
            **identity,
            "scenes": len(records),
            "families": sorted({family for record in played for family in record["families"]}),
            "skipped": [
                {"task": record["index"], "reason": record["skipped"]} for record in records if "skipped" in record
            ],
            "revision": git_revision(),
        },
    )


def records_of(matrix: Matrix) -> list[dict[str, Any]]:
    """What `play_scene` returned for the scenes of a matrix, in their order; every one with all its families."""
    axes_of = [field.name for field in fields(Condition)]
    found = [{"index": skipped["task"], "skipped": skipped["reason"]} for skipped in matrix.provenance["skipped"]]
    begun: dict[int, dict[str, Any]] = {}
    for row in range(len(matrix)):
        known = {name: column[row].item() for name, column in matrix.scenes.items()}
        record = begun.setdefault(known["task"], {"index": known["task"], "rows": []})
        record |= {name: known[name] for name in ("split", "family", "intention")} | {"families": list(matrix.families)}
        arrays = {name: getattr(matrix, name)[row] for name in ("features", "success", "retried", "beside")}
        condition = _condition({name: known[name] for name in axes_of})
        record["rows"].append({"condition": condition, "asked": known["asked"], **arrays})
    return sorted([*found, *begun.values()], key=lambda record: record["index"])


def _condition(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a `Condition` as JSON or a matrix has them: truth values are numbers."""
    return {**plain, "repainted": bool(plain["repainted"])}
