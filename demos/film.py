"""A film of one scripted grasp: see an object found, lifted and held."""

from __future__ import annotations

import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from PIL import Image

from demos.files import write_atomic
from demos.grasps import aim, plan_grasp
from demos.scripted_hand import scripted_hand
from sim.env import CONTROL_HZ, GraspEnv
from sim.families import family_named
from sim.frames import turn_displacement
from sim.object_frame import hand_in_object
from sim.sampling import draw_scene, draw_task
from sim.scenes import Scene
from sim.seeds import generator, seed_sequence

MOMENTS = 6
"""Pictures in a strip."""
STRIP_SIDE = 320
"""Pixels: each picture of a strip, the middle square of its frame."""
LOOKS_PER_FRAME = 2
"""Looks at the final hold (20 a second) to a frame, so that a film runs at its true speed."""
LAST_FRAMES = 5
"""Times that the last frame is shown, for the eye to rest on."""


class FilmError(ValueError):
    """A film that cannot be written as asked."""


@dataclass(frozen=True)
class FilmConfig:
    """Which grasp to film, and where to."""

    family: str = "hammer"
    """Shape family that the object is drawn from."""
    seed: int = 0
    """Draws object, materials, pose, arm start and aim."""
    intention: str = "balance"
    """`balance` or `part`."""
    video: Path | None = None
    """MP4 to write."""
    image: Path | None = None
    """PNG to write: six moments side by side."""


@dataclass
class _Camera:
    """Takes frames while an episode is played; without files to write it takes none."""

    env: GraspEnv
    rolling: bool

    def __post_init__(self) -> None:
        self.frames: list[np.ndarray] = []
        self.closed: int | None = None
        """Frame at which the fingers begin to close."""
        self.lifted: int | None = None
        """First frame of the final hold."""
        self._looks = 0

    def take(self) -> None:
        """Add a frame."""
        picture = self.env.render() if self.rolling else None
        if picture is not None:
            self.frames.append(picture)

    def watch_hold(self) -> None:
        """Add a frame at every `LOOKS_PER_FRAME`th look."""
        if self.lifted is None:
            self.lifted = len(self.frames)
        self._looks += 1
        if self._looks % LOOKS_PER_FRAME == 0:
            self.take()


def film(config: FilmConfig) -> dict[str, Any]:
    """Play a scripted demonstration and write what it looks like; without `video` and `image` it is only played.

    Returns:
        `family, split, seed, intention, part_colour, densities, success, verdict, steps, frames, video, image`; the
        last two are paths as text, or None.

    Raises:
        sim.families.UnknownFamily, sim.sampling.UnknownIntention: a name that is not in the table.
        FilmError: a file that cannot be written, or whose name has the wrong ending.
    """
    split = family_named(config.family).group
    # Tasks are numbered from the family's own stream, so that two families of one seed are not of one stuff.
    index = int(generator(config.seed, "film", config.family).integers(2**31))
    task = draw_task(config.seed, split, index, config.intention)
    for path, suffix in ((config.video, ".mp4"), (config.image, ".png")):
        if path is not None:
            _check(path, suffix)
    scene = draw_scene(config.seed, task, config.family, "a0")
    rolling = config.video is not None or config.image is not None
    env = GraspEnv(render_mode="rgb_array" if rolling else None)
    try:
        camera = _Camera(env, rolling)
        info, steps = _play(env, camera, scene, config.seed)
    finally:
        env.close()
    if config.video is not None:
        _write(config.video, _encode(camera.frames))
    if config.image is not None:
        _write(config.image, _strip(camera))
    return {
        "family": config.family,
        "split": split,
        "seed": config.seed,
        "intention": task.intention,
        "part_colour": task.part_colour,
        "densities": dict(task.densities),
        "success": bool(info["success"]),
        "verdict": info["verdict"],
        "steps": steps,
        "frames": len(camera.frames),
        "video": None if config.video is None else str(config.video),
        "image": None if config.image is None else str(config.image),
    }


def _play(env: GraspEnv, camera: _Camera, scene: Scene, seed: int) -> tuple[dict[str, Any], int]:
    """Play the demonstrator's grasp; the final info and the number of actions."""
    episode, hand_seed = seed_sequence(seed, "film", "episode").spawn(2)
    target = aim(plan_grasp(scene), scene.noise, np.random.default_rng(hand_seed))
    env.watch = camera.watch_hold
    observation, info = env.reset(seed=int(episode.generate_state(1)[0]), options={"scene": scene})
    camera.take()
    finished, steps = False, 0
    while not finished:
        object_to_world = env.object_to_world
        hand = hand_in_object(observation["state"].astype(np.float64), object_to_world)
        action = turn_displacement(scripted_hand(hand, target), object_to_world.yaw)
        if action[4] < 0 and camera.closed is None:
            camera.closed = len(camera.frames)
        observation, _, terminated, truncated, info = env.step(np.clip(action, -1, 1))
        steps += 1
        finished = terminated or truncated
        if not terminated:  # the hold has been filmed from within the last step
            camera.take()
    return info, steps


def _strip(camera: _Camera) -> bytes:
    """PNG of the start, the approach, the closing, the lifting, and the hold's beginning and end."""
    last = len(camera.frames) - 1
    if camera.closed is not None and camera.lifted is not None:
        closed, lifted = camera.closed, min(camera.lifted, last)
        moments = [0, closed // 2, closed, (closed + lifted + 1) // 2, lifted, last]
    else:
        moments = [round(last * moment / (MOMENTS - 1)) for moment in range(MOMENTS)]
    sheet = Image.new("RGB", (MOMENTS * STRIP_SIDE, STRIP_SIDE))
    for place, moment in enumerate(moments):
        frame = Image.fromarray(camera.frames[min(moment, last)])
        spare = (frame.width - frame.height) // 2
        square = frame.crop((spare, 0, spare + frame.height, frame.height))
        sheet.paste(square.resize((STRIP_SIDE, STRIP_SIDE), Image.Resampling.LANCZOS), (place * STRIP_SIDE, 0))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG")
    return buffer.getvalue()


def _encode(frames: list[np.ndarray]) -> bytes:
    """MP4 (H.264) of the frames at the control rate."""
    height, width, _ = frames[0].shape
    with tempfile.TemporaryDirectory(prefix="robo_meta_") as folder:
        path = Path(folder) / "film.mp4"
        writer = imageio_ffmpeg.write_frames(str(path), (width, height), fps=CONTROL_HZ, quality=7)
        writer.send(None)
        for frame in [*frames, *[frames[-1]] * LAST_FRAMES]:
            writer.send(np.ascontiguousarray(frame))
        writer.close()
        return path.read_bytes()


def _check(path: Path, suffix: str) -> None:
    """Refuse what could not be written before anything is played."""
    if path.suffix.lower() != suffix:
        raise FilmError(f"{path}: ends in {path.suffix or 'nothing'!r}; expected {suffix!r}")
    if path.is_dir():
        raise FilmError(f"{path}: is a folder; expected a file name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FilmError(f"{path}: cannot make its folder: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise FilmError(f"{path}: its folder is not writable; choose another or change its permissions")


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomic(path, [content])
    except OSError as error:
        raise FilmError(f"{path}: cannot write: {error.strerror}") from error
