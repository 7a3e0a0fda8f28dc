"""Bad input is one clear line and exit status 2, with nothing half written; good input is what it says."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demos import __version__
from demos.storage.index_file import read_index, write_index
from robo_meta.catalogue import CATALOGUE
from robo_meta.cli.exit_status import exit_status, one_line
from robo_meta.cli.main import COMMANDS, main
from robo_meta.cli.words import in_one_line
from sim.errors import InputError, MachineError
from sim.shapes.families import ALL_SPLITS
from sim.tasks.scenes import TRANSFERS
from tests.robo_meta.objects.libraries import write_bars


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recorded tasks of two demonstrations each."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    words = ["record", "--tasks", "2", "--demos", "2", "--planned", "3", "--out", str(folder), "--workers", "1"]
    assert main(words) == 0
    return folder


@pytest.fixture(scope="module")
def run_folder(dataset: Path) -> Path:
    folder = dataset.parent / "run"
    assert main(["train", "--data", str(dataset), "--out", str(folder), "--preset", "tiny", "--method", "maml"]) == 0
    return folder


@pytest.fixture(scope="module")
def other_schema(dataset: Path) -> Path:
    """The dataset as another version would have written it."""
    folder = dataset.parent / "other"
    shutil.copytree(dataset, folder)
    index, packed = folder / "index.json", folder / "training.safetensors"
    index.write_text(re.sub(r'"schema": ?"[^"]*"', '"schema": "99"', index.read_text(), count=1))
    # As long as before: the header's length stands in front of it.
    packed.write_bytes(re.sub(rb'("schema": ?)"[^"]"', rb'\1"9"', packed.read_bytes(), count=1))
    return folder


@pytest.fixture(scope="module")
def empty(dataset: Path) -> Path:
    """A dataset whose index lists nothing."""
    folder = dataset.parent / "empty"
    folder.mkdir()
    index = read_index(dataset)
    assert index is not None
    write_index(folder, {**index, "episodes": {}, "planned": {}})
    return folder


@pytest.fixture(scope="module")
def library(dataset: Path) -> Path:
    """Imported objects, one of which serves for *part* alone, and one that was refused."""
    return write_bars(dataset.parent / "bars")


@pytest.fixture(scope="module")
def altered_library(library: Path) -> Path:
    """The same with one bit changed in an object."""
    folder = library.parent / "altered"
    shutil.copytree(library, folder)
    alter(folder / "objects" / "bar.safetensors")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def places(dataset, run_folder, other_schema, empty, library, altered_library):
    """Word in braces → the folder that it stands for."""
    folders = {"data": dataset, "run": run_folder, "other": other_schema, "empty": empty}
    return {**folders, "library": library, "altered": altered_library}


WORDS = [
    (["record", "--tasks", "abc", "--out", "{tmp}/d"], r"Error parsing --tasks: .*'abc'$"),
    (["evaluate", "--stratagies", "maml"], r"Unrecognized options: --stratagies, maml; did you mean --strategies\?$"),
    (["record", "--out", ""], r"--out is empty; expected a value \(this folder is \.\), or leave it out$"),
    (["train", "--data", "{data}", "--out="], r"--out is empty; expected a value"),
    (["record", "--out", "{tmp}/caf\udce9"], r"--out: '.*/caf\\udce9' is no text in utf-8; rename it$"),
    (["record", "--out", "{tmp}/d", "--workers", str(2**64)], r"--workers 18446744073709551616; expected 1000 at"),
    (["evaluate", "--shots", "1", str(10**9)], r"--shots 1000000000; expected 1000 at most$"),
    (["select", "matrix", "--rollouts", str(10**20)], r"--rollouts 10+; expected 100000 at most$"),
    (["train", "--data", "{data}", "--out", "{tmp}/r", "--reservoir", str(10**9)], r"--reservoir 10+; expected 10+ at"),
    (["select", "train", "--trees", "2", "--out", "/"], r"/: Is a directory; expected a file$"),
    (["evaluate", "--objects", "{tmp}/loop"], r"/loop: no such library"),
    (["record", "--out", "{tmp}/d", "--objects", "{tmp}/loop"], r"/loop: no such library"),
    (["evaluate", "--shots", "one"], r"Error parsing --shots: .*'one'"),
    (
        ["evaluate", "--controller", "third"],
        r"invalid choice 'third' for argument '--controller'\. Expected one of .*scripted",
    ),
    (["sim", "--family"], r"Missing value for argument '--family'"),
    (["train", "--dta", "{data}", "--out", "{tmp}/r"], r"Unrecognized options: --dta "),
    (["train", "--data", "{data}"], r"missing --out$"),
    (["record", "--tasks", "a" * 120, "--out", "{tmp}/d"], "'" + "a" * 120 + "'$"),
    (["recrod"], "unknown command 'recrod'; did you mean 'record'"),
    (["objects", "--families", "hamer"], r"unknown family 'hamer'; did you mean 'hammer'\?"),
    (["sim", "--family", "hamer"], r"unknown family 'hamer'; did you mean 'hammer'\?"),
    (["sim", "--intention", "throw"], r"unknown intention 'throw'"),
    (["record", "--families", "hamer", "--out", "{tmp}/d"], r"unknown family 'hamer'"),
    (["record", "--split", "trainin", "--out", "{tmp}/d"], r"unknown split 'trainin'; did you mean 'training'\?"),
    (["record", "--tasks", "-3", "--out", "{tmp}/d"], r"tasks is -3; expected at least 0"),
    (["record", "--demos", "0", "--out", "{tmp}/d"], r"demos is 0; expected at least 1"),
    (["record", "--workers", "0", "--out", "{tmp}/d"], r"workers is 0; expected at least 1"),
    (["record", "--actor", "nowhere:nothing", "--out", "{tmp}/d"], r"nowhere"),
    (["record", "--describe", "{tmp}/none"], r"none: no such dataset folder"),
    (["record", "--describe", "{other}"], r"other/index\.json: schema '99', this version reads '\d+'"),
    (["record", "--tasks", "2", "--out", "{other}"], r"other/index\.json: schema '99', this version reads '\d+'"),
    (
        ["train", "--data", "{other}", "--out", "{tmp}/r"],
        r"other/training\.safetensors: schema '9', this version reads",
    ),
    (["record", "--describe", "{empty}"], r"empty: an empty dataset; record into it first"),
    (
        ["train", "--data", "{empty}", "--out", "{tmp}/r"],
        r"empty/training\.safetensors: no packed training data; record",
    ),
    (["train", "--data", "{tmp}/none", "--out", "{tmp}/r"], r"none: no packed training data"),
    (["train", "--data", "{data}", "--out", "{tmp}/r", "--preset", "fulll"], r"unknown preset 'fulll'; did you mean"),
    (["train", "--data", "{data}", "--out", "{tmp}/r", "--method", "mamll"], r"unknown method 'mamll'"),
    (["train", "--data", "{data}", "--out", "{tmp}/r", "--device", "tpu"], r"unknown device 'tpu'; expected"),
    (["train", "--data", "{data}", "--out", "{run}", "--preset", "quick"], r"preset 'quick' needs"),
    (["train", "--data", "{data}", "--out", "{tmp}/f", "--preset", "further"], r"preset 'further' without --init"),
    (["train", "--data", "{data}", "--out", "{tmp}/r", "--init", "{tmp}/none"], r"none: no checkpoint; train one with"),
    (
        ["train", "--data", "{data}", "--out", "{tmp}/r", "--preset", "tiny", "--method", "anil", "--init", "{run}"],
        r"run: holds no 'pretrain' and no 'anil' to start from; it holds closing, controller, maml$",
    ),
    (
        ["train", "--data", "{data}", "--out", "{tmp}/r", "--preset", "quick", "--method", "maml", "--init", "{run}"],
        r"run: maml/body\.in\.weight is \(\d+, 8\), preset 'quick' needs \(\d+, 40\)$",
    ),
    (
        ["evaluate", "--strategies", "anil", "--checkpoint", "{run}"],
        r"the checkpoint holds no 'anil'; it holds closing",
    ),
    (["evaluate", "--split", "foo"], r"unknown split 'foo'; expected one of training"),
    (["evaluate", "--transfer", "new-shap"], r"unknown transfer 'new-shap'"),
    (["evaluate", "--strategies", "mamll"], r"unknown strategy 'mamll'; did you mean 'maml'\?"),
    (["evaluate", "--strategies", "selector+asking", "--selector", "{tmp}/none"], r"none: no selector; train one with"),
    (["evaluate", "--strategies", "selector+asking", "--controller", "left"], r"invalid choice 'left'"),
    (
        ["evaluate", "--strategies", "selector+asking", "--selector", "{data}/index.json"],
        r"index\.json: (damaged|truncated)",
    ),
    (["evaluate", "--strategies", "selector+asking", "--checkpoint", "{tmp}/none"], r"none: no checkpoint"),
    (["sim", "--strategy", "selector+asking"], r"unknown strategy 'selector\+asking'; did you mean 'selector'\?$"),
    (["evaluate", "--tasks", "-1"], r"tasks -1; expected 1 or more"),
    (["evaluate", "--shots", "0"], r"shots 0; expected 1 or more"),
    (["evaluate", "--checkpoint", "{tmp}/none"], r"none"),
    (["sim", "--seed", "-1"], r"seed -1; expected 0 or more"),
    (["objects", "--families", "bar", "--seed", "-1", "--image", "{tmp}/x.png"], r"seed -1; expected 0 or more"),
    (["objects", "--check", "--seed", "-1", "--workers", "1"], r"seed -1; expected 0 or more"),
    (
        ["objects", "--check", "--families", "bar"],
        r"--families with --check, which measures all families of every split",
    ),
    (["objects", "--check", "--image", "{tmp}/x.png"], r"--image with --check, which measures all families"),
    (["objects", "import", "--out", "{tmp}/m"], r"missing FOLDER$"),
    (["objects", "import", "{data}"], r"missing --out$"),
    (["objects", "import", "{tmp}/none", "--out", "{tmp}/m"], r"none: no such folder$"),
    (["objects", "import", "{empty}", "--out", "{tmp}/m"], r"empty: no objects; expected folders or files of \.urdf"),
    (
        ["objects", "import", "random-urdfs", "--out", "{data}"],
        r"data: holds other files; expected a new folder, or a library to go on with$",
    ),
    (["objects", "import", "random-urdfs", "--out", "{data}/index.json"], r"index\.json: a file; expected a folder"),
    (["objects", "import", "random-urdfs", "--ids", "9-3", "--out", "{tmp}/m"], r"ids '9-3'; expected numbers"),
    (["objects", "import", "random-urdfs", "--unit", "ell", "--out", "{tmp}/m"], r"unknown unit 'ell'; expected one"),
    (["objects", "import", "random-urdfs", "--scale", "0", "--out", "{tmp}/m"], r"scale 0; expected from 1e-06 to"),
    (["objects", "import", "random-urdfs", "--workers", "0", "--out", "{tmp}/m"], r"workers 0; expected 1 or more"),
    (["objects", "import", "random-urdfs", "--time-limit", "-1", "--out", "{tmp}/m"], r"time limit -1; expected more"),
    (["objects", "--from"], r"Missing value for argument '--from'"),
    (["objects", "--from", "{tmp}/none"], r"none: no such library; make one with `robo-meta objects import`$"),
    (["objects", "--from", "{data}", "--check"], r"data: no library of objects$"),
    (["objects", "--from", "{altered}"], r"objects/bar\.safetensors: .*altered.*; import again$"),
    (["objects", "--from", "{altered}", "--image", "{tmp}/x.png"], r"objects/bar\.safetensors: .*; import again$"),
    (["objects", "--from", "{library}", "--families", "bar"], r"--families with --from, which takes all objects"),
    (["objects", "--from", "{library}", "--check", "--tasks", "0"], r"tasks is 0; expected at least 1$"),
    (["objects", "--from", "{library}", "--check", "--workers", "1", "--seed", "-1"], r"seed -1; expected 0 or more"),
    (["evaluate", "--objects", "{tmp}/none"], r"none: no such library; make one with"),
    (["evaluate", "--objects", "{data}"], r"data: no library of objects$"),
    (["evaluate", "--objects", "{altered}"], r"objects/bar\.safetensors: .*; import again$"),
    (["evaluate", "--objects", "{library}", "--split", "validation"], r"split validation beside objects .*bars; expec"),
    (["evaluate", "--objects", "{library}", "--support", "procedurel"], r"'procedurel'; did you mean 'procedural'\?$"),
    (["evaluate", "--support", "other"], r"unknown support 'other'; expected one of own, procedural$"),
    (
        ["evaluate", "--objects", "{library}", "--support", "procedural", "--transfer", "same-object"],
        r"support procedural with transfer same-object; expected new-shape$",
    ),
    (
        ["evaluate", "--objects", "{library}", "--transfer", "new-shape"],
        r"split 'bars' has one family for balance; transfer new-shape needs 2 or more, or support procedural$",
    ),
    (["sim", "--against", "maml"], r"against maml without strategy; the demonstrator needs none$"),
    (["sim", "--strategy", "maml", "--against", "mamll"], r"unknown strategy 'mamll'; did you mean 'maml'\?$"),
    (
        ["sim", "--strategy", "maml", "--video", "{tmp}/film.avi"],
        r"film.avi: ends in '.avi'; expected '.mp4' or '.gif'$",
    ),
    (["record", "--video", "{tmp}/film.mp4"], r"video .*film.mp4 without replay; name the episode"),
    (["record", "--out", "{data}", "--replay", "x"], r"no episode 'x'; the closest is 'training-"),
    (["record", "--out", "{data}", "--replay", "000000"], r"planned demonstrations are grasps without an episode"),
    (["record", "--out", "{tmp}/none", "--replay", "x"], r"none: no such dataset folder$"),
    (["evaluate", "--only-failures"], r"only_failures True without films; name a folder for them$"),
    (["sim", "--object", "bar"], r"object 'bar' without objects; name the library that it is in$"),
    (["sim", "--objects", "{library}"], r"bars without object; expected one of bar, stick$"),
    (["sim", "--objects", "{library}", "--object", "baar"], r"bars: unknown object 'baar'; did you mean 'bar'\?$"),
    (["sim", "--objects", "{library}", "--object", "die"], r"object 'die' was refused: too small: 2 cm long$"),
    (["sim", "--objects", "{library}", "--object", "stick"], r"'bars-stick' doesn't serve for balance: too short$"),
    (["sim", "--objects", "{library}", "--object", "bar", "--family", "mallet"], r"family mallet beside objects"),
    (["sim", "--objects", "{tmp}/none", "--object", "bar"], r"none: no such library; make one with"),
    (["sim", "--objects", "{altered}", "--object", "bar"], r"objects/bar\.safetensors: .*; import again$"),
    (["sim", "--support", "procedural"], r"support procedural without strategy; the demonstrator needs none$"),
    (["sim", "--strategy", "mamll"], r"unknown strategy 'mamll'; did you mean 'maml'\?$"),
    (["sim", "--strategy", "maml", "--shots", "0"], r"shots 0; expected 1 to 6$"),
    (["sim", "--strategy", "maml", "--support", "x"], r"unknown support 'x'; expected one of own, procedural$"),
    (["sim", "--strategy", "maml", "--transfer", "new"], r"transfer 'new'; expected one of same-object"),
    (["sim", "--strategy", "maml", "--checkpoint", "{tmp}/none"], r"none: no checkpoint"),
    (["train", "--data", "{data}", "--out", "{tmp}/r", "--seed", "-1"], r"seed -1; expected 0 or more"),
    (["bench", "--rounds", "0"], r"rounds 0; expected 1 or more"),
    (["bench", "simm"], r"unknown area 'simm'; did you mean 'sim'\?$"),
    (["bench", "sim", "--against", "panda"], r"unknown peer 'panda'; did you mean 'panda-gym'\?$"),
    (["bench", "adapt", "--against", "higher"], r"against higher: adapt measures nothing beside it$"),
    (["quickstart", "--tasks", "-1", "--out", "{tmp}/q"], r"tasks -1; expected 1 or more"),
    (["quickstart", "--scenes", "0", "--out", "{tmp}/q"], r"scenes 0; expected 1 or more"),
    (["quickstart", "--preset", "quik", "--out", "{tmp}/q"], r"unknown preset 'quik'; did you mean 'quick'\?"),
]


@pytest.mark.parametrize("arguments, line", WORDS, ids=[" ".join(a[:3]) + f" {i}" for i, (a, _) in enumerate(WORDS)])
def test_bad_words_are_one_line(arguments, line, places, tmp_path, capsys):
    places, before = {**places, "tmp": tmp_path}, contents(places["data"].parent)
    (tmp_path / "loop").symlink_to("loop")
    status = main([word.format(**places) for word in arguments])
    captured = capsys.readouterr()
    assert status == 2
    assert captured.err.count("\n") == 1 and captured.err.startswith("robo-meta: ")
    assert re.search(line, captured.err), captured.err
    assert contents(places["data"].parent) == before
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("colour", ["", "\x1b[31m"])
def test_words_that_make_no_command_in_one_line(colour):
    plain = "\x1b[0m" if colour else ""
    lined = ["╭─ Title ────╮", "│ Wrong: --a │", "│ in two.    │", "│ ────────── │", "│ Help.      │", "╰────────────╯"]
    hyphens = [" Title      ", " ---------- ", "  Wrong: --a", "  in two.", "  ----------", "  Help.", ""]
    for box in (lined, hyphens):
        assert in_one_line("\n".join(colour + line + plain for line in box)) == "Wrong: --a in two"
    assert in_one_line("no box at all") == ""


def test_cuda_without_a_device_is_one_line(dataset, tmp_path, capsys):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    arguments = ["train", "--data", str(dataset), "--out", str(tmp_path / "r"), "--device", "cuda"]
    assert main(arguments) == 2
    assert "no CUDA device" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()


def test_the_kind_of_an_error_gives_the_exit_status():
    from robo_meta.training.outer_loop import TrainingDiverged

    assert exit_status(InputError("x")) == 2 and exit_status(MachineError("x")) == 1
    assert exit_status(TrainingDiverged("closing: step 0, task 3: loss is nan")) == 1
    assert exit_status(OSError(28, "No space left on device", "run/x")) == 1
    assert one_line(OSError(28, "No space left on device", "run/x")) == "run/x: No space left on device"
    wrong_kind = IsADirectoryError(21, "Is a directory", "run")
    assert exit_status(wrong_kind) == 2 and one_line(wrong_kind) == "run: Is a directory; expected a file"
    assert exit_status(PermissionError(13, "Permission denied", "run")) == 1
    assert exit_status(ValueError("a bug")) is None and exit_status(KeyError("a bug")) is None


def test_help_lists_the_choices(capsys):
    assert main(["evaluate", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert all(name in said for name in (*CATALOGUE, *ALL_SPLITS, *TRANSFERS, "learned", "scripted"))
    assert main([]) == 0
    first = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == first and all(name in first for name in COMMANDS)
    assert main(["--version"]) == 0 and capsys.readouterr().out == f"robo-meta {__version__}\n"


def test_help_waits_for_neither_torch_nor_physics():
    code = """
import sys
from robo_meta.cli.main import COMMANDS, main
assert main(["objects"]) == 0
for name in COMMANDS:
    assert main([name, "--help"]) == 0
print([name for name in ("torch", "pybullet", "sklearn", "matplotlib") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ.copy())
    assert result.stdout.splitlines()[-1] == "[]", result.stdout[-200:] + result.stderr


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def alter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(bytes(content))


def first_episode(folder: Path) -> Path:
    return sorted((folder / "episodes").glob("*.safetensors"))[0]


@pytest.mark.parametrize(
    "damage, where, line",
    [
        (truncate, lambda d: d / "training.safetensors", "truncated or damaged"),
        (alter, lambda d: d / "training.safetensors", "altered"),
    ],
)
def test_damaged_training_data(damage, where, line, dataset, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    damage(where(copy))
    assert main(["train", "--data", str(copy), "--out", str(tmp_path / "run"), "--preset", "tiny"]) == 2
    message = capsys.readouterr().err
    assert line in message and "training.safetensors" in message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("damage", [truncate, alter])
def test_damaged_episode_is_named_when_the_recording_goes_on(damage, dataset, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    episode = first_episode(copy)
    damage(episode)
    (copy / "training.safetensors").unlink()
    words = ["record", "--tasks", "2", "--demos", "2", "--planned", "3", "--out", str(copy), "--workers", "1"]
    assert main(words) == 2
    assert episode.name in capsys.readouterr().err


def test_a_dataset_of_another_recording_is_refused(dataset, capsys):
    before = contents(dataset)
    assert main(["record", "--tasks", "3", "--demos", "2", "--planned", "3", "--out", str(dataset)]) == 2
    assert str(dataset) in capsys.readouterr().err
    assert contents(dataset) == before


@pytest.mark.parametrize("name, status", [("file", 2), ("n" * 300, 1)], ids=["a file", "the machine's refusal"])
def test_unwritable_places(name, status, dataset, tmp_path, capsys):
    """A file where a folder is meant is bad input; what the system refuses otherwise, as a name too long, is not."""
    (tmp_path / "file").write_text("not a folder")
    place = tmp_path / name
    for words in (
        ["record", "--tasks", "1", "--out", str(place / "d")],
        ["objects", "--families", "bar", "--image", str(place / "x.png")],
        ["sim", "--video", str(place / "x.mp4")],
        ["train", "--data", str(dataset), "--out", str(place / "run"), "--preset", "tiny"],
        ["evaluate", "--tasks", "1", "--out", str(place / "e")],
        ["quickstart", "--out", str(place / "q")],
    ):
        assert main(words) == status, words
        said = capsys.readouterr().err
        assert str(place) in said and said.count("\n") == 1, said
    assert (tmp_path / "file").read_text() == "not a folder" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "code, told",
    [
        ("def f(:", "SyntaxError: "),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)", "SystemExit: 0"),
    ],
)
def test_an_actor_whose_module_is_broken_is_one_line(code, told, tmp_path, capsys, monkeypatch):
    (tmp_path / "broken_actor.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["record", "--actor", "broken_actor:f", "--out", str(tmp_path / "d")]) == 2
    said = capsys.readouterr().err
    start = "robo-meta: actor 'broken_actor:f': module 'broken_actor' can't be imported: "
    assert said.startswith(start + told) and said.count("\n") == 1 and not (tmp_path / "d").exists()


def test_describe_and_objects_print_json(dataset, capsys):
    assert main(["record", "--describe", str(dataset), "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["counts"]["episodes"] == 4
    assert main(["objects", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["families"]
    groups = [row["split"] for row in rows]
    assert groups.count("training") >= 10 and groups.count("validation") >= 4 and groups.count("unseen-families") >= 6


def test_a_bug_never_passes_for_bad_input(tmp_path, monkeypatch):
    (tmp_path / "broken_demonstrator.py").write_text("def act(scene, seed, **labels):\n    raise ValueError('a bug')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    words = ["record", "--tasks", "1", "--workers", "1", "--actor", "broken_demonstrator:act"]
    with pytest.raises(ValueError, match="a bug"):
        main([*words, "--out", str(tmp_path / "data")])


def test_learning_and_simulation_stay_apart():
    code = """
import sys
{imports}
named = 'compiling errors frames libraries palette registration records robot versions'.split()
free = ('sim', *(f'sim.{{n}}' for n in named))
print([name for name in sys.modules if name.split('.')[0] in {forbidden} and name not in free])
"""
    learning = "import robo_meta.training.train, robo_meta.training.checkpoint, robo_meta.strategies.learned.maml"
    simulation = "import sim.env, demos.expert.expert, demos.recording.recorder"
    cases = ((learning, ("sim", "pybullet")), (simulation, ("torch",)))
    for imports, forbidden in cases:
        script = code.format(imports=imports, forbidden=forbidden)
        result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ.copy())
        assert result.stdout.strip() == "[]", (imports, result.stdout, result.stderr)


def test_a_line_that_quotes_a_file_is_of_bounded_length():
    told = one_line(ValueError("file.json: " + "x" * 100_000 + "; expected a number"))
    assert len(told) < 2_100 and told.startswith("file.json: ") and told.endswith("; expected a number")


def test_code_of_a_users_that_ends_the_process_is_no_success(tmp_path, capsys, monkeypatch):
    (tmp_path / "ending_actor.py").write_text(
        "def f(scene, seed, *, object_id, provenance):\n    raise SystemExit(0)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    sizes = "--tasks 1 --demos 1 --workers 1 --actor ending_actor:f"
    assert main(["record", *sizes.split(), "--out", str(tmp_path / "d")]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("robo-meta: ") and "ending_actor.py, line 2, ended the command by SystemExit(0)" in told
