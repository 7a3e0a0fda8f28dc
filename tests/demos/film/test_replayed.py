"""A recorded episode is filmed afterwards, as it was."""

from pathlib import Path

import pytest
from PIL import Image

from demos.film.files import FilmError
from demos.film.replayed import film_recorded
from demos.recording.config import RecordConfig
from demos.recording.recorder import record
from demos.replaying import ReplayError
from demos.storage.dataset import open_dataset
from tests.demos.film.blank import BlankPictures


def test_a_recorded_episode_is_filmed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    record(RecordConfig(folder, tasks=1, demos=1, families=("hammer",), seed=4), progress=False)
    (key,) = open_dataset(folder).keys
    demo = open_dataset(folder).demo(key)
    env = BlankPictures()
    try:
        told = film_recorded(folder, key, tmp_path / "film.gif", env)
    finally:
        env.close()
    assert (told["family"], told["success"], told["verdict"]) == ("hammer", True, dict(demo.verdict))
    assert told["states"] == demo.steps + 1 < told["frames"] and told["actor"] == "expert"
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames > demo.steps
    # Without a film, the states are compared all the same.
    assert film_recorded(folder, key)["states"] == demo.steps + 1
    with pytest.raises(ReplayError, match="no episode 'x'"):
        film_recorded(folder, "x")
    with pytest.raises(FilmError, match=r"ends in '\.avi'"):
        film_recorded(folder, key, tmp_path / "film.avi")
