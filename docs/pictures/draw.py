"""Draw the pictures of docs/CONCEPTS.md anew, from the real simulator and the shipped policy.

Usage: python docs/pictures/draw.py [NAME ...] [--out FOLDER]; without names all of them, beside this file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import of_policies
import of_worlds

PICTURES = {
    "objects": of_worlds.objects,
    "materials": of_worlds.materials,
    "intentions": of_worlds.ends,
    "transfers": of_worlds.transfers,
    "worlds": of_worlds.worlds,
    "strategies": of_policies.strategies,
    "adaptation": of_policies.adaptation,
    "verdict": of_policies.verdict,
    "selector": of_policies.selector,
}
"""Name of the file, without `.png` → what draws it."""


def main(arguments: list[str] | None = None) -> int:
    """Draw what was named; say each file and its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    asked = parser.parse_args(arguments)
    for name in asked.names:
        if name not in PICTURES:
            parser.error(f"unknown picture {name!r}; expected one of {', '.join(PICTURES)}")
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.names or PICTURES:
        made = PICTURES[name](asked.out / f"{name}.png")
        print(f"{made}: {made.stat().st_size / 1000:.0f} kB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
