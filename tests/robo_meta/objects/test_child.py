"""What hangs, crashes, swells or fails in a child is one line in its parent, and no process stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robo_meta.objects.child import ChildStopped, ChildTimeout, ChildUnfinished, run_in_child
from sim.errors import InputError
from tests.robo_meta.objects import errands

MEMORY = 2 << 30
linux = pytest.mark.skipif(sys.platform != "linux", reason="children are forked on Linux")


@pytest.fixture(scope="module", params=[pytest.param(True, marks=linux), False], ids=["forked", "from scratch"])
def forks(request: pytest.FixtureRequest) -> bool:
    return request.param


def test_the_result_comes_back_as_plain_values(forks: bool) -> None:
    assert run_in_child(pow, 2, 10, seconds=60, memory=MEMORY, forks=forks) == 1024
    assert run_in_child(errands.thirds, 3, seconds=60, memory=MEMORY, forks=forks) == [1 / 3, 2 / 3, 1.0]


def test_what_hangs_is_ended(forks: bool) -> None:
    start = time.monotonic()
    with pytest.raises(ChildTimeout, match=r"^not done within 0.5 s$"):
        run_in_child(time.sleep, 100, seconds=0.5, memory=MEMORY, forks=forks)
    assert time.monotonic() - start < 30


@linux
def test_time_is_what_it_computes_not_what_it_waits() -> None:
    assert run_in_child(errands.slept, 2.0, seconds=1, memory=MEMORY) == 2.0
    with pytest.raises(ChildTimeout):
        run_in_child(errands.busy, 100.0, seconds=1, memory=MEMORY)


def test_a_childs_own_child_has_its_own_limits(forks: bool) -> None:
    assert run_in_child(errands.told_by_child, 0.5, seconds=300, memory=MEMORY, forks=forks) == "not done within 0.5 s"


def test_what_crashes_is_told_and_the_next_one_is_not_harmed(forks: bool) -> None:
    with pytest.raises(ChildUnfinished, match="crashed on it, or its share of memory ran out"):
        run_in_child(os.abort, seconds=60, memory=MEMORY, forks=forks)
    assert run_in_child(pow, 2, 3, seconds=60, memory=MEMORY, forks=forks) == 8


def test_nothing_of_one_child_is_left_in_the_next(forks: bool) -> None:
    marks = [run_in_child(errands.mark, seconds=60, memory=MEMORY, forks=forks) for _ in range(2)]
    assert marks == [1, 1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_what_swells_is_told(forks: bool) -> None:
    with pytest.raises(ChildStopped, match="needs more memory than one object may take") as told:
        run_in_child(bytearray, 4 << 30, seconds=60, memory=MEMORY, forks=forks)
    # A reason that stays: what needs that much will need it again.
    assert not isinstance(told.value, ChildUnfinished)


def test_an_exception_is_one_line_with_its_kind(forks: bool) -> None:
    with pytest.raises(ChildStopped, match=r"a library for meshes fails on it \(ValueError: invalid literal"):
        run_in_child(int, "a\nb", seconds=60, memory=MEMORY, forks=forks)


def test_what_is_no_json_is_an_error(forks: bool) -> None:
    with pytest.raises(ChildStopped, match="fails on it"):
        run_in_child(object, seconds=60, memory=MEMORY, forks=forks)


def test_a_reason_in_plain_words_comes_as_it_is(forks: bool) -> None:
    from robo_meta.objects.settings import check_unit

    with pytest.raises(InputError, match=r"^unknown unit 'ell'; expected one of m, cm, mm, inch$"):
        run_in_child(check_unit, "ell", seconds=60, memory=MEMORY, forks=forks)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_children_and_theirs_end_with_a_parent_that_is_killed(forks: bool) -> None:
    inner = "from robo_meta.objects.child import run_in_child as run; from tests.robo_meta.objects import errands;"
    inner += f"run(errands.told_by_child, 90.0, seconds=400, memory=1 << 31, forks={forks})"
    parent = subprocess.Popen([sys.executable, "-c", inner])
    family = _wait_for(lambda: (found := _descendants(parent.pid))[2:] and found, 400)
    assert family
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert _wait_for(lambda: not any(map(_alive, family)))


def _descendants(parent: int) -> list[int]:
    children = _children_of(parent)
    return children + [own for child in children for own in _descendants(child)]


def _children_of(parent: int) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and int(_status(int(entry))[1]) == parent:
                found.append(int(entry))
        except (OSError, IndexError):
            continue
    return found


def _status(process: int) -> list[str]:
    """What follows a process's name: state, parent, …"""
    return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()


def _alive(process: int) -> bool:
    try:
        return _status(process)[0] != "Z"
    except OSError:
        return False


def _wait_for(found, seconds: float = 20.0):
    end = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.05)
    return value
