"""Run every `robo-meta` line of the README's bash blocks, in order, in a fresh folder, then its Python blocks.

Usage: readme_commands.py BIN_FOLDER README
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def commands(readme: str) -> list[str]:
    """The `robo-meta` lines of the README's bash blocks, continuation lines joined."""
    blocks = re.findall(r"```bash\n(.*?)```", readme, flags=re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    # In an installing line only its last command is ours; CI has installed already.
    last = [line.rpartition("&& ")[2].strip() for line in lines]
    return [line for line in last if line.startswith("robo-meta ")]


def snippets(readme: str) -> list[str]:
    """The README's Python blocks."""
    return re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)


def main() -> int:
    """Returns 1 at the first command that fails."""
    path = f"{sys.argv[1]}{os.pathsep}{os.environ['PATH']}"
    readme = Path(sys.argv[2]).read_text()
    found = commands(readme)
    if not found:
        print("the README shows no command")
        return 1
    # sh -c, because README lines are what a person types.
    runs = [(line, ["sh", "-c", line]) for line in found]
    runs += [(code, [str(Path(sys.argv[1]) / "python"), "-c", code]) for code in snippets(readme)]
    with tempfile.TemporaryDirectory() as folder:
        for shown, run in runs:
            started = time.perf_counter()
            print(f"$ {shown}", flush=True)
            done = subprocess.run(run, cwd=folder, env={**os.environ, "PATH": path})
            print(f"  exit {done.returncode} after {time.perf_counter() - started:.0f} s", flush=True)
            if done.returncode != 0:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
