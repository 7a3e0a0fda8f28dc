"""Build the API pages of robo_meta from its docstrings; any warning is a failure.

Usage: python docs/build_api.py [--out FOLDER]. Needs `pip install ".[docs]"`. Open `index.html` in the folder, which is
`docs/api` by default. What is checked besides the documentation tool's own warnings: that every public name has a
docstring, and that whatever a docstring names by its place (`package.module.name`) is there.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The pages are of the source tree that this file lies in, whatever is installed.
sys.path.insert(0, str(ROOT))

import robo_meta  # noqa: E402

PAGES = (
    "robo_meta",
    "!robo_meta[.].*",
    "sim.env",
    "sim.success",
    "sim.tasks.scenes",
    "demos.recording.config",
    "robo_meta.objects.config",
    "robo_meta.evaluation.config",
    "robo_meta.scenarios.conditions",
    "robo_meta.selector.environment",
)
"""Modules that have a page, in pdoc's words: the public API without what lies beneath it, the environments, and the
records of options that the API refers to."""
ENTRY_POINTS = ("robo_meta.families", "robo_meta.strategies")
"""Groups of entry points, which look like places."""
PLACE = re.compile(r"`((?:robo_meta|demos|sim)(?:\.\w+)+)(?:\(\))?`")


def build(out: Path) -> list[str]:
    """Write the pages into `out`; everything that is wrong with them, one line each."""
    import pdoc

    pdoc.render.configure(docformat="google", footer_text=f"robo_meta {robo_meta.__version__}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pdoc.pdoc(*PAGES, output_directory=out)
    # What other libraries deprecate in their imports is not about our pages.
    said = [str(one.message) for one in caught if "pdoc" in Path(one.filename).parts]
    return [*said, *undocumented(), *broken_mentions()]


def undocumented() -> list[str]:
    """Public names without a docstring of their own."""
    found = []
    for name in robo_meta.__all__:
        value = getattr(robo_meta, name)
        if (inspect.isclass(value) or callable(value)) and not (value.__doc__ or "").strip():
            found.append(f"robo_meta.{name} has no docstring")
    return found


def broken_mentions() -> list[str]:
    """Places that docstrings and comments on fields name and that aren't there."""
    found = []
    for file in sources():
        for place in sorted(set(PLACE.findall(file.read_text(encoding="utf-8")))):
            if place not in ENTRY_POINTS and not exists(place):
                found.append(f"{file} speaks of {place}, which isn't there")
    return found


def sources() -> Iterator[Path]:
    """Every module of the three packages, read and not imported: some need extras."""
    for package in ("sim", "demos", "robo_meta"):
        yield from sorted(Path(importlib.import_module(package).__path__[0]).rglob("*.py"))


def exists(place: str) -> bool:
    """Whether `package.module.name.attribute` leads to something; true where that can't be told without an extra."""
    names = place.split(".")
    for cut in range(len(names), 0, -1):
        module = ".".join(names[:cut])
        try:
            value = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if str(error.name).partition(".")[0] != names[0]:
                return True
            continue
        for name in names[cut:]:
            if not hasattr(value, name) and name not in getattr(value, "__annotations__", {}):
                return False
            value = getattr(value, name, None)
        return True
    return False


def main(arguments: list[str] | None = None) -> int:
    """Build; 1 where something is wrong with the pages, 2 without the documentation tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "api")
    out = parser.parse_args(arguments).out
    try:
        importlib.import_module("pdoc")
    except ModuleNotFoundError:
        print('no pdoc; install it with pip install ".[docs]"', file=sys.stderr)
        return 2
    found = build(out)
    for line in found:
        print(line, file=sys.stderr)
    print(f"{out}: {len(list(out.rglob('*.html')))} pages, {len(found)} warnings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
