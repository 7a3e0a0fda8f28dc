"""The selector's file: plain arrays and a JSON card; nothing is pickled or executed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from demos.storage.array_file import read_array_file, write_array_file
from demos.storage.array_form import Form
from demos.storage.files import json_bytes, write_atomic
from demos.storage.schema import NAME, ListOf, Maybe, Number, Plain, Record, TableOf, Text, Whole
from robo_meta.checkpoints import shipped
from robo_meta.selector.learner.forest import Forest
from robo_meta.selector.learner.inputs import Inputs
from robo_meta.selector.learner.prices import PRICED, Prices
from robo_meta.selector.learner.reference_rules import ReferenceRules
from robo_meta.selector.learner.selector import Model, Selector, Stage
from robo_meta.selector.learner.site import SiteModel
from robo_meta.selector.matrix.feature_names import FEATURE_SCHEMA
from sim.errors import InputError

SCHEMA = "4"
MODELS: dict[str, Any] = {"trees": Forest}
"""Kind of model → its record."""


class SelectorError(InputError):
    """A selector that is missing, damaged, or made for other features, strategies or families."""


DEMO_MODELS = ("demo", "own_demo")
"""Names of the models of what demonstrations are worth, in the order of `robo_meta.selector.matrix.columns.DEMOS`."""
_NAMES = ListOf(Text(pattern=NAME), least=1)
_RANKING = ListOf(Whole(0, 10_000), least=1)
_KIND = Text(allowed=tuple(MODELS))
CARD = Record(
    {
        "schema": Text(allowed=(SCHEMA,)),
        "feature_schema": Text(),
        # The families it was trained on are what keeps it from being judged on them.
        "families": _NAMES,
        "strategies": _NAMES,
        "stages": ListOf(Record({"strategies": _KIND}, optional=dict.fromkeys(DEMO_MODELS, _KIND)), least=1, most=100),
        "prices": Record({name: Number(0.0) for name in (*PRICED, "gamma")} | {"attempts": Whole(1, 100)}),
        "rules": Record({"ranking": _RANKING, "table": TableOf(_RANKING)}, optional={"worlds": TableOf(_RANKING)}),
    },
    optional={
        "checkpoint": Maybe(Text()),
        "learner": Text(),
        "rows": Whole(1),
        "versions": TableOf(Text()),
        # What it takes to learn another seed of the same selector.
        "seed": Whole(0),
        "site_prior": Number(0.0, 1.0),
        "sharpness": ListOf(Number(), least=2, most=2),
        # Families of the matrix by which its chances were sharpened, where that was another one.
        "sharpened_on": _NAMES,
        "config": Record(
            {"trees": Whole(1), "leaves": Whole(2), "least": Whole(1), "pairs": Whole(1), "borrowed": Number(0.0)}
        ),
        "matrix": TableOf(Plain()),
    },
    others=Plain(),
)
"""What a selector's card holds."""
FORM = Form(name="selector", schema=SCHEMA, record=CARD, error=SelectorError, advice="train it again", largest=2**28)


def save_selector(path: Path, selector: Selector) -> Path:
    """Write the selector, and its card beside it as JSON for people; each whole or not at all."""
    arrays: dict[str, np.ndarray] = {"seconds": np.asarray(selector.seconds, dtype=np.float64)}
    kinds = []
    for number, stage in enumerate(selector.stages, start=1):
        arrays[f"{number}/base"] = np.asarray(stage.base, dtype=np.float64)
        demos = {name: model for name, model in zip(DEMO_MODELS, stage.demos, strict=True) if model is not None}
        models = {"strategies": stage.strategies, **demos}
        kinds.append({name: model.kind for name, model in models.items()})
        for name, model in models.items():
            arrays |= {f"{number}/{name}/{key}": value for key, value in model.arrays.items()}
    site = selector.site
    if site is not None:
        arrays["site/base"] = np.asarray(site.base, dtype=np.float64)
        for name, model in (("success", site.success), ("kind", site.kind)):
            arrays |= {f"site/{name}/{key}": value for key, value in model.arrays.items()}
    card = {
        **({} if site is None else {"site_prior": site.prior}),
        "sharpness": list(selector.sharpness),
        **selector.card,
        "schema": SCHEMA,
        "feature_schema": FEATURE_SCHEMA,
        "strategies": list(selector.strategies),
        "stages": kinds,
        "prices": selector.prices.card,
        "rules": selector.rules.card,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_array_file(path, FORM, card, arrays)
    write_atomic(path.with_suffix(".json"), [json_bytes(card)])
    return path


def load_selector(path: Path | str | None = None) -> Selector:
    """Read a selector; None reads the shipped one.

    Raises:
        SelectorError: no such file, damaged, of another schema, or trained on other features than are computed now.
    """
    path = shipped("selector") if path is None else Path(path)
    if not path.exists():
        raise SelectorError(f"{path}: no selector; train one with robo-meta select train")
    card, arrays, _ = read_array_file(path, FORM)
    if card["feature_schema"] != FEATURE_SCHEMA:
        raise SelectorError(
            f"{path}: trained on feature schema {card['feature_schema']!r}; this version computes {FEATURE_SCHEMA!r}, "
            "train it again"
        )
    try:
        strategies = tuple(card["strategies"])
        inputs, prices = Inputs(strategies), Prices(**card["prices"])
        rules = card["rules"]
        tables = [{key: tuple(row) for key, row in rules.get(name, {}).items()} for name in ("table", "worlds")]
        for ranking in (rules["ranking"], *tables[0].values(), *tables[1].values()):
            if sorted(ranking) != list(range(len(strategies))):
                raise ValueError(f"a ranking {ranking} of {len(strategies)} strategies")
        known = ReferenceRules(strategies, tuple(rules["ranking"]), *tables)
        stages = tuple(
            Stage(
                arrays[f"{number}/base"],
                _model(arrays, f"{number}/strategies", kinds["strategies"]),
                tuple(_maybe_model(arrays, number, name, kinds.get(name)) for name in DEMO_MODELS),
            )
            for number, kinds in enumerate(card["stages"], start=1)
        )
        for stage in stages:
            if stage.base.shape != (len(strategies) + 1, len(strategies)) or not np.isfinite(stage.base).all():
                raise ValueError(f"mean values of {stage.base.shape}")
            _check(stage.strategies, len(inputs.names))
            for model in stage.demos:
                if model is not None:
                    _check(model, len(inputs.demo_names))
        site = _site(card, arrays, inputs)
        seconds = arrays["seconds"]
        if seconds.shape != (len(strategies),) or not (np.isfinite(seconds) & (seconds >= 0)).all():
            raise ValueError(f"seconds of {seconds.shape}, or not numbers of 0 or more")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SelectorError(f"{path}: its arrays don't fit its card ({error}); train it again") from error
    a, b = card.get("sharpness", (1.0, 0.0))
    return Selector(inputs, stages, arrays["seconds"], prices, known, card, (float(a), float(b)), site)


def refuse_shared_families(where: str, trained: Sequence[str], judged: Sequence[str]) -> None:
    """Raises SelectorError where a family was trained on and is to be judged by, as what has to be grasped: what is
    demonstrated on may have been seen."""
    shared = sorted(set(trained) & set(judged))
    if shared:
        raise SelectorError(
            f"{where}: family {shared[0]!r} is among those that the selector was trained on; judge it by other families"
        )


def _model(arrays: dict[str, np.ndarray], place: str, kind: str) -> Model:
    record = MODELS[kind]
    return record(**{name: arrays[f"{place}/{name}"] for name in record.ARRAYS})


def _maybe_model(arrays: dict[str, np.ndarray], stage: int, name: str, kind: str | None) -> Model | None:
    return None if kind is None else _model(arrays, f"{stage}/{name}", kind)


def _site(card: dict[str, Any], arrays: dict[str, np.ndarray], inputs: Inputs) -> SiteModel | None:
    if "site_prior" not in card:
        return None
    success, kind = (Forest(**{n: arrays[f"site/{name}/{n}"] for n in Forest.ARRAYS}) for name in ("success", "kind"))
    _check(success, len(inputs.names) + 1)
    _check(kind, len(inputs.scene_names))
    base, prior = arrays["site/base"], float(card["site_prior"])
    if base.shape != (len(inputs.strategies),) or not np.isfinite(base).all() or not 0 < prior < 1:
        raise ValueError(f"mean success of {base.shape} at sites, {prior} of them painted goods")
    return SiteModel(success, kind, base, prior)


def _check(model: Model, inputs: int) -> None:
    """Raises ValueError where evaluating the model would look at inputs or nodes that are not there, or never end."""
    for name, array in model.arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds values that are not finite")
    if isinstance(model, Forest):
        if any(getattr(model, name).dtype.kind != "i" for name in ("feature", "left", "right", "roots")):
            raise ValueError("trees whose numbers of nodes are no whole numbers")
        if any(array.ndim != 1 for array in model.arrays.values()) or model.constants.shape != (2,):
            raise ValueError("trees in tables")
        nodes = np.arange(len(model.feature))
        inner = model.feature >= 0
        if model.feature.max() >= inputs or len({len(model.arrays[n]) for n in model.ARRAYS[:5]}) != 1:
            raise ValueError(f"trees that ask input {model.feature.max()} of {inputs}")
        # Children come after their parents, so that every way down ends.
        for child in (model.left, model.right):
            if (child[inner] <= nodes[inner]).any() or (child >= len(nodes)).any():
                raise ValueError("trees whose nodes don't lead down")
        if (model.roots < 0).any() or (model.roots >= len(nodes)).any():
            raise ValueError("trees without roots")
