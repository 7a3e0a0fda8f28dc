"""`robo-meta data`, packed data that no longer follow their episodes, and one writer a folder, through the commands."""

import json
import shutil
from pathlib import Path

import pytest

from demos.storage.dataset import open_dataset
from demos.storage.lock import LOCK, sole_writer
from robo_meta.cli.main import main


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two datasets, `a` and `b`, of two tasks with two demonstrations and two planned tasks each."""
    place = tmp_path_factory.mktemp("data")
    for seed, name in enumerate("ab"):
        words = f"record --tasks 2 --demos 2 --planned 2 --seed {seed} --workers 1 --out".split()
        assert main([*words, str(place / name)]) == 0
    return place


@pytest.fixture
def place(recorded: Path, tmp_path: Path) -> Path:
    """A copy of `recorded` that a test may change."""
    shutil.copytree(recorded, tmp_path / "copy")
    return tmp_path / "copy"


def said(words: list[str], capsys: pytest.CaptureFixture) -> dict:
    """What the command prints as JSON."""
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(LOCK))
    return {str(path): path.read_bytes() for path in paths}


def test_append_merge_and_exclude(place: Path, capsys: pytest.CaptureFixture) -> None:
    a, b = str(place / "a"), str(place / "b")
    merged = said(["data", "merge", "--sources", a, b, "--out", str(place / "m")], capsys)
    assert (merged["episodes"], merged["planned"], merged["changed"]) == (8, 4, 10)
    key = open_dataset(place / "b").keys[0]
    left = said(["data", "exclude", "--data", b, "--keys", key], capsys)
    assert (left["episodes"], left["planned"], left["changed"]) == (3, 2, 1)
    grown = said(["data", "append", "--data", a, "--source", b], capsys)
    assert (grown["folder"], grown["episodes"], grown["planned"]) == (a, 7, 4)
    words = ["train", "--data", a, "--out", str(place / "r"), "--preset", "tiny", "--method", "maml"]
    assert main(words) == 0  # the packed file follows the edit


@pytest.mark.parametrize(
    "words, line",
    [
        ("data", "Expected one of {exclude, append, merge, render, export, import}"),
        ("data forget", "forget"),
        ("data exclude --data {place}/a", "no episode named; expected --keys, --families, --tasks or --failures"),
        ("data exclude --data {place}/a --keys nobody", "a: holds no episode of key 'nobody'"),
        ("data exclude --data {place}/none --failures", "none: no such dataset folder"),
        ("data append --data {place}/a --source {place}/a", "a: appended to itself; expected two datasets"),
        ("data append --data {place}/a", "missing --source"),
        ("data merge --sources {place}/a --out {place}/m", "1 datasets to merge; expected two or more different ones"),
        ("data merge --sources {place}/a {place}/b --out {place}/a", "a: holds a dataset already; merge into a new"),
        (
            "data merge --sources {place}/a {place}/b --out {place}/a/index.json/m",
            "Not a directory; expected a folder to write to",
        ),
    ],
)
def test_bad_words_are_one_line(words: str, line: str, place: Path, capsys: pytest.CaptureFixture) -> None:
    before = contents(place)
    capsys.readouterr()
    assert main(words.format(place=place).split()) == 2
    told = capsys.readouterr().err
    assert told.startswith("robo-meta: ") and told.count("\n") == 1 and line in told, told
    assert contents(place) == before


def test_packed_data_that_no_longer_follow_their_episodes_are_refused(
    place: Path, capsys: pytest.CaptureFixture
) -> None:
    next((place / "a" / "episodes").glob("*.safetensors")).unlink()
    words = ["train", "--data", str(place / "a"), "--out", str(place / "run"), "--preset", "tiny"]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "a/training.safetensors: packed from other episodes than lie beside it; pack again" in told
    assert told.count("\n") == 1 and not (place / "run").exists()


@pytest.mark.parametrize(
    "words, held",
    [
        ("record --tasks 2 --demos 2 --planned 2 --workers 1 --out {place}/a", "a"),
        ("data exclude --data {place}/a --tasks 0", "a"),
        ("data append --data {place}/a --source {place}/b", "b"),
        ("data merge --sources {place}/a {place}/b --out {place}/m", "m"),
        ("train --data {place}/a --out {place}/run --preset tiny", "run"),
        ("evaluate --strategies centre --tasks 1 --out {place}/evaluation", "evaluation"),
        ("select matrix --strategies centre --scenes 1 --rollouts 2 --out {place}/x.safetensors", "x.safetensors"),
    ],
)
def test_the_second_writer_of_a_place_is_refused(
    words: str, held: str, place: Path, capsys: pytest.CaptureFixture
) -> None:
    target = place / held
    if not target.suffix:
        target.mkdir(exist_ok=True)
    before = contents(place)
    capsys.readouterr()
    with sole_writer(target, "writing"):
        assert main(words.format(place=place).split()) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"robo-meta: {target}: another process is ") and told.count("\n") == 1, told
    assert contents(place) == before
