"""A film of one scripted grasp: see an object found, lifted and held."""

from __future__ import annotations

import io
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from demos.expert.grasp_plan import aim, plan_grasp
from demos.expert.scripted_controller import scripted_controller
from demos.storage.files import write_atomic
from sim.env import GraspEnv
from sim.errors import InputError
from sim.frames import hand_in_object, turn_displacement
from sim.shapes.families import family_named
from sim.tasks.sampling import draw_scene, draw_task
from sim.tasks.scenes import Scene
from sim.tasks.seeds import generator, seed_sequence

FRAME_RATE = 10
"""Frames a second: the control rate, so that a film runs at its true speed."""
MOMENTS = 6
"""Pictures in a strip."""
STRIP_SIDE = 320
"""Pixels: each picture of a strip, the middle square of its frame."""
LAST_FRAMES = 5
"""Times that the last frame is shown, for the eye to rest on."""


class FilmError(InputError):
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


def film(config: FilmConfig) -> dict[str, Any]:
    """Play a scripted demonstration and write what it looks like; without `video` and `image` it is only played.

    Returns:
        `family, split, seed, intention, part_colour, densities, success, verdict, steps, frames, video, image`; the
        last two are paths as text, or None.

    Raises:
        sim.shapes.families.UnknownFamily, sim.tasks.sampling.UnknownIntention: a name that is not in the table.
        FilmError: a file that cannot be written, or whose name has the wrong ending.
    """
    split = family_named(config.family).group
    # Tasks are numbered from the family's own stream, so that two families of one seed are not of one material.
    index = int(generator(config.seed, "film", config.family).integers(2**31))
    task = draw_task(config.seed, split, index, config.intention)
    for path, suffix in ((config.video, ".mp4"), (config.image, ".png")):
        if path is not None:
            _check(path, suffix)
    # The physics and the encoders come in only now, so that the command line can read the configuration without them.
    pass

    scene = draw_scene(config.seed, task, config.family, "a0")
    rolling = config.video is not None or config.image is not None
    take = film_take(scene, config.seed, rolling)
    if config.video is not None:
        _write(config.video, _encode(take.frames))
    if config.image is not None:
        _write(config.image, _strip(take))
    return {
        "family": config.family,
        "split": split,
        "seed": config.seed,
        "intention": task.intention,
        "part_colour": task.part_colour,
        "densities": dict(task.densities),
        "success": take.success,
        "verdict": dict(take.verdict),
        "steps": take.steps,
        "frames": len(take.frames),
        "video": None if config.video is None else str(config.video),
        "image": None if config.image is None else str(config.image),
    }


def _strip(take: Take) -> bytes:
    """PNG of the start, the approach, the closing, the lifting, and the hold's beginning and end."""
    from PIL import Image

    last = len(take.frames) - 1
    if take.closed is not None and take.lifted is not None:
        closed, lifted = take.closed, min(take.lifted, last)
        moments = [0, closed // 2, closed, (closed + lifted + 1) // 2, lifted, last]
    else:
        moments = [round(last * moment / (MOMENTS - 1)) for moment in range(MOMENTS)]
    sheet = Image.new("RGB", (MOMENTS * STRIP_SIDE, STRIP_SIDE))
    for place, moment in enumerate(moments):
        frame = Image.fromarray(take.frames[min(moment, last)])
        spare = (frame.width - frame.height) // 2
        square = frame.crop((spare, 0, spare + frame.height, frame.height))
        sheet.paste(square.resize((STRIP_SIDE, STRIP_SIDE), Image.Resampling.LANCZOS), (place * STRIP_SIDE, 0))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG")
    return buffer.getvalue()


def _encode(frames: list[np.ndarray]) -> bytes:
    """MP4 (H.264) of the frames at their true speed."""
    import imageio_ffmpeg

    height, width, _ = frames[0].shape
    with tempfile.TemporaryDirectory(prefix="robo_meta_") as folder:
        path = Path(folder) / "film.mp4"
        writer = imageio_ffmpeg.write_frames(str(path), (width, height), fps=FRAME_RATE, quality=7)
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


LOOKS_PER_FRAME = 2
"""Looks at the final hold, 20 a second, to a frame."""


@dataclass
class Take:
    """What the camera saw and how the grasp went."""

    frames: list[np.ndarray] = field(default_factory=list)
    """(H, W, 3) uint8 each, 10 a second; none where the camera was off."""
    closed: int | None = None
    """Frame at which the fingers begin to close."""
    lifted: int | None = None
    """First frame of the final hold."""
    steps: int = 0
    """Actions played."""
    success: bool = False
    verdict: dict[str, bool] = field(default_factory=dict)
    """Named parts of success."""


def film_take(scene: Scene, seed: int, rolling: bool = True) -> Take:
    """Play the demonstrator's grasp of `scene`; the camera is on where `rolling`."""
    env, take, looks = GraspEnv(render_mode="rgb_array" if rolling else None), Take(), 0

    def shoot() -> None:
        picture = env.render()
        if picture is not None:
            take.frames.append(picture)

    def watch_hold() -> None:
        nonlocal looks
        if take.lifted is None:
            take.lifted = len(take.frames)
        looks += 1
        if looks % LOOKS_PER_FRAME == 0:
            shoot()

    env.watch = watch_hold
    try:
        episode, aim_seed = seed_sequence(seed, "film", "episode").spawn(2)
        target = aim(plan_grasp(scene), scene.noise, np.random.default_rng(aim_seed))
        observation, info = env.reset(seed=int(episode.generate_state(1)[0]), options={"scene": scene})
        shoot()
        finished = False
        while not finished:
            object_to_world = env.object_to_world
            hand = hand_in_object(observation["state"].astype(np.float64), object_to_world)
            action = turn_displacement(scripted_controller(hand, target), object_to_world.yaw)
            if action[4] < 0 and take.closed is None:
                take.closed = len(take.frames)
            observation, _, terminated, truncated, info = env.step(np.clip(action, -1, 1))
            take.steps += 1
            finished = terminated or truncated
            if not terminated:  # the hold has been filmed from within the last step
                shoot()
    finally:
        env.close()
    take.success, take.verdict = bool(info["success"]), {str(k): bool(v) for k, v in info["verdict"].items()}
    return take
