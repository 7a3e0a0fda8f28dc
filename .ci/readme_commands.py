"""Run the bash and Python blocks of documents in order, each document in a fresh folder of its own.

Usage: readme_commands.py BIN_FOLDER DOCUMENT...

A bash block runs as one script that stops at its first failure. Of a line that installs from a clone (`git clone … &&
…`) only the last command is ours, and only where it is `robo-meta`: CI has installed and tested already.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def blocks(document: str) -> list[tuple[str, str]]:
    """(language, code) of every block that is to be run, in order."""
    found = []
    for language, code in BLOCK.findall(document):
        if language == "bash":
            code = "".join(_without_installation(line) for line in code.splitlines(keepends=True))
        if code.strip():
            found.append((language, code))
    return found


def _without_installation(line: str) -> str:
    """The part of a line of bash that CI has not done already."""
    if not line.startswith("git clone "):
        return line
    last = line.rpartition("&& ")[2]
    return last if last.startswith("robo-meta ") else ""


def run_document(path: Path, programs: Path) -> bool:
    """Run all blocks of the document at `path` with a virtual environment's programs; False at the first failure."""
    found = blocks(path.read_text(encoding="utf-8"))
    if not found:
        print(f"{path} shows no command")
        return False
    # Python blocks are given as a person in a notebook or console gives them: without a file.
    start = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [str(programs / "python"), "-c"]}
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        for language, code in found:
            print(f"{path.name}, {language}:\n{code.rstrip()}", flush=True)
            started = time.perf_counter()
            done = subprocess.run([*start[language], code], cwd=folder, env=environment)
            print(f"  exit {done.returncode} after {time.perf_counter() - started:.0f} s", flush=True)
            if done.returncode != 0:
                return False
    return True


def main(arguments: list[str]) -> int:
    """Returns 1 at the first block that fails, 2 without a document."""
    if len(arguments) < 2:
        print(__doc__)
        return 2
    programs = Path(arguments[0])
    return 0 if all(run_document(Path(path), programs) for path in arguments[1:]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
