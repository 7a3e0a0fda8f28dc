"""A Ray cluster of two nodes on this machine, each a group of processes of its own that a test can kill."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START = [sys.executable, "-m", "ray.scripts.scripts", "start", "--num-cpus", "1", "--object-store-memory", "80000000"]
START += ["--disable-usage-stats", "--block"]
TRIES = 3
"""Of starting a node."""


class TwoNodes:
    """`address` of the cluster; a context manager that ends both nodes."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        # Sockets of Ray lie below it, whose paths must be short.
        self.folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
        self._log = folder / "nodes.log"
        self._nodes: list[subprocess.Popen] = []

    def __enter__(self) -> TwoNodes:
        head = ["--head", "--port", str(self.port), "--include-dashboard=false", "--temp-dir", self.folder]
        try:
            self._bring(head)
            self.mend()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in reversed(self._nodes):
            self._end(node)

    def mend(self) -> None:
        """Start the node that is not the head, where there is none."""
        if len(self._nodes) < 2:
            self._bring(["--address", self.address])

    def kill_second(self) -> None:
        """Kill everything of the node that is not the head, as if its plug were pulled."""
        self._end(self._nodes.pop())

    def _bring(self, words: list[str]) -> None:
        """Start one more node; again where it gave up, as Ray's does after 30 s on a busy machine."""
        wanted = len(self._nodes) + 1
        for _ in range(TRIES):
            self._start(words)
            if self._all_there(wanted):
                return
            self._end(self._nodes.pop())
        raise RuntimeError(f"Ray did not start {wanted} nodes: {self._log.read_text()[-2000:]}")

    def _start(self, words: list[str]) -> None:
        with self._log.open("ab") as log:
            words = [*START, *words]
            own = self._environment()
            self._nodes.append(subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True, env=own))

    def _environment(self) -> dict[str, str]:
        # Ray's workers give way to everything else; on a busy machine they would never have their turn.
        kept = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
        return kept | {"RAY_worker_niceness": "0"}

    def _all_there(self, count: int) -> bool:
        """Whether so many nodes come to live."""
        question = "import sys; from ray._raylet import GcsClient\nnodes = GcsClient(address=sys.argv[1])"
        # State 0 is alive.
        question += ".get_all_node_info(timeout=5)\nprint(sum(node.state == 0 for node in nodes.values()))"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and all(node.poll() is None for node in self._nodes):
            with contextlib.suppress(subprocess.TimeoutExpired):
                words = [sys.executable, "-c", question, self.address]
                said = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False).stdout
                if said.strip() == str(count):
                    return True
            time.sleep(0.5)
        return False

    def _end(self, node: subprocess.Popen) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait(30)
