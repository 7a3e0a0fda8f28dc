"""A strategy's colour and marker, the same in every chart; the two together tell any two strategies apart.

Colours are those of Okabe and Ito (2008, "Color universal design"), which people with a colour vision deficiency tell
apart. Markers are outlined in the text's colour, so that pale ones are seen on a white page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

from robo_meta.catalogue import ASKING, ASKING_LOOK, CATALOGUE, MARKERS, OKABE_ITO, bare

EXPERT = "expert"
INK = "currentColor"
"""The text's colour, whatever the page's colours are."""
MARKER_PATHS = {
    "circle": "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z",
    "square": "M-5-5h10v10h-10z",
    "diamond": "M0-7L7 0 0 7-7 0z",
    "up": "M0-6.5L6.5 5.5h-13z",
    "down": "M0 6.5L6.5-5.5h-13z",
    "plus": "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
    "hexagon": "M-3.2-5.6h6.4L6.4 0 3.2 5.6h-6.4L-6.4 0z",
    "star": "M0-7L1.8-2.4 6.7-2.2 2.9.9 4.1 5.7 0 3-4.1 5.7-2.9.9-6.7-2.2-1.8-2.4z",
}
"""Marker → its outline as an SVG path around (0, 0), px."""


class Look(NamedTuple):
    """How a strategy is drawn."""

    colour: str
    """Of the marker's filling and of lines, as CSS has it."""
    marker: str
    """One of `MARKER_PATHS`."""
    dash: str
    """Of lines: `stroke-dasharray`; half of the strategies have broken lines."""


def look_of(name: str) -> Look:
    """The look of a strategy by its name in the results; of a user's own, one that its name picks.

    Example:
        >>> look_of("maml")
        Look(colour='#0072B2', marker='circle', dash='none')
    """
    if name == EXPERT:
        return Look(INK, "star", "2 3")
    plain = bare(name)
    row = CATALOGUE.get(plain)
    if plain == ASKING:
        found = ASKING_LOOK
    elif row is not None and row.look is not None:
        found = row.look
    else:
        number = crc32(plain.encode())
        found = OKABE_ITO[number % len(OKABE_ITO)], MARKERS[number // len(OKABE_ITO) % len(MARKERS)]
    # Driven by the scripted controller, it has the same colour and marker, and a broken line.
    return Look(*found, "none" if name == plain else "6 3")


def ordered(names: Iterable[str], ours: str | None = None) -> list[str]:
    """Distinct names, the expert and ours first."""
    first = {EXPERT: 0, ours: 1}
    return sorted(dict.fromkeys(names), key=lambda name: first.get(name, 2))


def looks_of(names: Sequence[str]) -> list[tuple[str, Look]]:
    """Names with their looks, for a legend."""
    return [(name, look_of(name)) for name in names]
