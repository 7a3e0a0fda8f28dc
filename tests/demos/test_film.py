"""A film shows the grasp that was played, and is whole or absent."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from demos import film as film_module
from demos.film import MOMENTS, STRIP_SIDE, FilmConfig, FilmError, film
from sim.env import GraspEnv
from sim.shapes.families import UnknownFamily


class SmallPictures(GraspEnv):
    """The environment with pictures that take no time."""

    def render(self):
        return self.world.picture(160, 112, np.array([1.02, -0.42, 0.38]), np.array([0.50, 0.0, 0.13]))


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film") / "new"
    config = FilmConfig("hammer", 0, "balance", folder / "grasp.mp4", folder / "grasp.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film_module, "GraspEnv", SmallPictures)
        return config, film(config)


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
    assert strip.shape == (STRIP_SIDE, MOMENTS * STRIP_SIDE, 3)
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
        ("video", "grasp.avi", "ends in '.avi'; expected '.mp4'"),
        ("image", "grasp", "ends in 'nothing'; expected '.png'"),
        ("image", "taken/grasp.png", "cannot make its folder"),
        ("video", "folder.mp4", "is a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_played(tmp_path, monkeypatch, field, name, said):
    (tmp_path / "taken").write_text("a file where a folder should be")
    (tmp_path / "folder.mp4").mkdir()
    monkeypatch.setattr(film_module, "GraspEnv", None)
    with pytest.raises(FilmError, match=said) as caught:
        film(FilmConfig(**{field: tmp_path / name}))
    assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "grasp.png"
    path.write_bytes(b"old")
    monkeypatch.setattr("demos.storage.files.os.replace", _full_disk)
    with pytest.raises(FilmError, match="No space left"):
        film_module._write(path, b"new")
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def _full_disk(*_):
    raise OSError(28, "No space left on device")


def test_the_configuration_comes_without_physics_and_encoders():
    code = (
        "import sys; from demos.film import FilmConfig; print({'pybullet', 'imageio_ffmpeg', 'PIL'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "set()"


def test_unknown_family():
    with pytest.raises(UnknownFamily, match="did you mean 'hammer'"):
        film(FilmConfig(family="hamer"))
