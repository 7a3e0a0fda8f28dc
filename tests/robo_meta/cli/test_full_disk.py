"""A full disk: one line, exit status 1, nothing half written, and the same command goes on once there is room."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from demos.storage.dataset import INDEX
from demos.storage.lock import LOCK
from robo_meta.cli.main import main
from robo_meta.evaluation.evaluate import FINISHED
from tests.demos.conftest import FAKE_ACTOR
from tests.full_disk import full_disk


def files(folder: Path) -> dict[str, bytes]:
    """What it holds, temporary files too, but for the lock, which stays there empty."""
    held = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    return {str(path.relative_to(folder)): path.read_bytes() for path in held}


def bytes_of(room: float, whole: dict[str, bytes]) -> int:
    """As it is, or where it is below 1, that share of the largest file, which is the last one to be written."""
    return int(room if room > 1 else room * max(map(len, whole.values())))


def refused(words: list[str], room: int, capsys: pytest.CaptureFixture) -> str:
    """The last line that the command says on a disk with so much room; there is no other but those of progress."""
    with full_disk(room):
        assert main(words) == 1
    said = capsys.readouterr()
    *progress, line = said.err.splitlines()
    assert not any("rror" in other or "robo-meta" in other for other in progress), said.err
    assert said.out == "" and line.startswith("robo-meta: ") and "File too large" in line
    return line


@pytest.mark.parametrize("room", [100, 3000, 0.9], ids=["no index", "no episode", "no packed file"])
def test_record(room: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "made_up_demonstrator.py").write_text(FAKE_ACTOR)
    monkeypatch.syspath_prepend(str(tmp_path))
    sizes = "--tasks 2 --demos 2 --planned 0 --workers 1"
    words = ["record", *sizes.split(), "--actor", "made_up_demonstrator:steady", "--out"]
    assert main([*words, str(tmp_path / "whole")]) == 0
    whole, data = files(tmp_path / "whole"), tmp_path / "data"
    capsys.readouterr()
    assert str(data) in refused([*words, str(data)], bytes_of(room, whole), capsys)
    left = files(data)
    assert left.keys() < whole.keys()
    assert all(content == whole[name] for name, content in left.items() if name != INDEX)
    assert main([*words, str(data)]) == 0
    assert files(data) == whole


@pytest.mark.parametrize("room", [2500, 0.9], ids=["no state", "no checkpoint"])
def test_train(room: float, packed: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data = packed.write(tmp_path)
    words = f"train --data {data} --method zero-shot --preset tiny --resume --out".split()
    assert main([*words, str(tmp_path / "whole")]) == 0
    whole, run = files(tmp_path / "whole"), tmp_path / "run"
    capsys.readouterr()
    assert str(run) in refused([*words, str(run)], bytes_of(room, whole), capsys)
    left = files(run)
    assert left.keys() < whole.keys() and not any(name.endswith(".tmp") for name in left)
    assert main([*words, str(run)]) == 0
    assert files(run) == whole


def test_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    def words(tasks: int) -> list[str]:
        chosen = "--split validation --transfer new-shape --shots 1 --strategies centre --controller scripted"
        return ["evaluate", *chosen.split(), "--tasks", str(tasks), "--workers", "1", "--out", str(tmp_path), "--json"]

    refused(words(1), 100, capsys)
    assert files(tmp_path) == {}
    assert main(words(1)) == 0
    before = files(tmp_path)
    capsys.readouterr()
    assert str(tmp_path / FINISHED) in refused(words(2), len(before[FINISHED]) + 50, capsys)
    assert files(tmp_path) == before
    assert main(words(2)) == 0
    # The first task was not played again: its line, with its latencies, is that of then.
    finished = (tmp_path / FINISHED).read_bytes()
    assert finished.startswith(before[FINISHED]) and finished.count(b"\n") == 3
    assert json.loads((tmp_path / "result.json").read_text())["cells"][0]["n"] == 2
