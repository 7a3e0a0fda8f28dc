"""Which grasp is filmed, and the film of the scripted demonstrator's.

Physics, camera and encoders come in only when something is filmed: the command line reads `FilmConfig` without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demos.film.files import ENCODERS, Encoding, FilmError, check_path, write_film, write_strip

if TYPE_CHECKING:  # only names
    import numpy as np

    from demos.film.camera import Take
    from demos.film.screen import Screen
    from sim.env import GraspEnv
    from sim.tasks.scenes import Scene

SCREEN_BYTES = 700_000
"""How large a GIF of a screen may be, as a README likes it."""


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
    """MP4 or GIF to write."""
    image: Path | None = None
    """PNG to write: six moments side by side."""

    @property
    def rolling(self) -> bool:
        """Whether anything is to be filmed."""
        return self.video is not None or self.image is not None


def film(config: FilmConfig, env: GraspEnv | None = None) -> dict[str, Any]:
    """Play a scripted demonstration and write what it looks like; without `video` and `image` it is only played.

    Args:
        config: which grasp, and where to.
        env: a `demos.film.camera.FilmEnv` to play in; by default one is made for the film.

    Returns:
        `family, split, seed, intention, part_colour, densities, success, verdict, steps, frames, video, image`; the
        last two are paths as text, or None.

    Raises:
        sim.shapes.families.UnknownFamily, sim.tasks.sampling.UnknownIntention: a name that is not in the table.
        FilmError: a file whose name has the wrong ending, or is taken; an object that can't be held as it is asked.
        sim.errors.MachineError: a file that cannot be written.
    """
    from demos.film.scene_shots import shot_of
    from demos.film.screen import Screen

    check_files(config)
    scene = film_scene(config)
    take, target = _demonstration(config, scene, env)
    if config.rolling:
        keep(config, take, Screen.of(scene, (), (shot_of(f"demonstrator on {scene.object.family}", take, target),)))
    return told(config, scene, take)


def film_scene(config: FilmConfig) -> Scene:
    """What is filmed: the same object and materials, whoever acts.

    Raises:
        sim.shapes.families.UnknownFamily, sim.tasks.sampling.UnknownIntention: a name that is not in the table.
    """
    from sim.shapes.families import family_named
    from sim.tasks.sampling import draw_scene, draw_task
    from sim.tasks.seeds import generator

    # Tasks are numbered from the family's own stream, so that two families of one seed are not of one material.
    index = int(generator(config.seed, "film", config.family).integers(2**31))
    task = draw_task(config.seed, family_named(config.family).group, index, config.intention)
    return draw_scene(config.seed, task, config.family, "a0")


def film_seeds(config: FilmConfig) -> tuple[int, np.random.SeedSequence]:
    """The rollout seed, which draws pose, arm start and noise, and that of the demonstrator's aim."""
    from sim.tasks.seeds import seed_sequence

    episode_seed, aim_seed = seed_sequence(config.seed, "film", "episode").spawn(2)
    return int(episode_seed.generate_state(1)[0]), aim_seed


def check_files(config: FilmConfig) -> None:
    """Refuse files that could not be written, before anything is played; see `check_path`."""
    if config.video is not None:
        check_path(config.video, tuple(ENCODERS))
    if config.image is not None:
        check_path(config.image, (".png",))


def keep(config: FilmConfig, take: Take, screen: Screen) -> None:
    """Write the files that were asked for: the screen as a film, moments of the take as a picture.

    Raises:
        sim.errors.MachineError: a file that cannot be written.
    """
    if config.video is not None:
        write_screen(config.video, screen)
    if config.image is not None:
        write_strip(config.image, take)


def write_screen(path: Path, screen: Screen) -> None:
    """Write a screen's film as MP4 or GIF, by the ending of `path`; the file is whole or absent.

    Raises:
        FilmError: another ending, or a folder's name.
        sim.errors.MachineError: the file cannot be written.
    """
    from demos.film.screen import GIF_WIDTH, MP4_WIDTH, REST

    widest = GIF_WIDTH if path.suffix.lower() == ".gif" else MP4_WIDTH
    encoding = Encoding(most_bytes=SCREEN_BYTES, widest=widest, rest=REST, keep=screen.colours)
    write_film(path, screen.frames(widest), encoding=encoding)


def told(config: FilmConfig, scene: Scene, take: Take, frames: int | None = None) -> dict[str, Any]:
    """What a film shows, as plain data; see `film`."""
    task = scene.task
    return {
        "family": config.family,
        "split": task.split,
        "seed": config.seed,
        "intention": task.intention,
        "part_colour": task.part_colour,
        "densities": dict(task.densities),
        "success": take.episode.success,
        "verdict": dict(take.episode.verdict),
        "steps": take.episode.steps,
        "frames": len(take.frames) if frames is None else frames,
        "video": None if config.video is None else str(config.video),
        "image": None if config.image is None else str(config.image),
    }


def _demonstration(config: FilmConfig, scene: Scene, env: GraspEnv | None) -> tuple[Take, np.ndarray]:
    """The demonstrator's grasp of `scene`, without motion noise, and where it aimed."""
    import numpy as np

    from demos.expert.demonstrator import demonstrator
    from demos.expert.grasp_plan import NoGrasp, aim, plan_grasp
    from demos.film.camera import film_episode, filming

    rollout_seed, aim_seed = film_seeds(config)
    try:
        target = aim(plan_grasp(scene), scene.noise, np.random.default_rng(aim_seed))
    except NoGrasp as error:
        raise FilmError(f"{error}; try another seed") from error
    with filming(config.rolling, env) as world:
        take = film_episode(
            scene, rollout_seed, lambda one: demonstrator(one, target), rolling=config.rolling, env=world
        )
    return take, target
