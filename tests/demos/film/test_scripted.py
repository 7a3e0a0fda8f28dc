"""A film shows the grasp that was played, and is whole or absent."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from demos.expert.episode import in_world, play, shared_env
from demos.expert.scripted_controller import scripted_controller
from demos.film.camera import FilmEnv, film_policy
from demos.film.files import LAST_FRAMES, MOMENTS, STRIP_SIDE, FilmError, write_film
from demos.film.scripted import FilmConfig, film
from sim.errors import MachineError
from sim.shapes.families import UnknownFamily
from tests.full_disk import full_disk
from tests.sim.objects.bars import HEIGHT, bar_scene


@pytest.fixture(scope="module")
def env():
    world = FilmEnv(160)
    yield world
    world.close()


@pytest.fixture(scope="module")
def filmed(tmp_path_factory, env):
    folder = tmp_path_factory.mktemp("film") / "new"
    config = FilmConfig("hammer", 0, "balance", folder / "grasp.mp4", folder / "grasp.png")
    return config, film(config, env)


def test_a_film_tells_what_it_shows(filmed):
    config, told = filmed
    assert told["family"] == "hammer" and told["split"] == "training" and told["intention"] == "balance"
    assert told["success"] is all(told["verdict"].values())
    assert told["video"] == str(config.video) and told["image"] == str(config.image)
    # One frame at reset, one an action but for the last, and those of the hold.
    assert told["steps"] < told["frames"] <= told["steps"] + 15


def test_both_files_hold_pictures_and_nothing_else_is_left(filmed):
    import imageio_ffmpeg

    config, told = filmed
    assert {path.name for path in config.image.parent.iterdir()} == {"grasp.mp4", "grasp.png"}
    strip = np.asarray(Image.open(config.image))
    assert strip.shape == (STRIP_SIDE * 3 // 4, MOMENTS * STRIP_SIDE, 3)
    moments = np.split(strip.astype(float), MOMENTS, axis=1)
    assert all(np.abs(a - b).mean() > 0.5 for a, b in pairwise(moments[:4]))
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(config.video))
    assert frames >= told["frames"] and seconds == pytest.approx(frames / 10, abs=0.2)


def test_the_same_seed_plays_the_same_grasp_filmed_or_not(filmed):
    _, told = filmed
    again = film(FilmConfig("hammer", 0, "balance"))
    same = ("success", "verdict", "steps", "densities")
    assert [again[key] for key in same] == [told[key] for key in same]
    assert again["frames"] == 0 and again["video"] is None


@pytest.mark.parametrize(
    "field, name, said",
    [
        ("video", "grasp.avi", "ends in '.avi'; expected '.mp4' or '.gif'"),
        ("image", "grasp", "ends in 'nothing'; expected '.png'"),
        ("image", "taken/grasp.png", "cannot make its folder"),
        ("video", "folder.mp4", "is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_played(tmp_path, field, name, said):
    (tmp_path / "taken").write_text("a file where a folder should be")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(FilmError, match=said) as caught:
        film(FilmConfig(**{field: tmp_path / name}), env=NeverPlayed())
    assert "\n" not in str(caught.value)


class NeverPlayed:
    """An environment that must not be touched."""


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "grasp.gif"
    path.write_bytes(b"old")
    with full_disk(1000), pytest.raises(MachineError, match="cannot write: File too large") as caught:
        write_film(path, noise(2))
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def noise(count):
    """Frames that no palette and no encoder can make small."""
    return list(np.random.default_rng(0).integers(0, 256, (count, 120, 320, 3), dtype=np.uint8))


def test_a_gif_shows_every_frame_at_its_speed_and_stays_small(tmp_path):
    frames = [np.full((120, 320, 3), shade, dtype=np.uint8) for shade in (0, 60, 120, 180, 240)]
    write_film(tmp_path / "film.gif", frames, fps=5)
    with Image.open(tmp_path / "film.gif") as picture:
        assert (picture.n_frames, picture.size) == (5, (320, 120))
        durations = []
        for number in range(5):
            picture.seek(number)
            durations.append(picture.info["duration"])
            assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - frames[number]).max() < 8
    assert durations == [200] * 4 + [200 * (1 + LAST_FRAMES)]
    write_film(tmp_path / "large.gif", noise(4), most_bytes=10**7)
    write_film(tmp_path / "small.gif", noise(4), most_bytes=60_000)
    assert (tmp_path / "small.gif").stat().st_size < 60_000 < (tmp_path / "large.gif").stat().st_size
    with pytest.raises(FilmError, match="no frames to write; expected at least 1"):
        write_film(tmp_path / "none.gif", [])
    with pytest.raises(FilmError, match="0 frames a second; expected 1 or more"):
        write_film(tmp_path / "none.gif", frames, fps=0)
    assert not (tmp_path / "none.gif").exists()


class HoldsTheMiddle:
    """Takes a bar at its middle, by the scripted controller."""

    controller = "scripted"

    def target(self, points):
        return np.array([0.0, 0.0, HEIGHT / 2, np.pi / 2])

    def act(self, observation):
        return scripted_controller(observation["hand"], self.target(observation["points"]))

    def reset(self):
        pass

    def point_scores(self, points):
        return None


def test_a_policys_film_shows_its_rollout(env):
    scene, policy = bar_scene(ratio=1.2), HoldsTheMiddle()
    take = film_policy(scene, 5, policy, env=env)
    unseen = play(shared_env(), scene, 5, in_world(policy.act))
    assert np.array_equal(take.episode.state, unseen.state) and take.episode.verdict == unseen.verdict
    assert take.frames[0].shape == (120, 160, 3) and 0 < take.closed < take.lifted < len(take.frames)


def test_the_configuration_comes_without_physics_and_encoders():
    code = (
        "import sys; from demos.film.scripted import FilmConfig; "
        "print({'pybullet', 'imageio_ffmpeg', 'PIL'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"


def test_unknown_family():
    with pytest.raises(UnknownFamily, match="did you mean 'hammer'"):
        film(FilmConfig(family="hamer"))
