"""Opens the studio: a free port, the session's thread, the page; and closes it without losing anything."""

from __future__ import annotations

import contextlib
import io
import signal
import socket
from collections.abc import Callable
from types import FrameType

from robo_meta.studio.config import StudioConfig, StudioError
from robo_meta.studio.owner import Owner
from robo_meta.studio.session import Session
from sim.libraries import library


def serve(config: StudioConfig, opened: Callable[[str], None]) -> None:
    """Serve the page until Ctrl-C, or until the process is told to end.

    Args:
        config: where, and what to offer.
        opened: told the page's address once it can be visited.

    Raises:
        StudioError: the port is taken.
        sim.libraries.LibraryMissing: viser is missing.
        sim.errors.InputError: a folder, library or checkpoint that can't be used.
    """
    port = free_port(config.host, config.port)
    viser = library("viser", "the studio", "studio")
    group = _library(config)
    # Torch takes seconds to load: now, rather than under somebody's hand.
    from robo_meta.strategies.build import playable
    from robo_meta.training.checkpoint import checkpoint_file

    strategies = playable(checkpoint_file(config.checkpoint))
    from robo_meta.studio.page import Page

    # What viser says of itself would stand among our own lines.
    with contextlib.redirect_stdout(io.StringIO()):
        server = viser.ViserServer(config.host, port, label="robo_meta studio", verbose=False)
    try:
        page = Page(server, strategies, group)
        owner = Owner(lambda: Session(config.out, config.seed, config.checkpoint), page.show)
        page.connect(owner.put)
        try:
            opened(f"http://{config.host if ':' not in config.host else f'[{config.host}]'}:{port}")
            _wait(owner)
        finally:
            owner.close()
    finally:
        with contextlib.redirect_stdout(io.StringIO()):
            server.stop()


def free_port(host: str, port: int) -> int:
    """`port`, or any free one for 0. viser itself would move on to the next port without a word.

    Raises:
        StudioError: somebody listens there already, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise StudioError(f"port {port} of {host}: {reason}; choose another with --port") from error
        found: int = probe.getsockname()[1]
        return found


def _library(config: StudioConfig) -> str | None:
    """The split of the libraries that were named; None where none was."""
    if not config.objects:
        return None
    from robo_meta.objects.registration import register_libraries

    return register_libraries(config.objects)


def _wait(owner: Owner) -> None:
    """Until Ctrl-C, a request to end, or the end of the session's thread."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        owner.ended.wait()
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
