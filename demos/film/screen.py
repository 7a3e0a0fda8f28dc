"""What a film shows in each frame: a legend above, and panels side by side.

Demonstrations come first, one after another in the first panel, while the others wait; then those act together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from demos.film.legend import Entry, draw_legend, legend_height, legend_of, paint
from demos.film.lettering import ACCENTS, PAPER, RGB
from demos.film.panel import PanelSize, Shot, draw_panel
from sim.palette import PALETTE
from sim.tasks.scenes import Scene

GIF_WIDTH, MP4_WIDTH = 720, 1248
"""Pixels: widest screen in a GIF, which a README shows as it is, and in an MP4."""
ABREAST = 3
"""Panels in a row at most."""
WIDEST = {GIF_WIDTH: 320, MP4_WIDTH: 480}
"""Pixels: widest screen → widest panel in it."""
GAP, MARGIN = 6, 4
"""Pixels between panels, and around all."""
BLOCK = 16
"""Pixels: a screen's sides are multiples of it, as video encoders like it best."""
PAUSE = 6
"""Frames that the end of a demonstration stays before anything goes on."""
REST = 30
"""Frames that the film's end stays."""


@dataclass(frozen=True)
class Screen:
    """A film: what is told about the scene, what was demonstrated, and what came of it."""

    legend: tuple[Entry, ...]
    """Above the panels."""
    demonstrations: tuple[Shot, ...]
    """Played one after another in the first panel; none where the film has no such panel."""
    attempts: tuple[Shot, ...]
    """Played together, a panel each, after the demonstrations."""

    @staticmethod
    def of(scene: Scene, demonstrations: tuple[Shot, ...], attempts: tuple[Shot, ...]) -> Screen:
        """The screen of what was demonstrated and what was attempted on one scene."""
        return Screen(legend_of(scene), demonstrations, attempts)

    @property
    def colours(self) -> tuple[RGB, ...]:
        """Colours that a file must keep for the screen to be understood."""
        return (*ACCENTS, *(paint(entry.sign) for entry in self.legend if entry.sign in PALETTE))

    @property
    def panels(self) -> int:
        """How many there are."""
        return bool(self.demonstrations) + len(self.attempts)

    @property
    def length(self) -> int:
        """Frames."""
        return self._begin + max((shot.last + 1 for shot in self.attempts), default=0)

    @property
    def _begin(self) -> int:
        """Frame at which the attempts begin."""
        return sum(shot.last + 1 + PAUSE for shot in self.demonstrations)

    def frames(self, widest: int = MP4_WIDTH) -> list[np.ndarray]:
        """The film's frames, (H, W, 3) uint8 each, 10 a second.

        Args:
            widest: `GIF_WIDTH` or `MP4_WIDTH`, pixels; a film of few panels is narrower.
        """
        columns = min(ABREAST, self.panels) if self.panels != ABREAST + 1 else (ABREAST + 1) // 2
        width = min(WIDEST[widest], (widest - 2 * MARGIN - (columns - 1) * GAP) // columns)
        size = PanelSize(width)
        drawn = lru_cache(maxsize=4 * self.panels)(draw_panel)
        inner = columns * (width + GAP) - GAP
        top = MARGIN + legend_height(self.legend, inner, size)
        rows = -(-self.panels // columns)
        full = (_whole(inner + 2 * MARGIN), _whole(top + rows * (size.height + GAP) - GAP + MARGIN))
        left = (full[0] - inner) // 2
        base = Image.new("RGB", full, PAPER)
        draw_legend(base, self.legend, left, MARGIN, inner, size)
        frames = []
        for number in range(self.length):
            screen = base.copy()
            for panel, (shot, frame, judged) in enumerate(self._at(number)):
                row, column = divmod(panel, columns)
                where = (left + column * (width + GAP), top + row * (size.height + GAP))
                screen.paste(drawn(shot, frame, size, judged), where)
            frames.append(np.asarray(screen))
        return frames

    def _at(self, number: int) -> list[tuple[Shot, int, bool]]:
        """Shot, number of its frame, and whether it is over, of each panel in frame `number` of the film."""
        begin, shown, left = self._begin, list[tuple[Shot, int, bool]](), number
        for place, shot in enumerate(self.demonstrations):
            if left <= shot.last + PAUSE or place == len(self.demonstrations) - 1:
                shown.append((shot, min(left, shot.last), left >= shot.last))
                break
            left -= shot.last + 1 + PAUSE
        for shot in self.attempts:
            frame = min(max(number - begin, 0), shot.last)
            shown.append((shot, frame, number - begin >= shot.last))
        return shown


def _whole(pixels: int) -> int:
    return -(-pixels // BLOCK) * BLOCK
