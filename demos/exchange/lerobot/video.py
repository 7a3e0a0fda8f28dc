"""Videos of many episodes, one after another, as LeRobot keeps them."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np

from demos.exchange.lerobot.layout import VIDEO, image_key
from sim.episode.action import CONTROL_HZ

MOST_FRAMES = 10_000
"""Frames of a file: an episode that would go beyond begins the next one."""
QUALITY = "16"
"""H.264's constant rate factor: hardly to be told from the original. Every second frame is a whole one, for readers
that jump."""


class VideoWriter:
    """The videos of one camera.

    Args:
        folder: of the dataset.
        camera: its name.
    """

    def __init__(self, folder: Path, camera: str) -> None:
        self._folder, self._key = folder, image_key(camera)
        self._file, self._frames = -1, MOST_FRAMES
        self._writer: Generator[None, np.ndarray | None, None] | None = None

    def add(self, pictures: np.ndarray) -> dict[str, float | int]:
        """Write the pictures (T, H, W, 3) uint8 of an episode; returns where, as columns of `meta/episodes`."""
        if self._writer is None or self._frames + len(pictures) > MOST_FRAMES:
            self._begin(pictures.shape[2], pictures.shape[1])
        assert self._writer is not None
        first = self._frames
        for picture in pictures:
            self._writer.send(np.ascontiguousarray(picture))
        self._frames += len(pictures)
        return {
            f"videos/{self._key}/chunk_index": 0,
            f"videos/{self._key}/file_index": self._file,
            f"videos/{self._key}/from_timestamp": first / CONTROL_HZ,
            f"videos/{self._key}/to_timestamp": self._frames / CONTROL_HZ,
        }

    def close(self) -> None:
        """Finish the last file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _begin(self, width: int, height: int) -> None:
        import imageio_ffmpeg

        self.close()
        self._file, self._frames = self._file + 1, 0
        path = self._folder / VIDEO.format(video_key=self._key, chunk_index=0, file_index=self._file)
        path.parent.mkdir(parents=True, exist_ok=True)
        options = ["-crf", QUALITY, "-g", "2", "-bf", "0", "-threads", "1"]
        self._writer = imageio_ffmpeg.write_frames(
            str(path), (width, height), fps=CONTROL_HZ, quality=None, macro_block_size=2, output_params=options
        )
        self._writer.send(None)
