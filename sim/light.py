"""The light in which a camera sees colours: as they are, channel by channel dimmer, or in grey alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.errors import InputError

PLAIN, GREY = "plain", "grey"
LUMINANCE = np.array([0.299, 0.587, 0.114])
"""Shares of red, green and blue in grey (ITU-R BT.601)."""
BRIGHTEST = 2.0
"""Largest gain of a channel; colours stay within [0, 1] all the same."""


class LightError(InputError):
    """A light by which nothing can be seen, or that is written in no known way."""


@dataclass(frozen=True)
class Light:
    """What a camera makes of paint.

    Raises:
        LightError: a gain that is not above 0, or beyond `BRIGHTEST`.

    Example:
        >>> Light.named("0.5-0.8-1").on(np.array([1.0, 0.5, 0.2])).tolist()
        [0.5, 0.4, 0.2]
    """

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Factors of red, green and blue."""
    grey: bool = False
    """Whether the camera sees brightness alone, the same in all three channels."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "gains", tuple(float(gain) for gain in self.gains))
        if len(self.gains) != 3 or not all(0 < gain <= BRIGHTEST for gain in self.gains):
            raise LightError(f"light {self.name!r}: expected gains above 0 and up to {BRIGHTEST:g}")

    @staticmethod
    def named(name: str) -> Light:
        """The light called `plain` or `grey`, or three gains joined by `-`: `0.6-0.8-1`.

        Raises:
            LightError: another name, a gain out of range.
        """
        if name in (PLAIN, GREY):
            return Light(grey=name == GREY)
        try:
            red, green, blue = (float(gain) for gain in name.split("-"))
        except ValueError:
            raise LightError(f"light {name!r}; expected {PLAIN}, {GREY}, or three gains as 0.6-0.8-1") from None
        return Light((red, green, blue))

    @property
    def name(self) -> str:
        """What `named` reads."""
        if self.grey:
            return GREY
        return PLAIN if self.gains == (1.0, 1.0, 1.0) else "-".join(f"{gain:g}" for gain in self.gains)

    def on(self, colours: np.ndarray) -> np.ndarray:
        """RGB (…, 3) in [0, 1] as seen in this light."""
        if self.gains != (1.0, 1.0, 1.0):
            colours = (colours * self.gains).clip(0.0, 1.0)
        return np.repeat((colours @ LUMINANCE)[..., None], 3, axis=-1) if self.grey else colours


DAYLIGHT = Light()
"""Paints as the palette has them: the light of every headline figure."""
