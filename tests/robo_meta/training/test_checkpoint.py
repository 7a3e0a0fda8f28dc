"""Checkpoints: round trip, and one clear line for each way of being wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from robo_meta.model import closing_measures, grasp_head
from robo_meta.model.point_features import VERSION, WIDTHS, Encoded, encode
from robo_meta.model.scorer import body
from robo_meta.training.checkpoint import FORM, Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from robo_meta.training.presets import DEFAULT_METHODS, METHODS, PRESETS
from tests.altered import other_schema


def test_round_trip(tiny_run: Path, tmp_path: Path) -> None:
    loaded = load_checkpoint(tiny_run)
    assert set(loaded.parts) == {*METHODS, "closing", "controller"}
    save_checkpoint(tmp_path, loaded)
    again = load_checkpoint(tmp_path)
    assert again.card == loaded.card
    for part, values in loaded.parts.items():
        assert all(torch.equal(value, again.parts[part][name]) for name, value in values.items())
    assert (tmp_path / "policy.safetensors").read_bytes() == (tiny_run / "policy.safetensors").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_card_says_where_it_comes_from(tiny_run: Path) -> None:
    card = json.loads((tiny_run / "policy.json").read_text())
    assert card == load_checkpoint(tiny_run).card
    assert card["preset"] == "tiny" and card["schema"] == "2"
    for record in card["parts"].values():
        assert record["families"] == ["bar", "rod"] and record["tasks"] == 12
        assert set(record["versions"]) == {"robo_meta", "torch", "numpy", "python"}
        assert {"seed", "git", "schedule", "data"} <= set(record)


def test_what_is_worth_shipping_fits_one_and_a_half_megabytes() -> None:
    from robo_meta.training.checkpoint import expected_shapes

    sizes = PRESETS["full"].architecture
    parts = (*DEFAULT_METHODS, "contrast", "maml-both", "context-both", "closing", "controller")
    shapes = [shape for part in parts for shape in expected_shapes(part, sizes).values()]
    assert sum(4 * torch.Size(shape).numel() for shape in shapes) < 1_500_000


def damaged(run: Path, out: Path, part: str, name: str, value: torch.Tensor | None, **card: object) -> Path:
    """A copy of the checkpoint with one tensor replaced, or left out, and the card changed."""
    found = load_checkpoint(run)
    values = dict(found.parts.get(part, {}))
    if value is None:
        del values[name]
    else:
        values[name] = value
    save_checkpoint(out, Checkpoint({**found.parts, part: values}, {**found.card, **card}))
    return out


def test_wrong_shape(tiny_run: Path, tmp_path: Path) -> None:
    damaged(tiny_run, tmp_path, "maml", "head.in.bias", torch.zeros(9))
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(tmp_path)
    assert str(error.value) == "policy.safetensors: maml/head.in.bias is (9,), preset 'tiny' needs (6,)"


def test_missing_and_unknown_tensors(tiny_run: Path, tmp_path: Path) -> None:
    damaged(tiny_run, tmp_path / "a", "maml", "head.in.bias", None)
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(tmp_path / "a")
    assert str(error.value) == "policy.safetensors: maml/head.in.bias is missing, preset 'tiny' needs (6,)"
    damaged(tiny_run, tmp_path / "b", "controller", "extra", torch.zeros(1))
    with pytest.raises(CheckpointError, match=r"policy.safetensors: controller/extra is unknown to preset 'tiny'"):
        load_checkpoint(tmp_path / "b")
    damaged(tiny_run, tmp_path / "c", "moml", "x", torch.zeros(1))
    with pytest.raises(CheckpointError, match=r"policy.safetensors: unknown part 'moml'; expected maml, zero-shot"):
        load_checkpoint(tmp_path / "c")


def test_values_that_are_not_finite(tiny_run: Path, tmp_path: Path) -> None:
    damaged(tiny_run, tmp_path, "maml", "head.in.bias", torch.full((6,), torch.nan))
    with pytest.raises(CheckpointError, match=r"maml/head.in.bias holds values that are not finite"):
        load_checkpoint(tmp_path)


def test_other_schema(tiny_run: Path, tmp_path: Path) -> None:
    damaged(tiny_run, tmp_path, "maml", "head.in.bias", torch.zeros(6))
    other_schema(tmp_path / "policy.safetensors", FORM)
    with pytest.raises(CheckpointError, match=r"policy.safetensors: schema '0', this version reads '2'"):
        load_checkpoint(tmp_path)


def narrowed(run: Path, out: Path) -> Path:
    """The checkpoint of `run` as it would have been trained on the features of version 1."""
    found = load_checkpoint(run)
    parts = {
        name: {k: v[: WIDTHS[1]] if k == "body.in.weight" else v for k, v in part.items()}
        for name, part in found.parts.items()
    }
    closing = parts["closing"]
    parts["closing"] = {**closing, "in.weight": closing["in.weight"][: closing_measures.OUTLINE_INPUTS]}
    card = {k: v for k, v in found.card.items() if k != "features"}
    save_checkpoint(out, Checkpoint(parts, card))
    return out


def test_an_earlier_checkpoint_is_widened_and_its_outputs_stay(tiny_run: Path, tmp_path: Path) -> None:
    earlier, widened = load_checkpoint(tiny_run), load_checkpoint(narrowed(tiny_run, tmp_path))
    assert widened.card == earlier.card and widened.card["features"] == VERSION
    assert widened.parts["maml"]["body.in.weight"].shape == earlier.parts["maml"]["body.in.weight"].shape
    points = torch.rand(2, 256, 6, generator=torch.Generator().manual_seed(0)) * 0.1
    scans = Encoded(*(part[None] for part in encode(points.double())))
    theta = {k: v.double() for k, v in widened.parts["maml"].items()}
    before = {**theta, "body.in.weight": theta["body.in.weight"][: WIDTHS[1]]}
    hidden = body(before, scans._replace(features=scans.features[..., : WIDTHS[1]]))
    for old, new in zip(hidden, body(theta, scans), strict=True):
        assert torch.allclose(old, new, rtol=0, atol=1e-12)
    psi = {k: v.double() for k, v in widened.parts["closing"].items()}
    assert not psi["in.weight"][closing_measures.OUTLINE_INPUTS :].any()
    before = {**psi, "in.weight": psi["in.weight"][: closing_measures.OUTLINE_INPUTS]}
    inputs, _ = closing_measures.measure(points.double(), torch.zeros(2, 2).double())
    old, new = (
        grasp_head.evaluate(before, inputs[..., : closing_measures.OUTLINE_INPUTS]),
        grasp_head.evaluate(psi, inputs),
    )
    assert torch.allclose(old, new, rtol=0, atol=1e-12)


def test_features_of_an_unknown_version(tiny_run: Path, tmp_path: Path) -> None:
    damaged(tiny_run, tmp_path, "maml", "head.in.bias", torch.zeros(6), features=9)
    with pytest.raises(CheckpointError, match=r"trained on features of version 9; this version has 1, 2"):
        load_checkpoint(tmp_path)


def test_truncated_foreign_and_absent_files(tiny_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "policy.safetensors"
    path.write_bytes((tiny_run / "policy.safetensors").read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"truncated or damaged"):
        load_checkpoint(path)
    path.write_bytes(b"not a checkpoint at all")
    with pytest.raises(CheckpointError, match=r"truncated or damaged"):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match=r"no checkpoint; train one with robo-meta train"):
        load_checkpoint(tmp_path / "nowhere")


def test_part_that_was_not_trained(tiny_run: Path) -> None:
    found = load_checkpoint(tiny_run)
    lacking = Checkpoint({k: v for k, v in found.parts.items() if k != "maml"}, found.card)
    with pytest.raises(
        CheckpointError,
        match=r"the checkpoint holds no 'maml'; it holds anil, bc-finetune, closing, context, context-both, contrast",
    ):
        lacking.part("maml")
