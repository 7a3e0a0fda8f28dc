"""One writer at a time, and none after a kill."""

import subprocess
import sys

import pytest

from demos.storage.lock import LockError, sole_writer

HOLDER = """
import sys, time
from pathlib import Path
if sys.argv[2] == "bare":
    sys.modules["filelock"] = None
from demos.storage.lock import sole_writer
with sole_writer(Path(sys.argv[1]), "training"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("machine", ["usual", "bare"])
@pytest.mark.parametrize("place", [".", "matrix.safetensors"])
def test_a_second_writer_is_refused_until_the_first_is_killed(tmp_path, machine, place):
    words = [sys.executable, "-c", HOLDER, str(tmp_path / place), machine]
    holder = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockError, match="another process is playing into it"), sole_writer(tmp_path / place, "playing"):
        pass
    holder.kill()
    holder.wait()
    with sole_writer(tmp_path / place, "playing"):
        pass
