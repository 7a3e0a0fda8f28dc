"""`robo-meta studio` where it can't be opened: one line, exit 2, nothing written."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from robo_meta.cli.main import main


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["studio", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err


def test_a_port_in_use_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = str(taken.getsockname()[1])
        said = refused(["--port", port, "--out", str(tmp_path / "mine")], capsys)
    assert f"port {port} of 127.0.0.1: Address already in use; choose another with --port" in said
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    "arguments, line",
    [
        (["--port", "70000"], "port 70000; expected 0 to 65535"),
        (["--seed", "-1"], "seed is -1; expected at least 0"),
        (["--port", "0", "--host", "192.0.2.1"], "choose another with --port"),
    ],
)
def test_bad_options_are_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert line in refused(arguments, capsys)


def test_without_viser_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "viser", None)
    said = refused(["--port", "0", "--out", str(tmp_path / "mine")], capsys)
    assert 'needs viser, which is missing; pip install "robo-meta[studio]"' in said and not (tmp_path / "mine").exists()
