"""Pictures for a dataset that was recorded without: every episode is replayed, and the cameras look.

What a picture shows follows from its episode alone, so neither the number of workers nor an interruption changes a
byte, and the same command again draws just what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path

import numpy as np

from demos.expert.episode import Moment
from demos.pictures.cameras import CAMERAS
from demos.pictures.picture_file import PICTURES, Size, picture_path, picture_size, write_pictures
from demos.replaying import replay_of
from demos.storage.dataset import Dataset, open_dataset
from demos.storage.files import remove_temporaries
from demos.storage.lock import sole_writer
from demos.workers import run_jobs
from sim.env import GraspEnv
from sim.errors import InputError, did_you_mean
from sim.physics.camera import take_picture

LARGEST_SIDE = 2048
"""Pixels."""


class RenderError(InputError):
    """Pictures that cannot be drawn as asked."""


@dataclass(frozen=True)
class RenderConfig:
    """What to draw.

    Raises:
        RenderError: an unknown camera, or one twice; sizes or workers out of range.
    """

    data: Path
    """Dataset folder."""
    cameras: tuple[str, ...] = ("front", "wrist")
    """`front`, beside the table, and `wrist`, on the hand."""
    depth: bool = False
    """Depth as well, mm."""
    width: int = 320
    """Pixels; even, as videos want it."""
    height: int = 240
    """Pixels; even."""
    workers: int = 1
    """Processes; changes nothing but the time it takes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", Path(self.data))
        object.__setattr__(self, "cameras", tuple(self.cameras))
        for camera in self.cameras:
            if camera not in CAMERAS:
                raise RenderError(f"unknown camera {camera!r}{did_you_mean(camera, CAMERAS)}")
        if not self.cameras or len(set(self.cameras)) < len(self.cameras):
            raise RenderError(f"cameras {', '.join(self.cameras) or 'none'}; expected one or more, each once")
        for name in ("width", "height"):
            if not 16 <= getattr(self, name) <= LARGEST_SIDE or getattr(self, name) % 2:
                raise RenderError(f"{name} is {getattr(self, name)}; expected an even number from 16 to {LARGEST_SIDE}")
        if self.workers < 1:
            raise RenderError(f"workers is {self.workers}; expected at least 1")

    @property
    def size(self) -> Size:
        """How pictures are taken."""
        return Size(self.height, self.width, self.depth)


@dataclass(frozen=True)
class Rendered:
    """What was drawn."""

    folder: Path
    """That the pictures lie in."""
    episodes: int
    """Episodes of the dataset, which now have pictures of every camera asked for."""
    drawn: int
    """Episodes drawn by this call; the others had theirs."""
    pictures: int
    """Pictures drawn by this call."""


def render(config: RenderConfig, progress: bool = True) -> Rendered:
    """Draw what is missing of a dataset's pictures.

    Args:
        config: which cameras.
        progress: draw a bar on standard error.

    Raises:
        RenderError: no recorded episodes, or pictures of another size are there.
        demos.replaying.ReplayError: episodes that can't be replayed here, or come out otherwise than recorded.
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        demos.storage.lock.LockError: another process is rendering into it.
        OSError: the pictures can't be written.
    """
    dataset = open_dataset(config.data)
    if not len(dataset):
        raise RenderError(f"{config.data}: only planned demonstrations, which have no actions to replay")
    missing = _missing(dataset, config)
    if missing:
        # Other physics and unknown families are refused before anything is made.
        replay_of(dataset, next(iter(missing)))
    folders = [config.data / PICTURES / camera for camera in config.cameras]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    with sole_writer(config.data / PICTURES, "rendering"):
        for folder in folders:
            remove_temporaries(folder)
        missing = _missing(dataset, config)
        jobs: list[Callable[[], int]] = [partial(_draw, config, key, cameras) for key, cameras in missing.items()]
        drawn = _run(jobs, config.workers, len(dataset), progress)
    return Rendered(config.data / PICTURES, len(dataset), len(missing), drawn)


def _missing(dataset: Dataset, config: RenderConfig) -> dict[str, tuple[str, ...]]:
    """Episode → cameras whose pictures it lacks.

    Raises:
        RenderError: there are pictures that were taken otherwise.
    """
    missing: dict[str, tuple[str, ...]] = {}
    for key, entry in dataset.index["episodes"].items():
        for camera in config.cameras:
            path = picture_path(dataset.folder, camera, key)
            found = picture_size(path, entry["checksum"])
            if found is None:
                missing[key] = (*missing.get(key, ()), camera)
            elif found != config.size:
                raise RenderError(f"{path}: {_told(found)}; asked for {_told(config.size)}: delete {path.parent} first")
    return missing


def _told(size: Size) -> str:
    return f"{size.width} × {size.height} {'with' if size.depth else 'without'} depth"


def _run(jobs: Sequence[Callable[[], int]], workers: int, episodes: int, progress: bool) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    drawn = 0
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        shown = bar.add_task("episodes", total=episodes, completed=episodes - len(jobs))
        for pictures in run_jobs(jobs, workers):
            drawn += pictures
            bar.advance(shown)
    return drawn


@cache
def _visible_env() -> GraspEnv:
    """The process's own environment whose bodies can be seen."""
    return GraspEnv(render_mode="rgb_array")


@lru_cache(maxsize=1)
def _opened(folder: Path) -> Dataset:
    return open_dataset(folder)


def _draw(config: RenderConfig, key: str, cameras: tuple[str, ...]) -> int:
    """Replay one episode and write what the cameras saw; returns how many pictures were drawn."""
    dataset, env = _opened(config.data), _visible_env()
    colour: dict[str, list[np.ndarray]] = {camera: [] for camera in cameras}
    depth: dict[str, list[np.ndarray]] = {camera: [] for camera in cameras}

    def look(moment: Moment) -> None:
        for camera in cameras:
            picture, distance = take_picture(env.world, CAMERAS[camera](env), config.width, config.height)
            colour[camera].append(picture)
            depth[camera].append(distance)

    replay_of(dataset, key).run(env, look)
    episode = dataset.index["episodes"][key]["checksum"]
    for camera in cameras:
        path = picture_path(config.data, camera, key)
        write_pictures(path, camera, episode, colour[camera], depth[camera] if config.depth else None)
    return sum(map(len, colour.values()))
