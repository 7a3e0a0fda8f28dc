"""Jobs on several processes: Ctrl-C ends them at once, and a process that dies is told in one line."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from demos.workers import WorkerDied, run_jobs


def test_results_of_all_jobs_come_whatever_the_number_of_processes():
    for workers in (1, 2):
        assert sorted(run_jobs([partial(abs, -n) for n in range(6)], workers)) == list(range(6))


def test_a_process_that_dies_is_told():
    with pytest.raises(WorkerDied, match=r"worker process died .*__main__"):
        list(run_jobs([partial(os._exit, 1), partial(abs, 1)], 2))


def test_a_job_s_own_error_comes_through():
    with pytest.raises(TypeError):
        list(run_jobs([partial(abs, "x")], 2))


@pytest.mark.parametrize("busy", ["", "time.sleep(30)"], ids=["waiting for a job", "in the caller's loop"])
def test_ctrl_c_ends_long_jobs_at_once(busy):
    code = f"""
import time
from functools import partial
from demos.workers import run_jobs
if __name__ == "__main__":
    for _ in run_jobs([partial(abs, 1), *[partial(time.sleep, 60)] * 3], 2):
        print("first", flush=True)
        {busy}
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None and process.stdout.readline() == "first\n"
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said and time.monotonic() - began < 10
