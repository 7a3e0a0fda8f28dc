"""What hangs, crashes, swells or fails in a child is one line in its parent, and no process stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robo_meta.objects.child import ChildStopped, ChildTimeout, run_in_child
from sim.errors import InputError

MEMORY = 2 << 30


def test_the_result_comes_back() -> None:
    assert run_in_child(pow, 2, 10, seconds=60, memory=MEMORY) == 1024


def test_what_hangs_is_ended() -> None:
    start = time.monotonic()
    with pytest.raises(ChildTimeout, match=r"^not done within 1 s$"):
        run_in_child(time.sleep, 100, seconds=1, memory=MEMORY)
    assert time.monotonic() - start < 20


def test_what_crashes_is_told() -> None:
    with pytest.raises(ChildStopped, match="crashed on it, or its share of memory ran out"):
        run_in_child(os.abort, seconds=60, memory=MEMORY)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_what_swells_is_told() -> None:
    with pytest.raises(ChildStopped, match="needs more memory than one object may take"):
        run_in_child(bytearray, 4 << 30, seconds=60, memory=MEMORY)


def test_an_exception_is_one_line_with_its_kind() -> None:
    with pytest.raises(ChildStopped, match=r"a library for meshes fails on it \(ValueError: invalid literal"):
        run_in_child(int, "a\nb", seconds=60, memory=MEMORY)


def test_a_reason_in_plain_words_comes_as_it_is() -> None:
    from robo_meta.objects.settings import check_unit

    with pytest.raises(InputError, match=r"^unknown unit 'ell'; expected one of m, cm, mm, inch$"):
        run_in_child(check_unit, "ell", seconds=60, memory=MEMORY)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_child_ends_with_a_parent_that_is_killed() -> None:
    inner = "import time; from robo_meta.objects.child import run_in_child as run;"
    inner += "run(time.sleep, 77.25, seconds=90, memory=1 << 31)"
    parent = subprocess.Popen([sys.executable, "-c", inner])
    child = _wait_for(lambda: _children_of(parent.pid))
    assert child
    time.sleep(0.5)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert _wait_for(lambda: not _alive(child[0]))


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
