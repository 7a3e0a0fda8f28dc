"""The film of a recorded episode, made afterwards by playing it again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from demos.film.files import ENCODERS, check_path

if TYPE_CHECKING:  # only names
    from sim.env import GraspEnv


def film_recorded(folder: Path, key: str, video: Path | None = None, env: GraspEnv | None = None) -> dict[str, Any]:
    """Play a recorded episode again, compare every state with the recorded one, and film it.

    Args:
        folder: of the dataset. Imported objects that it was recorded on must be registered.
        key: of the episode, the name of its file.
        video: MP4 or GIF to write; None only compares.
        env: a `demos.film.camera.FilmEnv` to play in; by default one is made.

    Returns:
        `key, actor, family, split, seed, intention, part_colour, densities, success, verdict, steps, states, frames,
        video`; `states` are those that were compared.

    Raises:
        demos.film.files.FilmError: a file that could not be written, by its name.
        demos.replaying.ReplayError: no such episode, one that can't be replayed here, or one that came out otherwise.
        demos.storage.episode_file.StoreError: no dataset, or a damaged one.
        sim.errors.MachineError: the file cannot be written.
    """
    from demos.film.camera import film_replay, filming
    from demos.film.scene_shots import shot_of
    from demos.film.screen import Screen
    from demos.film.scripted import write_screen
    from demos.hindsight import support_item
    from demos.recording.actors import EXPERT
    from demos.replaying import replay_of
    from demos.storage.dataset import open_dataset

    if video is not None:
        check_path(video, tuple(ENCODERS))
    replay = replay_of(open_dataset(folder), key)
    demo = replay.demo
    with filming(video is not None, env) as world:
        take = film_replay(replay, video is not None, world)
    if video is not None:
        who = "demonstration" if demo.provenance.actor == EXPERT else demo.provenance.actor
        shot = shot_of(f"{who} on {demo.family}", take, support_item(demo).grasp)
        write_screen(video, Screen.of(replay.scene, (shot,), ()))
    return {
        "key": key,
        "actor": demo.provenance.actor,
        "family": demo.family,
        "split": demo.task.split,
        "seed": demo.provenance.seed,
        "intention": demo.task.intention,
        "part_colour": demo.task.part_colour,
        "densities": dict(demo.task.densities),
        "success": demo.success,
        "verdict": dict(demo.verdict),
        "steps": demo.steps,
        "states": demo.steps + 1,
        "frames": len(take.frames),
        "video": None if video is None else str(video),
    }
