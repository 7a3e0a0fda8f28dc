"""Recording: the same bytes however many workers, whatever order, and however often it was killed."""

import importlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pytest

from demos.hindsight import support_item
from demos.recording.actors import ActorError
from demos.recording.config import RecordConfig, RecordError
from demos.recording.recorder import record
from demos.storage.dataset import describe, open_dataset
from demos.storage.episode_file import StoreError
from demos.storage.folder import EPISODES, INDEX, PLANNED
from demos.storage.lock import LOCK, LockError, sole_writer
from demos.support import closing_step
from demos.workers import run_jobs
from sim.shapes.families import UnknownFamily, UnknownSplit

SMALL = {"tasks": 2, "demos": 4, "planned": 3, "families": ("bar", "hammer"), "seed": 5}


def files(folder):
    """What it holds, but for the lock, which stays there empty."""
    held = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    return {str(path.relative_to(folder)): path.read_bytes() for path in held}


def make(out, actor, **changes):
    return RecordConfig(out=out, actor=actor, **{**SMALL, **changes})


def test_one_worker_and_two_write_the_same_bytes(tmp_path, fake_actors):
    actor = f"{fake_actors}:clumsy"
    for keep in (False, True):
        one, two = tmp_path / f"one-{keep}", tmp_path / f"two-{keep}"
        first = record(make(one, actor, keep_failures=keep, workers=1), progress=False)
        second = record(make(two, actor, keep_failures=keep, workers=2), progress=False)
        assert files(one) == files(two)
        assert first.successes == second.successes == 8
        assert len(files(one)) == first.episodes + 1 + 1  # episodes, one chunk, the index
        assert (first.episodes > 8) is keep


def test_killed_for_real_and_resumed_is_the_same_dataset(tmp_path, fake_actors):
    actor = f"{fake_actors}:slow"
    record(make(tmp_path / "whole", actor), progress=False)
    cut = tmp_path / "cut"
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from pathlib import Path\n"
        "from demos.recording.recorder import record; from demos.recording.config import RecordConfig\n"
        "if __name__ == '__main__':\n"
        f"    record(RecordConfig(out=Path({str(cut)!r}), actor={actor!r}, workers=2, **{SMALL!r}), progress=False)\n"
    )
    (tmp_path / "job.py").write_text(code)
    job = subprocess.Popen([sys.executable, str(tmp_path / "job.py")], start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list((cut / EPISODES).glob("[!.]*.safetensors"))) < 2:
        assert job.poll() is None
        time.sleep(0.005)
    job.kill()
    job.wait()
    # The workers go with their parent, else they would still be writing; their session is empty then.
    while time.monotonic() < deadline and session_alive(job.pid):
        time.sleep(0.05)
    assert not session_alive(job.pid)
    finished = {path.name: path.stat().st_mtime_ns for path in (cut / EPISODES).glob("[!.]*.safetensors")}
    assert 2 <= len(finished) < 8
    assert describe(cut)["complete"] is False
    assert len(open_dataset(cut)) == len(finished)  # what is finished can be read at once
    (cut / EPISODES / ".half.123.tmp").write_bytes(b"left by a worker that died while writing")
    record(make(cut, actor), progress=False)
    assert files(cut) == files(tmp_path / "whole")
    assert all((cut / EPISODES / name).stat().st_mtime_ns == when for name, when in finished.items())


def session_alive(session):
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_finished_dataset_is_left_alone(tmp_path, fake_actors):
    config = make(tmp_path, f"{fake_actors}:steady", planned=0)
    record(config, progress=False)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    record(config, progress=False)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")} == before


def test_kept_failures_resume_where_they_were(tmp_path, fake_actors):
    """Cut between a kept failure and the success that follows it."""
    actor = f"{fake_actors}:clumsy"
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for out in (whole, cut):
        record(make(out, actor, keep_failures=True, planned=0), progress=False)
    success = next(demo.provenance.key for demo in open_dataset(cut) if demo.success and demo.provenance.path[-1] > 0)
    (cut / EPISODES / f"{success}.safetensors").unlink()
    record(make(cut, actor, keep_failures=True, planned=0), progress=False)
    assert files(cut) == files(whole)


def test_a_demo_that_never_succeeds_is_given_up_and_reported(tmp_path, fake_actors):
    config = make(tmp_path, f"{fake_actors}:hopeless", tasks=1, demos=2, planned=0, attempts=3, keep_failures=True)
    recording = record(config, progress=False)
    assert recording.given_up == ((0, 0), (0, 1))
    assert (recording.episodes, recording.successes) == (6, 0)
    assert not any(demo.success for demo in open_dataset(tmp_path))


def test_layout_labels_and_families(tmp_path, fake_actors):
    record(make(tmp_path, f"{fake_actors}:steady", planned=0), progress=False)
    for task in range(2):
        demos = [demo for demo in open_dataset(tmp_path) if demo.task.index == task]
        assert [demo.object_id for demo in demos] == ["a0", "a0", "a1", "b0"]
        families = [demo.family for demo in demos]
        assert families[0] == families[1] == families[2] != families[3]
        assert {demo.task.split for demo in demos} == {"training"}
        assert len({demo.state.tobytes() for demo in demos}) == 4


@pytest.mark.parametrize("change", [{"seed": 6}, {"demos": 3}, {"families": ("bar",)}, {"keep_failures": True}])
def test_another_recording_in_the_folder_is_refused(tmp_path, fake_actors, change):
    actor = f"{fake_actors}:steady"
    record(make(tmp_path, actor, tasks=1, planned=0), progress=False)
    before = files(tmp_path)
    name = next(iter(change))
    with pytest.raises(RecordError, match=rf"recorded with {name} .*, asked for .*; use another folder"):
        record(make(tmp_path, actor, tasks=1, planned=0, **change), progress=False)
    assert files(tmp_path) == before


@pytest.mark.parametrize("tasks, planned", [(2, 3), (0, 3), (2, 0)])
def test_a_lost_index_is_written_anew(tmp_path, fake_actors, tasks, planned):
    """As the message on a damaged index promises: delete it, and the same command goes on."""
    config = make(tmp_path, f"{fake_actors}:clumsy", tasks=tasks, planned=planned, keep_failures=True)
    recording = record(config, progress=False)
    whole = files(tmp_path)
    (tmp_path / INDEX).write_text("{")
    with pytest.raises(StoreError, match=r"index\.json: damaged .*; delete it, it is rebuilt from the episodes"):
        record(config, progress=False)
    (tmp_path / INDEX).unlink()
    for folder in (EPISODES, PLANNED):  # and what is missing besides is recorded
        for path in sorted((tmp_path / folder).iterdir())[1:2]:
            path.unlink()
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert record(config, progress=False) == recording
    assert files(tmp_path) == whole
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.parametrize("tasks, planned", [(2, 0), (0, 3)])
def test_another_recording_is_refused_without_an_index_too(tmp_path, fake_actors, tasks, planned):
    config = make(tmp_path, f"{fake_actors}:steady", tasks=tasks, planned=planned)
    record(config, progress=False)
    (tmp_path / INDEX).unlink()
    before = files(tmp_path)
    with pytest.raises(RecordError, match="recorded with seed 5, asked for 6; use another folder"):
        record(replace(config, seed=6), progress=False)
    assert files(tmp_path) == before


def test_what_is_recorded_is_labelled_with_who_acted(tmp_path, fake_actors):
    steady = importlib.import_module(fake_actors).steady
    config = make(tmp_path / "own", "someone else", tasks=1, planned=0)
    with pytest.raises(RecordError, match=r"but config\.actor is 'expert', which is another"):
        record(replace(config, actor="expert"), steady, progress=False)
    assert not (tmp_path / "own").exists()
    record(config, steady, progress=False)
    assert {demo.provenance.actor for demo in open_dataset(tmp_path / "own")} == {"someone else"}
    assert describe(tmp_path / "own")["config"]["actor"] == "someone else"
    named = make(tmp_path / "named", f"{fake_actors}:steady", tasks=1, planned=0)
    record(named, steady, progress=False)
    before = files(tmp_path / "named")
    record(named, progress=False)
    assert files(tmp_path / "named") == before
    assert {demo.provenance.actor for demo in open_dataset(tmp_path / "named")} == {f"{fake_actors}:steady"}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_actor_that_breaks_ends_the_run_and_leaves_a_dataset_to_resume(tmp_path, fake_actors, workers):
    with pytest.raises(ArithmeticError, match="the arm fell off"):
        record(make(tmp_path, f"{fake_actors}:broken", workers=workers, planned=0), progress=False)
    assert set(files(tmp_path)) == {INDEX}


def test_two_recorders_in_one_folder_are_one_too_many(tmp_path, fake_actors):
    with (
        sole_writer(tmp_path, "recording"),
        pytest.raises(LockError, match="another process is recording into it; wait for it, or write elsewhere"),
    ):
        record(make(tmp_path, f"{fake_actors}:steady"), progress=False)


BAD = {
    "negative tasks": ({"tasks": -1}, RecordError, "tasks is -1; expected at least 0"),
    "no demos": ({"demos": 0}, RecordError, "demos is 0; expected at least 1"),
    "no workers": ({"workers": 0}, RecordError, "workers is 0; expected at least 1"),
    "nothing": ({"tasks": 0, "planned": 0}, RecordError, "0 tasks and 0 planned tasks; expected at least 1 of either"),
    "intention": ({"intention": "juggle"}, RecordError, "unknown intention 'juggle'; expected all, balance, part"),
    "family": ({"families": ("hamer",)}, UnknownFamily, "unknown family 'hamer'; did you mean 'hammer'?"),
    "split": ({"families": (), "split": "trainig"}, UnknownSplit, "unknown split 'trainig'; did you mean 'training'?"),
    "mixed": ({"families": ("bar", "mallet")}, RecordError, "families of different splits (training, validation); "),
    "foreign": (
        {"families": ("mallet",), "split": "training"},
        RecordError,
        "family 'mallet' belongs to split 'validation', not to 'training'",
    ),
    "demos": (
        {"families": (), "split": "validation", "demos": 40},
        RecordError,
        "40 demos need 20 families, split 'validation' has ",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_recording_that_makes_no_sense_is_refused_with_one_clear_line(tmp_path, case):
    changes, error_type, message = BAD[case]
    with pytest.raises(error_type) as error:
        make(tmp_path / "data", "expert", **changes)
    assert str(error.value).startswith(message)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("actor", ["somebody", "no_such_module:f", "math:no_such_function", "math:pi", "./a:f"])
def test_an_unknown_actor_is_named_before_anything_is_written(tmp_path, actor):
    with pytest.raises(ActorError, match=actor):
        record(make(tmp_path / "data", actor), progress=False)
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_written_to(tmp_path, fake_actors):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file/data"):
        record(make(tmp_path / "file" / "data", f"{fake_actors}:steady"), progress=False)


def test_ctrl_c_is_left_to_the_parent():
    handler = list(run_jobs([partial(signal.getsignal, signal.SIGINT)] * 2, 2))
    assert handler == [signal.SIG_IGN] * 2


def test_the_expert_too_records_the_same_bytes_for_any_worker_count(tmp_path):
    """Real physics; each worker meets the episodes in another order, after other episodes."""
    for workers in (1, 2):
        record(make(tmp_path / str(workers), "expert", demos=3, planned=0, workers=workers), progress=False)
    assert files(tmp_path / "1") == files(tmp_path / "2")
    demos = list(open_dataset(tmp_path / "1"))
    assert len(demos) == 6
    for demo in demos:
        assert demo.success
        assert support_item(demo).hand[closing_step(support_item(demo).hand), 4] < 0.07
