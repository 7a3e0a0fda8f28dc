"""Both command lines of training: one record, the same words, the same refusals."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path

import pytest
import tyro

import robo_meta
from robo_meta.cli.limits import LimitError
from robo_meta.cli.plain_parser import field_docs, parse
from robo_meta.cli.train import Train
from robo_meta.cli.words import WordsError
from robo_meta.training.online.config import StreamOptions, option
from robo_meta.training.options import TrainOptions

NEEDED = ["--data", "d", "--out", "o"]
WORDS: dict[str, list[list[str]]] = {
    "data": [["--data", "a"], ["--data", "a", "b/c.safetensors"], ["--data", "a", "--data", "b"], ["--data"]],
    "out": [["--out", "x/y"], ["--out=x"]],
    "method": [["--method", "maml"], ["--method", "maml", "context", "anil"], ["--method"]],
    "preset": [["--preset", "tiny"], ["--preset", "nonsense"]],
    "device": [["--device", "cuda"]],
    "first_order": [["--first-order"], ["--no-first-order"]],
    "resume": [["--resume"], ["--no-resume"]],
    "init": [["--init", "run/policy.safetensors"], ["--init", "None"]],
    "validation": [["--validation", "v"], ["--validation", "v", "w/x.safetensors"], ["--validation"]],
    "wandb": [["--wandb", "few-shot"], ["--wandb", "None"]],
    "workers": [["--workers", "2"], ["--workers", "0"]],
    "seed": [["--seed", "7"], ["--seed", "-1"]],
    "stream": [["--stream"], ["--no-stream"]],
    "json": [["--json"], ["--no-json"]],
    "phases": [["--phases", "4"], ["--phases", "None"], ["--phases", "0"]],
    "phase_colours": [["--phase-colours", "8", "0"], ["--phase-colours"]],
    "phase_tasks": [["--phase-tasks", "40"]],
    "held_out": [["--held-out", "3"]],
    "stream_budget": [["--stream-budget", "1"]],
    "stream_batch": [["--stream-batch", "-2"]],
    "stream_rate": [["--stream-rate", "3e-4"], ["--stream-rate", "1"], ["--stream-rate", "nan"]],
    "reservoir": [["--reservoir", "9"]],
    "warm_up": [["--warm-up", "0.25"], ["--warm-up", "0"]],
}
BAD = {
    "seed": ["x", "1.5", ""],
    "phases": ["two", "2.5"],
    "phase_colours": ["red", "1.0"],
    "phase_tasks": ["many"],
    "held_out": ["1e3"],
    "stream_budget": ["None"],
    "stream_batch": ["_"],
    "stream_rate": ["fast", "None"],
    "reservoir": ["9x"],
    "warm_up": ["half"],
}


def plain(words: list[str]) -> TrainOptions:
    return parse(TrainOptions, words, "train", "")


def by_tyro(words: list[str]) -> Train:
    config = (tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes)
    with contextlib.redirect_stderr(io.StringIO()):
        return tyro.cli(Train, args=words, config=config)


def option_names() -> list[str]:
    both = [field.name for record in (TrainOptions, StreamOptions) for field in fields(record)]
    return [name for name in both if name != "online"]


def test_every_field_is_tried() -> None:
    assert sorted(WORDS) == sorted(option_names())


@pytest.mark.parametrize("words", [given for rows in WORDS.values() for given in rows], ids=" ".join)
def test_both_make_the_same_record(words: list[str]) -> None:
    found = plain([*NEEDED, *words])
    assert repr(asdict(found)) == repr(asdict(by_tyro([*NEEDED, *words])))  # by `repr`, as nan is no nan
    usual = plain(NEEDED)
    assert usual == TrainOptions(data=(Path("d"),), out=Path("o")) and asdict(usual) == asdict(by_tyro(NEEDED))
    name = words[0].removeprefix("--").removeprefix("no-").partition("=")[0].replace("-", "_")
    changed = [key for key, value in flat(found).items() if repr(value) != repr(flat(usual)[key])]
    assert changed in ([name], []) and (changed or words[-1] in ("None", words[0]))


def flat(options: TrainOptions) -> dict[str, object]:
    record = asdict(options)
    return record.pop("online") | record


@pytest.mark.parametrize(
    "words",
    [
        *([option(name), word] for name, words in BAD.items() for word in words),
        *([option(name)] for name in (*BAD, "out", "preset", "device", "init") if name != "phase_colours"),
        ["--wrong"],
        ["--pre", "tiny"],
        ["stray"],
        ["--out", "a", "b"],
        ["--first-order", "yes"],
        ["--online", "3"],
    ],
    ids=" ".join,
)
def test_both_refuse_the_same(words: list[str]) -> None:
    # Options that take several words swallow a stray one, so the last one before it takes one.
    given = [*NEEDED, *words]
    with pytest.raises(SystemExit) as stop:
        by_tyro(given)
    assert stop.value.code == 2
    with pytest.raises((WordsError, LimitError)) as caught:
        plain(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["--data", "--out"])
def test_what_is_required(missing: str) -> None:
    other = [word for pair in (NEEDED[:2], NEEDED[2:]) if pair[0] != missing for word in pair]
    with pytest.raises(WordsError, match=f"required: {missing}$"):
        plain(other)
    with pytest.raises(SystemExit):
        by_tyro(other)


def test_help_says_what_the_fields_docstrings_say(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stop:
        plain(["--help"])
    assert stop.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for record in (TrainOptions, StreamOptions):
        docs = field_docs(record)
        assert docs.keys() == {field.name for field in fields(record)}
        assert all(docs[name][:40] in shown for name in docs if name != "online")


def test_a_subclass_says_it_anew() -> None:
    @dataclass(frozen=True)
    class Base:
        count: int = 1
        """Of things; 100 % of them."""
        kept: str = ""
        """Stays."""

    @dataclass(frozen=True)
    class Own(Base):
        count: int = 2
        """Of other
        things."""

    assert field_docs(Own) == {"count": "Of other things.", "kept": "Stays."}
    assert parse(Own, ["--kept", "x"], "own", "") == Own(2, "x")
    assert is_dataclass(Own)


def test_it_needs_no_tyro() -> None:
    code = (
        "import sys\nfor name in ('tyro', 'rich', 'scipy', 'gymnasium', 'pybullet'): sys.modules[name] = None\n"
        "from robo_meta.cli.train import main\nsys.exit(main(['--data', 'nothing', '--out', 'x']))"
    )
    root = Path(robo_meta.__file__).parents[1]
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=False)
    assert (
        found.returncode == 2
        and found.stderr == "error: nothing: no packed training data; record a dataset, which packs it\n"
    )


@pytest.mark.parametrize("words", [["--workers", str(2**64)], ["--wandb", ""], ["--device", "\udcff"], ["--preset="]])
def test_what_no_option_may_be_is_refused_without_tyro_too(words: list[str]) -> None:
    with pytest.raises(LimitError, match=words[0].rstrip("=")):
        plain([*NEEDED, *words])
