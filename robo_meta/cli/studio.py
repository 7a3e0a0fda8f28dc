"""`robo-meta studio`: demonstrations by hand, in a browser."""

from __future__ import annotations

from dataclasses import dataclass

from robo_meta.cli.words import Unchecked, config_in
from robo_meta.studio.config import StudioConfig


@dataclass(frozen=True)
class Studio(Unchecked, StudioConfig):
    """Demonstrate by hand in a browser, see what strategies make of it, and keep it as a dataset."""

    def run(self) -> int | None:
        """Serve the page until Ctrl-C."""
        config = config_in(self, StudioConfig)
        from robo_meta.studio.server import serve

        def opened(address: str) -> None:
            print(
                f"studio: {address}\nout: {config.out}\nCtrl-C ends it; every judged attempt is on the disk", flush=True
            )

        serve(config, opened)
        return None
